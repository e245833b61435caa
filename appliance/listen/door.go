package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"
)

// Door is the way by which a request came in.
type Door string

// The doors. The zero value is a request that came through none of ours.
const (
	DoorTLS    Door = "tls"    // the main door
	DoorPlain  Door = "plain"  // http on this computer's loopback
	DoorSocket Door = "socket" // the socket in the data folder: the caller is the machine
)

type doorKey struct{}

// Through tells by which door r came. Only this package can mark a request.
func Through(r *http.Request) Door {
	d, _ := r.Context().Value(doorKey{}).(Door)
	return d
}

// WithDoor marks a context as having come through d, for a command that calls
// the handler in its own process and for tests.
func WithDoor(ctx context.Context, d Door) context.Context {
	return context.WithValue(ctx, doorKey{}, d)
}

// Credentials are the kernel's word on who called the machine's socket.
type Credentials struct {
	UID uint32
	PID int32
}

type credentialsKey struct{}

// Caller tells whose process called through the machine's socket; false for
// every other door, and where the system can't tell.
func Caller(r *http.Request) (Credentials, bool) {
	c, ok := r.Context().Value(credentialsKey{}).(Credentials)
	return c, ok
}

// The limits of a connection. A handler that needs longer for a body (an
// upload, a stream) moves its own deadline by http.ResponseController.
const (
	headerTimeout = 10 * time.Second // also the TLS handshake's
	bodyTimeout   = 5 * time.Minute  // a large import over a slow uplink
	answerTimeout = 10 * time.Minute // a first sync over a poor mobile line
	idleTimeout   = 2 * time.Minute  // longer than a page's polling, so that it meets a warm connection
	headerBytes   = 32 << 10         // far above what any client sends
)

// door is one server on one listener.
type door struct {
	server   *http.Server
	listener net.Listener
	tls      bool
	spare    bool          // the house goes on without it
	closed   chan struct{} // closed once it takes no more connections
}

// start serves the door until its server is shut down.
func (d *door) start(run *running) {
	d.closed = make(chan struct{})
	go func() {
		err := d.serve()
		close(d.closed)
		if err == nil {
			return
		}
		if d.spare {
			d.server.ErrorLog.Print("no more connections are taken: ", err)
			return
		}
		select {
		case run.broken <- err:
		default: // another one was first
		}
	}()
}

func (d *door) serve() error {
	var err error
	if d.tls {
		err = d.server.ServeTLS(d.listener, "", "") // certificates are the config's
	} else {
		err = d.server.Serve(d.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Sockets) doors(run *running) []*door {
	var doors []*door
	for _, l := range s.tls {
		doors = append(doors, s.mainDoor(l, run))
	}
	for _, l := range s.plain {
		doors = append(doors, &door{server: s.server(DoorPlain, onlyLocalhost(run.handler)), listener: l})
	}
	for _, l := range s.socket {
		server := s.server(DoorSocket, run.handler)
		server.ConnContext = withCredentials
		doors = append(doors, &door{server: server, listener: l})
	}
	for _, l := range s.redirect {
		doors = append(doors, s.redirectDoor(l))
	}
	return doors
}

func (s *Sockets) mainDoor(l net.Listener, run *running) *door {
	server := s.server(DoorTLS, answering(run.handler))
	server.TLSConfig = run.config.Clone() // each server adds to its own
	server.ConnContext = vouching
	return &door{server: server, listener: s.slots.limit(sniffing{l}), tls: true}
}

func (s *Sockets) server(d Door, handler http.Handler) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          errorLog(s.log.With("door", string(d))),
		BaseContext: func(net.Listener) context.Context {
			return WithDoor(context.Background(), d)
		},
	}
}
