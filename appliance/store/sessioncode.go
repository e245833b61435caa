package store

import (
	"encoding/binary"
	"errors"
	"time"

	"latchkey/appliance/account"
)

// A session's text: version 2 | flags 1 | created 8 | seen 8 | expires 8 |
// proved 8 | then device, client, stamp, method and hash, each behind its
// length. Owner and id are the key. Every request reads one, so that it is a
// tenth of the work of JSON.
//
// Version 1, which older programs wrote, has no flags, proof and method; it is
// read, and written anew with the session's next use.
const (
	sessionVersion = 2
	sessionHead    = 1 + 1 + 4*8
	sessionParts   = 5

	sessionVersion1 = 1
	sessionHead1    = 1 + 3*8
	sessionParts1   = 4

	flagNoRefresh     = 1
	sessionFlagsKnown = flagNoRefresh
)

var errSessionText = errors.New("store: a session's text is malformed")

func encodeSession(s *account.Session) []byte {
	b := append(make([]byte, 0, 192), sessionVersion, 0)
	if s.NoRefresh {
		b[1] |= flagNoRefresh
	}
	for _, t := range []time.Time{s.Created, s.Seen, s.Expires, s.Proved} {
		b = appendTime(b, t)
	}
	b = frame(b, string(s.Device), s.Client, s.Stamp, string(s.Method))
	b = binary.AppendUvarint(b, uint64(len(s.Hash)))
	return append(b, s.Hash...)
}

// decodeSession reads the session kept at key. It shares nothing with text.
func decodeSession(text, key []byte) (account.Session, error) {
	s := account.Session{ID: account.SessionID(idOf(key)), Owner: ownerOf(key)}
	switch {
	case len(text) >= sessionHead && text[0] == sessionVersion && text[1]&^sessionFlagsKnown == 0:
		s.NoRefresh = text[1]&flagNoRefresh != 0
		s.Created, s.Seen, s.Expires, s.Proved = timeOf(text[2:]), timeOf(text[10:]), timeOf(text[18:]), timeOf(text[26:])
		err := sessionTail(&s, text[sessionHead:], sessionParts)
		return s, err
	case len(text) >= sessionHead1 && text[0] == sessionVersion1:
		s.Created, s.Seen, s.Expires = timeOf(text[1:]), timeOf(text[9:]), timeOf(text[17:])
		err := sessionTail(&s, text[sessionHead1:], sessionParts1)
		return s, err
	}
	return account.Session{}, errSessionText
}

// sessionTail reads the n parts of variable length.
func sessionTail(s *account.Session, rest []byte, n int) error {
	var parts [sessionParts][]byte
	for i := range n {
		var ok bool
		if parts[i], rest, ok = unframe(rest); !ok {
			return errSessionText
		}
	}
	if len(rest) > 0 {
		return errSessionText
	}
	s.Device, s.Client, s.Stamp = account.DeviceID(parts[0]), string(parts[1]), string(parts[2])
	if n == sessionParts {
		s.Method = account.Method(parts[3])
	}
	s.Hash = append([]byte(nil), parts[n-1]...)
	return nil
}
