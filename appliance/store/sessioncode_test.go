package store

import (
	"encoding/hex"
	"errors"
	"reflect"
	"testing"
	"time"

	"latchkey/appliance/account"
)

// oldSession is a session's text as version 1 wrote it, byte by byte.
const oldSession = "01" + // version
	"00064c3a5b1e8000" + // created: 2026-03-03T12:26:24Z, as microseconds
	"00064c3b31b26400" + // seen: an hour later
	"00064e95dd2a8000" + // expires: thirty days after
	"24" + "30316131663933622d663736312d373637662d393265312d333637616435653864643832" + // device, 36 characters
	"03" + "776562" + // client: web
	"05" + "7374616d70" + // stamp: stamp
	"04" + "68617368" // hash: hash

// sessionKey is where both texts stand: an owner and an id.
func sessionKey() []byte {
	key, _ := hex.DecodeString("01a1f93bf761735a9b5d1be582c8afbe" + "01a1f93bf7617360a0f5a1de2e54a3c1")
	return key
}

func TestASessionOfOldStillReads(t *testing.T) {
	text, err := hex.DecodeString(oldSession)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeSession(text, sessionKey())
	if err != nil {
		t.Fatal(err)
	}
	at := func(micro int64) time.Time { return time.UnixMicro(micro).UTC() }
	want := account.Session{
		ID: "01a1f93b-f761-7360-a0f5-a1de2e54a3c1", Owner: "01a1f93b-f761-735a-9b5d-1be582c8afbe",
		Device: "01a1f93b-f761-767f-92e1-367ad5e8dd82", Client: "web", Stamp: "stamp", Hash: []byte("hash"),
		Created: at(0x00064c3a5b1e8000), Seen: at(0x00064c3b31b26400), Expires: at(0x00064e95dd2a8000),
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !got.Proved.IsZero() || got.Method != "" || got.NoRefresh {
		t.Errorf("what it did not say is %v, %q, %t", got.Proved, got.Method, got.NoRefresh)
	}
	t.Run("and is the same when it is written anew", func(t *testing.T) {
		again, err := decodeSession(encodeSession(&got), sessionKey())
		if err != nil || !reflect.DeepEqual(again, want) {
			t.Errorf("%+v, %v", again, err)
		}
	})
	t.Run("but not cut short or drawn out", func(t *testing.T) {
		for n := range text {
			if _, err := decodeSession(text[:n], sessionKey()); !errors.Is(err, errSessionText) {
				t.Errorf("%d bytes of it: %v", n, err)
			}
		}
		if _, err := decodeSession(append(text, 0), sessionKey()); !errors.Is(err, errSessionText) {
			t.Errorf("a byte more: %v", err)
		}
	})
}

func TestASessionComesBackWhole(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	want := account.Session{
		ID: "01a1f93b-f761-7360-a0f5-a1de2e54a3c1", Owner: "01a1f93b-f761-735a-9b5d-1be582c8afbe",
		Device: "device", Client: "cli", Stamp: "stamp", Hash: []byte("hash"), Method: account.ByRemember, NoRefresh: true,
		Created: now, Expires: now.Add(2 * time.Hour), Proved: now.Add(3 * time.Minute),
	}
	want.Seen = now.Add(time.Microsecond)
	text := encodeSession(&want)
	got, err := decodeSession(text, sessionKey())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v (%v)", got, want, err)
	}
	for n := range text {
		if _, err := decodeSession(text[:n], sessionKey()); !errors.Is(err, errSessionText) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
	t.Run("and one of a later program is not guessed at", func(t *testing.T) {
		for _, at := range []int{0, 1} {
			later := append([]byte{}, text...)
			later[at] |= 0x80
			if _, err := decodeSession(later, sessionKey()); !errors.Is(err, errSessionText) {
				t.Errorf("byte %d: %v", at, err)
			}
		}
	})
}
