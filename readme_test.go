package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"latchkey/dyndns/provider"
)

var update = flag.Bool("update", false, "write the tables of README.md anew")

// The list of DNS providers in the README is made from the one table, as the
// wizard's is.
func TestReadmeListsTheProviders(t *testing.T) {
	const begin, end = "<!-- providers -->\n", "<!-- end of providers -->\n"
	raw, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(raw), begin)
	old, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("README.md has no place for the providers")
	}
	want := providers()
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("README.md is behind the table of providers; go test -run Readme . -args -update\nwant:\n%s", want)
	}
	if err := os.WriteFile("README.md", []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func providers() string {
	var b strings.Builder
	b.WriteString("| provider | id | `lan.NAME` | IPv6 | certificate | a change is seen after |\n|---|---|---|---|---|---|\n")
	yes := map[bool]string{true: "yes", false: "no"}
	for _, i := range provider.Table() {
		title := i.Title
		if i.Site != "" {
			title = fmt.Sprintf("[%s](%s)", i.Title, i.Site)
		}
		if i.ChallengeOnly {
			fmt.Fprintf(&b, "| %s | `%s` | | | only that | |\n", title, i.ID)
			continue
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s | %s |\n", title, i.ID, yes[i.Subnames], yes[i.V6], yes[i.TXT > 0], seen(i.MinTTL))
	}
	return b.String()
}

func seen(ttl time.Duration) string {
	ttl = max(ttl, time.Minute)
	if ttl < time.Hour {
		return fmt.Sprintf("%d min", int(ttl.Minutes()))
	}
	return fmt.Sprintf("%d h", int(ttl.Hours()))
}
