package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
	"latchkey/appliance/guard"
	"latchkey/appliance/journal"
	"latchkey/appliance/problem"
	"latchkey/appliance/vault"
)

func checkChild(args []string) int { return CheckMain(os.Stdin, os.Stdout, args[0]) }

// badCheckChild ends in the way that its first argument says.
func badCheckChild(args []string) int {
	switch args[0] {
	case "crash":
		panic("the check fell over")
	case "babble":
		fmt.Println(strings.Repeat("no report ", 100_000))
		return 0
	case "fault":
		return dies(syscall.SIGSEGV)
	case "killed":
		fmt.Println("{")
		return dies(syscall.SIGKILL)
	case "stopped":
		return dies(syscall.SIGTERM)
	case "memory":
		fmt.Fprintln(os.Stderr, "fatal error: runtime: cannot allocate memory")
		return 2
	case "usage":
		fmt.Fprintln(os.Stderr, "unknown command")
		return 2
	case "sleep":
		time.Sleep(time.Minute)
	}
	return 0 // without a word
}

// dies ends this process by a signal, as the kernel does.
func dies(by syscall.Signal) int {
	signal.Reset(by)
	// Go's runtime would make a panic of a fault; exec'd programs have the system's own ways.
	_ = syscall.Exec("/bin/sh", []string{"sh", "-c", fmt.Sprintf("kill -%d $$", by)}, nil)
	return 3
}

// furnished is a house with something in every bucket.
func furnished(t testing.TB, s *Store) account.UserID { return furnish(t, s, Version()) }

// furnish does it in the buckets that a version has.
func furnish(t testing.TB, s *Store, version uint64) account.UserID {
	t.Helper()
	owner := joins(t, s, "ada@example.org", "laptop")
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		devices, err := w.Devices(owner)
		if err != nil {
			return err
		}
		return errors.Join(
			w.PutSession(account.Session{ID: account.SessionID(someID()), Owner: owner, Device: devices[0].ID}),
			w.PutInvitation(account.Invitation{ID: account.InvitationID(strings.Repeat("5f", 32)), Email: "bob@example.org"}))
	}))
	must(t, s.Vault().Write(t.Context(), "", func(w vault.Writer) error {
		rev, err := w.Next(owner)
		f := vault.Folder{ID: vault.FolderID(someID()), Owner: owner, Name: "2.folder", Revision: rev}
		gone := vault.Item{ID: vault.ItemID(someID()), Owner: owner, Revision: rev, Body: []byte(`"type":2`)}
		kept := vault.Item{ID: vault.ItemID(someID()), Owner: owner, Folder: f.ID, Revision: rev, Body: []byte(`"type":1`)}
		return errors.Join(err, w.PutFolder(f), w.PutItem(kept), w.PutItem(gone), w.RemoveItem(owner, gone.ID, rev))
	}))
	must(t, s.SetValue(t.Context(), "smtp.password", []byte("hunter2")))
	if version >= 2 {
		must(t, s.Journal().Append(t.Context(), []journal.Entry{{Time: time.Now(), Body: []byte("came")}}))
	}
	if version >= 3 {
		must(t, s.Guard().Save(t.Context(), []guard.Row{{Key: guard.Key{1, 2, 3}, Body: []byte("a ban")}}, nil))
	}
	return owner
}

func TestTheFullCheckRunsInAChildAndLeavesNothing(t *testing.T) {
	s := openNew(t)
	furnished(t, s)
	r, err := s.CheckInChild(t.Context(), CheckConfig{Command: []string{os.Args[0]}, Env: childEnv("check")})
	must(t, err)
	want := Counts{Accounts: 1, Devices: 1, Invitations: 1, Values: 1, Sessions: 1, Items: 1, Folders: 1, Revisions: 3, Entries: 1, Guard: 1}
	if !r.Clean() || r.Counts != want || r.Version != Version() || r.Pages < 4 {
		t.Errorf("the report is %v", &r)
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, fileName+".*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestAChildThatFallsOverTheFileIsAFindingAndLeavesNothing(t *testing.T) {
	s := openNew(t)
	for _, way := range []string{"crash", "fault"} {
		r, err := s.CheckInChild(t.Context(), CheckConfig{Command: []string{os.Args[0], way}, Env: childEnv("badcheck")})
		if must(t, err); r.Clean() || r.Findings[0].Code != FoundCrash {
			t.Errorf("%s: the report is %v", way, &r)
		}
	}
	for _, way := range []string{"killed", "stopped", "memory", "usage", "babble", "silent"} {
		r, err := s.CheckInChild(t.Context(), CheckConfig{Command: []string{os.Args[0], way}, Env: childEnv("badcheck")})
		if err == nil {
			t.Errorf("%s: that says nothing about the file, and the report is %v", way, &r)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.CheckInChild(ctx, CheckConfig{Command: []string{os.Args[0], "sleep"}, Env: childEnv("badcheck")}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a check that was broken off gave %v", err)
	}
	if _, err := s.CheckInChild(t.Context(), CheckConfig{Command: []string{"/nowhere/latchkey"}}); err == nil {
		t.Error("a check that could not run gave no error")
	}
	if left, _ := filepath.Glob(filepath.Join(s.dir, fileName+".*")); len(left) > 0 {
		t.Errorf("it left %v", left)
	}
}

func TestOpenRemovesTheCopiesOfAKilledCheck(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	left := filepath.Join(dir, fileName+".check-123")
	must(t, os.WriteFile(left, []byte("x"), 0o600))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.Close())
	if there, _ := there(left); there {
		t.Error("it is still there")
	}
}

// Each of these harms a furnished house behind the store's back.
var harms = []struct {
	says, code string
	do         func(*harm) error
}{
	{"an item without its revision entry", FoundReference, func(h *harm) error { return h.drop(bucketRevisions, 1) }},
	{"a folder that an item names is gone", FoundReference, func(h *harm) error { return h.drop(bucketFolders, 0) }},
	{"a revision entry without its item", FoundReference, func(h *harm) error { return h.drop(bucketItems, 0) }},
	{"a tombstone without its memory", FoundReference, func(h *harm) error { return h.drop(bucketGone, 0) }},
	{"an owner without a last revision", FoundReference, func(h *harm) error { return h.drop(bucketHeads, 0) }},
	{"a last revision that was set back", FoundReference, func(h *harm) error {
		return h.l.putSealed(plain(bucketHeads), h.key, binary.BigEndian.AppendUint64(nil, 1))
	}},
	{"things without their account", FoundOrphan, func(h *harm) error {
		t := h.l.table(tableAccounts)
		r, _, err := t.one("ID", string(h.owner))
		return errors.Join(err, t.remove(&r))
	}},
	{"a session without its device", FoundReference, func(h *harm) error {
		t := h.l.table(tableDevices)
		rows, err := t.all()
		return errors.Join(err, t.remove(&rows[0]))
	}},
	{"an account under another's e-mail", FoundIndex, func(h *harm) error {
		t := h.l.table(tableAccounts)
		r := record{ID: string(h.owner), Name: h.l.s.sealer.name(nameEmail, "eve@example.org")}
		return errors.Join(t.seal(&r, account.Account{ID: h.owner, Email: "ada@example.org"}), t.save(&r))
	}},
	{"a row that the index has lost", FoundIndex, func(h *harm) error {
		return h.index("Name").Delete([]byte(h.l.s.sealer.name(nameEmail, "ada@example.org")))
	}},
	{"an index entry too many", FoundIndex, func(h *harm) error { return h.index("Owner").Put([]byte("x__y"), []byte("y")) }},
	{"a value that does not open", FoundSeal, func(h *harm) error {
		return h.l.put(plain(bucketItems), append(h.key[:16:16], h.key...), []byte("clear text"))
	}},
	{"a key of another length", FoundSeal, func(h *harm) error { return h.l.putSealed(plain(bucketItems), []byte("short"), []byte("x")) }},
	{"a bucket that nobody makes", FoundUnknown, func(h *harm) error { return h.l.put(plain("stranger"), []byte("k"), []byte("v")) }},
	{"a bucket that is missing", FoundReference, func(h *harm) error { return h.l.tx.DeleteBucket([]byte(bucketGone)) }},
	{"an entry in another month", FoundSeal, func(h *harm) error {
		return h.l.putSealed(place{bucketJournal, "1999-01"}, make([]byte, journalKey), []byte{0})
	}},
	{"a month that is none", FoundUnknown, func(h *harm) error {
		return h.l.putSealed(place{bucketJournal, "1999-13"}, make([]byte, journalKey), []byte{0})
	}},
}

// harm is a layer to do it with.
type harm struct {
	l     *layer
	owner account.UserID
	key   []byte
}

// drop removes the n-th key of a bucket.
func (h *harm) drop(bucket string, n int) error {
	c := h.l.scan(plain(bucket), nil, nil)
	for range n {
		if _, _, err := c.next(); err != nil {
			return err
		}
	}
	key, _, err := c.next()
	if err != nil || key == nil {
		return fmt.Errorf("bucket %s has no key %d: %w", bucket, n, err)
	}
	return h.l.remove(plain(bucket), append([]byte(nil), key...))
}

func (h *harm) index(column string) *bbolt.Bucket {
	return (&checker{layer: h.l}).index(tableAccounts, column)
}

func TestTheFullCheckFindsWhatIsNotAsItMustBe(t *testing.T) {
	for _, c := range harms {
		t.Run(c.says, func(t *testing.T) {
			dir := t.TempDir()
			must(t, Create(dir, nil))
			s, err := Open(t.Context(), quiet(dir))
			must(t, err)
			owner := furnished(t, s)
			key, _ := ownerKey(owner)
			must(t, s.writer.do(t.Context(), alone, func(l *layer) error { return c.do(&harm{l, owner, key}) }))
			must(t, s.Close())
			r := Check(filepath.Join(dir, fileName), s.key.encode())
			for _, f := range r.Findings {
				if f.Code == c.code {
					return
				}
			}
			t.Errorf("the report is %v, want a finding %q", &r, c.code)
		})
	}
}

func TestPagesThatLieAreRefusedBeforeBboltReadsThem(t *testing.T) {
	from, file := damagedHouse(t)
	ms, err := readMetas(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	must(t, walkPages(bytes.NewReader(file), ms.newest, walkAll))
	size := int(ms.newest.pageSize)
	leaf := 0 // a page of items with its first element
	for id := 2; id < len(file)/size; id++ {
		page := file[id*size:]
		items := page[pageHeader] == 0 && page[pageHeader+8] == 32 // plain values under 32 bytes of key
		if page[8] == leafFlag && page[10] > 3 && items {
			leaf = id * size
		}
	}
	branch := 0 // one that leads to pages of items
	for id := 2; id < len(file)/size; id++ {
		if page := file[id*size:]; page[8] == branchFlag && page[10] > 2 {
			branch = id * size
		}
	}
	second := branch + pageHeader + pageElement
	second += int(binary.NativeEndian.Uint32(file[second:])) // where its key stands
	free := int(ms.newest.freelist) * size
	for says, harm := range map[string]func(b []byte){
		"another page's id":                      func(b []byte) { b[leaf]++ },
		"no kind of page":                        func(b []byte) { b[leaf+8] = 0x40 },
		"more elements than fit":                 func(b []byte) { b[leaf+11] = 0xff },
		"fewer elements than there are":          func(b []byte) { b[leaf+10]-- },
		"a value that begins too late":           func(b []byte) { b[leaf+pageHeader+4]++ },
		"a value that ends too early":            func(b []byte) { b[leaf+pageHeader+12]-- },
		"an overflow of a billion":               func(b []byte) { b[leaf+15] = 0x40 },
		"an overflow over the next":              func(b []byte) { b[leaf+12] = 1 },
		"a key beyond the page":                  func(b []byte) { b[leaf+pageHeader+10] = 1 },
		"a value beyond the page":                func(b []byte) { b[leaf+pageHeader+15] = 0x40 },
		"keys that are out of order":             func(b []byte) { b[leaf+pageHeader+4] += 20 },
		"a branch that hides a page's first key": func(b []byte) { b[second+31]++ },
		"a branch that hides a page's last keys": func(b []byte) { b[second+31]-- },
		"a bucket where a value is":              func(b []byte) { b[leaf+pageHeader] = 1 },
		"a freelist that is none":                func(b []byte) { b[free+8] = leafFlag },
		"a freelist longer than itself":          func(b []byte) { b[free+11] = 0xfe },
		"a page that is used and free": func(b []byte) {
			b[free+10]++
			copy(b[free+pageHeader+8*int(b[free+10]-1):], []byte{byte(leaf / size), 0, 0, 0, 0, 0, 0, 0})
		},
	} {
		t.Run(says, func(t *testing.T) {
			bad := bytes.Clone(file)
			harm(bad)
			if err := walkPages(bytes.NewReader(bad), ms.newest, walkAll); !errors.Is(err, errPage) {
				t.Errorf("the walk gave %v", err)
			}
			dir := filepath.Join(t.TempDir(), "house")
			must(t, os.CopyFS(dir, os.DirFS(from)))
			must(t, os.WriteFile(filepath.Join(dir, fileName), bad, 0o600))
			if _, err := Open(t.Context(), quiet(dir)); problem.Of(err).Code != "store.damaged" {
				t.Errorf("opening it gave %v", err)
			}
		})
	}
}

func TestOfALargeFileTheUpperPartIsWalked(t *testing.T) {
	_, file := damagedHouse(t)
	ms, err := readMetas(bytes.NewReader(file), int64(len(file)))
	must(t, err)
	counted := &countingReader{r: bytes.NewReader(file)}
	must(t, walkPages(counted, ms.newest, 0))
	if all := len(file) / int(ms.newest.pageSize); counted.pages > all/2 {
		t.Errorf("%d of %d pages were read", counted.pages, all)
	}
	size := int(ms.newest.pageSize)
	for id := 2; id < len(file)/size; id++ {
		if page := file[id*size:]; page[8] == branchFlag && page[10] > 2 {
			bad := bytes.Clone(file)
			at := id*size + pageHeader + pageElement
			at += int(binary.NativeEndian.Uint32(bad[at:]))
			bad[at] ^= 0x80 // out of order
			if err := walkPages(bytes.NewReader(bad), ms.newest, 0); !errors.Is(err, errPage) {
				t.Errorf("a branch whose keys are out of order gave %v", err)
			}
			bad = bytes.Clone(file)
			twice := id*size + pageHeader + 8
			copy(bad[twice:twice+8], bad[twice+pageElement:])
			if err := walkPages(bytes.NewReader(bad), ms.newest, 0); !errors.Is(err, errPage) {
				t.Errorf("a page that is reached twice gave %v", err)
			}
			return
		}
	}
	t.Fatal("there is no branch")
}

// countingReader counts reads of whole pages.
type countingReader struct {
	r     *bytes.Reader
	pages int
}

func (c *countingReader) ReadAt(b []byte, at int64) (int, error) {
	if len(b) > pageHeader {
		c.pages++
	}
	return c.r.ReadAt(b, at)
}
