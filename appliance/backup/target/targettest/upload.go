package targettest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"latchkey/appliance/backup/target"
)

// tap calls at once some bytes have been read.
type tap struct {
	io.Reader
	left int
	at   func() error
	late atomic.Int32 // reads after closed was set
	shut atomic.Bool
}

func (r *tap) Read(b []byte) (int, error) {
	if r.shut.Load() {
		r.late.Add(1)
	}
	n, err := r.Reader.Read(b[:min(len(b), 32<<10)])
	if r.left -= n; r.left < 0 {
		if failed := r.at(); failed != nil {
			return n, failed
		}
	}
	return n, err
}

func cancelled(t *testing.T, p Place) {
	to := p.open(t)
	const size = 40 << 20 // more than one part of S3
	for _, after := range []int{1 << 20, 25 << 20} {
		ctx, cancel := context.WithCancel(t.Context())
		source := &tap{Reader: io.LimitReader(rand.NewChaCha8([32]byte{}), size), left: after, at: func() error { cancel(); return nil }}
		err := to.Put(ctx, Name(0), source, size)
		source.shut.Store(true)
		ended(t, err)
		p.settles(t)
		if source.late.Load() > 0 {
			t.Error("the source was read after Put had returned")
		}
	}
	list, err := to.List(t.Context())
	if err != nil || len(list) > 0 {
		t.Errorf("afterwards the list is %v, %v", list, err)
	}
}

var errSource = errors.New("the source is broken")

func badSources(t *testing.T, p Place) {
	to := p.open(t)
	body := noise(300_000)
	for sentence, source := range map[string]io.Reader{
		"fails":      &tap{Reader: bytes.NewReader(body), left: 200_000, at: func() error { return errSource }},
		"ends early": bytes.NewReader(body[:len(body)-1]),
		"goes on":    io.MultiReader(bytes.NewReader(body), strings.NewReader("!")),
		"is empty":   strings.NewReader(""),
	} {
		err := to.Put(t.Context(), Name(0), source, int64(len(body)))
		if err == nil {
			t.Errorf("a source that %s was taken", sentence)
			continue
		}
		Clean(t, err)
		if sentence == "fails" && !errors.Is(err, errSource) {
			t.Errorf("the source's own trouble is told as %v", err)
		}
		p.settles(t)
	}
	if err := to.Put(t.Context(), Name(0), strings.NewReader(""), -1); err == nil {
		t.Error("a negative size was taken")
	}
}

func takenMeanwhile(t *testing.T, p Place) {
	if p.Config.Kind == target.KindS3 {
		return // not every S3 knows conditions, and names differ by their second anyway
	}
	to := p.open(t)
	source := &tap{Reader: bytes.NewReader(noise(300_000)), left: 100_000, at: func() error {
		p.plant(t, Name(0), []byte("the other"))
		return nil
	}}
	Wants(t, to.Put(t.Context(), Name(0), source, 300_000), target.CodeExists)
	if !bytes.Equal(got(t, to, Name(0)), []byte("the other")) {
		t.Error("the second has overwritten the first")
	}
	p.settles(t, Name(0))
}
