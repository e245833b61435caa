package target

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// entry is one response as RFC 4918 (9.1.5) shows them.
func entry(href, props string) string {
	return "<d:response><d:href>" + href + "</d:href><d:propstat><d:prop>" + props + "</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
}

func status(entries string) string {
	return `<?xml version="1.0" encoding="utf-8"?><d:multistatus xmlns:d="DAV:">` + entries + "</d:multistatus>"
}

func read(text string) (out []resource, err error) {
	err = multistatus(strings.NewReader(text), func(r resource) error {
		out = append(out, r)
		return nil
	})
	return out, err
}

func TestMultistatus(t *testing.T) {
	const file = "<d:resourcetype/><d:getcontentlength>42</d:getcontentlength><d:getlastmodified>Sat, 21 Nov 2026 03:15:00 GMT</d:getlastmodified>"
	for _, c := range []struct{ sentence, text, want string }{
		{"a file", status(entry("/dav/a.age", file)), "a.age 42 false 2026-11-21"},
		{"a whole URL and another prefix", status(entry("https://cloud.example.org/x/y/a%20b.age", file)), "a b.age 42 false 2026-11-21"},
		{"a folder", status(entry("/dav/sub/", "<d:resourcetype><d:collection/></d:resourcetype>")), "sub -1 true 0001-01-01"},
		{"another prefix for DAV:", strings.NewReplacer("d:", "D:", ":d=", ":D=").Replace(status(entry("/dav/a.age", file))), "a.age 42 false 2026-11-21"},
		{"DAV: as the default", strings.NewReplacer("d:", "", ":d=", "=").Replace(status(entry("/dav/a.age", file))), "a.age 42 false 2026-11-21"},
		{"an escaped slash stays in the name", status(entry("/dav/..%2F..%2Fetc", file)), "../../etc 42 false 2026-11-21"},
		{"strange things between", status("<d:sync-token>x</d:sync-token>" + entry("/dav/a.age", file) + "<!-- -->"), "a.age 42 false 2026-11-21"},
		{
			"what was not found does not count",
			status(strings.Replace(entry("/dav/a.age", file), "200 OK", "404 Not Found", 1)), "a.age -1 false 0001-01-01",
		},
		{"an href that is none", status(entry("%zz", file)), " 42 false 2026-11-21"},
		{"a negative size", status(entry("/a", "<d:getcontentlength>-5</d:getcontentlength>")), "a -1 false 0001-01-01"},
		{"nothing at all", status(""), ""},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			got, err := read(c.text)
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, r := range got {
				said += fmt.Sprintf("%s %d %v %s", r.Name, r.Size, r.Folder, r.Time.Format(time.DateOnly))
			}
			if said != c.want {
				t.Errorf("got %q, want %q", said, c.want)
			}
		})
	}
}

func TestNoMultistatus(t *testing.T) {
	for sentence, text := range map[string]string{
		"an empty body":         "",
		"a web page":            "<html><body>sign in</body></html>",
		"text":                  "hello",
		"another namespace":     `<multistatus xmlns="other"><response/></multistatus>`,
		"cut off":               status(entry("/a", ""))[:120],
		"an entity of its own":  `<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>` + status(entry("/&e;", "")),
		"an alien encoding":     strings.Replace(status(""), "utf-8", "utf-16", 1),
		"an entry without end":  status(entry("/"+strings.Repeat("a", 2*mostResponse), "")),
		"a text between no end": status(strings.Repeat("x", 2*mostResponse)),
	} {
		if got, err := read(text); err == nil {
			t.Errorf("%s was read as %v", sentence, got)
		}
	}
}

// endless is a listing that never ends.
type endless struct{ begun bool }

func (e *endless) Read(b []byte) (int, error) {
	text := entry("/dav/a.age", "")
	if !e.begun {
		e.begun = true
		text = strings.TrimSuffix(status(""), "</d:multistatus>")
	}
	return copy(b, text), nil
}

func TestAnEndlessListingIsEnded(t *testing.T) {
	t.Parallel()
	count := 0
	err := multistatus(io.LimitReader(&endless{}, 1<<30), func(resource) error {
		count++
		return nil
	})
	if err == nil || count > mostResponses {
		t.Errorf("%d entries, %v", count, err)
	}
}

func FuzzMultistatus(f *testing.F) {
	f.Add(status(entry("/dav/a.age", "<d:getcontentlength>42</d:getcontentlength>")))
	f.Add(status(entry("https://h/%2e%2e/", "<d:resourcetype><d:collection/></d:resourcetype>")))
	f.Add(`<multistatus xmlns="DAV:"><response><href>x</href></response></multistatus>`)
	f.Add("<a")
	f.Fuzz(func(t *testing.T, text string) {
		_ = multistatus(strings.NewReader(text), func(r resource) error {
			if r.Size < -1 || r.Free < -1 {
				t.Errorf("a size of %d, %d free", r.Size, r.Free)
			}
			if r.Name == "." || r.Name == "/" {
				t.Errorf("the name %q", r.Name)
			}
			return nil
		})
	})
}
