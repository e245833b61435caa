package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/client"
)

// fakeLog is a house whose log grows by a line a second, served in memory.
type fakeLog struct {
	mu      sync.Mutex
	lines   int // "line 1" is the oldest
	serving bool
	down    bool
	asked   []string
}

// RoundTrip answers as the routes of the status and of the log do.
func (f *fakeLog) RoundTrip(r *http.Request) (*http.Response, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.URL.RequestURI())
	if f.down {
		return nil, io.ErrUnexpectedEOF
	}
	body := fmt.Sprintf(`{"serving":%v}`, f.serving)
	if r.URL.Path == "/latchkey/log" {
		body = f.page(r)
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

// page gives limit lines before or after a place, which is a line's number.
func (f *fakeLog) page(r *http.Request) string {
	q := r.URL.Query()
	from, to, limit := 0, f.lines, 100
	_, _ = fmt.Sscan(q.Get("limit"), &limit)
	if q.Has("after") {
		_, _ = fmt.Sscan(q.Get("after"), &from)
		to = min(f.lines, from+limit)
	} else if q.Has("before") {
		_, _ = fmt.Sscan(q.Get("before"), &to)
		to--
	}
	from = max(from, to-limit)
	var events []string
	for n := to; n > from; n-- {
		events = append(events, fmt.Sprintf(`{"time":"2026-11-01T10:00:00Z","kind":"line %d","outcome":"ok","who":{"name":"Alice"},"actor":{}}`, n))
	}
	next := ""
	if from > 0 && !q.Has("after") {
		next = fmt.Sprint(from + 1)
	}
	return fmt.Sprintf(`{"events":[%s],"next":%q,"newest":"%d"}`, strings.Join(events, ","), next, to)
}

func (f *fakeLog) set(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func errandAt(ctx context.Context, f *fakeLog, out, errs io.Writer) errand {
	return errand{streams{out: out, err: errs}, client.New(machineHost, &http.Client{Transport: f}), ctx}
}

func TestLog(t *testing.T) {
	ask := func(t *testing.T, f *fakeLog, flags logFlags) string {
		t.Helper()
		var out strings.Builder
		if flags.since == nil {
			flags.since = newSince()
		}
		if err := errandAt(t.Context(), f, &out, io.Discard).log(flags); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	t.Run("the last lines, the oldest first", func(t *testing.T) {
		said := ask(t, &fakeLog{lines: 250}, logFlags{})
		lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
		if len(lines) != lastLines+1 || !strings.HasPrefix(lines[0], "TIME ") || !strings.Contains(lines[1], "  line 151  ok       Alice  ") || !strings.Contains(lines[100], "line 250") {
			t.Errorf("%d lines, %q ... %q", len(lines), lines[:2], lines[len(lines)-1])
		}
	})
	t.Run("all lines since a time, page after page", func(t *testing.T) {
		f := &fakeLog{lines: 2500}
		s := newSince()
		_ = s.Set("2026-01-01T00:00:00Z")
		said := ask(t, f, logFlags{since: s, address: "203.0.113.0/24", outcome: "refused", json: true})
		lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
		if len(lines) != 2500 || !strings.Contains(lines[0], `"line 1"`) || !strings.Contains(lines[2499], `"line 2500"`) {
			t.Errorf("%d lines, %q ... %q", len(lines), lines[0], lines[len(lines)-1])
		}
		want := "/latchkey/log?address=203.0.113.0%2F24&before=1501&limit=1000&outcome=refused&since=2026-01-01T00%3A00%3A00Z"
		if len(f.asked) != 3 || f.asked[1] != want {
			t.Errorf("asked %q, want %q second", f.asked, want)
		}
	})
	t.Run("JSON is what the house said, one object a line", func(t *testing.T) {
		said := ask(t, &fakeLog{lines: 2}, logFlags{json: true})
		want := `{"time":"2026-11-01T10:00:00Z","kind":"line 1","outcome":"ok","who":{"name":"Alice"},"actor":{}}` + "\n"
		if !strings.HasPrefix(said, want) || strings.Count(said, "\n") != 2 {
			t.Errorf("said %q", said)
		}
	})
}

func TestFollow(t *testing.T) {
	t.Run("it goes on from line to line and misses none, until it is ended", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f := &fakeLog{lines: 3, serving: true}
			ctx, stop := context.WithCancel(t.Context())
			var out, errs strings.Builder
			ended := make(chan error, 1)
			go func() {
				ended <- errandAt(ctx, f, &out, &errs).log(logFlags{json: true, follow: true, since: newSince()})
			}()
			time.Sleep(10*time.Second + time.Millisecond)
			f.set(func() { f.lines += 2300 }) // more than a page
			time.Sleep(10 * time.Second)
			f.set(func() { f.down = true })
			time.Sleep(30 * time.Second)
			f.set(func() { f.down, f.lines = false, f.lines+1 })
			time.Sleep(10 * time.Second)
			stop()
			if err := <-ended; err != nil {
				t.Errorf("it ended with %v", err)
			}
			said := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
			for n, line := range said {
				if !strings.Contains(line, fmt.Sprintf("\"line %d\"", n+1)) {
					t.Fatalf("the %d. is %s", n+1, line)
				}
			}
			if len(said) != f.lines {
				t.Errorf("%d lines, want %d", len(said), f.lines)
			}
			if strings.Count(errs.String(), "\n") != 1 || !strings.Contains(errs.String(), "does not answer") {
				t.Errorf("stderr: %q", errs.String())
			}
			if n := len(f.asked); n > 65 {
				t.Errorf("asked %d times in a minute", n)
			}
		})
	})
	t.Run("where nothing runs there is nothing to follow", func(t *testing.T) {
		err := errandAt(t.Context(), &fakeLog{lines: 3}, io.Discard, io.Discard).log(logFlags{follow: true, since: newSince()})
		var errs strings.Builder
		if code := exitOf(err, &errs); code != exitFail || !strings.Contains(errs.String(), "nothing new will come") {
			t.Errorf("%d %q", code, errs.String())
		}
	})
}

func lines(raw string) []json.RawMessage { return []json.RawMessage{json.RawMessage(raw)} }

func TestLinesOfTheLog(t *testing.T) {
	for name, c := range map[string]struct{ raw, want string }{
		"a sign-in":                        {`{"time":"T","kind":"signin","outcome":"ok","method":"password","who":{"id":"1","name":"Alice"},"device":"firefox","address":"203.0.113.7","country":"AT","ms":34}`, `-|signin|ok|Alice|203.0.113.7 AT|firefox|password, 34 ms`},
		"somebody who left":                {`{"kind":"signin","outcome":"ok","who":{"pseudonym":"p-0123"}}`, `-|signin|ok|p-0123|-|-|`},
		"an owner's act":                   {`{"kind":"admin","outcome":"ok","who":{"name":"Bob"},"actor":{"name":"Alice"},"detail":"disabled"}`, `-|admin|ok|Bob|-|-|disabled, by Alice`},
		"the machine's":                    {`{"kind":"unban","outcome":"ok","actor":{"machine":true},"detail":"all","count":3}`, `-|unban|ok|-|-|-|all, by machine, 3 times`},
		"an hour's requests":               {`{"kind":"requests","outcome":"ok","tally":{"requests":120,"refused":4,"errors":1}}`, `-|requests|ok|-|-|-|120 requests, 4 refused, 1 errors`},
		"a device's name that would paint": {`{"kind":"refused","outcome":"signin.wrong","device":"x\u001b]0;y\u0007"}`, `-|refused|signin.wrong|-|-|x\x1b]0;y\a|`},
	} {
		t.Run(name, func(t *testing.T) {
			rows, err := eventTable(nil, lines(c.raw))
			if err != nil || len(rows) != 1 || strings.Join(rows[0], "|") != c.want {
				t.Errorf("got %q, %v, want %q", rows, err, c.want)
			}
		})
	}
	t.Run("what is no event is an error", func(t *testing.T) {
		var out strings.Builder
		e := errand{streams: streams{out: &out}}
		if err := e.lines(lines(`[1]`))(lines(`[1]`)); err == nil {
			t.Errorf("it wrote %q", out.String())
		}
	})
}
