package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

// secrets are what the furnished house must not show.
var secrets = []string{
	"ada@example.org", "bob@example.org", "a hint", "laptop", "smtp.password", "hunter2", "2.folder", `"type":1`,
	"came", "Ada Lovelace", "email", "identifier",
}

func TestTheFileShowsNoNameNoAddressAndNoSetting(t *testing.T) {
	s := openNew(t)
	owner := furnished(t, s)
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		a, err := w.Account(owner)
		a.Name = "Ada Lovelace"
		return errors.Join(err, w.PutAccount(a))
	}))
	file, err := os.ReadFile(filepath.Join(s.dir, fileName))
	must(t, err)
	for _, secret := range secrets {
		for _, form := range []string{secret, strings.ToUpper(secret), string(slices.Collect(utf16(secret)))} {
			if bytes.Contains(file, []byte(form)) {
				t.Errorf("the file shows %q", form)
			}
		}
	}
	if !bytes.Contains(file, []byte(owner)) {
		t.Error("the test looks at the wrong file: the owner's pseudonym is not in it")
	}
}

func utf16(s string) func(yield func(byte) bool) {
	return func(yield func(byte) bool) {
		for _, c := range []byte(s) {
			if !yield(c) || !yield(0) {
				return
			}
		}
	}
}

func TestAValueOpensOnlyWhereItWasSealed(t *testing.T) {
	s := openNew(t)
	seal := s.sealer
	here, key, text := place{bucketItems, ""}, []byte("key"), []byte("text")
	sealed := seal.seal(text, here.ad(nil, key))
	if got, err := seal.open(nil, sealed, here.ad(nil, key)); err != nil || string(got) != "text" {
		t.Fatalf("opened %q, %v", got, err)
	}
	for says, ad := range map[string][]byte{
		"another key":                  here.ad(nil, []byte("kez")),
		"another bucket":               place{bucketFolders, ""}.ad(nil, key),
		"a bucket inside":              place{bucketItems, "x"}.ad(nil, key),
		"the bucket's end in the key":  place{"item", ""}.ad(nil, []byte("skey")),
		"the key's start in the inner": place{bucketItems, "k"}.ad(nil, []byte("ey")),
		"no place":                     nil,
	} {
		if _, err := seal.open(nil, sealed, ad); !errors.Is(err, errSeal) {
			t.Errorf("at %s it gave %v", says, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			bad := bytes.Clone(sealed)
			bad[i] ^= 1 << bit
			if _, err := seal.open(nil, bad, here.ad(nil, key)); !errors.Is(err, errSeal) {
				t.Fatalf("with bit %d of byte %d flipped it gave %v", bit, i, err)
			}
		}
		if _, err := seal.open(nil, sealed[:i], here.ad(nil, key)); !errors.Is(err, errSeal) {
			t.Fatalf("cut to %d bytes it gave %v", i, err)
		}
	}
	if bytes.Equal(sealed, seal.seal(text, here.ad(nil, key))) {
		t.Error("the same text gives the same seal twice")
	}
	other, err := newSealer(newSealKey())
	must(t, err)
	if _, err := other.open(nil, sealed, here.ad(nil, key)); !errors.Is(err, errSeal) {
		t.Errorf("another house's key gave %v", err)
	}
	if other.name(nameEmail, "a") == seal.name(nameEmail, "a") || seal.name(nameEmail, "a") == seal.name(nameValue, "a") ||
		seal.name(nameDevice, "ab", "c") == seal.name(nameDevice, "a", "bc") {
		t.Error("two different names have one hash")
	}
}

func TestARowOfATableOpensOnlyAsItself(t *testing.T) {
	s := openNew(t)
	ada, bob := joins(t, s, "ada", "laptop"), joins(t, s, "bob", "laptop")
	must(t, s.writer.do(t.Context(), alone, func(l *layer) error {
		accounts, devices := l.table(tableAccounts), l.table(tableDevices)
		a, _, err := accounts.one("ID", string(ada))
		must(t, err)
		b, _, err := accounts.one("ID", string(bob))
		must(t, err)
		moved := a
		moved.Sealed = b.Sealed
		renamed := a
		renamed.Name = b.Name
		for says, r := range map[string]record{"another's content": moved, "another name": renamed} {
			if _, err := accounts.text(&r); !errors.Is(err, errSeal) {
				t.Errorf("a row with %s gave %v", says, err)
			}
		}
		if _, err := devices.text(&a); !errors.Is(err, errSeal) {
			t.Errorf("a row in another table gave %v", err)
		}
		// Even sealed to its place, what names another inside is not believed.
		text := append(frame(nil, tableAccounts, string(bob)), "{}"...)
		a.Sealed = s.sealer.seal(text, accounts.ad(&a))
		if _, err := accounts.text(&a); !errors.Is(err, errSeal) {
			t.Errorf("a row that names another inside gave %v", err)
		}
		return nil
	}))
}

func TestItemsThatChangePlacesAreNotOpened(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	defer func() { _ = s.Close() }()
	owner, other := account.UserID(someID()), account.UserID(someID())
	items := []vault.Item{benchItem(owner), benchItem(other)}
	must(t, s.Vault().Write(t.Context(), "", func(w vault.Writer) (err error) {
		for _, it := range items {
			it.Revision = 1
			err = errors.Join(err, w.PutItem(it))
		}
		return err
	}))
	must(t, s.writer.do(t.Context(), alone, func(l *layer) error {
		from, _ := ownedKey(items[0].Owner, string(items[0].ID))
		to, _ := ownedKey(items[1].Owner, string(items[1].ID))
		sealed, err := l.get(plain(bucketItems), from)
		return errors.Join(err, l.put(plain(bucketItems), to, bytes.Clone(sealed)))
	}))
	must(t, s.Vault().View(t.Context(), func(r vault.Reader) error {
		if _, err := r.Item(other, items[1].ID); !errors.Is(err, errSeal) {
			t.Errorf("Item gave %v", err)
		}
		for it, err := range r.Items(other) {
			if !errors.Is(err, errSeal) {
				t.Errorf("Items gave %v, %v", it, err)
			}
		}
		return nil
	}))
}

func TestARowThatStormCantDecodeIsADamagedOne(t *testing.T) {
	dir, file := damagedHouse(t)
	at := bytes.Index(file, []byte(`"Sealed":"`))
	if at < 0 {
		t.Fatal("no row of storm's is found")
	}
	for what, bad := range map[string]byte{"its bytes": '*', "its text": '"'} {
		file := bytes.Clone(file)
		file[at+len(`"Sealed":"`)+3] = bad
		must(t, os.WriteFile(filepath.Join(dir, fileName), file, 0o600))
		s, err := Open(t.Context(), quiet(dir))
		if problem.Of(err).Code == "store.damaged" { // a row of the accounts, without which nothing goes
			continue
		}
		must(t, err)
		for _, name := range []string{tableAccounts, tableValues} {
			if err := s.view(t.Context(), func(l *layer) error { _, err := l.table(name).all(); return err }); err != nil {
				if errors.Is(err, errSeal) {
					what = ""
					continue
				}
				t.Errorf("%s: %v", what, err)
			}
		}
		if what != "" {
			t.Errorf("%s: nobody noticed", what)
		}
		must(t, s.Close())
	}
}
