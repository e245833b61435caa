package keys_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"latchkey/client/keys"
)

type kdfVectors struct {
	Chains []struct {
		Name, Email, Password, Salt, MasterKey, ServerHash, LocalHash, Stretched string
		KDF                                                                      settings
	}
	Settings []struct {
		Name       string
		KDF        settings
		Acceptable bool
	}
	Changes []struct {
		Name        string
		Before, Now settings
		Lower       bool
	}
}

func TestChain(t *testing.T) {
	for _, v := range some(t, load[kdfVectors](t, "kdf.json").Chains) {
		t.Run(v.Name, func(t *testing.T) {
			salt := keys.NormalEmail(v.Email)
			if salt != v.Salt {
				t.Errorf("salt: got %q, want %q", salt, v.Salt)
			}
			master, err := keys.DeriveMaster(v.Password, salt, v.KDF.kdf())
			if err != nil {
				t.Fatal(err)
			}
			stretched := master.Stretch()
			for _, c := range []struct{ what, got, want string }{
				{"master key", hex.EncodeToString(master[:]), v.MasterKey},
				{"server hash", master.ServerHash(v.Password), v.ServerHash},
				{"local hash", master.LocalHash(v.Password), v.LocalHash},
				{"stretched key", hex.EncodeToString(stretched[:]), v.Stretched},
			} {
				if c.got != c.want {
					t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
				}
			}
		})
	}
}

func TestStretch(t *testing.T) {
	type vectors struct {
		Keys []struct{ Name, MasterKey, Stretched string }
	}
	for _, v := range some(t, load[vectors](t, "hkdf.json").Keys) {
		t.Run(v.Name, func(t *testing.T) {
			master := keys.MasterKey(unhex(t, v.MasterKey))
			if got := master.Stretch(); got != key(t, v.Stretched) {
				t.Errorf("got %x, want %s", got, v.Stretched)
			}
		})
	}
}

func TestSettingsOutsideOfTheBoundsDeriveNothing(t *testing.T) {
	for _, v := range some(t, load[kdfVectors](t, "kdf.json").Settings) {
		t.Run(v.Name, func(t *testing.T) {
			kdf := v.KDF.kdf()
			if got := kdf.Check() == nil; got != v.Acceptable {
				t.Errorf("%v: acceptable is %v, want %v (%v)", kdf, got, v.Acceptable, kdf.Check())
			}
			if v.Acceptable {
				return
			}
			if master, err := keys.DeriveMaster("password", "salt", kdf); err == nil {
				t.Errorf("derived %x from %v", master, kdf)
			}
		})
	}
}

func TestIsLower(t *testing.T) {
	for _, v := range some(t, load[kdfVectors](t, "kdf.json").Changes) {
		t.Run(v.Name, func(t *testing.T) {
			if got := v.Before.kdf().IsLower(v.Now.kdf()); got != v.Lower {
				t.Errorf("from %v to %v: got %v, want %v", v.Before.kdf(), v.Now.kdf(), got, v.Lower)
			}
		})
	}
}

func TestHouseKDFIsAcceptable(t *testing.T) {
	if err := keys.HouseKDF().Check(); err != nil {
		t.Error(err)
	}
}

func TestKeyID(t *testing.T) {
	type vectors struct {
		Keys []struct{ Name, Key, ID string }
	}
	for _, v := range some(t, load[vectors](t, "keyid.json").Keys) {
		t.Run(v.Name, func(t *testing.T) {
			k := key(t, v.Key)
			if got := k.ID(); got != v.ID {
				t.Errorf("got %s, want %s", got, v.ID)
			}
		})
	}
}

func TestKeyFromWantsItsLength(t *testing.T) {
	for _, length := range []int{0, 32, 63, 65, 128} {
		if _, err := keys.KeyFrom(make([]byte, length)); !errors.Is(err, keys.ErrShape) {
			t.Errorf("%d bytes: got %v, want ErrShape", length, err)
		}
	}
}
