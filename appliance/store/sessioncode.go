package store

import (
	"encoding/binary"
	"errors"

	"latchkey/appliance/account"
)

// A session's text: version 1 | created 8 | seen 8 | expires 8 | then device,
// client, stamp and hash, each behind its length. Owner and id are the key.
// Every request reads one, so that it is a tenth of the work of JSON.
const (
	sessionVersion = 1
	sessionHead    = 1 + 3*8
)

var errSessionText = errors.New("store: a session's text is malformed")

func encodeSession(s *account.Session) []byte {
	b := append(make([]byte, 0, 192), sessionVersion)
	b = appendTime(b, s.Created)
	b = appendTime(b, s.Seen)
	b = appendTime(b, s.Expires)
	b = frame(b, string(s.Device), s.Client, s.Stamp)
	b = binary.AppendUvarint(b, uint64(len(s.Hash)))
	return append(b, s.Hash...)
}

// decodeSession reads the session kept at key. It shares nothing with text.
func decodeSession(text, key []byte) (account.Session, error) {
	if len(text) < sessionHead || text[0] != sessionVersion {
		return account.Session{}, errSessionText
	}
	s := account.Session{
		ID: account.SessionID(idOf(key)), Owner: ownerOf(key),
		Created: timeOf(text[1:]), Seen: timeOf(text[9:]), Expires: timeOf(text[17:]),
	}
	rest := text[sessionHead:]
	var parts [4][]byte
	for i := range parts {
		var ok bool
		if parts[i], rest, ok = unframe(rest); !ok {
			return account.Session{}, errSessionText
		}
	}
	if len(rest) > 0 {
		return account.Session{}, errSessionText
	}
	s.Device, s.Client, s.Stamp = account.DeviceID(parts[0]), string(parts[1]), string(parts[2])
	s.Hash = append([]byte(nil), parts[3]...)
	return s, nil
}
