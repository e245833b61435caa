package keys_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"latchkey/client/keys"
)

type encVectors struct {
	Good []struct{ Name, Key, IV, Plain, Text string }
	Bad  []struct{ Name, Key, Text, Why string }
	// OtherKey lists texts under a key that differs in one half.
	OtherKey []struct{ Name, Key, Text, Why, Plain string }
}

func TestOpen(t *testing.T) {
	for _, v := range some(t, load[encVectors](t, "encstring.json").Good) {
		t.Run(v.Name, func(t *testing.T) {
			k := key(t, v.Key)
			plain, err := k.Open(v.Text)
			if err != nil {
				t.Fatal(err)
			}
			if got := hex.EncodeToString(plain); got != v.Plain {
				t.Errorf("got %s, want %s", got, v.Plain)
			}
			again, err := k.Open(k.Seal(plain))
			if err != nil || !bytes.Equal(again, plain) {
				t.Errorf("sealed and opened again: got %x, %v", again, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, v := range some(t, load[encVectors](t, "encstring.json").Bad) {
		t.Run(v.Name, func(t *testing.T) {
			k := key(t, v.Key)
			plain, err := k.Open(v.Text)
			if !errors.Is(err, why[v.Why]) || plain != nil {
				t.Errorf("got %x, %v; want %v", plain, err, why[v.Why])
			}
		})
	}
}

func TestOpenUnderAnotherKeyGivesNoPlainText(t *testing.T) {
	for _, v := range some(t, load[encVectors](t, "encstring.json").OtherKey) {
		t.Run(v.Name, func(t *testing.T) {
			k := key(t, v.Key)
			plain, err := k.Open(v.Text)
			if bytes.Equal(plain, unhex(t, v.Plain)) {
				t.Errorf("got the plain text")
			}
			if v.Why != "" && !errors.Is(err, why[v.Why]) {
				t.Errorf("got %v, want %v", err, why[v.Why])
			}
		})
	}
}

func TestSealUsesAFreshIV(t *testing.T) {
	k := keys.NewKey()
	if first, second := k.SealText("same"), k.SealText("same"); first == second {
		t.Errorf("sealed twice to %s", first)
	}
}

func TestOpenTextWantsUTF8(t *testing.T) {
	k := keys.NewKey()
	if text, err := k.OpenText(k.Seal([]byte{0xff, 0xfe})); !errors.Is(err, keys.ErrShape) {
		t.Errorf("got %q, %v; want ErrShape", text, err)
	}
	if text, err := k.OpenText(k.SealText("Grüße")); err != nil || text != "Grüße" {
		t.Errorf("got %q, %v", text, err)
	}
}

// FuzzParse holds the parser to its law: what it takes, it writes back byte
// for byte, so that an EncString has one text only.
func FuzzParse(f *testing.F) {
	vectors := load[encVectors](f, "encstring.json")
	for _, v := range some(f, vectors.Good) {
		f.Add(v.Text)
	}
	for _, v := range some(f, vectors.Bad) {
		f.Add(v.Text)
	}
	k := keys.NewKey()
	f.Fuzz(func(t *testing.T, text string) {
		e, err := keys.Parse(text)
		if err != nil {
			if !errors.Is(err, keys.ErrShape) && !errors.Is(err, keys.ErrNoMAC) {
				t.Errorf("Parse(%q): unknown error %v", text, err)
			}
			return
		}
		if got := e.String(); got != text {
			t.Errorf("Parse(%q).String() = %q", text, got)
		}
		if _, err := k.Open(text); !errors.Is(err, keys.ErrMAC) {
			t.Errorf("Open(%q) under a random key: got %v, want ErrMAC", text, err)
		}
	})
}

// FuzzSeal holds sealing to two laws: what was sealed opens to the same bytes,
// and with any one byte altered it does not open.
func FuzzSeal(f *testing.F) {
	f.Add([]byte(""), uint(0))
	f.Add([]byte("secret"), uint(20))
	f.Add(bytes.Repeat([]byte{16}, 16), uint(40))
	f.Add(bytes.Repeat([]byte("long"), 100), uint(3))
	k := keys.NewKey()
	f.Fuzz(func(t *testing.T, plain []byte, at uint) {
		text := k.Seal(plain)
		if got, err := k.Open(text); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("Open(Seal(%x)) = %x, %v", plain, got, err)
		}
		altered := []byte(text)
		altered[at%uint(len(altered))] ^= 1
		if got, err := k.Open(string(altered)); err == nil {
			t.Errorf("%q, altered from %q, opened to %x", altered, text, got)
		}
	})
}
