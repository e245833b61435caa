package target

import (
	"context"
	"log/slog"
	"time"
)

// backend is what a kind has to do. The names that it gets are safe; the texts of its errors may be foreign.
type backend interface {
	// put stores r under a name that was free a moment ago; whole or not at all, also when ctx ends.
	put(ctx context.Context, name string, r *exact, size int64) error
	get(ctx context.Context, name string) (file, error)
	// list gives every plain file of the folder, strangers' and unfinished ones included.
	list(ctx context.Context, each func(Object) error) error
	// remove deletes a file; ErrNotThere when there is none.
	remove(ctx context.Context, name string) error
	// free gives the bytes that fit; -1: unknown.
	free(ctx context.Context) (int64, error)
	close() error
}

// meeting is what a kind does when a person is there: it pins, finds out and fills in.
type meeting interface {
	backend
	// meet connects and completes the config's fields, without writing. It may ask to Compare; then nothing follows.
	meet(ctx context.Context, fields map[string]string, look *Look) error
	// prepare makes what is missing before the first backup (a folder, a mark).
	prepare(ctx context.Context, fields map[string]string, look *Look) error
}

// open makes the target of a config. With strangers it may be one that was never met.
func open(c Config, env Env, strangers bool) (Config, *guarded, error) {
	fail := func(place string, err error) (Config, *guarded, error) {
		return c, nil, newExplainer(place, c).explain(context.Background(), "opening", err)
	}
	if env.Log == nil {
		env.Log = slog.New(slog.DiscardHandler)
	}
	if env.Now == nil {
		env.Now = time.Now
	}
	if env.Known == nil {
		env.Known = func(string) bool { return true }
	}
	given := c
	c, err := given.filled()
	if err != nil {
		return fail(given.Name, err)
	}
	var b meeting
	var place string
	switch c.Kind {
	case KindFolder:
		b, place, err = openFolder(c, env)
	case KindS3:
		b, place, err = openS3(c, env)
	case KindSFTP:
		b, place, err = openSFTP(c, env, strangers)
	case KindWebDAV:
		b, place, err = openWebDAV(c, env)
	}
	if err != nil {
		return fail(given.Name, err)
	}
	return c, &guarded{backend: b, meeting: b, known: env.Known, now: env.Now, words: newExplainer(place, c), log: env.Log}, nil
}

// meet connects and lists, and writes nothing.
func meet(ctx context.Context, c Config, env Env) (Look, Config, error) {
	return visit(ctx, c, env, func(t *guarded, _ Config, _ *Look) error {
		_, err := t.List(ctx)
		return err
	})
}

// check tries everything that a backup needs.
func check(ctx context.Context, c Config, env Env) (Look, Config, error) {
	return visit(ctx, c, env, func(t *guarded, c Config, look *Look) error {
		if err := t.words.explain(ctx, "preparing", t.meeting.prepare(ctx, c.Fields, look)); err != nil {
			return err
		}
		return t.rehearse(ctx)
	})
}

// visit connects to a place and pins what it finds there. Unless a person has to
// compare something first, it lets try do its part.
func visit(ctx context.Context, c Config, env Env, try func(t *guarded, c Config, look *Look) error) (Look, Config, error) {
	look := Look{FreeBytes: -1}
	given := c
	c, t, err := open(c, env, true)
	if err != nil {
		return look, given, err
	}
	defer t.Close()
	if err := t.words.explain(ctx, "meeting", t.meeting.meet(ctx, c.Fields, &look)); err != nil {
		return look, given, err
	}
	if look.Compare {
		return look, c, nil
	}
	if err := try(t, c, &look); err != nil {
		return look, given, err
	}
	t.room(ctx, &look)
	return look, c, nil
}
