package journal_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/journal"
	"latchkey/appliance/store"
)

// TestADayOfLogWearsOutNoCard runs the journal for a day over the real file
// and wants few bytes written. What it prints is the measure.
func TestADayOfLogWearsOutNoCard(t *testing.T) {
	for _, day := range []struct {
		says  string
		lives func(j *journal.Journal)
		bytes uint64 // at most
		lines int    // at most
	}{
		{"nobody calls", func(*journal.Journal) { time.Sleep(24 * time.Hour) }, 0, 0},
		{"eight devices of a household sync each half an hour", household, 1 << 20, 300},
		{"ten thousand addresses guess all day", attack, 20 << 20, 2000},
	} {
		t.Run(day.says, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "house")
			if err := store.Create(dir, nil); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { oneDay(t, dir, day.lives, day.bytes, day.lines) })
		})
	}
}

func oneDay(t *testing.T, dir string, lives func(*journal.Journal), bytes uint64, lines int) {
	quiet := slog.New(slog.DiscardHandler)
	file, err := store.Open(t.Context(), store.Config{Dir: dir, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	j := journal.New(journal.Config{
		Keep: file.Journal(), Now: time.Now, Days: func() int64 { return 90 },
		Bytes: func() int64 { return 64 << 20 }, Key: make([]byte, 32), Log: quiet,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	before := file.Stats()
	go func() { ended <- j.Run(ctx) }()
	lives(j)
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	after := file.Stats()
	size, err := file.Journal().Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	written := after.Written - before.Written
	t.Logf("measured: %.2f MB written in %d commits for %d lines", float64(written)/1e6, after.Commits-before.Commits, size.Entries) // make bench reads it
	if written > bytes || size.Entries > lines {
		t.Errorf("%d bytes were written for %d lines, want %d for %d at most", written, size.Entries, bytes, lines)
	}
}

// household is a day of four people with a phone and a laptop each: a renewal
// an hour, a dozen requests each half an hour, some sign-ins, one mistyped
// password.
func household(j *journal.Journal) {
	for half := range 48 {
		for device := range 8 {
			time.Sleep(30 * time.Minute / 8)
			e := journal.Event{
				Owner: owner(device / 2), Device: fmt.Sprintf("Phone %d", device), Outcome: journal.OK,
				Address: fmt.Sprintf("2001:db8:7:1::%x", half*8+device),
			}
			if half%2 == 0 {
				e.Kind, e.Method = journal.Token, "refresh"
				j.Record(e)
			}
			if half == 16 && device%2 == 0 {
				e.Kind, e.Method = journal.SignIn, "password"
				j.Record(e)
			}
			if half == 17 && device == 3 {
				e.Kind, e.Outcome = journal.Refused, "password.wrong"
				j.Record(e)
			}
			for range 12 {
				j.Count(journal.Seen{Outcome: 200, DeviceKind: journal.Phone, Address: netip.MustParseAddr(e.Address), Millis: 4})
			}
		}
	}
}

// attack is a guess each two seconds (in short tests each twenty), from one of
// ten thousand addresses in turn, and a ban for each ten.
func attack(j *journal.Journal) {
	pause := 2 * time.Second
	if testing.Short() {
		pause *= 10
	}
	for n := range int(24 * time.Hour / pause) {
		time.Sleep(pause)
		from := netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0xcb000000+uint32(n%10_000))))
		j.Record(journal.Event{Kind: journal.Refused, Outcome: "password.wrong", Method: "password", Owner: owner(0), Address: from.String()})
		if n%10 == 0 {
			j.Record(journal.Event{Kind: journal.Ban, Outcome: journal.OK, Address: from.String(), Detail: from.String() + "/32"})
		}
		j.Count(journal.Seen{Outcome: 401, Address: from, Millis: 1})
	}
}

func owner(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }
