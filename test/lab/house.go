package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"latchkey/test/house"
)

// Options say how the house in a lab is configured. The zero value asks all of the lab's services.
type Options struct {
	Config string // more lines for config.toml, before its tables
	Cert   string // more lines for the table [acme]
	Dir    string // an existing data folder
	// Ahead lets the house go before what else this machine has to do, as one does that has a machine of its own:
	// for tests that measure how long it takes.
	Ahead bool
}

// A House is the real binary, running on the computer at home.
type House struct {
	*house.House
	lab *Lab
}

// House starts the real binary in the home, without an owner, with a folder and a config.toml of its own. It is
// stopped before the lab is taken down.
func (l *Lab) House(o Options) *House {
	l.t.Helper()
	number := l.made.Add(1)
	file := filepath.Join(l.Dir, fmt.Sprintf("config-%d.toml", number))
	if o.Dir == "" {
		o.Dir = filepath.Join(l.Dir, fmt.Sprintf("data-%d", number))
	}
	if err := os.WriteFile(file, []byte(l.config(o)), 0o600); err != nil {
		l.t.Fatal(err)
	}
	h := house.Start(l.t, house.Options{
		Unclaimed: true, Plain: true, Dir: o.Dir, Config: file, Dial: l.Dial(Home),
		// The provider's client knows no other authority than the system's, which is the lab's own here.
		Env: []string{"SSL_CERT_FILE=" + l.CA(), "SSL_CERT_DIR="},
		Launch: func(binary string, args ...string) *exec.Cmd {
			words := []string{"exec", Home, binary}
			if o.Ahead {
				words = []string{"exec", Home, "nice", "-n", "-10", binary}
			}
			return l.command(append(words, args...)...)
		},
	})
	l.t.Cleanup(func() {
		if l.t.Failed() {
			out, _ := h.Command("status", "--data", h.Dir).CombinedOutput()
			l.t.Logf("status says:\n%s", out)
		}
	})
	return &House{h, l}
}

func (l *Lab) config(o Options) string {
	return fmt.Sprintf(`listen = [":8443", ":443"]
%s
[log]
level = "debug"
[acme]
directory = "https://acme.lab.test:14000/dir"
root = %q
%s
[dns]
resolvers = [%q]
[address]
https = ["https://echo.lab.test/"]
dns = ["whoami.lab.test TXT @%s"]
[test]
ranges = ["203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32"]
`, o.Config, l.CA(), o.Cert, l.Plan["RESOLVER"]+":53", l.Plan["ECHO"])
}

// AwaitLink gives the set-up link for another computer at home, by the private address.
func (h *House) AwaitLink() string {
	h.lab.t.Helper()
	return h.Await(`(https://` + h.lab.Private() + `:\d+/\S*#/setup\?token=\S+)`)
}

// A Finding is a line of `latchkey status` or a check of `latchkey doctor`.
type Finding struct {
	Code  string `json:"code"`
	State string `json:"state"`
	Text  string `json:"text"`
	Hint  string `json:"hint"`
}

// A Status is what `latchkey status --json` says.
type Status struct {
	Addresses  []string  `json:"addresses"` // that on the internet first
	Conditions []Finding `json:"conditions"`
	Reach      []Finding `json:"reach"`
	Hashes     int       `json:"hashes"` // slow hashes of passwords since the start
}

// Line gives one of the status's lines about the public path, empty where there is none.
func (s Status) Line(code string) Finding {
	for _, line := range s.Reach {
		if line.Code == code {
			return line
		}
	}
	return Finding{}
}

// Status asks the command line.
func (h *House) Status() (Status, error) {
	var s Status
	return s, h.ask(&s, "status")
}

// Doctor asks the command line for all findings now, by their code.
func (h *House) Doctor() (map[string]Finding, error) {
	var said struct{ Checks []Finding }
	if err := h.ask(&said, "doctor"); err != nil {
		return nil, err
	}
	found := map[string]Finding{}
	for _, f := range said.Checks {
		found[f.Code] = f
	}
	return found, nil
}

// ask runs a command that answers in JSON; status and doctor end with 1 where something is wrong.
func (h *House) ask(into any, words ...string) error {
	command := strings.Join(words, " ")
	out, err := h.Command(append(words, "--json", "--data", h.Dir)...).Output()
	if len(out) == 0 && err != nil {
		return fmt.Errorf("latchkey %s: %w", command, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		return fmt.Errorf("latchkey %s said %.200q: %w", command, out, err)
	}
	return nil
}

// A Choice is what a person answers to the wizard about the public path.
type Choice struct {
	Name        string            `json:"name"`
	Provider    string            `json:"provider"`
	Credentials map[string]string `json:"credentials,omitempty"`
	Door        string            `json:"door"`
	Port        int               `json:"port,omitempty"`
}

// An Overview is what GET /latchkey/reach says, as far as tests look at it.
type Overview struct {
	Mode  string    `json:"mode"`
	Lines []Finding `json:"lines"`
	Steps []Finding `json:"steps"`
	Ready bool      `json:"ready"`
	Open  bool      `json:"open"`
	Plan  *struct {
		Name       string
		Lan        string
		URL        string
		TTLSeconds int
	} `json:"plan"`
	History []struct {
		Name   string
		Family int
		From   string
		To     string
	} `json:"history"`
	Manual struct {
		External int
		Internal int
		Address  string
	} `json:"manual"`
	Proof struct {
		State string
		From  string
		URL   string
	} `json:"proof"`
}

// String tells the lines and steps, for a test that waits in vain.
func (o Overview) String() string {
	var out strings.Builder
	for _, f := range append(append([]Finding{}, o.Steps...), o.Lines...) {
		fmt.Fprintf(&out, "%s %s (%s %s); ", f.Code, f.State, f.Text, f.Hint)
	}
	return out.String() + "proof " + o.Proof.State
}

// Home is the household's choice for the zone whose key is its own.
func (l *Lab) Home() Choice {
	return Choice{Name: "vault.home.test", Provider: "rfc2136", Door: "auto", Credentials: map[string]string{"key": l.HomeKey()}}
}

// HomeKey is the key of home.test as people paste it.
func (l *Lab) HomeKey() string {
	return fmt.Sprintf("key %q { algorithm %s; secret %q; };", l.Plan["HOME_KEY"], l.Plan["TSIG_ALG"], l.Plan["HOME_SECRET"])
}

// Cloud is a choice for the zone at Cloudflare's stand-in.
func (l *Lab) Cloud(token string) Choice {
	return Choice{Name: "vault.cloud.test", Provider: "cloudflare", Door: "auto", Credentials: map[string]string{"token": token}}
}
