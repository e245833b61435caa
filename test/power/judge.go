package power

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
)

// A question asks what stands in the data folder of a state.
type question struct {
	House      string `json:"house"`
	MachineKey []byte `json:"machineKey,omitempty"`
	Machine    string `json:"machine,omitempty"` // the folder that stands for a whole machine, which is then booted
}

// found is what the next start finds in a state.
type found struct {
	Made     bool        `json:"made"`              // there is a house
	Refused  string      `json:"refused,omitempty"` // code and text of the problem that it did not open for
	Trouble  string      `json:"trouble,omitempty"` // what went wrong otherwise
	People   int         `json:"people"`
	Marks    map[int]int `json:"marks"` // by slot: the mark of what is kept there
	Items    int         `json:"items"`
	Saved    bool        `json:"saved"`             // the value savedValue is there
	Program  string      `json:"program,omitempty"` // of a machine: the version of what is installed
	Entries  int         `json:"entries"`
	Before   string      `json:"before,omitempty"` // the copy from before a migration
	KeyOpen  bool        `json:"keyOpen"`          // seal.key shows the key
	Version  uint64      `json:"version"`
	Migrated uint64      `json:"migrated"`
	Findings string      `json:"findings,omitempty"` // of the full check
}

// savedValue is set by whoever has no slots to save to.
const savedValue = "power/saved"

// judging is how the test's own program is told to be the judge.
const judging = "LATCHKEY_POWER_JUDGE"

// serveJudge answers questions, a line each, until there are no more. It is a
// process of its own because a bad page may end it.
func serveJudge(in io.Reader, out io.Writer) int {
	go endWithParent(os.Getppid())
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var q question
		if err := json.Unmarshal(lines.Bytes(), &q); err != nil {
			return 2
		}
		answer := look
		if q.Machine != "" {
			answer = bootAndLook
		}
		if err := answers.Encode(answer(q)); err != nil {
			return 2
		}
	}
	return 0
}

// endWithParent ends the process when the test that asks it is gone: it may be
// busy with a state for ever.
func endWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

// look does what the next start does: it opens the house, finishing what was
// under way, or begins where there is nothing; reads all; writes once more; and
// checks the whole file.
func look(q question) (f found) {
	ctx := context.Background()
	if err := restore.Resume(q.House); err != nil {
		return f.refuse(err)
	}
	made, err := store.Made(q.House)
	if f.Made = made; err == nil && !made {
		err = store.Create(q.House, q.MachineKey)
	}
	if err != nil {
		return f.refuse(err)
	}
	s, err := store.Open(ctx, store.Config{Dir: q.House, MachineKey: q.MachineKey, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return f.refuse(err)
	}
	_, err = s.Value(ctx, savedValue)
	f.Saved = err == nil
	f.Migrated, f.Before = s.Opening().Migrated, s.Opening().Before
	err = errors.Join(f.read(ctx, s), s.SetValue(ctx, "power/after", []byte("it goes on")), s.Close())
	if err != nil {
		f.Trouble = err.Error()
		return f
	}
	r := store.Check(filepath.Join(q.House, "latchkey.db"), s.SealKey())
	f.Items, f.Entries, f.Version = r.Counts.Items, r.Counts.Entries, r.Version
	if !r.Clean() {
		f.Findings = r.String()
	}
	key, err := os.ReadFile(filepath.Join(q.House, "seal.key"))
	f.KeyOpen = err != nil || bytes.Contains(key, []byte("\nkey "))
	return f
}

func (f found) refuse(err error) found {
	var p *problem.Problem
	if !errors.As(err, &p) || p.Text == "" || p.Hint == "" {
		f.Trouble = fmt.Sprintf("an error that tells a person nothing: %v", err)
		return f
	}
	f.Refused = p.Code + ": " + err.Error()
	return f
}

// slotName is the name of an item that a test keeps: an EncString whose IV
// says slot and mark; see nameOf.
var slotName = regexp.MustCompile(`"name":"2\.([A-Za-z0-9+/]{22}==)\|`)

func (f *found) read(ctx context.Context, s *store.Store) error {
	f.Marks = make(map[int]int)
	var people []account.Account
	err := s.Accounts().View(ctx, func(r account.Reader) (err error) {
		people, err = r.Accounts()
		return err
	})
	if err != nil {
		return err
	}
	f.People = len(people)
	return s.Vault().View(ctx, func(r vault.Reader) error {
		for _, p := range people {
			for it, err := range r.Items(p.ID) {
				if err != nil {
					return err
				}
				if slot, mark, ok := slotOf(it.Body); ok {
					f.Marks[slot] = mark
				}
			}
		}
		return nil
	})
}

// judge is a process that looks at states, started again when one ends it.
type judge struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (j *judge) start() (err error) {
	j.cmd = exec.Command(os.Args[0])
	j.cmd.Env = append(os.Environ(), judging+"=1")
	j.cmd.Stderr = os.Stderr
	if j.in, err = j.cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := j.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	j.out = bufio.NewReader(out)
	return j.cmd.Start()
}

// judgePatience is far more than a state takes: pages that lead in a circle keep
// bbolt busy for ever.
const judgePatience = 10 * time.Second

// ask gives what the judge has found; one that dies of it, or does not come to
// an end, has found trouble.
func (j *judge) ask(q question) (f found, err error) {
	if j.cmd == nil {
		if err := j.start(); err != nil {
			return f, err
		}
	}
	text, err := json.Marshal(q)
	if err != nil {
		return f, err
	}
	hanging := time.AfterFunc(judgePatience, func() { _ = j.cmd.Process.Kill() })
	defer hanging.Stop()
	_, err = j.in.Write(append(text, '\n'))
	var line []byte
	if err == nil {
		line, err = j.out.ReadBytes('\n')
	}
	if err != nil {
		f.Trouble = fmt.Sprintf("the process that opened it died: %v", errors.Join(err, j.end()))
		return f, nil
	}
	return f, json.Unmarshal(line, &f)
}

func (j *judge) end() error {
	if j.cmd == nil {
		return nil
	}
	_ = j.in.Close()
	err := j.cmd.Wait()
	j.cmd = nil
	return err
}
