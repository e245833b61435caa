package logline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"latchkey/appliance/logline"
)

// logged gives what do writes at debug, in a format.
func logged(t *testing.T, format string, do func(*slog.Logger)) string {
	t.Helper()
	var out bytes.Buffer
	l := logline.New(&out, format, slog.LevelDebug)
	do(l.Logger)
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var stamp = regexp.MustCompile(`^(\[[A-Z0-9+]+\]) \d{4}/\d\d/\d\d \d\d:\d\d:\d\d (.*)\n$`)

func TestLinesForPeople(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		say  func(*slog.Logger)
		want string
	}{
		"a message alone":                  {func(l *slog.Logger) { l.Info("emptied old trash") }, `[INFO] emptied old trash`},
		"the cause stands behind it":       {func(l *slog.Logger) { l.Error("asking for the time", "error", errors.New("timeout")) }, `[ERROR] asking for the time: timeout`},
		"a cause by its other name":        {func(l *slog.Logger) { l.Error("keeping", "cause", errors.New("disk full"), "n", 3) }, `[ERROR] keeping: disk full | n=3`},
		"a condition's text":               {func(l *slog.Logger) { l.Warn("condition", "code", "disk.full", "text", "The disk is full.") }, `[WARN] condition: The disk is full. | code=disk.full`},
		"the first cause only":             {func(l *slog.Logger) { l.Error("x", "error", "one", "cause", "two") }, `[ERROR] x: one | cause=two`},
		"attributes behind a bar":          {func(l *slog.Logger) { l.Debug("door open", "port", 443, "family", "IPv4") }, `[DEBUG] door open | port=443 family=IPv4`},
		"a text of several words":          {func(l *slog.Logger) { l.Info("x", "name", "two words") }, `[INFO] x | name="two words"`},
		"an empty text":                    {func(l *slog.Logger) { l.Info("x", "name", "") }, `[INFO] x | name=""`},
		"a bar inside a value":             {func(l *slog.Logger) { l.Info("x", "name", "a|b") }, `[INFO] x | name="a|b"`},
		"a time, a duration":               {func(l *slog.Logger) { l.Info("x", "at", at, "in", time.Second) }, `[INFO] x | at=2026-03-01T12:00:00Z in=1s`},
		"what With has said":               {func(l *slog.Logger) { l.With("door", "tls").Warn("http: x") }, `[WARN] http: x | door=tls`},
		"two branches of With":             {func(l *slog.Logger) { a := l.With("a", 1); b := a.With("b", 2); a.With("c", 3); b.Info("x") }, `[INFO] x | a=1 b=2`},
		"a cause that With has said":       {func(l *slog.Logger) { l.With("cause", "c").Warn("x") }, `[WARN] x: c`},
		"groups":                           {func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("x", slog.Group("h", "error", "e")) }, `[INFO] x | g.a=1 g.h.error=e`},
		"a group without a name":           {func(l *slog.Logger) { l.WithGroup("").Info("x", slog.Group("", "a", 1)) }, `[INFO] x | a=1`},
		"nothing at all":                   {func(l *slog.Logger) { l.Info("x", slog.Attr{}) }, `[INFO] x`},
		"a level between":                  {func(l *slog.Logger) { l.Log(context.Background(), slog.LevelInfo+1, "x") }, `[INFO+1] x`},
		"a newline begins no line":         {func(l *slog.Logger) { l.Info("a\n[ERROR] b", "c\nd", "e\r\nf") }, `[INFO] a\n[ERROR] b | "c\nd"="e\r\nf"`},
		"nor in a cause":                   {func(l *slog.Logger) { l.Error("x", "error", errors.New("a\nb\x1b[31m")) }, `[ERROR] x: a\nb\x1b[31m`},
		"nor do the Unicode ones":          {func(l *slog.Logger) { l.Info("a\u2028b\u0085c\u202ed") }, `[INFO] a\u2028b\u0085c\u202ed`},
		"letters of other lands":           {func(l *slog.Logger) { l.Info("größe 大 …") }, `[INFO] größe 大 …`},
		"broken UTF-8":                     {func(l *slog.Logger) { l.Info("a\xffb", "k", "\xfe") }, `[INFO] a\xffb | k="\xfe"`},
		"the replacement character":        {func(l *slog.Logger) { l.Info("a\ufffdb") }, "[INFO] a\ufffdb"},
		"somebody else's word \"request\"": {func(l *slog.Logger) { l.Info("request", "path", "/x") }, `[INFO] request | path=/x`},
	} {
		t.Run(name, func(t *testing.T) {
			said := logged(t, logline.Text, c.say)
			found := stamp.FindStringSubmatch(said)
			if found == nil {
				t.Fatalf("said %q", said)
			}
			if got := found[1] + " " + found[2]; got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLinesHideWhoAndWhat(t *testing.T) {
	for name, c := range map[string]struct{ say, want string }{
		"an item's id":           {"reading item 0192f3a1-7c3e-7abc-8def-0123456789ab: no such key", "reading item …: no such key"},
		"in capitals":            {"0192F3A1-7C3E-7ABC-8DEF-0123456789AB", "…"},
		"an e-mail":              {"no account alice+x@mail.example.test.", "no account …."},
		"one within signs":       {`who=<alice@example.test>`, `who=<…>`},
		"one without a domain":   {"alice@localhost", "…"},
		"a URL's password":       {"https://user:hunter2@host.example/x", "https://user:…/x"},
		"a query":                {`Get "https://dns.example/update?domain=x&token=hunter2": timeout`, `Get "https://dns.example/update?…": timeout`},
		"a DNS question stays":   {"whoami.example.net A @192.0.2.53", "whoami.example.net A @192.0.2.53"},
		"a question stays":       {"what now? a=b", "what now? a=b"},
		"dates and numbers stay": {"2026-11-01T10:00:00Z 12345678-1234", "2026-11-01T10:00:00Z 12345678-1234"},
	} {
		t.Run(name, func(t *testing.T) {
			said := logged(t, logline.JSON, func(l *slog.Logger) { l.Error(c.say, "error", errors.New(c.say), slog.Group("g", "k", c.say)) })
			var got struct {
				Msg, Error string
				G          struct{ K string }
			}
			if err := json.Unmarshal([]byte(said), &got); err != nil || got.Msg != c.want || got.Error != c.want || got.G.K != c.want {
				t.Errorf("as JSON %q, %v", said, err)
			}
			line := logged(t, logline.Text, func(l *slog.Logger) { l.Error(c.say, "error", errors.New(c.say)) })
			if !strings.HasSuffix(line, " "+c.want+": "+c.want+"\n") {
				t.Errorf("as text %q", line)
			}
			line = logged(t, logline.Text, func(l *slog.Logger) { l.With("a", c.say).Error("x") })
			if strings.Contains(line, "hunter2") || strings.Contains(line, "alice") || strings.Contains(line, "0192f3a1") {
				t.Errorf("as text %q", line)
			}
		})
	}
}

func TestLevels(t *testing.T) {
	for _, format := range []string{logline.Text, logline.JSON} {
		t.Run(format+" leaves out what is below the level", func(t *testing.T) {
			var out bytes.Buffer
			l := logline.New(&out, format, slog.LevelWarn)
			l.Info("low")
			l.With("a", 1).WithGroup("g").Info("low")
			l.Warn("high")
			if said := out.String(); strings.Contains(said, "low") || !strings.Contains(said, "high") {
				t.Errorf("said %q", said)
			}
		})
	}
}

func TestJSONIsSlogsOwn(t *testing.T) {
	said := logged(t, logline.JSON, func(l *slog.Logger) { l.With("door", "tls").WithGroup("g").Error("x", "error", errors.New("e")) })
	var got map[string]any
	if err := json.Unmarshal([]byte(said), &got); err != nil {
		t.Fatalf("%q: %v", said, err)
	}
	g, _ := got["g"].(map[string]any)
	if got["level"] != "ERROR" || got["msg"] != "x" || got["door"] != "tls" || g["error"] != "e" {
		t.Errorf("got %v", got)
	}
}

// FuzzOneLine: whatever is said, it is one line, and what stands in it is
// printable.
func FuzzOneLine(f *testing.F) {
	f.Add("message", "key", "value")
	f.Add("a\nb", "k\r", "\x00\x1b[2J")
	f.Add("[REQUEST] 2026/01/31", "", "\u2028\u202e")
	f.Add("\xff", "\xc3", "é\u200b")
	f.Fuzz(func(t *testing.T, message, key, value string) {
		said := logged(t, logline.Text, func(l *slog.Logger) { l.With(key, value).Info(message, "error", value, key, value) })
		line, rest, ended := strings.Cut(said, "\n")
		if !ended || rest != "" {
			t.Fatalf("said %q", said)
		}
		for _, r := range line {
			if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
				t.Fatalf("%q holds %U", line, r)
			}
		}
	})
}
