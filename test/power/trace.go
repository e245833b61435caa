package power

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A call is one system call as strace told it. Begun and ended are the numbers
// of the lines of its entry and its exit: a call that ended before another
// began has happened before it.
type call struct {
	name         string
	args         []string // as strace writes them, without the strings' bytes
	strings      [][]byte // the strings among the arguments, in their order
	result       int64
	failed       bool
	begun, ended int
}

// fd takes the n-th argument apart: 5<\x2f\x74...> is descriptor 5 of that path.
// What is no file (a socket, a pipe) has a path without a slash in front.
func (c *call) fd(n int) (fd int, path string) {
	if n >= len(c.args) {
		return -1, ""
	}
	number, rest, _ := strings.Cut(c.args[n], "<")
	fd, err := strconv.Atoi(number)
	if err != nil {
		fd = -1 // AT_FDCWD
	}
	end := strings.LastIndexByte(rest, '>')
	if end < 0 || strings.HasSuffix(rest, "(deleted)") {
		return fd, ""
	}
	return fd, string(unescape(rest[:end]))
}

// number is the n-th argument as a number.
func (c *call) number(n int) int64 {
	if n >= len(c.args) {
		return -1
	}
	v, err := strconv.ParseInt(c.args[n], 0, 64)
	if err != nil {
		return -1
	}
	return v
}

// flags says whether the n-th argument names a flag.
func (c *call) flag(n int, name string) bool {
	if n >= len(c.args) {
		return false
	}
	for _, f := range strings.Split(c.args[n], "|") {
		if f == name {
			return true
		}
	}
	return false
}

// traceReader gives the calls of a trace that strace -f -y -xx has written:
// begin as soon as one enters, end when it is over.
type traceReader struct {
	begin, end func(*call) error
	under      map[string]*call // by thread: entered, not over
	texts      map[string][]byte
	line       int
}

var errTrace = errors.New("power: a line that strace does not write")

func (r *traceReader) read(from io.Reader) error {
	r.under, r.texts = make(map[string]*call), make(map[string][]byte) // another process
	lines := bufio.NewReaderSize(from, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil // what strace did not end is not told
		}
		if err != nil {
			return err
		}
		r.line++
		if err := r.take(bytes.TrimRight(line, "\n")); err != nil {
			return fmt.Errorf("line %d of the trace, %.120s: %w", r.line, line, err)
		}
	}
}

var (
	unfinished = []byte(" <unfinished ...>")
	resumed    = []byte(" resumed>")
)

func (r *traceReader) take(line []byte) error {
	thread, text, ok := bytes.Cut(line, []byte(" "))
	text = bytes.TrimLeft(text, " ")
	if !ok || len(text) == 0 {
		return errTrace
	}
	who := string(thread)
	switch {
	case bytes.HasPrefix(text, []byte("+++")), bytes.HasPrefix(text, []byte("---")):
		return nil
	case bytes.HasPrefix(text, []byte("<... ")):
		_, rest, ok := bytes.Cut(text, resumed)
		c := r.under[who]
		if !ok || c == nil {
			return errTrace
		}
		delete(r.under, who)
		return r.over(c, append(r.texts[who], rest...))
	}
	c := &call{begun: r.line}
	if begun, ok := bytes.CutSuffix(text, unfinished); ok {
		if err := c.parse(begun); err != nil {
			return err
		}
		r.under[who], r.texts[who] = c, bytes.Clone(begun)
		return r.begin(c)
	}
	if err := c.parse(text); err != nil {
		return err
	}
	if err := r.begin(c); err != nil {
		return err
	}
	return r.over(c, text)
}

// resultAt stands before a call's result; strace aligns those of short calls.
var resultAt = regexp.MustCompile(`\) *= `)

// longestResult is a descriptor with its path, each byte of which takes four.
const longestResult = 5 * 4096

// over parses all of a call and its result.
func (r *traceReader) over(c *call, text []byte) error {
	if err := c.parse(text); err != nil {
		return err
	}
	c.ended = r.line
	tail := text[max(0, len(text)-longestResult):]
	at := resultAt.FindIndex(tail)
	if at == nil {
		return errTrace
	}
	result := tail[at[1]:]
	digits := result
	if i := bytes.IndexAny(result, " <"); i >= 0 {
		digits = result[:i]
	}
	n, err := strconv.ParseInt(string(digits), 0, 64)
	if err != nil { // "?": the process ended in it
		n = -1
	}
	c.result, c.failed = n, n < 0
	return r.end(c)
}

// parse reads name and arguments, as far as they are there.
func (c *call) parse(text []byte) error {
	name, rest, ok := bytes.Cut(text, []byte("("))
	if !ok {
		return errTrace
	}
	c.name, c.args, c.strings = string(name), nil, nil
	var arg []byte
	depth := 0
	for len(rest) > 0 {
		b := rest[0]
		rest = rest[1:]
		switch {
		case b == '"':
			end := bytes.IndexByte(rest, '"')
			if end < 0 {
				return errTrace
			}
			c.strings = append(c.strings, unescape(string(rest[:end])))
			arg, rest = append(arg, '"', '"'), rest[end+1:]
			if bytes.HasPrefix(rest, []byte("...")) {
				return fmt.Errorf("a string that strace has cut: %w", errTrace)
			}
			continue
		case b == '<':
			end := bytes.IndexByte(rest, '>')
			if end < 0 {
				return errTrace
			}
			arg, rest = append(append(arg, '<'), rest[:end+1]...), rest[end+1:]
			continue
		case b == '(' || b == '[' || b == '{':
			depth++
		case b == ')' && depth == 0:
			c.args = append(c.args, string(arg))
			return nil
		case b == ')' || b == ']' || b == '}':
			depth--
		case b == ',' && depth == 0:
			c.args, arg = append(c.args, string(arg)), nil
			rest = bytes.TrimLeft(rest, " ")
			continue
		}
		arg = append(arg, b)
	}
	if len(arg) > 0 {
		c.args = append(c.args, string(bytes.TrimRight(arg, " ,")))
	}
	return nil
}

// unescape reads \xNN\xNN..., which is all that strace -xx writes in strings;
// anything else is left as it is.
func unescape(s string) []byte {
	out := make([]byte, 0, len(s)/4)
	for len(s) > 0 {
		if len(s) >= 4 && s[0] == '\\' && s[1] == 'x' {
			if b, err := hex.DecodeString(s[2:4]); err == nil {
				out, s = append(out, b[0]), s[4:]
				continue
			}
		}
		out, s = append(out, s[0]), s[1:]
	}
	return out
}
