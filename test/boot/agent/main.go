// Agent runs commands in a machine for a test outside of it, and passes connections on. "agent listen ADDR" is its part
// within, "agent run ADDR WORD..." the one outside: a command that ends as the one within ended. Whoever reaches the
// address is root there, so it stands in machines that only the test can reach.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"os/exec"
	"sync"
)

// A Request is the first line that comes over a connection. Behind it comes the standard input, or the first bytes of
// the connection that was asked for.
type Request struct {
	Words []string `json:"words,omitempty"`
	Dial  string   `json:"dial,omitempty"`
}

// A Piece is what comes back of a command: some of its output, and at the end its exit code.
type Piece struct {
	Out  []byte `json:"out,omitempty"`
	Over bool   `json:"over,omitempty"`
	Code int    `json:"code,omitempty"`
}

func main() {
	log.SetFlags(0)
	switch {
	case len(os.Args) == 3 && os.Args[1] == "listen":
		log.Fatal(listen(os.Args[2]))
	case len(os.Args) > 3 && os.Args[1] == "run":
		code, err := run(os.Args[2], os.Args[3:])
		if err != nil {
			log.Fatal(err)
		}
		os.Exit(code)
	}
	log.Fatal("agent listen ADDR | agent run ADDR WORD...")
}

func listen(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			if err := serve(conn.(*net.TCPConn)); err != nil {
				log.Print(err)
			}
		}()
	}
}

func serve(conn *net.TCPConn) error {
	var r Request
	rest := bufio.NewReader(conn)
	line, err := rest.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("reading what is wanted: %w", err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return fmt.Errorf("reading what is wanted: %w", err)
	}
	if r.Dial != "" {
		return pass(conn, rest, r.Dial)
	}
	answer := &answers{e: json.NewEncoder(conn)}
	command := exec.Command(r.Words[0], r.Words[1:]...)
	command.Dir = "/root"
	command.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"}
	command.Stdout, command.Stderr = answer, answer
	pipe, err := command.StdinPipe()
	if err != nil {
		return err
	}
	if err := command.Start(); err != nil {
		_, _ = fmt.Fprintln(answer, err)
		return answer.e.Encode(Piece{Over: true, Code: 127})
	}
	go func() {
		_, _ = io.Copy(pipe, rest)
		_ = pipe.Close()
	}()
	var ended *exec.ExitError
	if err := command.Wait(); err != nil && !errors.As(err, &ended) {
		return err
	}
	return answer.e.Encode(Piece{Over: true, Code: command.ProcessState.ExitCode()})
}

// answers writes output as pieces.
type answers struct {
	mu sync.Mutex
	e  *json.Encoder
}

func (a *answers) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(p), a.e.Encode(Piece{Out: p})
}

// pass connects to address and carries bytes both ways until both sides are done.
func pass(conn *net.TCPConn, from io.Reader, address string) error {
	there, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer there.Close()
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(there, from)
		_ = there.(*net.TCPConn).CloseWrite()
	})
	both.Go(func() {
		_, _ = io.Copy(conn, there)
		_ = conn.CloseWrite()
	})
	both.Wait()
	return nil
}

func run(address string, words []string) (int, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	if err := json.NewEncoder(conn).Encode(Request{Words: words}); err != nil {
		return 0, err
	}
	go func() {
		_, _ = io.Copy(conn, os.Stdin)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	for pieces := json.NewDecoder(conn); ; {
		var p Piece
		if err := pieces.Decode(&p); err != nil {
			return 0, fmt.Errorf("the machine is gone: %w", err)
		}
		if p.Over {
			return p.Code, nil
		}
		if _, err := os.Stdout.Write(p.Out); err != nil {
			return 0, err
		}
	}
}
