package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"latchkey/appliance"
	"latchkey/appliance/api"
	"latchkey/appliance/health"
	"latchkey/appliance/problem"
	"latchkey/client"
)

// machineHost stands in URLs that go through the machine's own door.
const machineHost = "http://latchkey"

// atHouse runs fn with a client at the machine's own door of the house.
func atHouse(ctx context.Context, c appliance.Config, fn func(*client.Client) error) error {
	h, done, err := appliance.Machine(ctx, c)
	if err != nil {
		return err
	}
	return errors.Join(fn(client.New(machineHost, h)), done())
}

func setUp(ctx context.Context, s streams, args []string) error {
	var link, local bool
	var passwordFile, kitName string
	var who client.SetUp
	o := flags("setup", s.err)
	o.BoolVar(&link, "link", false, "print new links for the browser; earlier ones end")
	o.BoolVar(&local, "local", false, "set up for the home network, without a browser")
	o.StringVar(&who.Email, "email", "", "e-mail of the owner")
	o.StringVar(&who.Name, "name", "", "name of the owner")
	o.StringVar(&passwordFile, "password-file", "", "read the owner's master password from `FILE`")
	o.StringVar(&kitName, "recovery-kit", "", "write the recovery kit to the new file `OUT`")
	if err := o.parse(args); err != nil {
		return err
	}
	if err := wantsSetUp(link, local, who.Email, passwordFile); err != nil {
		return err
	}
	// The caller's own files first: by load the process may become another user's.
	kit, err := openKit(kitName)
	if err == nil && !link {
		who.Password, err = readPassword(passwordFile)
	}
	var c appliance.Config
	if err == nil {
		c, err = o.load(s, nil)
	}
	if err != nil {
		return errors.Join(err, kit.end())
	}
	if link {
		return newLink(ctx, s, c)
	}
	if kit != nil {
		who.Kit = kit.write
	}
	c.Make = true
	err = atHouse(ctx, c, func(h *client.Client) error { return who.Run(ctx, h) })
	if err = errors.Join(err, kit.end()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "The house is set up in %s. Start it: latchkey serve --data %s\n", c.Data, c.Data)
	return err
}

func wantsSetUp(link, local bool, email, passwordFile string) error {
	switch {
	case link:
		return nil
	case !local:
		return usage("setup wants --link or --local.")
	case email == "" || passwordFile == "":
		return usage("setup --local wants --email and --password-file.")
	}
	return nil
}

func newLink(ctx context.Context, s streams, c appliance.Config) error {
	return atHouse(ctx, c, func(h *client.Client) error {
		var st api.Status
		if err := h.Do(ctx, http.MethodGet, "/latchkey/status", nil, &st); err != nil {
			return err
		}
		if !st.Serving {
			return problem.New(problem.Refused, "house.quiet", "Latchkey does not run with this data folder, so a link would lead nowhere.",
				"Start it with `latchkey serve`; it prints the links itself.")
		}
		return askLink(ctx, s, h)
	})
}

// askLink has the house that runs make new set-up links, and prints them.
func askLink(ctx context.Context, s streams, h *client.Client) error {
	var answer struct {
		Links       []api.Link
		Fingerprint string
	}
	if err := h.Do(ctx, http.MethodPost, "/latchkey/setup/link", nil, &answer); err != nil {
		return err
	}
	var b strings.Builder
	writeLinks(&b, answer.Links, answer.Fingerprint, withQR)
	_, err := fmt.Fprint(s.out, b.String())
	return err
}

// readPassword takes the first line: editors end a file with a newline that
// nobody means.
func readPassword(file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", problem.New(problem.Refused, "password.file", "The password file can't be read.", "Check its name and who may read it.").Because(err)
	}
	password := strings.TrimRight(string(raw), "\r\n")
	if password == "" || strings.ContainsAny(password, "\r\n") {
		return "", problem.New(problem.Refused, "password.file", "The password file must hold the master password on its first line, and nothing else.",
			"Remove the other lines, or name another file.")
	}
	return password, nil
}

// kitFile is a new file for a recovery kit, which only its caller can read.
type kitFile struct {
	newFile
	written bool
}

// openKit makes the file; it never opens one that may hold somebody's only kit.
// No name gives none.
func openKit(name string) (*kitFile, error) {
	if name == "" {
		return nil, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, problem.New(problem.Refused, "kit.file", "The recovery kit can't be written to "+name+".",
			"Name a file that does not exist yet, in a folder you may write to.").Because(err)
	}
	return &kitFile{newFile: newFile{f}}, nil
}

func (k *kitFile) write(p client.Paper) error {
	k.written = true // even in part: it may be the only one
	_, err := k.WriteString(p.Text())
	return errors.Join(err, k.Sync())
}

// end closes the file, and takes it away again where no kit came.
func (k *kitFile) end() error {
	switch {
	case k == nil:
		return nil
	case !k.written:
		k.drop()
		return nil
	}
	return k.Close()
}

func status(ctx context.Context, s streams, args []string) error {
	var st api.Status
	return ask(ctx, s, "status", args, &st, func() error { return writeStatus(s, st) })
}

// ask gets what the route of that name tells about the house, and prints it as
// JSON where that is wanted, else by write.
func ask(ctx context.Context, s streams, name string, args []string, answer any, write func() error) error {
	var asJSON bool
	o := flags(name, s.err)
	o.BoolVar(&asJSON, "json", false, "print JSON")
	if err := o.parse(args); err != nil {
		return err
	}
	c, err := o.load(s, nil)
	if err != nil {
		return err
	}
	return atHouse(ctx, c, func(h *client.Client) error {
		if err := h.Do(ctx, http.MethodGet, "/latchkey/"+name, nil, answer); err != nil {
			return err
		}
		if asJSON {
			return writeJSON(s, answer)
		}
		return write()
	})
}

func writeStatus(s streams, st api.Status) error {
	var b strings.Builder
	state := "does not run"
	if st.Serving {
		state = "answers"
	}
	fmt.Fprintf(&b, "Latchkey %s %s; its data lies in %s.\n", st.Version, state, st.Data)
	if !st.Ready {
		b.WriteString("It is not set up yet: latchkey setup --link\n")
	}
	for _, a := range st.Addresses {
		fmt.Fprintf(&b, "  %s\n", a)
	}
	fmt.Fprintf(&b, "People: %d\n", st.People)
	for _, l := range st.Reach {
		writeLine(&b, health.State(l.State), l.Text, l.Hint)
	}
	for _, c := range st.Conditions {
		if len(st.Reach) > 0 && strings.HasPrefix(c.Code, "reach.") {
			continue // the lines above say it
		}
		fmt.Fprintf(&b, "%s: %s\n  %s\n", c.Severity, c.Text, c.Hint)
	}
	_, err := fmt.Fprint(s.out, b.String())
	return err
}

func doctor(ctx context.Context, s streams, args []string) error {
	var asJSON bool
	o := flags("doctor", s.err)
	o.BoolVar(&asJSON, "json", false, "print JSON")
	if err := o.parse(args); err != nil {
		return err
	}
	c, err := o.load(s, nil)
	if err != nil {
		return err
	}
	var answer struct {
		Checks []health.Finding `json:"checks"`
	}
	err = atHouse(ctx, c, func(h *client.Client) error { return h.Do(ctx, http.MethodGet, "/latchkey/doctor", nil, &answer) })
	if way := appliance.WayBack(c, err); way != nil {
		answer.Checks, err = way, nil
	}
	switch {
	case err != nil:
		return err
	case asJSON:
		return writeJSON(s, answer)
	}
	return writeFindings(s, answer.Checks)
}

// writeFindings prints the checks; one that is bad makes the exit code 1.
func writeFindings(s streams, checks []health.Finding) error {
	var b strings.Builder
	var verdict error
	for _, f := range checks {
		writeLine(&b, f.State, f.Text, f.Hint)
		if f.State == health.Bad {
			verdict = exitCode(exitFail)
		}
	}
	_, err := fmt.Fprint(s.out, b.String())
	return errors.Join(err, verdict)
}

func writeJSON(s streams, v any) error {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeLine says how one thing is; what is under way is worth a look.
func writeLine(b *strings.Builder, state health.State, text, hint string) {
	mark := "look"
	switch state {
	case health.OK:
		mark = "ok  "
	case health.Bad:
		mark = "BAD "
	}
	fmt.Fprintf(b, "%s  %s\n", mark, text)
	if hint != "" {
		fmt.Fprintf(b, "      %s\n", hint)
	}
}
