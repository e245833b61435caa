// Package notify tells the service manager how the house is: that it is ready,
// what it does, that it stops, and, again and again, that it is alive. It is
// the protocol of sd_notify(3), a datagram of lines to a Unix socket.
//
// Where no service manager listens (NOTIFY_SOCKET is not set), everything here
// does nothing.
package notify

import (
	"context"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// Manager is who started this process and wants to hear of it. Its methods are
// safe for concurrent use, and for a nil Manager.
type Manager struct {
	address *net.UnixAddr
	log     *slog.Logger
	every   time.Duration // how often it wants a sign of life; 0: it does not
}

// FromEnv reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID by env
// (os.Getenv). It answers nil where nobody wants to hear; what can't be used is
// as good as nothing and goes to log.
func FromEnv(env func(string) string, log *slog.Logger) *Manager {
	name := env("NOTIFY_SOCKET")
	if name == "" {
		return nil
	}
	if name[0] != '/' && name[0] != '@' {
		log.Warn("the service manager's socket is of a kind that is not known here", "name", name)
		return nil
	}
	return &Manager{
		address: &net.UnixAddr{Name: name, Net: "unixgram"}, // net takes @ for the abstract names, as systemd does
		log:     log,
		every:   watchdog(env, os.Getpid()),
	}
}

// watchdog is the longest silence that the service manager bears, by
// sd_watchdog_enabled(3); 0 where it asks none of us.
func watchdog(env func(string) string, pid int) time.Duration {
	micro, err := strconv.ParseInt(env("WATCHDOG_USEC"), 10, 64)
	if err != nil || micro <= 0 || micro > int64(maxWatchdog/time.Microsecond) {
		return 0
	}
	if meant := env("WATCHDOG_PID"); meant != "" && meant != strconv.Itoa(pid) {
		return 0 // for another process
	}
	return time.Duration(micro) * time.Microsecond
}

// maxWatchdog keeps the arithmetic within a Duration; nobody waits longer.
const maxWatchdog = 24 * time.Hour

// Ready says that the house answers. The service manager starts what waits for
// it, and an upgrade is not undone any more.
func (m *Manager) Ready(status string) { m.tell("READY=1", "STATUS="+line(status)) }

// Stopping says that the house was asked to end and is about to.
func (m *Manager) Stopping(status string) { m.tell("STOPPING=1", "STATUS="+line(status)) }

// Status says what the house is doing, in one line for a person
// (systemctl status shows it).
func (m *Manager) Status(text string) { m.tell("STATUS=" + line(text)) }

// Needs asks for more time than the unit grants for a start or a stop, counted
// from now: for a migration or a check that is known to be long.
func (m *Manager) Needs(d time.Duration) {
	m.tell("EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(d.Microseconds(), 10))
}

// Watch tells the service manager that all is well, twice in the time that it
// grants, for as long as ping answers nil within that time. It returns when ctx
// ends; a house whose ping fails is silent and gets ended and started anew.
// Where nobody asks for signs of life, it waits for ctx and pings nobody.
func (m *Manager) Watch(ctx context.Context, ping func(context.Context) error) error {
	if m == nil || m.every == 0 {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(m.every / 2)
	defer tick.Stop()
	for {
		m.feed(ctx, ping)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (m *Manager) feed(ctx context.Context, ping func(context.Context) error) {
	ctx, cancel := context.WithTimeout(ctx, m.every/2)
	defer cancel()
	if err := ping(ctx); err != nil {
		if ctx.Err() != context.Canceled {
			m.log.Error("the service manager is not told that all is well", "cause", err)
		}
		return
	}
	m.tell("WATCHDOG=1")
}

// tell sends lines as one datagram. That nobody hears them is no reason to do
// anything else than go on.
func (m *Manager) tell(lines ...string) {
	if m == nil {
		return
	}
	c, err := net.DialUnix("unixgram", nil, m.address)
	if err == nil {
		_ = c.SetWriteDeadline(time.Now().Add(patience))
		_, err = c.Write([]byte(strings.Join(lines, "\n")))
		_ = c.Close() // a datagram is gone when Write returns
	}
	if err != nil {
		m.log.Warn("telling the service manager", "cause", err)
	}
}

// patience bounds how long a manager with a full queue may hold us up.
const patience = time.Second

// line keeps a text one line: a line break would begin another assignment.
func line(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
}
