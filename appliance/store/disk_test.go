package store

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// fullDiskChild writes until the disk is full: a limit on the size of files
// stands for it.
func fullDiskChild(args []string) int {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := Open(testContext, quiet(args[0]))
	if err != nil {
		return complain(err)
	}
	limit := syscall.Rlimit{Cur: 8 << 20, Max: 8 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return complain(err)
	}
	owner := crashOwner(1)
	err = s.Accounts().Write(testContext, func(w account.Writer) error {
		return w.PutAccount(account.Account{ID: owner, Email: "ada@example.org"})
	})
	if err != nil {
		return complain(err)
	}
	kept := 0
	for ; kept < 20_000; kept++ {
		it := benchItem(owner)
		it.Body = make([]byte, 64<<10)
		err = s.Vault().Write(testContext, "", func(w vault.Writer) (err error) {
			it.Revision, err = w.Next(owner)
			return errors.Join(err, w.PutItem(it))
		})
		if err != nil {
			break
		}
	}
	n, _, countErr := countItems(s, owner)
	small := s.Ping(testContext)
	fmt.Printf("kept %d found %d refused %v then %v %v close %v\n", kept, n, err, countErr, small, s.Close())
	return 0
}

func countItems(s *Store, owner account.UserID) (items, folders int, err error) {
	err = s.Vault().View(testContext, func(r vault.Reader) error {
		n, err := r.Count(owner)
		items, folders = n.Items, n.Folders
		return err
	})
	return items, folders, err
}

func TestAFullDiskRefusesTheWriteAndKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir, nil))
	out, err := child("full", dir).Output()
	must(t, err)
	var kept, found int
	if _, err := fmt.Sscanf(string(out), "kept %d found %d", &kept, &found); err != nil || kept == 0 || kept != found {
		t.Errorf("the child said %s", out)
	}
	if !strings.Contains(string(out), "The disk is full") || !strings.Contains(string(out), "then <nil> <nil> close <nil>") {
		t.Errorf("the child said %s", out)
	}
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	n, _, err := countItems(s, crashOwner(1))
	must(t, s.Close())
	if n != kept || err != nil {
		t.Errorf("%d of %d acknowledged items are there, %v", n, kept, err)
	}
	r := Check(filepath.Join(dir, fileName), s.key.encode())
	if !r.Clean() {
		t.Errorf("the full check found %v", &r)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("it left %v", left)
	}
}
