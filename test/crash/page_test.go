package crash

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// twice is what a house says that has started again after a restore.
var twice = regexp.MustCompile(`(?s)latchkey is ready at \S+.*(latchkey is ready at) `)

// pageRestore has an owner's page send the backup of fresh to the house of old
// at url.
func pageRestore(url string, old, fresh home) error {
	kit, err := os.ReadFile(fresh.kit)
	if err != nil {
		return err
	}
	backup, err := os.ReadFile(fresh.backup)
	if err != nil {
		return err
	}
	c := newCaller(url, old.token)
	defer c.http.CloseIdleConnections()
	var begun struct{ ID string }
	if err := c.ask("POST", "/latchkey/restore", map[string]any{"masterPasswordHash": old.hash, "kit": string(kit)}, &begun); err != nil {
		return err
	}
	at := "/latchkey/restore/" + begun.ID
	var built struct {
		Phase   string
		Problem any
	}
	if err := c.ask("PUT", at+"/file", backup, &built); err != nil {
		return err
	}
	if built.Phase != "ready" {
		return fmt.Errorf("the restore is %+v", built)
	}
	return c.ask("POST", at+"/apply", map[string]any{"masterPasswordHash": old.hash}, nil)
}

func killPageRestore(t *testing.T, box *sandbox) func() (life, error) {
	old, fresh := furnish(t, 0, 20, ""), furnish(t, 1000, 20, "")
	run := func(dir string, after time.Duration) (took time.Duration, again bool, err error) {
		p, err := start(serveWords(program(t), dir)...)
		if err != nil {
			return 0, false, err
		}
		defer p.kill()
		url, err := p.await(t.Context(), localLine)
		if err != nil {
			return 0, false, err
		}
		begun := time.Now()
		if after > 0 {
			time.AfterFunc(after, func() { p.kill() })
		}
		err = pageRestore(url, old, fresh)
		if no := new(refusal); errors.As(err, &no) {
			return 0, false, err
		}
		if err == nil {
			_, _ = p.await(t.Context(), twice)
		}
		return time.Since(begun), strings.Count(p.said(), "latchkey is ready at") > 1, nil
	}
	takes := span(t, func() (time.Duration, error) {
		dir, _, err := box.copyOf(old)
		if err != nil {
			return 0, err
		}
		d, again, err := run(dir, 0)
		if err == nil && !again {
			err = errors.New("it did not start again")
		}
		return d, err
	})
	return func() (l life, err error) {
		dir, _, err := box.copyOf(old)
		if err != nil {
			return l, err
		}
		_, again, err := run(dir, max(time.Millisecond, during(takes)))
		if err != nil {
			return l, err
		}
		if l.killed = !again; again {
			l.acks++
		}
		return l, oneOfTwo(dir, old, fresh, again)
	}
}

// killInstall lays the files of an installation below a folder, over an older
// program: whenever it is killed, the program that is there is whole, the old
// one or the new one, and a second install ends what the first began.
func killInstall(t *testing.T, box *sandbox) func() (life, error) {
	words := func(root string) []string { return []string{program(t), "install", "--root", root} }
	const place = "usr/local/bin/latchkey"
	template := filepath.Join(box.root, "template")
	if _, _, err := complete(words(template)...); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.ReadFile(filepath.Join(template, place))
	if err != nil {
		t.Fatal(err)
	}
	older := bytes.Repeat([]byte("an older program\n"), 1000)
	lay := func() (string, error) {
		root := box.fresh()
		return root, errors.Join(os.MkdirAll(filepath.Join(root, filepath.Dir(place)), 0o755),
			os.WriteFile(filepath.Join(root, place), older, 0o755))
	}
	takes := span(t, func() (time.Duration, error) {
		root, err := lay()
		if err != nil {
			return 0, err
		}
		_, d, err := complete(words(root)...)
		return d, err
	})
	return func() (l life, err error) {
		root, err := lay()
		if err != nil {
			return l, err
		}
		if _, l.killed, err = cut(during(takes), words(root)...); err != nil {
			return l, err
		}
		there, err := os.ReadFile(filepath.Join(root, place))
		if err != nil || !bytes.Equal(there, older) && !bytes.Equal(there, fresh) {
			return l, fmt.Errorf("the program that is there has %d bytes and is neither the old nor the new one (%w)", len(there), err)
		}
		if _, _, err := complete(words(root)...); err != nil {
			return l, err
		}
		return l, sameTree(root, template)
	}
}

func sameTree(dir, want string) error {
	var all error
	for _, pair := range [][2]string{{dir, want}, {want, dir}} {
		all = errors.Join(all, filepath.WalkDir(pair[0], func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			other := filepath.Join(pair[1], strings.TrimPrefix(path, pair[0]))
			a, errA := os.ReadFile(path)
			b, errB := os.ReadFile(other)
			if errA != nil || errB != nil || !bytes.Equal(a, b) {
				return fmt.Errorf("%s is not as in a fresh installation", path)
			}
			return nil
		}))
	}
	return all
}
