// Package restore brings a house back from a backup. A restore is built in a
// folder beside the data folder, checked whole, and put in its place in one
// step when nothing runs; the house that was there is kept. What a backup looks
// like is the business of appliance/backup/archive, where it lies that of
// appliance/backup/target, and what a house is that of Config.Finish.
package restore

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"io"
	"log/slog"
	"sync"
	"time"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
)

// Config says where to restore to, and by what. Every field is required.
type Config struct {
	Dir     string // the data folder of the house that is to be replaced
	Version uint64 // the newest format of the database that this program reads
	// Finish makes a house of the unpacked folder: opens, brings up to this
	// version, checks all of it and has it begin anew (see store.Rebase).
	Finish func(ctx context.Context, dir string, m archive.Manifest) error
	// Meet connects to a place where backups lie and pins what it finds; Open
	// opens one that was met.
	Meet func(ctx context.Context, c target.Config) (target.Look, target.Config, error)
	Open func(ctx context.Context, c target.Config) (target.Target, error)
	// Again ends the house; the next start takes up what was restored.
	Again func()
	Now   func() time.Time
	Log   *slog.Logger
}

// Phase is how far a restore is.
type Phase string

// The phases, in their order. A failed restore is begun anew with the same kit.
const (
	Empty    Phase = "empty"    // none was begun
	Waiting  Phase = "waiting"  // the kit is there, the backup is not
	Reading  Phase = "reading"  // the backup is coming in
	Checking Phase = "checking" // it is whole; the house in it is being checked
	Ready    Phase = "ready"    // it can be taken up
	Failed   Phase = "failed"
)

// State is what a page shows of a restore.
type State struct {
	ID       string            `json:"id,omitempty"`
	Phase    Phase             `json:"phase"`
	Done     int64             `json:"done"`  // bytes of the unpacked house
	Total    int64             `json:"total"` // 0 while not known
	Problem  *Trouble          `json:"problem,omitempty"`
	Manifest *archive.Manifest `json:"manifest,omitempty"` // once it was read and believed
}

// Trouble is a problem as a page shows it.
type Trouble struct {
	Code   string            `json:"code"`
	Text   string            `json:"text"`
	Hint   string            `json:"hint"`
	Values map[string]string `json:"values,omitempty"`
}

// Restore is the one restore that may be under way in a house.
type Restore struct {
	cfg  Config
	jobs chan job // of Fetch, for Run; holds one

	mu     sync.Mutex
	kit    archive.Kit
	place  target.Config // that List met last
	state  State
	cancel context.CancelFunc // ends what is being built; nil where nothing is
	done   chan struct{}      // closed when that has ended
}

type job struct {
	id   string
	open func(context.Context) (io.ReadCloser, error)
}

// New makes it; nothing is under way.
func New(c Config) *Restore {
	return &Restore{cfg: c, jobs: make(chan job, 1), state: State{Phase: Empty}}
}

var (
	errGone = problem.New(problem.NotFound, "restore.gone", "This restore was ended, or another one was begun.", "Begin again with the recovery kit.")
	errBusy = problem.New(problem.Unavailable, "restore.busy", "A backup is being read already.", "Wait for it, or cancel it first.")
)

// Start begins a restore with the text of a recovery kit; one that was begun
// before ends. The answer's ID names it to everything else.
func (r *Restore) Start(_ context.Context, kit []byte) (State, error) {
	parsed, err := archive.ParseKit(kit)
	if err != nil {
		return State{}, err
	}
	if err := roomBeside(r.cfg.Dir); err != nil {
		return State{}, err
	}
	r.stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kit, r.state = parsed, State{ID: rand.Text(), Phase: Waiting}
	return r.state, nil
}

// Look gives the state of the restore id, or errors with restore.gone.
func (r *Restore) Look(id string) (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return State{}, errGone
	}
	return r.state, nil
}

// Present gives the state of the restore under way, whoever began it; its phase
// is Empty where there is none.
func (r *Restore) Present() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// Receive reads the backup from in and makes a house of it, beside the one
// that runs. It returns when that house is ready, or with what was wrong; the
// running one is not touched.
func (r *Restore) Receive(ctx context.Context, id string, in io.Reader) (State, error) {
	ctx, done, err := r.begin(ctx, id)
	if err != nil {
		return State{}, err
	}
	defer done()
	return r.build(ctx, id, in)
}

// Fetch has Run read the backup that open gives; Look tells how it goes.
func (r *Restore) Fetch(id string, open func(context.Context) (io.ReadCloser, error)) (State, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return State{}, errGone
	}
	if r.cancel != nil {
		return State{}, errBusy
	}
	select {
	case r.jobs <- job{id, open}:
	default:
		return State{}, errBusy
	}
	r.state.Phase, r.state.Problem = Reading, nil
	return r.state, nil
}

// List connects to a place and gives the backups that lie there, oldest first.
// What was pinned of the place (a server's key) counts for FetchFrom. With
// Look.Compare there are none yet, and nothing is pinned: the person compares
// the server's key, which is a field of the next List.
func (r *Restore) List(ctx context.Context, id string, c target.Config) (target.Look, []target.Object, error) {
	before, err := r.met(id)
	if err != nil {
		return target.Look{}, nil, err
	}
	look, c, err := r.cfg.Meet(ctx, c.KeepFrom(before))
	if err != nil {
		return target.Look{}, nil, err
	}
	if look.Compare {
		return look, nil, nil
	}
	place, err := r.cfg.Open(ctx, c)
	if err != nil {
		return target.Look{}, nil, err
	}
	defer func() { _ = place.Close() }()
	all, err := place.List(ctx)
	if err != nil {
		return target.Look{}, nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return target.Look{}, nil, errGone
	}
	r.place = c
	return look, all, nil
}

// met is the place that List last connected to.
func (r *Restore) met(id string) (target.Config, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return target.Config{}, errGone
	}
	return r.place, nil
}

// FetchFrom is Fetch of a backup that lies at a place which List has met.
func (r *Restore) FetchFrom(id string, c target.Config, name string) (State, error) {
	before, err := r.met(id)
	if err != nil {
		return State{}, err
	}
	c = c.KeepFrom(before)
	return r.Fetch(id, func(ctx context.Context) (io.ReadCloser, error) {
		place, err := r.cfg.Open(ctx, c)
		if err != nil {
			return nil, err
		}
		body, err := place.Get(ctx, name)
		if err != nil {
			_ = place.Close() // nothing was written to it
			return nil, err
		}
		return both{body, place}, nil
	})
}

// both closes the place with what came from it.
type both struct {
	io.ReadCloser
	place io.Closer
}

func (b both) Close() error {
	err := b.ReadCloser.Close()
	_ = b.place.Close() // nothing was written to it
	return err
}

// Run does what Fetch was asked for until ctx ends.
func (r *Restore) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case j := <-r.jobs:
			r.fetch(ctx, j)
		}
	}
}

func (r *Restore) fetch(ctx context.Context, j job) {
	ctx, done, err := r.begin(ctx, j.id)
	if err != nil {
		return // another was begun meanwhile
	}
	defer done()
	in, err := j.open(ctx)
	if err != nil {
		r.fail(j.id, err)
		return
	}
	defer func() { _ = in.Close() }()
	_, _ = r.build(ctx, j.id, in) // kept in the state
}

// Apply ends the house, and the next start takes up the restored one.
func (r *Restore) Apply(_ context.Context, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return errGone
	}
	if r.state.Phase != Ready {
		return problem.New(problem.Refused, "restore.unready", "There is no restored house to take up yet.", "Choose a backup first, and wait until it is checked.")
	}
	if err := approve(r.cfg.Dir, r.cfg.Now()); err != nil {
		return err
	}
	r.cfg.Log.Info("the restored house is taken up", "made", r.state.Manifest.Made)
	r.cfg.Again()
	return nil
}

// Cancel ends the restore id and removes what it made.
func (r *Restore) Cancel(_ context.Context, id string) error {
	if _, err := r.Look(id); err != nil {
		return err
	}
	r.stop()
	return nil
}

// stop ends whatever is under way and forgets it.
func (r *Restore) stop() {
	r.mu.Lock()
	cancel, done := r.cancel, r.done
	r.state, r.kit, r.place = State{Phase: Empty}, archive.Kit{}, target.Config{}
	r.mu.Unlock()
	if cancel != nil {
		cancel()
		<-done
	}
	if err := tidyUp(r.cfg.Dir); err != nil {
		r.cfg.Log.Warn("removing an ended restore", "cause", err)
	}
}

// begin takes the one place of what is being built.
func (r *Restore) begin(ctx context.Context, id string) (context.Context, func(), error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isLocked(id) {
		return nil, nil, errGone
	}
	if r.cancel != nil {
		return nil, nil, errBusy
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	r.cancel, r.done = cancel, done
	r.state = State{ID: id, Phase: Reading}
	return ctx, func() {
		cancel()
		r.mu.Lock()
		r.cancel = nil
		r.mu.Unlock()
		close(done)
	}, nil
}

// build makes the restored house and keeps in the state how it went.
func (r *Restore) build(ctx context.Context, id string, in io.Reader) (State, error) {
	r.mu.Lock()
	kit := r.kit
	r.mu.Unlock()
	m, err := Build(ctx, Building{
		Dir: r.cfg.Dir, Version: r.cfg.Version, Finish: r.cfg.Finish,
		Progress: func(p Phase, m *archive.Manifest, done, total int64) {
			r.change(id, func(s *State) { s.Phase, s.Manifest, s.Done, s.Total = p, m, done, total })
		},
	}, in, kit)
	if err != nil {
		r.fail(id, err)
		return State{}, err
	}
	return r.change(id, func(s *State) { s.Phase, s.Manifest = Ready, &m }), nil
}

func (r *Restore) fail(id string, err error) {
	r.cfg.Log.Warn("restoring", "cause", err)
	p := problem.Of(err)
	r.change(id, func(s *State) { s.Phase, s.Problem = Failed, &Trouble{p.Code, p.Text, p.Hint, p.Values} })
}

// change alters the state of the restore id, if that is still the one.
func (r *Restore) change(id string, fn func(*State)) State {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isLocked(id) {
		fn(&r.state)
	}
	return r.state
}

func (r *Restore) isLocked(id string) bool {
	return r.state.ID != "" && subtle.ConstantTimeCompare([]byte(id), []byte(r.state.ID)) == 1
}
