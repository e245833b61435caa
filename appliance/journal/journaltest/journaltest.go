// Package journaltest holds what every journal.Keep must do, for those who
// implement one.
package journaltest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"latchkey/appliance/journal"
)

// Run tries the keeps that empty makes, each a new one.
func Run(t *testing.T, empty func(*testing.T) journal.Keep) {
	for _, promise := range []struct {
		says string
		try  func(*testing.T, journal.Keep)
	}{
		{"entries come back whole, the newest first, whatever the order in which they came", ordered},
		{"entries of one time keep their order", oneTime},
		{"a range has its start and not its end", ranges},
		{"a reader may stop at any time, and others write meanwhile", reading},
		{"age takes what is older, and nothing else", aged},
		{"a bound on bytes takes the oldest, and no more than it must", bounded},
		{"an empty keep has no size, and nothing to prune", nothing},
		{"an append whose caller has gone keeps nothing", gone},
	} {
		t.Run(promise.says, func(t *testing.T) { promise.try(t, empty(t)) })
	}
}

// day is noon of a day of 2026.
func day(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 7000, time.UTC) }

func add(t *testing.T, k journal.Keep, days ...int) {
	t.Helper()
	var entries []journal.Entry
	for i, n := range days {
		entries = append(entries, journal.Entry{Time: day(n), Body: fmt.Appendf(nil, "%d.%d", n, i)})
	}
	if err := k.Append(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, k journal.Keep, from, to time.Time) (all []string) {
	t.Helper()
	for e, err := range k.Each(t.Context(), from, to) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(e.Time.YearDay(), "."); !bytes.HasPrefix(e.Body, []byte(want)) || e.Time.Nanosecond() != 7000 {
			t.Errorf("%q is of %v", e.Body, e.Time)
		}
		all = append(all, string(e.Body))
	}
	return all
}

func want(t *testing.T, got []string, want string) {
	t.Helper()
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func ordered(t *testing.T, k journal.Keep) {
	add(t, k, 40, 3, 100)
	add(t, k, 1, 70)
	want(t, list(t, k, time.Time{}, time.Time{}), "[100.2 70.1 40.0 3.1 1.0]")
}

func oneTime(t *testing.T, k journal.Keep) {
	add(t, k, 5, 5, 5)
	want(t, list(t, k, time.Time{}, time.Time{}), "[5.2 5.1 5.0]")
}

func ranges(t *testing.T, k journal.Keep) {
	add(t, k, 1, 2, 3, 40)
	want(t, list(t, k, day(2), day(40)), "[3.2 2.1]")
	want(t, list(t, k, day(2).Add(time.Microsecond), time.Time{}), "[40.3 3.2]")
	want(t, list(t, k, day(3), day(2)), "[]")
}

func reading(t *testing.T, k journal.Keep) {
	add(t, k, 1, 2, 3)
	n := 0
	for range k.Each(t.Context(), time.Time{}, time.Time{}) {
		add(t, k, 50+n)
		if n++; n == 2 {
			break
		}
	}
	want(t, list(t, k, time.Time{}, day(49)), "[3.2 2.1 1.0]")
}

func aged(t *testing.T, k journal.Keep) {
	add(t, k, 1, 2, 33, 34, 35, 70)
	if err := k.Prune(t.Context(), day(34), 0); err != nil {
		t.Fatal(err)
	}
	want(t, list(t, k, time.Time{}, time.Time{}), "[70.5 35.4 34.3]")
	if size := measure(t, k); size.Entries != 3 || !size.Oldest.Equal(day(34)) {
		t.Errorf("size is %+v", size)
	}
}

func bounded(t *testing.T, k journal.Keep) {
	for n := range 100 {
		entries := make([]journal.Entry, 20)
		for i := range entries {
			entries[i] = journal.Entry{Time: day(n + 1).Add(time.Duration(i) * time.Minute), Body: bytes.Repeat([]byte{'x'}, 300)}
		}
		if err := k.Append(t.Context(), entries); err != nil {
			t.Fatal(err)
		}
	}
	before := measure(t, k)
	bound := before.Bytes / 2
	if err := k.Prune(t.Context(), time.Time{}, bound); err != nil {
		t.Fatal(err)
	}
	after := measure(t, k)
	if after.Bytes > bound || after.Entries < before.Entries*2/5 {
		t.Errorf("of %+v it left %+v, want half of the bytes", before, after)
	}
	n := 0
	var last time.Time
	for e, err := range k.Each(t.Context(), time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		last = e.Time
		n++
	}
	if n != after.Entries || !last.Equal(after.Oldest) || n != 2000-int(last.Sub(day(1))/(24*time.Hour))*20-last.Minute() {
		t.Errorf("%d entries from %v on, want all after the oldest that is left; size is %+v", n, last, after)
	}
}

func nothing(t *testing.T, k journal.Keep) {
	if err := k.Prune(t.Context(), day(1), 1); err != nil {
		t.Error(err)
	}
	if err := k.Append(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if size := measure(t, k); size != (journal.Size{}) {
		t.Errorf("size is %+v", size)
	}
	want(t, list(t, k, time.Time{}, time.Time{}), "[]")
}

func gone(t *testing.T, k journal.Keep) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := k.Append(ctx, []journal.Entry{{Time: day(1), Body: []byte("x")}}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	want(t, list(t, k, time.Time{}, time.Time{}), "[]")
}

func measure(t *testing.T, k journal.Keep) journal.Size {
	t.Helper()
	size, err := k.Size(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return size
}
