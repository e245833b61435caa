package guard

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// name is a keyed hash in place of an account, or of a device of one, so that
// neither memory nor file holds what strangers type, and all take the same room.
type name [16]byte

// namer makes names. It is used under the guard's lock: what it works with is
// made once.
type namer struct {
	mac  hash.Hash
	text []byte
	sum  []byte
}

func newNamer(key []byte) *namer {
	return &namer{mac: hmac.New(sha256.New, key), sum: make([]byte, 0, sha256.Size)}
}

// of names parts; label keeps the kinds of names apart. Each part stands behind
// its length, so that no two lists are the same text.
func (n *namer) of(label string, parts ...string) name {
	n.text = append(n.text[:0], label...)
	for _, p := range parts {
		n.text = binary.AppendUvarint(n.text, uint64(len(p)))
		n.text = append(n.text, p...)
	}
	return n.hash(n.text)
}

// hash is HMAC-SHA256 (RFC 2104), cut to 128 bits: two names never meet by
// chance in one house.
func (n *namer) hash(text []byte) name {
	n.mac.Reset()
	n.mac.Write(text)
	n.sum = n.mac.Sum(n.sum[:0])
	return name(n.sum[:len(name{})])
}

func (n *namer) account(account string) name { return n.of("account:", account) }

func (n *namer) device(account, device string) name { return n.of("device:", account, device) }

// token gives the zero name where there is none.
func (n *namer) token(account, device, token string) name {
	if token == "" {
		return name{}
	}
	return n.of("token:", account, device, token)
}
