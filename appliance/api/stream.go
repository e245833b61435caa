package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"time"
)

// stall is how long a streamed transfer may stand still before it is given up.
// The server's own deadlines are for whole requests; a backup of many gigabytes
// over a poor line takes hours, and may, as long as it moves.
const stall = 2 * time.Minute

// streamed answers what is written while it is made. What goes wrong before the
// first byte is told like any other error; after it the connection is cut, so
// that half of it can't pass for the whole.
type streamed struct {
	kind  string
	name  string // for whoever saves it as a file; empty: none
	write func(context.Context, io.Writer) error
}

func (c *call) stream(s streamed) {
	h := c.w.Header()
	h.Set("Content-Type", s.kind)
	if s.name != "" {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": s.name}))
	}
	end := c.unhurried()
	out := &outgoing{c: c}
	err := s.write(c.ctx(), out)
	end()
	switch {
	case err == nil:
	case !out.begun:
		h.Del("Content-Disposition")
		c.refuse(err)
	default:
		if c.ctx().Err() == nil {
			c.Log.Error("streaming an answer", "route", c.row.pattern, "cause", causeOf(err))
		}
		panic(http.ErrAbortHandler)
	}
}

// unhurried takes the deadline of the answer away, for work that may take
// longer. What it gives is to be called when the work is done: the rest of the
// answer has to be taken in time.
func (c *call) unhurried() (done func()) {
	c.writeBy(time.Time{})
	return func() { c.writeBy(time.Now().Add(stall)) }
}

// readBy and writeBy set a deadline; the zero time sets none. A command that is
// the house itself has no connection, and so no deadlines.
func (c *call) readBy(t time.Time) { c.deadline(http.NewResponseController(c.w).SetReadDeadline(t)) }

func (c *call) writeBy(t time.Time) { c.deadline(http.NewResponseController(c.w).SetWriteDeadline(t)) }

func (c *call) deadline(err error) {
	if err != nil && !errors.Is(err, http.ErrNotSupported) && c.ctx().Err() == nil {
		c.Log.Debug("setting a deadline", "route", c.row.pattern, "cause", err) // the connection has just ended
	}
}

// outgoing writes to a caller who goes on taking. A deadline stands only while
// a piece is on its way: what is sent may take its time to be made, and HTTP/2
// ends the whole answer at a deadline, whether somebody writes or not.
type outgoing struct {
	c     *call
	begun bool
}

func (o *outgoing) Write(p []byte) (int, error) {
	o.begun = true
	o.c.writeBy(time.Now().Add(stall))
	defer o.c.writeBy(time.Time{})
	return o.c.w.Write(p)
}

// incoming is the body of a row that leaves it to its handler: as long as it
// goes on coming it may take hours. Between two reads no deadline stands: what
// comes may take its time to be written, and HTTP/2 ends a body at its deadline,
// whether somebody reads or not.
type incoming struct{ c *call }

func (i incoming) Read(p []byte) (int, error) {
	i.c.readBy(time.Now().Add(stall))
	defer i.c.readBy(time.Time{})
	return i.c.r.Body.Read(p)
}
