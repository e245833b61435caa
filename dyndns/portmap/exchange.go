package portmap

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// firstWait is when a question is asked again, doubling each time (RFC 6886,
// section 3.1). PCP would wait three seconds (RFC 6887, section 8.1.1), but a
// router is one hop away, and a lost packet should not cost a household that.
const firstWait = 250 * time.Millisecond

// refusedWait is how soon a router is asked again that says that nothing
// listens there: its daemon may be just starting.
const refusedWait = 300 * time.Millisecond

// exchange asks a gateway until valid accepts an answer or ctx ends. Only
// answers from the address asked count. With patient, "nothing listens there"
// is not the end but asked again. self is the address asked from.
func exchange(ctx context.Context, self netip.Addr, to netip.AddrPort, question []byte, patient bool, valid func([]byte) bool) error {
	d := net.Dialer{LocalAddr: net.UDPAddrFromAddrPort(netip.AddrPortFrom(self, 0))}
	conn, err := d.DialContext(ctx, "udp", to.String())
	if err != nil {
		return unreachable(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	var last error
	answer := make([]byte, pcpMax+1)
	for wait := firstWait; ctx.Err() == nil; wait *= 2 {
		_, err := conn.Write(question)
		if err == nil {
			err = await(ctx, conn, answer, time.Now().Add(wait), valid)
		}
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.ECONNREFUSED):
			last = err
			if !patient {
				return unreachable(last)
			}
			pause(ctx, refusedWait)
		case !timedOut(err):
			last = err
			pause(ctx, wait)
		}
	}
	if last != nil {
		return unreachable(last)
	}
	return unreachable(ctx.Err())
}

func await(ctx context.Context, conn net.Conn, buffer []byte, until time.Time, valid func([]byte) bool) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_ = conn.SetReadDeadline(until)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return err
		}
		if valid(buffer[:n]) {
			return nil
		}
	}
}

func timedOut(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// unreachable tells a router that says "nobody listens here" from one that says
// nothing.
func unreachable(err error) *refusal {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.EACCES) {
		return &refusal{fault: Off, why: "the router is there, but does not offer this", cause: err}
	}
	return &refusal{fault: Silent, why: "the router does not answer", unsure: true, cause: err}
}
