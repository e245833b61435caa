package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// held stops the writer in a write until release is called.
func held(t *testing.T, s *Store) (release func()) {
	t.Helper()
	running, free := make(chan struct{}), make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		_ = s.writer.do(context.Background(), shared, func(*layer) error {
			close(running)
			<-free
			return nil
		})
	})
	<-running
	return func() { close(free); done.Wait() }
}

// waiting returns when n writes are in the queue.
func waiting(s *Store, n int) {
	for len(s.writer.jobs) < n {
		time.Sleep(time.Millisecond)
	}
}

func TestWaitingWritesShareACommit(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	release := held(t, s)
	before := s.Stats()
	var done sync.WaitGroup
	const many = 40
	for range many {
		done.Go(func() { must(t, save(s, owner)) })
	}
	waiting(s, many)
	release()
	done.Wait()
	after := s.Stats()
	if commits := after.Commits - before.Commits; after.Writes-before.Writes != many+1 || commits != 1 {
		t.Errorf("%d writes took %d commits, want %d and 1", after.Writes-before.Writes, commits, many+1)
	}
}

func TestAWriteThatIsGivenUpWhileItWaitsDoesNotRun(t *testing.T) {
	s := openNew(t)
	release := held(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		result <- s.writer.do(ctx, shared, func(*layer) error {
			t.Error("it ran")
			return nil
		})
	}()
	waiting(s, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("it answered %v before its turn, want context.Canceled", err)
	}
	pinging, stop := context.WithCancel(t.Context())
	stop()
	if err := s.Ping(pinging); !errors.Is(err, context.Canceled) {
		t.Errorf("a ping behind it answered %v", err)
	}
	release()
	must(t, s.Ping(t.Context()))
}

func TestAQueueThatIsFullMakesWritersWaitAndLosesNone(t *testing.T) {
	s := openNew(t)
	release := held(t, s)
	var ran atomic.Int64
	var done sync.WaitGroup
	const many = queueLength + 200
	for range many {
		done.Go(func() {
			must(t, s.writer.do(context.Background(), shared, func(*layer) error {
				ran.Add(1)
				return nil
			}))
		})
	}
	waiting(s, queueLength)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := s.SetValue(ctx, "x", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write before a full queue gave %v", err)
	}
	release()
	done.Wait()
	if ran.Load() != many {
		t.Errorf("%d of %d ran", ran.Load(), many)
	}
}

func TestCloseLetsWaitingWritesRunAndRefusesLaterOnes(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	release := held(t, s)
	var done sync.WaitGroup
	for i := range 20 {
		done.Go(func() { must(t, s.SetValue(context.Background(), fmt.Sprint(i), []byte("kept"))) })
	}
	waiting(s, 20)
	closed := make(chan error)
	go func() { closed <- s.Close() }()
	release()
	must(t, <-closed)
	done.Wait()
	wantProblem(t, s.SetValue(t.Context(), "late", nil), "store.closed")
	wantProblem(t, s.Ping(t.Context()), "store.closed")
	_, err = s.Value(t.Context(), "0")
	wantProblem(t, err, "store.closed")
	must(t, s.Close())
	s, err = Open(t.Context(), quiet(dir))
	must(t, err)
	defer func() { _ = s.Close() }()
	for i := range 20 {
		if _, err := s.Value(t.Context(), fmt.Sprint(i)); err != nil {
			t.Errorf("value %d: %v", i, err)
		}
	}
}

func TestRevisionsRiseWhenTheClockIsSetBack(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir))
	now := time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC)
	c := quiet(dir)
	c.Now = func() time.Time { return now }
	s, err := Open(t.Context(), c)
	must(t, err)
	defer func() { _ = s.Close() }()
	owner := account.UserID(someID())
	var last vault.Revision
	for _, step := range []time.Duration{0, time.Hour, -20 * 365 * 24 * time.Hour, 0, time.Millisecond, 21 * 365 * 24 * time.Hour} {
		now = now.Add(step)
		must(t, s.Vault().Write(t.Context(), "", func(w vault.Writer) error {
			rev, err := w.Next(owner)
			if rev <= last {
				t.Errorf("%d follows %d", rev, last)
			}
			last = rev
			return err
		}))
	}
	if last != vault.Revision(now.UnixMilli()) {
		t.Errorf("the last revision is %v, want the present %v", last.Time(), now)
	}
}

func TestChangesArePublishedInOrderWithWhoseActTheyWere(t *testing.T) {
	s := openNew(t)
	owner := joins(t, s, "ada")
	heard := make(chan vault.Change, 100)
	cancel := s.Subscribe(func(changes []vault.Change) {
		for _, c := range changes {
			heard <- c
		}
	})
	it := benchItem(owner)
	device := account.DeviceID(someID())
	var want []vault.Change
	for range 3 {
		must(t, s.Vault().Write(t.Context(), device, func(w vault.Writer) (err error) {
			it.Revision, err = w.Next(owner)
			return errors.Join(err, w.PutItem(it))
		}))
		want = append(want, vault.Change{Owner: owner, Kind: vault.ItemChanged, ID: string(it.ID), Revision: it.Revision, Device: device})
	}
	_ = s.Vault().Write(t.Context(), device, func(w vault.Writer) error { // refused: never heard of
		return errors.Join(w.RemoveItem(owner, it.ID, it.Revision+1), errors.New("no"))
	})
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		rev, err := w.Touch(owner)
		want = append(want, vault.Change{Owner: owner, Kind: vault.AccountChanged, Revision: vault.Revision(rev)})
		return err
	}))
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error { return w.RemoveAccount(owner) }))
	want = append(want, vault.Change{Owner: owner, Kind: vault.AccountChanged, Gone: true})
	for i, w := range want {
		if got := <-heard; got != w {
			t.Errorf("change %d is %+v, want %+v", i, got, w)
		}
	}
	cancel()
	other := joins(t, s, "bob")
	must(t, save(s, other))
	must(t, s.Close())
	if len(heard) != 0 {
		t.Errorf("after cancel it heard %+v", <-heard)
	}
}

func TestASlowSubscriberHoldsUpNobodyAndLearnsWhoseThingsChanged(t *testing.T) {
	s := openNew(t)
	ada, bob := joins(t, s, "ada"), joins(t, s, "bob")
	stuck := make(chan struct{})
	first := make(chan struct{})
	var once sync.Once
	var heard []vault.Change
	s.Subscribe(func(changes []vault.Change) {
		once.Do(func() { close(first); <-stuck })
		heard = append(heard, changes...)
	})
	must(t, save(s, ada))
	<-first
	for range 3 {
		must(t, s.Vault().WriteLong(t.Context(), "", func(w vault.Writer) error {
			it := benchItem(ada)
			it.Body = []byte("x")
			for range backlog / 2 {
				it.Revision++
				if err := w.PutItem(it); err != nil {
					return err
				}
			}
			_, err := w.Next(ada)
			return err
		}))
		must(t, save(s, bob))
	}
	close(stuck)
	must(t, s.Close())
	all := map[account.UserID]bool{}
	for _, c := range heard[1:] {
		if c.Kind == vault.AccountChanged {
			all[c.Owner] = true
		}
	}
	if len(heard) > backlog || !all[ada] || !all[bob] {
		t.Errorf("it heard %d changes, and of whole accounts %v", len(heard), all)
	}
}

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
		items, folders, err = r.Count(owner)
		return err
	})
	return items, folders, err
}

func TestAFullDiskRefusesTheWriteAndKeepsTheRest(t *testing.T) {
	dir := t.TempDir()
	must(t, Create(dir))
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
	for _, f := range r.Findings {
		if f.Code != FoundOrphan {
			t.Errorf("the full check found %+v", f)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("it left %v", left)
	}
}
