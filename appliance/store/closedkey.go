package store

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// A house on a machine that has a key of its own (which the system hands only
// to the service) keeps its seal key closed by it, so that the data folder
// alone, copied or stolen with its disk, opens nothing. The file is then:
//
//	latchkey seal key 1 closed
//	house 32 hexadecimal digits
//	sealed hexadecimal digits: nonce 24, then the open file's text under
//	  XChaCha20-Poly1305, sealed to the two lines above
//	check 16 hexadecimal digits: the start of SHA-256 of the lines above
const (
	closedKeyTitle = sealKeyTitle + " closed"
	closingKey     = keyName + ".closing" // made whole before it takes the open one's place
	machineKeySize = chacha20poly1305.KeySize
)

// errClosed means that a sound closed key does not open: by no key, or not by
// this one.
var errClosed = errors.New("closed by another machine key")

func checkMachineKey(key []byte) error {
	if key != nil && len(key) != machineKeySize {
		return fmt.Errorf("store: a machine key of %d bytes, want %d", len(key), machineKeySize)
	}
	return nil
}

// file gives the content of seal.key: closed where there is a machine key.
func (k sealKey) file(machineKey []byte) []byte {
	if machineKey == nil {
		return k.encode()
	}
	return k.closedBy(machineKey)
}

// closedBy gives the text of the closed file; machineKey has its right size.
func (k sealKey) closedBy(machineKey []byte) []byte {
	aead, err := chacha20poly1305.NewX(machineKey)
	if err != nil {
		panic("store: " + err.Error()) // the size was checked
	}
	head := fmt.Sprintf("%s\nhouse %s\n", closedKeyTitle, k.house)
	nonce := make([]byte, chacha20poly1305.NonceSizeX, 512)
	_, _ = rand.Read(nonce)
	head += fmt.Sprintf("sealed %x\n", aead.Seal(nonce, nonce, k.encode(), []byte(head)))
	return fmt.Appendf(nil, "%scheck %s\n", head, checkOf(head))
}

// isClosed says which of the two forms text claims to have.
func isClosed(text []byte) bool { return bytes.HasPrefix(text, []byte(closedKeyTitle+"\n")) }

// openSealKey reads what closedBy wrote. errSealKey means a damaged file,
// errClosed a sound one of another machine.
func openSealKey(text, machineKey []byte) (sealKey, error) {
	const (
		longest  = 1 << 10
		overhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead
	)
	lines := strings.Split(string(bytes.TrimRight(text[:min(len(text), longest)], "\r\n")), "\n")
	if len(lines) != 4 || lines[0] != closedKeyTitle {
		return sealKey{}, errSealKey
	}
	var house houseID
	sealed := make([]byte, max(0, len(lines[2])-len("sealed "))/2)
	if len(sealed) < overhead || !hexLine(house[:], lines[1], "house ") || !hexLine(sealed, lines[2], "sealed ") {
		return sealKey{}, errSealKey
	}
	if lines[3] != "check "+checkOf(strings.Join(lines[:3], "\n")+"\n") {
		return sealKey{}, errSealKey
	}
	if machineKey == nil {
		return sealKey{}, errClosed
	}
	aead, err := chacha20poly1305.NewX(machineKey)
	if err != nil {
		return sealKey{}, err
	}
	ad := []byte(lines[0] + "\n" + lines[1] + "\n")
	open, err := aead.Open(nil, sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:], ad)
	if err != nil {
		return sealKey{}, errClosed
	}
	key, err := parseSealKey(open)
	if err == nil && key.house != house {
		err = errSealKey
	}
	return key, err
}

// loadKey reads seal.key; open says that the file shows the key to whoever can
// read it.
func loadKey(dir string, machineKey []byte) (key sealKey, open bool, err error) {
	if err := checkMachineKey(machineKey); err != nil {
		return key, false, problemMachineKey(dir).Because(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil {
		return key, false, unreadable(dir, err)
	}
	if open = !isClosed(text); open {
		key, err = parseSealKey(text)
	} else {
		key, err = openSealKey(text, machineKey)
	}
	switch {
	case err == nil:
		return key, open, nil
	case !errors.Is(err, errClosed):
		return key, false, problemKeyDamaged(dir).Because(err)
	case machineKey == nil:
		return key, false, problemKeyClosed(dir)
	}
	return key, false, problemMachineKey(dir).Because(err)
}

// closeKey puts the closed form in the place of an open seal.key, as after a
// restore, and takes a leftover of a killed try away. Where the disk refuses,
// the house stays usable and says so; the next start tries again. The caller
// holds the database's lock, so that nobody else does the same.
func (s *Store) closeKey(machineKey []byte) {
	path := filepath.Join(s.dir, closingKey)
	err := removeIfThere(path)
	if err == nil {
		err = writeDurable(path, s.key.closedBy(machineKey))
	}
	if err == nil {
		err = renameDurable(s.dir, closingKey, keyName)
	}
	if err != nil {
		s.found.KeyOpen = unreadable(s.dir, err)
		s.log.Warn("seal.key could not be closed by the machine's key; the next start tries again", "cause", err)
	}
}

// SealKey gives the open text of seal.key, whatever form the file has: what a
// backup carries, and what Check and CheckMain want.
func (s *Store) SealKey() []byte { return s.key.encode() }
