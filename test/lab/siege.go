package lab

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// A Tally is what became of an attack, as `tool attack` tells it.
type Tally struct {
	Seconds  float64
	Answers  map[string]map[string]int // by what was tried, and how it was answered: "429 signin.wait"
	Failures map[string]int            // what came to no answer
	First    string                    // the first of these
	Sources  int                       // addresses that were answered
	Four     int                       // those of IPv4
	Prefixes int                       // of how many IPv6 /64 the others are
	Held     int                       // connections that were only opened
	Median   float64                   // milliseconds until an answer
	Slowest  float64
}

// Guesses is how many there were of a kind, or of all for "".
func (t Tally) Guesses(kind string) (n int) {
	for k, answers := range t.Answers {
		for _, count := range answers {
			if kind == "" || kind == k {
				n += count
			}
		}
	}
	return n
}

// Weighed is how many tries of a kind were looked at, and not turned away: those with any answer but 429.
func (t Tally) Weighed(kind string) (n int) {
	for answer, count := range t.Answers[kind] {
		if answer[:3] != "429" {
			n += count
		}
	}
	return n
}

// An Assault is an attack under way.
type Assault struct {
	t    testing.TB
	wait func() error
	out  bytes.Buffer
}

// Attack lets thousands of strangers guess at an account: 10,000 IPv4 addresses and a whole IPv6 /48, through the
// router. They take what the rest of this machine leaves them: else it would be their own arithmetic, which in the
// world is done elsewhere, that slows the house.
func (l *Lab) Attack(t testing.TB, port, name, account string, lasting time.Duration, more ...string) *Assault {
	t.Helper()
	host := name
	if port != "443" {
		host += ":" + port
	}
	words := append([]string{
		"nice", "-n", "19", l.Tool(), "attack", "--four", l.WAN() + ":" + port, "--six", "[" + l.Global() + "]:" + port,
		"--host", host, "--account", account, "--ca", l.Root(), "--crowd", l.Plan["CROWD"], "--crowd6", l.Plan["CROWD6"],
		"--for", lasting.String(),
	}, more...)
	a := &Assault{t: t}
	command := l.Command(Roam, words...)
	command.Stdout, command.Stderr = &a.out, os.Stderr
	if err := command.Start(); err != nil {
		t.Fatalf("starting the attack: %v", err)
	}
	a.wait = command.Wait
	return a
}

// Await waits until the attack has ended.
func (a *Assault) Await() Tally {
	a.t.Helper()
	var tally Tally
	if err := a.wait(); err != nil {
		a.t.Fatalf("the attack: %v", err)
	}
	if err := json.Unmarshal(a.out.Bytes(), &tally); err != nil {
		a.t.Fatalf("the attack said %.200q: %v", a.out.Bytes(), err)
	}
	return tally
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB`)

// Resident is how much memory the house has in use now, in MB.
func (h *House) Resident() (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.PID()))
	if err != nil {
		return 0, err
	}
	found := residentLine.FindSubmatch(raw)
	if found == nil {
		return 0, fmt.Errorf("no VmRSS for %d", h.PID())
	}
	kilobytes, err := strconv.ParseFloat(string(found[1]), 64)
	return kilobytes * 1024 / 1e6, err
}

// Bans is what `latchkey admin bans --json` says.
type Bans struct {
	Bans []struct {
		Prefix, Why  string
		Since, Until time.Time
		Times, Tries int
	}
	Sieges []struct {
		Account       string
		Tries, Places int
	}
	Admitted []struct {
		Prefix string
		Until  time.Time
	}
}

// Bans asks the command line who is shut out.
func (h *House) Bans() (Bans, error) {
	var b Bans
	return b, h.ask(&b, "admin", "bans")
}
