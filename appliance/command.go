package appliance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"syscall"

	"latchkey/appliance/config"
	"latchkey/appliance/listen"
)

// Machine gives a client whose requests come in by the machine's own door: the
// socket of the house that runs in this data folder, or, where none runs, a
// house assembled in this process without doors and workers. done ends it.
func Machine(ctx context.Context, c Config) (client *http.Client, done func() error, err error) {
	path := socketFile(config.DataDir(c.Data))
	conn, err := listen.DialMachine(ctx, path)
	if err == nil {
		_ = conn.Close() // it was only to see whether somebody answers
		dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return listen.DialMachine(ctx, path) }
		return &http.Client{Transport: &http.Transport{DialContext: dial}}, func() error { return nil }, nil
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ECONNREFUSED) {
		return nil, nil, fmt.Errorf("calling the house that runs: %w", err)
	}
	a, err := Assemble(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	here := &inProcess{handler: a.Handler()}
	done = func() error {
		here.wait() // nobody works on a file that is closed
		flush := a.journal.Flush(context.WithoutCancel(ctx))
		return errors.Join(flush, a.Close())
	}
	return &http.Client{Transport: here}, done, nil
}
