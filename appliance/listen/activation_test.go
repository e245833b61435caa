package listen

import (
	"slices"
	"strings"
	"testing"
)

func TestHandedOver(t *testing.T) {
	for _, tt := range []struct {
		name             string
		pid, fds, fdName string
		want             []string
		bad              bool
	}{
		{"nothing", "", "", "", nil, false},
		{"two with names", "100", "2", "tls:plain", []string{"tls", "plain"}, false},
		{"two without names", "100", "2", "", []string{"", ""}, false},
		{"for another process", "99", "2", "", nil, false},
		{"without a process", "", "2", "", nil, false},
		{"none", "100", "0", "", []string{}, false},
		{"a count that is no number", "100", "two", "", nil, true},
		{"a negative count", "100", "-1", "", nil, true},
		{"an absurd count", "100", "1000000", "", nil, true},
		{"a process that is no number", "me", "1", "", nil, true},
		{"fewer names than sockets", "100", "2", "tls", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			env := map[string]string{"LISTEN_PID": tt.pid, "LISTEN_FDS": tt.fds, "LISTEN_FDNAMES": tt.fdName}
			got, err := handedOver(100, func(k string) string { return env[k] })
			if (err != nil) != tt.bad || !slices.Equal(got, tt.want) {
				t.Errorf("handedOver = %q, %v; want %q, bad = %v", got, err, tt.want, tt.bad)
			}
		})
	}
}

func TestByRank(t *testing.T) {
	for _, names := range [][]string{{"main", "redirect", "https"}, {"https", "redirect", "main"}, {"redirect", "main", "https"}} {
		t.Run(strings.Join(names, " "), func(t *testing.T) {
			var got []string
			for _, i := range byRank(names) {
				got = append(got, names[i])
			}
			if want := []string{"https", "main", "redirect"}; !slices.Equal(got, want) {
				t.Errorf("they are taken as %q, want %q", got, want)
			}
		})
	}
	t.Run("those without a name keep their order", func(t *testing.T) {
		if got := byRank([]string{"", "", "main"}); !slices.Equal(got, []int{2, 0, 1}) {
			t.Errorf("byRank = %v", got)
		}
	})
}

func FuzzHandedOver(f *testing.F) {
	f.Add("100", "2", "a:b")
	f.Add("100", "-1", "")
	f.Add("100", "99999999999999999999", "::::")
	f.Fuzz(func(t *testing.T, pid, fds, names string) {
		env := map[string]string{"LISTEN_PID": pid, "LISTEN_FDS": fds, "LISTEN_FDNAMES": names}
		got, err := handedOver(100, func(k string) string { return env[k] })
		if err == nil && len(got) > maxFDs {
			t.Errorf("%d sockets are believed", len(got))
		}
	})
}

func TestLevelOf(t *testing.T) {
	for line, want := range map[string]string{
		"http: TLS handshake error from 192.168.1.20:1: EOF":    "DEBUG",
		"http: panic serving 192.168.1.20:1: boom":              "ERROR",
		"http: Accept error: too many open files; retrying":     "WARN",
		"http2: server: error reading preface from client x: y": "DEBUG",
	} {
		t.Run(strings.Fields(line)[1], func(t *testing.T) {
			if got := levelOf(line).String(); got != want {
				t.Errorf("levelOf(%q) = %s, want %s", line, got, want)
			}
		})
	}
}
