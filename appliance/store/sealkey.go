package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// houseID names one house: the seal key and the database made together.
type houseID [16]byte

func (h houseID) String() string { return hex.EncodeToString(h[:]) }

// sealKey is the content of seal.key.
type sealKey struct {
	house  houseID
	secret [32]byte
}

// The open key file is text, one fact a line, so that it can be looked at,
// printed and typed again:
//
//	latchkey seal key 1
//	house 32 hexadecimal digits
//	key 64 hexadecimal digits
//	check 16 hexadecimal digits: the start of SHA-256 of the lines above
const (
	sealKeyTitle = "latchkey seal key 1"
	checkSize    = 8
)

var errSealKey = errors.New("not a seal key file, cut short, or altered")

func newSealKey() sealKey {
	var k sealKey
	_, _ = rand.Read(k.house[:])
	_, _ = rand.Read(k.secret[:])
	return k
}

// encode gives the text of the file.
func (k sealKey) encode() []byte {
	head := fmt.Sprintf("%s\nhouse %s\nkey %x\n", sealKeyTitle, k.house, k.secret)
	return fmt.Appendf(nil, "%scheck %s\n", head, checkOf(head))
}

func checkOf(head string) string {
	sum := sha256.Sum256([]byte(head))
	return hex.EncodeToString(sum[:checkSize])
}

// parseSealKey reads what encode wrote; the last line's end may be missing,
// as in a credential that was pasted.
func parseSealKey(text []byte) (sealKey, error) {
	const longest = 256 // the file has 153 bytes; more is another file
	var k sealKey
	if len(text) > longest {
		return k, errSealKey
	}
	lines := strings.Split(string(bytes.TrimRight(text, "\r\n")), "\n")
	if len(lines) != 4 || lines[0] != sealKeyTitle {
		return k, errSealKey
	}
	if !hexLine(k.house[:], lines[1], "house ") || !hexLine(k.secret[:], lines[2], "key ") {
		return k, errSealKey
	}
	head := strings.Join(lines[:3], "\n") + "\n"
	if lines[3] != "check "+checkOf(head) {
		return k, errSealKey
	}
	return k, nil
}

// hexLine fills to from a line of that name, which must fit exactly.
func hexLine(to []byte, line, name string) bool {
	digits, ok := strings.CutPrefix(line, name)
	if !ok || len(digits) != 2*len(to) || digits != strings.ToLower(digits) {
		return false
	}
	_, err := hex.Decode(to, []byte(digits))
	return err == nil
}
