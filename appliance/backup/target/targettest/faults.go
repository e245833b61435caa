package targettest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
)

// Faults runs what holds for every kind behind a network.
func Faults(t *testing.T, made func(t *testing.T) Place) {
	for _, c := range []struct {
		sentence string
		run      func(t *testing.T, p Place)
	}{
		{"refused credentials are told as such", wrongCredentials},
		{"nobody answers", nobody},
		{"a name that nobody has", noName},
		{"something else answers", something},
		{"a line that is cut while sending leaves nothing under the name", cutSending},
		{"a line that is cut while reading is no end of the file", cutReading},
		{"a server that falls silent is given up", silence},
		{"a silent server does not hold up who has gone", silentGone},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			t.Parallel()
			c.run(t, made(t))
		})
	}
}

func wrongCredentials(t *testing.T, p Place) {
	right := p.open(t)
	put(t, right, Name(0), noise(10))
	_, c, err := Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(detail(err))
	}
	for field, value := range map[string]string{target.FieldPassword: Canary + "x", target.FieldKey: Canary + "x", target.FieldUser: "nobody", target.FieldKeyID: "nobodyatall"} {
		if c.Fields[field] == "" || field == target.FieldPassword && c.Fields[target.FieldSSHKey] != "" {
			continue
		}
		bad := p
		bad.Config = c
		changed := bad.With(field, value)
		_, _, err := Check(t.Context(), changed, p.Env)
		Wants(t, err, target.CodeRefused)
		to := Open(t, changed, p.Env)
		_, err = to.List(t.Context())
		Wants(t, err, target.CodeRefused)
		Wants(t, to.Put(t.Context(), Name(1), bytes.NewReader(noise(10)), 10), target.CodeRefused)
		_, err = to.Get(t.Context(), Name(0))
		Wants(t, err, target.CodeRefused)
		Wants(t, to.Remove(t.Context(), Name(0)), target.CodeRefused)
	}
	p.settles(t, Name(0))
}

func nobody(t *testing.T, p Place) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	_, _, err = Check(t.Context(), p.At(l.Addr().String()), p.Env)
	Wants(t, err, target.CodeUnreachable)
}

func noName(t *testing.T, p Place) {
	c := p.At("there-is-none.invalid:1") // RFC 2606
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, _, err := Check(ctx, c, p.Env)
	Wants(t, err, target.CodeUnreachable)
}

// something: a mail server, say. It greets and hangs up.
func something(t *testing.T, p Place) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("220 mail.example.org ESMTP " + Canary + "\r\n"))
			conn.Close()
		}
	}()
	_, _, err = Check(t.Context(), p.At(l.Addr().String()), p.Env)
	Wants(t, err, target.CodeUnreachable, target.CodeBroken)
}

// behind gives the place as it is reached through a proxy.
func (p Place) behind(t *testing.T) (target.Target, *Proxy) {
	t.Helper()
	proxy := Before(t, p.Addr)
	p.Config = p.At(proxy.Addr)
	return p.open(t), proxy
}

func cutSending(t *testing.T, p Place) {
	to, proxy := p.behind(t)
	const size = 3 << 20
	for _, after := range []int64{300_000, 2 << 20} {
		// As often as a kind may try by itself.
		stop := make(chan struct{})
		again := make(chan struct{})
		go func() {
			defer close(again)
			for {
				proxy.CutUp(after)
				for proxy.cutUp.Load() != 0 {
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond):
					}
				}
			}
		}()
		err := to.Put(t.Context(), Name(0), io.LimitReader(rand.NewChaCha8([32]byte{}), size), size)
		close(stop)
		<-again
		proxy.cutUp.Store(0)
		Wants(t, err, target.CodeUnreachable)
		list, err := to.List(t.Context())
		if err != nil || len(list) > 0 {
			t.Errorf("afterwards the list is %v, %v", list, err)
		}
	}
	put(t, to, Name(1), noise(100))
	p.settles(t, Name(1))
}

func cutReading(t *testing.T, p Place) {
	to, proxy := p.behind(t)
	const size = 3 << 20
	put(t, to, Name(0), noise(size))
	proxy.CutDown(1 << 20)
	f, err := to.Get(t.Context(), Name(0))
	if err != nil {
		t.Fatal(detail(err))
	}
	defer f.Close()
	n, err := io.Copy(io.Discard, f)
	if n >= size {
		t.Fatalf("all came, the line was not cut")
	}
	Wants(t, err, target.CodeUnreachable)
	if !bytes.Equal(got(t, to, Name(0)), noise(size)) {
		t.Error("after that, other bytes came")
	}
}

func silence(t *testing.T, p Place) {
	to, proxy := p.behind(t)
	put(t, to, Name(0), noise(24<<20)) // more than the kernel takes ahead
	p.Config = p.At(proxy.Addr)
	_, c, err := Check(t.Context(), p.Config, p.Env)
	if err != nil {
		t.Fatal(detail(err))
	}
	p.Env.Patience = max(p.Hasty, 200*time.Millisecond)
	hasty := Open(t, c, p.Env)
	f, err := hasty.Get(t.Context(), Name(0))
	if err != nil {
		t.Fatal(detail(err))
	}
	proxy.silent.Store(true)
	_, err = io.Copy(io.Discard, f)
	Wants(t, err, target.CodeUnreachable)
	_ = f.Close()
	_, err = hasty.List(t.Context())
	Wants(t, err, target.CodeUnreachable)
	Wants(t, hasty.Put(t.Context(), Name(1), bytes.NewReader(noise(1000)), 1000), target.CodeUnreachable)
	proxy.silent.Store(false)
	proxy.Cut()
	put(t, to, Name(1), noise(1000))
}

func silentGone(t *testing.T, p Place) {
	to, proxy := p.behind(t)
	put(t, to, Name(0), noise(10))
	proxy.silent.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begun := time.Now()
	_, err := to.List(ctx)
	ended(t, err)
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("it took %v to give up", took)
	}
}
