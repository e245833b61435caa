package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Command is another program with its arguments.
type Command struct {
	Name  string
	Args  []string
	Stdin []byte
	As    *Owner    // who it runs as; nil: as this process
	Key   []byte    // handed to it by a pipe, see MachineKey
	Lines io.Writer // hears its output as it comes; nil: nobody
}

// Owner is a user with its group.
type Owner struct{ UID, GID int }

// System runs programs, so that a test can stand in for a machine.
type System interface {
	// Run runs c to its end and answers what it printed. An error holds the
	// last of what it said on stderr.
	Run(ctx context.Context, c Command) ([]byte, error)
}

// Machine is the real System.
type Machine struct{}

var _ System = Machine{}

// Run runs c.
func (Machine) Run(ctx context.Context, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.Name, c.Args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(c.Stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		var ended *exec.ExitError
		if errors.As(err, &ended) {
			return out.Bytes(), fmt.Errorf("%s: %w: %s", c.Name, err, strings.TrimSpace(errs.String()))
		}
		return out.Bytes(), fmt.Errorf("%s: %w", c.Name, err)
	}
	return out.Bytes(), nil
}
