package backup

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// house is the identity of the house on the stage.
const house = "1a2b3c4d5e6f"

// memory keeps values; while broken is set it keeps none.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	broken error
}

func (m *memory) Value(_ context.Context, name string) ([]byte, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[name]
	return v, ok, nil
}

func (m *memory) SetValues(ctx context.Context, values map[string][]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return m.broken
	}
	maps.Copy(m.values, values)
	return ctx.Err()
}

// server is a fake target that counts and fails.
type server struct {
	mu      sync.Mutex
	files   map[string][]byte
	puts    int
	gets    int
	removed []string
	down    error                    // every call fails with it
	hang    chan struct{}            // a Put waits here and hears no ctx
	slow    time.Duration            // before each Put
	tamper  func(data []byte) []byte // what is stored instead
	same    bool                     // lies on the house's own disk
	room    int                      // for so many files; 0: no end
	keeps   error                    // Remove fails with it
	cut     error                    // reading breaks half-way with it
	blind   bool                     // List shows nothing
}

func (s *server) fails() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down
}

func (s *server) setDown(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

func (s *server) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := s.fails(); err != nil {
		return err
	}
	s.mu.Lock()
	s.puts++
	hang, slow, tamper, full := s.hang, s.slow, s.tamper, s.room > 0 && len(s.files) >= s.room
	_, there := s.files[name]
	s.mu.Unlock()
	if full {
		return problem.New(problem.Unavailable, target.CodeFull, "It is full.", "Make room.")
	}
	if hang != nil {
		<-hang
	}
	if slow > 0 {
		select {
		case <-time.After(slow):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if there {
		return problem.New(problem.Refused, target.CodeExists, "It is there.", "")
	}
	data, err := io.ReadAll(io.LimitReader(r, size))
	if err != nil {
		return problem.New(problem.Unavailable, target.CodeBroken, "The sending broke.", "").Because(err)
	}
	if tamper != nil {
		data = tamper(bytes.Clone(data))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = data
	return nil
}

func (s *server) Get(_ context.Context, name string) (io.ReadCloser, error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gets++
	data, ok := s.files[name]
	if !ok {
		return nil, target.ErrNotThere
	}
	if s.cut != nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(data[:len(data)/2]), iotest.ErrReader(s.cut))), nil
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (s *server) List(context.Context) ([]target.Object, error) {
	if err := s.fails(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []target.Object
	if s.blind {
		return nil, nil
	}
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		all = append(all, target.Object{Name: name, Size: int64(len(s.files[name]))})
	}
	return all, nil
}

func (s *server) Remove(_ context.Context, name string) error {
	if err := s.fails(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.files[name]; !ok {
		return target.ErrNotThere
	}
	if s.keeps != nil {
		return s.keeps
	}
	delete(s.files, name)
	s.removed = append(s.removed, name)
	return nil
}

func (s *server) Close() error { return nil }

func (s *server) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

func (s *server) counts() (puts, gets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.puts, s.gets
}

// stage is a keeper of backups with all around it. Its time is that of the
// bubble plus shift.
type stage struct {
	*Backups
	t       *testing.T
	keep    *memory
	board   *health.Board
	servers map[string]*server // by the field "folder"
	kit     *age.X25519Identity
	noKit   bool
	proofs  int
	proving func(dir string) error
	content string // of the database
	breaks  error  // reading the seal key fails with it

	mu      sync.Mutex
	shift   time.Duration
	doubted bool // the clock
	damaged bool // the house itself
	free    int64
	reach   func() (target.Target, error) // instead of the servers
	broken  error                         // why there is no view of the house
	views   int                           // that were asked for
}

func newStage(t *testing.T) *stage {
	t.Helper()
	kit, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{
		t: t, keep: &memory{values: map[string][]byte{}}, servers: map[string]*server{}, kit: kit,
		content: "the house", free: 1 << 40,
	}
	s.board = health.NewBoard(s.now, slog.New(slog.DiscardHandler))
	s.open(t.TempDir())
	return s
}

// open begins with what is kept, as after a restart.
func (s *stage) open(dir string) {
	s.t.Helper()
	set, err := settings.Open(s.t.Context(), s.keep, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	public, sign, err := ed25519.GenerateKey(bytes.NewReader(bytes.Repeat([]byte{7}, 64)))
	if err != nil {
		s.t.Fatal(err)
	}
	s.Backups = New(Config{
		Settings: set, Keep: s.keep, Board: s.board, Now: s.now, Log: slog.New(slog.DiscardHandler), House: house, Dir: dir, Data: dir, Zone: time.UTC,
		Trusted: func() bool { s.mu.Lock(); defer s.mu.Unlock(); return !s.doubted },
		Free:    func(string) (int64, error) { s.mu.Lock(); defer s.mu.Unlock(); return s.free, nil },
		Kit: func(context.Context) (Keys, bool, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			return Keys{Recipient: s.kit.Recipient().String(), Sign: sign, Public: public, Made: time.Date(1999, 12, 1, 0, 0, 0, 0, time.UTC)}, !s.noKit, nil
		},
		Damaged: func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.damaged },
		Source:  s.source, Prove: s.prove,
		Reach: func(_ context.Context, c target.Config, _ target.Env) (target.Target, error) {
			s.mu.Lock()
			reach := s.reach
			s.mu.Unlock()
			if reach != nil {
				return reach()
			}
			return s.servers[c.Fields["folder"]], s.servers[c.Fields["folder"]].fails()
		},
		Check: func(_ context.Context, c target.Config, _ target.Env) (target.Look, target.Config, error) {
			if err := s.servers[c.Fields["folder"]].fails(); err != nil {
				return target.Look{}, c, err
			}
			return target.Look{SameDisk: s.servers[c.Fields["folder"]].same, FreeBytes: -1}, c, nil
		},
	})
}

func (s *stage) restart() { s.open(s.c.Dir) }

func (s *stage) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.shift)
}

// jump moves the clock, and says whether it is trusted from now on.
func (s *stage) jump(by time.Duration, trusted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shift, s.doubted = s.shift+by, !trusted
}

func (s *stage) setFree(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = n
}

// instead lets all targets be reached by fn.
func (s *stage) instead(fn func() (target.Target, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reach = fn
}

// give lets a kit be there, nil for the one that is.
func (s *stage) give(kit *age.X25519Identity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noKit = false
	if kit != nil {
		s.kit = kit
	}
}

// breakSource lets there be no view of the house; nil: there is one again.
func (s *stage) breakSource(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}

func (s *stage) source(_ context.Context, fn func(archive.Manifest, []archive.Part) error) error {
	s.mu.Lock()
	s.views++
	broken := s.broken
	s.mu.Unlock()
	if broken != nil {
		return broken
	}
	part := func(name, text string) archive.Part {
		return archive.Part{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			if s.breaks != nil && name == archive.SealKeyPart {
				return nil, &os.PathError{Op: "read", Path: name, Err: s.breaks}
			}
			return io.NopCloser(strings.NewReader(text)), nil
		}}
	}
	return fn(archive.Manifest{House: house, HouseName: "Mill", Program: "1.0.0", Version: 3},
		[]archive.Part{part(archive.DatabasePart, s.content), part(archive.SealKeyPart, "sealed by nothing")})
}

func (s *stage) prove(_ context.Context, dir string) error {
	s.mu.Lock()
	s.proofs++
	s.mu.Unlock()
	text, err := os.ReadFile(filepath.Join(dir, archive.DatabasePart))
	if err != nil {
		return err
	}
	if s.proving != nil {
		return s.proving(dir)
	}
	if string(text) != s.content {
		return errors.New("another house came out")
	}
	return nil
}

// add saves a target that is a server of that name.
func (s *stage) add(name string) (id string, srv *server) {
	s.t.Helper()
	srv = &server{files: map[string][]byte{}}
	s.servers[name] = srv
	id, err := s.SaveTarget(s.t.Context(), target.Config{Kind: target.KindFolder, Name: name, Fields: map[string]string{"folder": name}})
	if err != nil {
		s.t.Fatal(err)
	}
	return id, srv
}

// running lets Run work until the returned function is called.
func (s *stage) running() (stop func()) {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan error, 1)
	b := s.Backups
	go func() { done <- b.Run(ctx) }()
	return func() {
		s.t.Helper()
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("Run ended with %v", err)
		}
	}
}

func (s *stage) create(why Why) Record {
	s.t.Helper()
	r, err := s.Create(s.t.Context(), why)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// conditions are those that stand now, by code.
func (s *stage) conditions() map[string]health.Condition {
	all := make(map[string]health.Condition)
	for _, c := range s.board.List() {
		all[c.Code] = c
	}
	return all
}

// wants checks that exactly these conditions stand.
func (s *stage) wants(codes ...string) {
	s.t.Helper()
	got := slices.Sorted(maps.Keys(s.conditions()))
	slices.Sort(codes)
	if !slices.Equal(got, codes) {
		s.t.Errorf("conditions %v, want %v", got, codes)
	}
	for code, c := range s.conditions() {
		if c.Text == "" || c.Hint == "" || strings.Contains(c.Text+c.Hint, "%!") {
			s.t.Errorf("%s has no words: %q, %q", code, c.Text, c.Hint)
		}
	}
}

// place is how the books have a copy.
func (s *stage) place(name, at string) Place {
	s.t.Helper()
	k, err := s.read(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	if r := k.record(name); r != nil && r.place(at) != nil {
		return *r.place(at)
	}
	return Place{}
}

// spooled are the files in the spool.
func (s *stage) spooled() (names []string) {
	s.t.Helper()
	entries, err := os.ReadDir(s.c.Dir)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// secret is what must never be told.
func (s *stage) view() View {
	s.t.Helper()
	v, err := s.View(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	raw, err := json.Marshal(v)
	if err != nil || strings.Contains(string(raw), "AGE-SECRET") {
		s.t.Fatalf("the view can't be shown: %v", err)
	}
	return v
}

var errDown = problem.New(problem.Unavailable, target.CodeUnreachable, "The NAS does not answer.", "See whether it runs.")
