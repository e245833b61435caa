package target

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// unfinished ends the names under which a file is written until it is whole.
	unfinished = ".unfinished"
	// What is begun is taken away even after the caller has gone, but not for ever.
	tidying = 10 * time.Second
	// A daily backup of ten years, ten times over.
	mostObjects = 50_000
	// The name of the file that a check writes.
	checkPrefix, checkSuffix = "latchkey-check-", ".txt"
	checkRandom              = 12
)

var errTooMany = errors.New("more files than a house ever makes")

type file interface {
	io.Reader
	io.Closer
}

// guarded is a backend with what holds for all of them: names, exactness, words.
type guarded struct {
	backend backend
	meeting meeting
	known   func(string) bool
	now     func() time.Time
	words   *explainer
	log     *slog.Logger
}

var _ Target = (*guarded)(nil)

// safe reports whether a name means the same at every place: no path, no hidden file, nothing that a shell or a
// URL reads otherwise.
func safe(name string) bool {
	if name == "" || len(name) > 120 || name[0] == '.' || name[0] == '-' || strings.HasSuffix(name, unfinished) {
		return false
	}
	return strings.IndexFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '-' && r != '_'
	}) < 0
}

func (g *guarded) check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return g.words.explain(ctx, "beginning", err)
	}
	if !safe(name) || !g.known(name) {
		return ErrNotThere.Because(fmt.Errorf("%q is no backup's name", short(name)))
	}
	return nil
}

// Put implements Target.
func (g *guarded) Put(ctx context.Context, name string, r io.Reader, size int64) error {
	if err := g.check(ctx, name); err != nil {
		return err
	}
	if size < 0 {
		return fmt.Errorf("putting %s: its size is %d", name, size)
	}
	if err := g.clear(ctx, name); err != nil {
		return g.words.explain(ctx, "looking for "+name, err)
	}
	if free, err := g.backend.free(ctx); err == nil && free >= 0 && free < size {
		return g.words.explain(ctx, "putting "+name, says(CodeFull, errors.New(strconv.FormatInt(free, 10)+" bytes are free")))
	}
	source := exactly(ctx, r, size)
	err := g.backend.put(ctx, name, source, size)
	if ours := source.stop(); ours != nil && err != nil {
		return fmt.Errorf("reading what is to be %s: %w", name, ours)
	}
	return g.words.explain(ctx, "putting "+name, err)
}

// clear takes away what earlier tries for the same house have left, and finds out whether the name is taken.
// Backups of one house are made one at a time, so nothing of its own can be under way.
func (g *guarded) clear(ctx context.Context, name string) error {
	var left []string
	taken := false
	err := g.backend.list(ctx, func(o Object) error {
		taken = taken || o.Name == name
		if isUnfinished(o.Name) && strings.HasPrefix(o.Name, household(name)) || g.forgotten(o) {
			left = append(left, o.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if taken {
		return says(CodeExists, nil)
	}
	for _, n := range left {
		if err := g.backend.remove(ctx, n); err != nil && !errors.Is(err, ErrNotThere) {
			g.log.WarnContext(ctx, "backup: an unfinished file stays", "target", g.words.place, "file", n, "cause", g.words.scrub(err.Error()))
		}
	}
	return nil
}

// isUnfinished recognises what an upload has left: our own passing name, or what a server made of it (nginx leaves
// "NAME.0000000006" behind when its disk is full).
func isUnfinished(name string) bool {
	return strings.Contains(name, unfinished) && safe(strings.ReplaceAll(name, unfinished, ""))
}

// Where a check was killed in the middle, its small file stays. Another house may be checking just now.
const checkEnds = time.Hour

// forgotten recognises the file of a check that nobody is making any more.
func (g *guarded) forgotten(o Object) bool {
	rest, ours := strings.CutPrefix(o.Name, checkPrefix)
	return ours && safe(o.Name) && len(rest) == checkRandom+len(checkSuffix) && strings.HasSuffix(rest, checkSuffix) &&
		!o.Time.IsZero() && g.now().Sub(o.Time) > checkEnds
}

// household is what the names of one house's backups begin with: all but the time.
func household(name string) string {
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		return name[:at+1]
	}
	return name
}

// passing gives a name for a file that is not whole yet.
func passing(name string) string {
	var random [4]byte
	_, _ = rand.Read(random[:]) // never fails (crypto/rand)
	return name + "." + hex.EncodeToString(random[:]) + unfinished
}

// Get implements Target.
func (g *guarded) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	if err := g.check(ctx, name); err != nil {
		return nil, err
	}
	f, err := g.backend.get(ctx, name)
	if err != nil {
		return nil, g.words.explain(ctx, "getting "+name, err)
	}
	return &reading{ctx: ctx, file: f, words: g.words, name: name}, nil
}

// reading is an open file whose errors are explained.
type reading struct {
	ctx   context.Context
	file  file
	words *explainer
	name  string
}

func (r *reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, r.words.explain(r.ctx, "reading "+r.name, err)
	}
	n, err := r.file.Read(b)
	if err != nil && err != io.EOF {
		err = r.words.explain(r.ctx, "reading "+r.name, err)
	}
	return n, err
}

func (r *reading) Close() error {
	return r.words.explain(r.ctx, "closing "+r.name, r.file.Close())
}

// List implements Target.
func (g *guarded) List(ctx context.Context) ([]Object, error) {
	var out []Object
	err := g.backend.list(ctx, func(o Object) error {
		if !safe(o.Name) || !g.known(o.Name) {
			return nil
		}
		if len(out) == mostObjects {
			return errTooMany
		}
		out = append(out, o)
		return nil
	})
	if err != nil {
		return nil, g.words.explain(ctx, "listing", err)
	}
	slices.SortFunc(out, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// Remove implements Target.
func (g *guarded) Remove(ctx context.Context, name string) error {
	if err := g.check(ctx, name); err != nil {
		return err
	}
	return g.words.explain(ctx, "removing "+name, g.backend.remove(ctx, name))
}

// Close implements Target.
func (g *guarded) Close() error {
	return g.words.explain(context.Background(), "closing", g.backend.close())
}

// room fills in the free bytes, where the place tells.
func (g *guarded) room(ctx context.Context, look *Look) {
	if free, err := g.backend.free(ctx); err == nil {
		look.FreeBytes = max(free, -1)
	}
}

// rehearse does with a small file all that a backup will need.
func (g *guarded) rehearse(ctx context.Context) error {
	all := *g
	all.known = func(string) bool { return true }
	text := []byte("Latchkey tries out this place. This file may be deleted.\n" + rand.Text() + "\n")
	name := checkPrefix + strings.ToLower(rand.Text()[:checkRandom]) + checkSuffix
	if err := all.Put(ctx, name, bytes.NewReader(text), int64(len(text))); err != nil {
		return err
	}
	err := all.rehearsed(ctx, name, text)
	after, cancel := afterwards(ctx)
	defer cancel()
	if gone := all.Remove(after, name); err == nil && gone != nil {
		return gone
	}
	return err
}

func (g *guarded) rehearsed(ctx context.Context, name string, want []byte) error {
	f, err := g.Get(ctx, name)
	if err != nil {
		return err
	}
	defer f.Close()
	got, err := io.ReadAll(io.LimitReader(f, int64(len(want))+1))
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return g.words.explain(ctx, "checking", says(CodeBroken, errors.New("the file that was read back is another than the one written")))
	}
	objects, err := g.List(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(objects, func(o Object) bool { return o.Name == name && o.Size == int64(len(want)) }) {
		return g.words.explain(ctx, "checking", says(CodeBroken, errors.New("the file that was written is not in the list")))
	}
	return nil
}

// afterwards is a ctx for tidying up, whatever became of ctx.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), tidying)
}
