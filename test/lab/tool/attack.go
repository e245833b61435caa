package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// attack is thousands of strangers at once who guess at one account, each from an address of their own, as fast as
// the house answers. What became of it is printed as JSON (tally).
func attack(ctx context.Context, args []string) error {
	a := &assault{tally: newTally()}
	flags := flag.NewFlagSet("attack", flag.ExitOnError)
	flags.StringVar(&a.four, "four", "", "the house's address and port over IPv4")
	flags.StringVar(&a.six, "six", "", "over IPv6")
	flags.StringVar(&a.host, "host", "", "its name, with the port unless that is 443")
	flags.StringVar(&a.account, "account", "", "the e-mail that is guessed at")
	ca := flags.String("ca", "", "whom to trust")
	crowd := flags.String("crowd", "", "the IPv4 network to come from")
	count := flags.Uint("count", 10_000, "how many addresses of it")
	crowd6 := flags.String("crowd6", "", "the IPv6 /48 to come from, all of it")
	lasting := flags.Duration("for", time.Minute, "for how long")
	workers := flags.Int("workers", 64, "connections that guess at the same time")
	hold := flags.Int("hold", 0, "connections that are only opened and kept, beside these")
	_ = flags.Parse(args)
	var err error
	if a.crowd, err = newCrowd(*crowd, *crowd6, *count); err != nil {
		return err
	}
	if a.silent, err = newCrowd(*crowd, *crowd6, *count); err != nil {
		return err
	}
	if a.trust, err = trusting(*ca); err != nil {
		return err
	}
	a.trust.ServerName, _, _ = net.SplitHostPort(a.host + ":")
	// Who attacks resumes sessions: that spares both sides the better part of a handshake.
	a.trust.ClientSessionCache = tls.NewLRUClientSessionCache(1)
	ctx, cancel := context.WithTimeout(ctx, *lasting)
	defer cancel()
	begun := time.Now()
	var wait sync.WaitGroup
	for range *workers {
		wait.Go(func() { a.guessOn(ctx) })
	}
	for range *hold {
		wait.Go(func() { a.holdOn(ctx) })
	}
	wait.Wait()
	a.tally.Seconds = time.Since(begun).Seconds()
	return json.NewEncoder(os.Stdout).Encode(a.tally.done())
}

// assault is one attack: whom, from where, and what came of it.
type assault struct {
	four, six, host, account string

	trust  *tls.Config
	crowd  crowd // who guesses
	silent crowd // who only takes up room
	tally  *tally
}

// How long a stranger stays and waits.
const (
	guessesEach = 2 // on one connection, before the next address takes over
	strangers   = 8 * time.Second
)

// guessOn connects from one address after the other and guesses.
func (a *assault) guessOn(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := a.connect(ctx, a.crowd)
		if err != nil {
			a.tally.fail(ctx, "connecting", err)
			continue
		}
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		a.guessAt(ctx, conn)
		stop()
		conn.Close()
	}
}

func (a *assault) guessAt(ctx context.Context, conn net.Conn) {
	over := tls.Client(conn, a.trust)
	_ = over.SetDeadline(time.Now().Add(strangers))
	if err := over.HandshakeContext(ctx); err != nil {
		a.tally.fail(ctx, "shaking hands", err)
		return
	}
	from, answers := conn.LocalAddr().(*net.TCPAddr).AddrPort().Addr(), bufio.NewReader(over)
	for range guessesEach {
		g := a.guess()
		begun := time.Now()
		_ = over.SetDeadline(begun.Add(strangers))
		if _, err := io.WriteString(over, g.request); err != nil {
			a.tally.fail(ctx, "asking", err)
			return
		}
		status, code, err := hear(answers)
		if err != nil {
			a.tally.fail(ctx, "hearing", err)
			return
		}
		a.tally.count(from, g.kind, strconv.Itoa(status)+" "+code, time.Since(begun))
		if ctx.Err() != nil {
			return
		}
	}
}

// holdOn keeps a connection open that says nothing, and opens the next when the house closes it.
func (a *assault) holdOn(ctx context.Context) {
	for ctx.Err() == nil {
		conn, err := a.connect(ctx, a.silent)
		if err != nil {
			a.tally.fail(ctx, "connecting to hold", err)
			continue
		}
		a.tally.held()
		stop := context.AfterFunc(ctx, func() { conn.Close() })
		_, _ = conn.Read(make([]byte, 1))
		stop()
		conn.Close()
		// A moment: opening connections is not what the rest of this attack should wait for.
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// connect opens a connection from an address of a crowd.
func (a *assault) connect(ctx context.Context, who crowd) (net.Conn, error) {
	from, to := who.somebody(), a.four
	if from.Is6() {
		to = a.six
	}
	dialer := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0)), Timeout: strangers, Control: borrow}
	conn, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	// What ends is forgotten at once, here and in the router: the next thousand connections need the room.
	return conn, conn.(*net.TCPConn).SetLinger(0)
}

var problemCode = regexp.MustCompile(`"problem":\{"code":"([^"]*)"`)

// hear reads an answer and gives its status and the problem's code.
func hear(from *bufio.Reader) (status int, code string, err error) {
	answer, err := http.ReadResponse(from, nil)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if found := problemCode.FindSubmatch(body); found != nil {
		code = string(found[1])
	}
	return answer.StatusCode, code, err
}
