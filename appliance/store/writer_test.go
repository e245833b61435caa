package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
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

func TestAWriteThatIsGivenUpInTheInstantOfItsTurnDoesNotRun(t *testing.T) {
	j := &job{ended: make(chan bool, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := j.run(ctx, &layer{}, func(*layer) error {
		t.Error("it ran")
		return nil
	})
	if !errors.Is(err, context.Canceled) || <-j.ended {
		t.Errorf("it answered %v", err)
	}
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
	must(t, Create(dir, nil))
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
	must(t, Create(dir, nil))
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
