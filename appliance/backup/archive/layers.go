package archive

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// The layers between a file and its tar: source, age (sealed), oneFrame, zstd, bounded.
// Each remembers enough of how it failed that a reader above can tell what
// happened to the file.

// headLimit bounds what age may read before it has a key, in bytes; a header
// for two recipients has 400. age itself would read a line as long as the file.
const headLimit = 64 << 10

var errHead = errors.New("archive: the header of the file is too long")

// source is the file as it comes from a disk or a network.
type source struct {
	r     io.Reader
	limit int64 // bytes that may still be read; negative: all
	err   error // how reading failed, if not by the end
	ended bool
}

func (s *source) Read(p []byte) (int, error) {
	if s.limit == 0 {
		return 0, errHead
	}
	if s.limit > 0 && int64(len(p)) > s.limit {
		p = p[:s.limit]
	}
	n, err := s.r.Read(p)
	if s.limit > 0 {
		s.limit -= int64(n)
	}
	if errors.Is(err, io.EOF) {
		s.ended = true
	} else if err != nil {
		s.err = err
	}
	return n, err
}

// sealed remembers how age failed.
type sealed struct {
	r   io.Reader
	err error
}

func (s *sealed) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// bounded gives no more than limit bytes, so that a few bytes of a file can't
// unpack to more than a backup may have.
type bounded struct {
	r     io.Reader
	limit int64
	n     int64 // bytes given
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n == b.limit {
		return 0, errLong
	}
	if int64(len(p)) > b.limit-b.n {
		p = p[:b.limit-b.n]
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

var (
	errLong     = errors.New("archive: the tar is longer than its manifest says")
	errFrame    = errors.New("archive: not a zstd frame as the format wants it")
	errTrailing = errors.New("archive: something follows the zstd frame")
)

// oneFrame lets one frame of Zstandard through, and then wants the end: a
// decoder would pass over further frames, and skip such as are made to be
// skipped, without a word. It follows RFC 8878, 3.1.1.
type oneFrame struct {
	r     *bufio.Reader
	left  int64 // bytes of the present piece that were not read yet
	next  func(*oneFrame) error
	check bool // a checksum follows the last block
}

func newOneFrame(r io.Reader) *oneFrame {
	const buffer = 64 << 10 // age's chunk
	return &oneFrame{r: bufio.NewReaderSize(r, buffer), next: (*oneFrame).header}
}

func (f *oneFrame) Read(p []byte) (int, error) {
	for f.left == 0 {
		if err := f.next(f); err != nil {
			return 0, err
		}
	}
	if int64(len(p)) > f.left {
		p = p[:f.left]
	}
	n, err := f.r.Read(p)
	f.left -= int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// header measures a frame's header. One with a dictionary is none of ours.
func (f *oneFrame) header() error {
	const magic = 0xFD2FB528
	start, err := f.peek(5)
	if err != nil {
		return err
	}
	descriptor := start[4]
	single := descriptor&0x20 != 0
	if binary.LittleEndian.Uint32(start) != magic || descriptor&0x03 != 0 {
		return errFrame
	}
	f.check = descriptor&0x04 != 0
	f.left = 5
	sizeOfContentSize := []int64{0, 2, 4, 8}[descriptor>>6]
	if single {
		sizeOfContentSize = max(sizeOfContentSize, 1)
	} else {
		f.left++ // the window
	}
	f.left += sizeOfContentSize
	f.next = (*oneFrame).block
	return nil
}

// block measures one block with its header of three bytes.
func (f *oneFrame) block() error {
	start, err := f.peek(3)
	if err != nil {
		return err
	}
	head := uint32(start[0]) | uint32(start[1])<<8 | uint32(start[2])<<16
	switch size := int64(head >> 3); head >> 1 & 3 {
	case 0, 2: // raw, compressed
		f.left = 3 + size
	case 1: // one byte, to be repeated
		f.left = 3 + 1
	default:
		return errFrame
	}
	if head&1 != 0 {
		f.next = (*oneFrame).checksum
	}
	return nil
}

func (f *oneFrame) checksum() error {
	f.next = (*oneFrame).end
	if f.check {
		f.left = 4
	}
	return nil
}

func (f *oneFrame) end() error {
	if _, err := f.r.Peek(1); err != nil {
		return err // io.EOF, as it should be, or the layer's below
	}
	return errTrailing
}

func (f *oneFrame) peek(n int) ([]byte, error) {
	p, err := f.r.Peek(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return p, err
}
