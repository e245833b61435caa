package store

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asdine/storm/v3"
	"github.com/asdine/storm/v3/codec/gob"
	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"latchkey/appliance/account"
	"latchkey/appliance/journal"
)

// One test for each trap of storm that was measured: where it is cheap, first
// that plain storm falls into it, then that the store does not.

func bareStorm(t *testing.T) *storm.DB {
	t.Helper()
	db, err := storm.Open(filepath.Join(t.TempDir(), "bare.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func openNew(t *testing.T) *Store {
	t.Helper()
	dir := t.TempDir()
	if err := Create(dir, nil); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = s.Close()
		key, _ := os.ReadFile(filepath.Join(dir, keyName))
		if r := Check(filepath.Join(dir, fileName), key); !r.Clean() {
			t.Errorf("the full check found %v", &r)
		}
	})
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func someID() string { return uuid.Must(uuid.NewV7()).String() }

// joins keeps a person with devices of these identifiers.
func joins(t testing.TB, s *Store, email string, identifiers ...string) account.UserID {
	t.Helper()
	owner := account.UserID(someID())
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		err := w.PutAccount(account.Account{ID: owner, Email: email, Hint: "a hint"})
		for _, name := range identifiers {
			d := account.Device{ID: account.DeviceID(someID()), Owner: owner, Identifier: name}
			err = errors.Join(err, w.PutDevice(d))
		}
		return err
	}))
	return owner
}

type tenant struct {
	ID int    `storm:"id,increment"`
	By string `storm:"index"`
}

func TestTrap1AListIndexNeverFindsTheRowsOfALongerName(t *testing.T) {
	bare := bareStorm(t)
	must(t, bare.Save(&tenant{By: "bob"}))
	must(t, bare.Save(&tenant{By: "bob__evil"}))
	var found []tenant
	if must(t, bare.Find("By", "bob", &found)); len(found) != 2 {
		t.Errorf("plain storm found %d rows: the trap is gone, think again about it", len(found))
	}
	s := openNew(t)
	bob, evil := joins(t, s, "bob", "laptop"), joins(t, s, "bob__evil", "laptop__evil", "laptop__")
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		mine, err := r.Devices(bob)
		theirs, evilErr := r.Devices(evil)
		if len(mine) != 1 || len(theirs) != 2 {
			t.Errorf("found %d and %d devices, want 1 and 2", len(mine), len(theirs))
		}
		return errors.Join(err, evilErr)
	}))
	must(t, s.db.View(func(tx *bbolt.Tx) error {
		return eachClearColumn(tx, func(table, column, value string) {
			want := map[string]int{tableAccounts + "Name": 32, tableDevices + "Name": 32, tableDevices + "Owner": 36}
			if len(value) != want[table+column] || strings.Trim(value, "0123456789abcdef-") != "" {
				t.Errorf("%s.%s holds %q, which is no hash or UUID of one length", table, column, value)
			}
		})
	}))
}

// eachClearColumn gives each indexed value as it stands in the file.
func eachClearColumn(tx *bbolt.Tx, fn func(table, column, value string)) error {
	for _, table := range []string{tableAccounts, tableDevices, tableInvitations, tableValues} {
		for _, column := range []string{"Name", "Owner"} {
			b := tx.Bucket([]byte(table)).Bucket([]byte(recordBucket)).Bucket([]byte("__storm_index_" + column))
			err := b.ForEach(func(k, v []byte) error {
				if v != nil {
					fn(table, column, strings.TrimSuffix(string(k), "__"+string(v)))
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func TestTrap2AThingCalledStormIsFound(t *testing.T) {
	bare := bareStorm(t)
	must(t, bare.Save(&tenant{By: "storm"}))
	var found []tenant
	if err := bare.Find("By", "storm", &found); !errors.Is(err, storm.ErrNotFound) {
		t.Errorf("plain storm answered %v: the trap is gone", err)
	}
	s := openNew(t)
	owner := joins(t, s, "storm", "storm", "storm__ids")
	must(t, s.SetValue(t.Context(), "storm", []byte("v")))
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		_, err := r.AccountByEmail("storm")
		_, nameErr := r.DeviceByIdentifier(owner, "storm")
		return errors.Join(err, nameErr)
	}))
	if v, err := s.Value(t.Context(), "storm"); string(v) != "v" {
		t.Errorf("Value gave %q, %v", v, err)
	}
}

type numbered struct {
	ID int `storm:"id"`
	N  int `storm:"index"`
}

func TestTrap3RangesHoldForNumbersWithUnderscoresAndSigns(t *testing.T) {
	const odd = 0x5f5f
	bare := bareStorm(t)
	must(t, bare.Save(&numbered{ID: odd, N: odd}))
	must(t, bare.Save(&numbered{ID: 1, N: -1}))
	var found []numbered
	if err := bare.Range("N", odd, odd, &found); !errors.Is(err, storm.ErrNotFound) {
		t.Errorf("plain storm answered %v: the trap is gone", err)
	}
	s := openNew(t)
	for _, micro := range []int64{odd, odd << 16, odd<<32 | odd, 0x5f5f5f5f5f5f} {
		at := time.UnixMicro(micro)
		must(t, s.Journal().Append(t.Context(), []journal.Entry{{Time: at.Add(-time.Microsecond)}, {Time: at}, {Time: at.Add(time.Microsecond)}}))
		n := 0
		for e, err := range s.Journal().Each(t.Context(), at, at.Add(time.Microsecond)) {
			if must(t, err); !e.Time.Equal(at) {
				t.Errorf("found %v, want %v", e.Time, at)
			}
			n++
		}
		if n != 1 {
			t.Errorf("found %d entries at %#x, want 1", n, micro)
		}
	}
	if err := s.Journal().Append(t.Context(), []journal.Entry{{Time: time.Unix(-1, 0)}}); err == nil {
		t.Error("an entry that would sort wrongly was kept")
	}
}

type timed struct {
	ID int       `storm:"id,increment"`
	At time.Time `storm:"index"`
}

func TestTrap4ATimeIsFoundInAnyZoneAndToTheMicrosecond(t *testing.T) {
	bare := bareStorm(t)
	base := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	zones := []*time.Location{time.UTC, time.FixedZone("east", 9*3600), time.FixedZone("west", -9*3600)}
	s := openNew(t)
	for i := range 9 {
		at := base.Add(time.Duration(i) * 100 * time.Microsecond).In(zones[i%3])
		must(t, bare.Save(&timed{At: at}))
		must(t, s.Journal().Append(t.Context(), []journal.Entry{{Time: at, Body: fmt.Append(nil, i)}}))
	}
	from, to := base.Add(200*time.Microsecond), base.Add(700*time.Microsecond)
	var found []timed
	_ = bare.Range("At", from, to.Add(-1), &found)
	if len(found) == 5 {
		t.Error("plain storm found all 5: the trap is gone")
	}
	var got string
	for e, err := range s.Journal().Each(t.Context(), from.In(zones[1]), to.In(zones[2])) {
		must(t, err)
		got += string(e.Body)
	}
	if got != "65432" {
		t.Errorf("found %s, want 65432", got)
	}
}

func TestTrap5TablesReadAtOnceNeverGiveAnothersRows(t *testing.T) {
	chained := bareStorm(t).From("a", "b").From("c")
	x, y := chained.From("x"), chained.From("y")
	if got := x.Bucket(); got[len(got)-1] != "y" {
		t.Errorf("plain storm's node is %v beside %v: the trap is gone", got, y.Bucket())
	}
	s := openNew(t)
	owner := joins(t, s, "ada", "laptop")
	must(t, s.SetValue(t.Context(), "name", []byte("value")))
	var done sync.WaitGroup
	for range 8 {
		done.Go(func() {
			for range 200 {
				err := s.Accounts().View(t.Context(), func(r account.Reader) error {
					a, err := r.Account(owner)
					d, deviceErr := r.DeviceByIdentifier(owner, "laptop")
					if a.Email != "ada" || d.Identifier != "laptop" {
						t.Errorf("found %q and %q", a.Email, d.Identifier)
					}
					return errors.Join(err, deviceErr)
				})
				v, valueErr := s.Value(t.Context(), "name")
				if err != nil || valueErr != nil || string(v) != "value" {
					t.Errorf("%v, %v, %q", err, valueErr, v)
				}
			}
		})
	}
	done.Wait()
}

func TestTrap6EmptyAndZeroAreKeptLikeAnythingElse(t *testing.T) {
	bare := bareStorm(t)
	must(t, bare.Save(&tenant{By: "x"}))
	must(t, bare.Update(&tenant{ID: 1, By: ""}))
	var left tenant
	if must(t, bare.One("ID", 1, &left)); left.By != "x" {
		t.Error("plain storm's Update has cleared a field: the trap is gone")
	}
	s := openNew(t)
	owner := joins(t, s, "", "")
	must(t, s.Accounts().Write(t.Context(), func(w account.Writer) error {
		a, err := w.AccountByEmail("")
		if err != nil {
			return err
		}
		a.Hint = ""
		return w.PutAccount(a)
	}))
	must(t, s.Accounts().View(t.Context(), func(r account.Reader) error {
		a, err := r.Account(owner)
		if a.Hint != "" {
			t.Errorf("the hint is %q", a.Hint)
		}
		_, nameErr := r.DeviceByIdentifier(owner, "")
		return errors.Join(err, nameErr)
	}))
	must(t, s.SetValue(t.Context(), "name", []byte("full")))
	must(t, s.SetValue(t.Context(), "name", nil))
	if v, err := s.Value(t.Context(), "name"); err != nil || v == nil || len(v) != 0 {
		t.Errorf("an emptied value is %v, %v", v, err)
	}
	must(t, s.RemoveValue(t.Context(), "name"))
	if _, err := s.Value(t.Context(), "name"); !errors.Is(err, ErrNoValue) {
		t.Errorf("a removed value gave %v", err)
	}
}

func TestTrap7AnOpenThatFailsLetsGoOfTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bare.db")
	db, err := storm.Open(path)
	must(t, err)
	must(t, db.Close())
	if _, err := storm.Open(path, storm.Codec(gob.Codec)); err == nil {
		t.Fatal("storm opened a file of another codec")
	}
	if again, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 20 * time.Millisecond}); err == nil {
		_ = again.Close()
		t.Error("plain storm has let go: the trap is gone")
	}
	dir := t.TempDir()
	must(t, Create(dir, nil))
	own, err := os.ReadFile(filepath.Join(dir, keyName))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, keyName), newSealKey().encode(), fileMode))
	if _, err := Open(t.Context(), quiet(dir)); err == nil {
		t.Fatal("it opened with a foreign key")
	}
	must(t, os.WriteFile(filepath.Join(dir, keyName), own, fileMode))
	s, err := Open(t.Context(), quiet(dir))
	must(t, err)
	must(t, s.Close())
}

func TestTrap8TheTypesNameInTheFileIsTheOneThatWasReleased(t *testing.T) {
	s := openNew(t)
	must(t, s.db.View(func(tx *bbolt.Tx) error {
		for _, table := range []string{"accounts", "devices", "invitations", "values"} {
			if tx.Bucket([]byte(table)).Bucket([]byte("record")) == nil {
				t.Errorf("table %s has no bucket \"record\": renaming the type loses all its rows", table)
			}
		}
		return nil
	}))
}

func TestTrap9StormIsPinnedAndBboltIsNew(t *testing.T) {
	mod, err := os.ReadFile("../../go.mod")
	must(t, err)
	for _, want := range []string{"github.com/asdine/storm/v3 v3.2.1", "go.etcd.io/bbolt v1.5."} {
		if !strings.Contains(string(mod), want) {
			t.Errorf("go.mod does not name %s", want)
		}
	}
}

func TestARefusedStormSaveLeavesNoHalfIndex(t *testing.T) {
	bare := bareStorm(t)
	const tables = 200 // storm begins at a random field: one start in eight leaves a half
	for table := range tables {
		node := bare.From(fmt.Sprint(table))
		must(t, node.Save(&record{ID: "1", Name: "n", Owner: "o"}))
		must(t, bare.Bolt.Update(func(tx *bbolt.Tx) error {
			if err := node.WithTransaction(tx).Save(&record{ID: "2", Name: "n", Owner: "p"}); err == nil {
				t.Error("storm took a name twice")
			}
			return nil // swallowed
		}))
	}
	half := 0
	must(t, bare.Bolt.View(func(tx *bbolt.Tx) error {
		for table := range tables {
			b := tx.Bucket(fmt.Append(nil, table)).Bucket([]byte("record")).Bucket([]byte("__storm_index_Owner"))
			if b.Get([]byte("p__2")) != nil {
				half++
			}
		}
		return nil
	}))
	if half == 0 {
		t.Errorf("plain storm left no half index in %d tries: the trap is gone", tables)
	}

	s := openNew(t)
	owner := joins(t, s, "ada", "laptop")
	for range 20 {
		err := s.writer.do(t.Context(), alone, func(l *layer) error {
			r := record{ID: someID(), Name: s.sealer.name(nameDevice, string(owner), "laptop"), Owner: string(owner)}
			_ = l.table(tableDevices).save(&r) // behind the check that would refuse it
			return nil                         // swallowed
		})
		if !errors.Is(err, storm.ErrAlreadyExists) {
			t.Fatalf("a write with a refused save ended with %v", err)
		}
	}
	// The full check at the end of the test counts the indexes.
}

func TestNoSharedWriteMayTouchStorm(t *testing.T) {
	s := openNew(t)
	defer func() {
		if recover() == nil {
			t.Error("it wrote")
		}
	}()
	_ = s.writer.do(t.Context(), shared, func(l *layer) error {
		return l.table(tableValues).save(&record{ID: "1"})
	})
}
