package archive

import (
	"archive/tar"
	"maps"
	"strconv"
	"time"
)

const (
	tarBlock   = 512
	ustarLimit = 1<<33 - 1 // bytes: the largest size that eleven octal digits hold
	mode       = 0o600
)

// header is the header that every entry of the tar has, to the last field: the
// writer writes it and the reader takes no other.
func header(name string, size int64, made time.Time) *tar.Header {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: name, Size: size, Mode: mode,
		ModTime: time.Unix(made.Unix(), 0), Format: tar.FormatUSTAR,
	}
	if size > ustarLimit {
		h.Format = tar.FormatPAX // POSIX: an extended header says the size
		h.PAXRecords = map[string]string{"size": strconv.FormatInt(size, 10)}
	}
	return h
}

// same says why an entry of the wanted name is not the wanted one.
func same(got, want *tar.Header) error {
	switch {
	case got.Typeflag != tar.TypeReg || got.Linkname != "" || got.Devmajor != 0 || got.Devminor != 0:
		return problemKind(got.Name)
	case got.Size != want.Size:
		return problemSize(got.Name, want.Size, got.Size)
	case got.Mode != want.Mode || got.Uid != 0 || got.Gid != 0 || got.Uname != "" || got.Gname != "",
		!got.ModTime.Equal(want.ModTime), got.Format != want.Format, !maps.Equal(got.PAXRecords, want.PAXRecords):
		return problemKind(got.Name)
	}
	return nil
}

// entryLength is how many bytes of the tar an entry takes.
func entryLength(size int64) int64 {
	length := tarBlock + (size+tarBlock-1)/tarBlock*tarBlock
	if size > ustarLimit {
		length += 2 * tarBlock // the extended header and what it says
	}
	return length
}

// tarLength is how many bytes the tar of a manifest has, which itself has size
// bytes.
func (m Manifest) tarLength(size int64) int64 {
	const end = 2 * tarBlock // of zeros
	length := end + entryLength(size) + entryLength(signatureSize) + entryLength(m.sumsLength()) + entryLength(signatureSize)
	for _, e := range m.Parts {
		length += entryLength(e.Size)
	}
	return length
}
