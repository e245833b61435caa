package archive

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const signatureSize = ed25519.SignatureSize

// sums is the text of SHA256SUMS as it grows: a line for each file, as the
// tool sha256sum writes it.
type sums struct {
	text  strings.Builder
	names []string
}

func (s *sums) add(name string, digest []byte) {
	s.text.WriteString(hex.EncodeToString(digest) + "  " + name + "\n")
	s.names = append(s.names, name)
}

// sumsLength is how many bytes the sums of a manifest's parts have.
func (m Manifest) sumsLength() int64 {
	length := sumLength(manifestName)
	for _, e := range m.Parts {
		length += sumLength(e.Name)
	}
	return int64(length)
}

func sumLength(name string) int { return 2*sha256.Size + len("  \n") + len(name) }

// differs names the first file whose line in other, a text of the same length,
// is not the one here; "" where there is none.
func (s *sums) differs(other string) string {
	mine := s.text.String()
	for _, name := range s.names {
		length := sumLength(name)
		if len(other) < length || other[:length] != mine[:length] {
			return name
		}
		mine, other = mine[length:], other[length:]
	}
	return ""
}
