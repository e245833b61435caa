package backup

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"time"
)

// Phase says what a job does now.
type Phase string

// The phases in their order. Checking is opening what was read back.
const (
	Copying  Phase = "copying"
	Sending  Phase = "sending"
	Reading  Phase = "reading"
	Checking Phase = "checking"
	Done     Phase = "done"
	Failed   Phase = "failed"
)

// The kinds of job.
const (
	KindBackup = "backup"
	KindProve  = "prove"
)

// Job is work that was begun, and how far it is.
type Job struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"` // KindBackup, KindProve
	Why     Why        `json:"why"`  // of a backup
	Phase   Phase      `json:"phase"`
	Target  string     `json:"target"` // "": several, or none
	Done    int64      `json:"done"`   // bytes of this phase
	Total   int64      `json:"total"`
	Problem *Trouble   `json:"problem"` // of a backup that is Done: what went wrong at a target
	Ended   *time.Time `json:"ended"`
}

// work is a job that runs. Its fields are guarded by the mutex of Backups. All
// its methods do nothing on nil, so that work which nobody watches needs none.
type work struct {
	b    *Backups
	job  Job
	legs map[string]*leg // by target, while something goes on there
}

type leg struct {
	phase       Phase
	done, total int64
}

// begin makes a job the one that is shown. Where one of its kind runs already
// and only is set, it gives that one and false.
func (b *Backups) begin(kind string, why Why, only bool) (*work, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if only && b.job != nil && b.job.job.Ended == nil {
		if b.job.job.Kind == kind && kind == KindBackup {
			return b.job, false, nil
		}
		return nil, false, errBusy
	}
	b.job = &work{b: b, job: Job{ID: newID(), Kind: kind, Why: why, Phase: Copying}, legs: make(map[string]*leg)}
	if kind == KindProve {
		b.job.job.Phase = Reading
	}
	return b.job, true, nil
}

func newID() string {
	var raw [4]byte
	_, _ = rand.Read(raw[:]) // ends the process rather than fail
	return hex.EncodeToString(raw[:])
}

// step says that something begins at a target, with so many bytes.
func (w *work) step(target string, p Phase, total int64) {
	if w == nil {
		return
	}
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	w.legs[target] = &leg{phase: p, total: total}
	w.sum()
}

// at says how far a target's step is.
func (w *work) at(target string, done int64) {
	if w == nil {
		return
	}
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	if l := w.legs[target]; l != nil {
		l.done = done
		w.sum()
	}
}

// left says that nothing goes on at a target any more.
func (w *work) left(target string) {
	if w == nil {
		return
	}
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	delete(w.legs, target)
	w.sum()
}

// sum shows the earliest phase that any target is in, with the bytes of all
// that are in it.
func (w *work) sum() {
	rank := map[Phase]int{Copying: 0, Sending: 1, Reading: 2, Checking: 3}
	first := Phase("")
	for _, l := range w.legs {
		if first == "" || rank[l.phase] < rank[first] {
			first = l.phase
		}
	}
	if first == "" || w.job.Ended != nil {
		return
	}
	w.job.Phase, w.job.Target, w.job.Done, w.job.Total = first, "", 0, 0
	alone := true
	for id, l := range w.legs {
		if l.phase != first {
			continue
		}
		w.job.Done += min(l.done, l.total)
		w.job.Total += l.total
		if alone {
			w.job.Target, alone = id, false
		} else {
			w.job.Target = ""
		}
	}
}

// end says how it went; told is what went wrong though the whole did not fail.
func (w *work) end(err error, told *Trouble) {
	if w == nil {
		return
	}
	now := w.b.now()
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	w.job.Ended, w.job.Phase, w.job.Problem, w.job.Target = &now, Done, told, ""
	if err != nil {
		w.job.Phase, w.job.Problem = Failed, troubleOf(err)
	}
}

// Begin makes a backup in the background. While one is being made it gives that
// one's job; while something else goes on, a problem.
func (b *Backups) Begin(why Why) (Job, error) {
	w, fresh, err := b.begin(KindBackup, why, true)
	if err != nil {
		return Job{}, err
	}
	if fresh {
		b.behind(func(ctx context.Context) {
			if _, err := b.create(ctx, why, b.c.Source, w); err != nil {
				b.c.Log.Warn("the backup that was asked for was not made", "err", err)
			}
		})
	}
	return b.shown(w), nil
}

// BeginProof proves a copy in the background.
func (b *Backups) BeginProof(name, targetID string) (Job, error) {
	w, _, err := b.begin(KindProve, "", true)
	if err != nil {
		return Job{}, err
	}
	b.behind(func(ctx context.Context) {
		_, err := b.prove(ctx, name, targetID, w)
		w.end(err, nil)
		if err != nil {
			b.c.Log.Warn("a backup was not proved", "name", name, "target", targetID, "err", err)
		}
	})
	return b.shown(w), nil
}

// Job gives the job that runs or was the last to end, nil where there was none.
func (b *Backups) Job() *Job {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.job == nil {
		return nil
	}
	j := b.job.job
	return &j
}

func (b *Backups) shown(w *work) Job {
	b.mu.Lock()
	defer b.mu.Unlock()
	return w.job
}

// behind lets fn work in the background: as long as Run goes on, or where it
// does not run, until it is done.
func (b *Backups) behind(fn func(ctx context.Context)) {
	b.mu.Lock()
	ctx := b.life
	b.mu.Unlock()
	if ctx == nil {
		ctx = context.Background()
	}
	b.tasks.Go(func() { fn(ctx) })
}

// Wait returns when no background work goes on any more. Whoever began some
// while Run does not run calls it before the house is closed.
func (b *Backups) Wait() { b.tasks.Wait() }
