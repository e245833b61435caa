package archive_test

import (
	"errors"
	"io"
	mrand "math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"latchkey/appliance/backup/archive"
)

// generated is a part that no memory ever held whole.
func generated(name string, size int64) archive.Part {
	return archive.Part{Name: name, Size: size, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(io.LimitReader(mrand.NewChaCha8([32]byte{byte(size)}), size)), nil
	}}
}

// TestMemoryDoesNotGrow lets backups of 3 MB and 300 MB flow from a generator
// through the writer into the reader, and looks at what is alive on the heap
// again and again.
func TestMemoryDoesNotGrow(t *testing.T) {
	h := newHouse(t)
	const few, many = 3 << 20, 300 << 20
	little, large := h.heap(t, few), h.heap(t, many)
	t.Logf("alive at most: %d KB with %d MB, %d KB with %d MB", little>>10, few>>20, large>>10, many>>20)
	const most, slack = 24 << 20, 4 << 20
	if large > most || large > little+slack {
		t.Errorf("%d bytes are alive with %d MB, %d with %d MB", little, few>>20, large, many>>20)
	}
}

// heap writes and reads a backup of size bytes at the same time and gives the
// most bytes that were alive, beyond those before.
func (h house) heap(t *testing.T, size int64) uint64 {
	t.Helper()
	alive := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := alive()
	var most, next atomic.Uint64
	look := func(done, total int64) {
		if uint64(done) >= next.Load() {
			next.Store(uint64(done + total/20))
			most.Store(max(most.Load(), alive()))
		}
	}
	parts := []archive.Part{generated("latchkey.db", size/3), generated("seal.key", 100), generated("attachments/00", size/3), generated("attachments/01", size/3)}
	in, out := io.Pipe()
	wrote := make(chan error, 1)
	go func() {
		err := archive.Write(t.Context(), out, h.recipients(), h.sign, manifest(), parts, nil)
		wrote <- errors.Join(err, out.CloseWithError(err))
	}()
	r, err := archive.Open(in, h.kit, archive.Limits{})
	must(t, err)
	must(t, r.Check(t.Context(), look))
	must(t, <-wrote)
	return most.Load() - min(before, most.Load())
}
