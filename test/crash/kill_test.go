package crash

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/test/house"
)

func TestMain(m *testing.M) {
	if words := os.Getenv(working); words != "" {
		os.Exit(work(words))
	}
	code := m.Run()
	_ = os.RemoveAll(programs())
	os.Exit(code)
}

// programs is the folder of this run's program.
func programs() string {
	return filepath.Join(os.TempDir(), fmt.Sprint("latchkey-crash-program-", os.Getpid()))
}

// program is the real program, which no other test builds anew while this one
// runs it thousands of times.
func program(t testing.TB) string {
	t.Helper()
	mine := filepath.Join(programs(), "latchkey")
	if _, err := os.Stat(mine); err == nil {
		return mine
	}
	built, err := os.ReadFile(house.Binary(t))
	if err == nil {
		err = errors.Join(os.MkdirAll(programs(), 0o700), os.WriteFile(mine+".new", built, 0o700), os.Rename(mine+".new", mine))
	}
	if err != nil {
		t.Fatal(err)
	}
	return mine
}

// cycles is how often to kill over all scenes: hundreds in a test, thousands in
// make crash, a few for each save.
func cycles(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("LATCHKEY_CRASH_CYCLES")); err == nil {
		return n
	}
	if testing.Short() || os.Getenv("LATCHKEY_QUICK") != "" {
		return 20
	}
	return 240
}

// scene is one thing that the real program does, killed in the middle.
type scene struct {
	name   string
	weight int
	// prepare gives what lives through one cycle: it begins the thing, kills it
	// at a random moment, and wants of what is left what the issue of it is.
	prepare func(t *testing.T, box *sandbox) func() (life, error)
}

// life is what came of a cycle.
type life struct {
	killed bool // it had not ended by itself
	acks   int  // what was acknowledged meanwhile
}

func scenes() []scene {
	return []scene{
		{"a house is made", 3, killCreation},
		{"a house is set up", 2, killSetUp},
		{"things are saved", 8, killSaving},
		{"a vault is imported", 4, killImport},
		{"the log is pruned", 2, killPruning},
		{"a format is migrated", 4, killMigration},
		{"a backup is made", 4, killBackup},
		{"a backup is restored", 3, killRestore},
		{"a restored house takes another one's place", 3, killReplacing},
		{"the page restores a backup", 3, killPageRestore},
		{"files are installed", 2, killInstall},
	}
}

// TestCrash kills the real program in all that it does, at random moments.
// After each kill no acknowledged write is lost, what was one thing is there
// whole or not at all, the full check is clean, and the house starts.
func TestCrash(t *testing.T) {
	program(t)
	total, sum := cycles(t), 0
	for _, s := range scenes() {
		sum += s.weight
	}
	var kills, lives, acks atomic.Int64
	begun := time.Now()
	t.Run("killed while", func(t *testing.T) {
		for _, s := range scenes() {
			t.Run(s.name, func(t *testing.T) {
				t.Parallel()
				n := max(1, total*s.weight/sum)
				once := s.prepare(t, &sandbox{root: memory(t)})
				killed := 0
				for i := range n {
					l, err := once()
					if err != nil {
						t.Fatalf("cycle %d: %v", i, err)
					}
					lives.Add(1)
					acks.Add(int64(l.acks))
					if l.killed {
						killed++
					}
				}
				kills.Add(int64(killed))
				t.Logf("measured: killed while %s: %d cycles, %d killed before the end", s.name, n, killed)
			})
		}
	})
	if t.Failed() {
		return
	}
	t.Logf("measured: %d cycles in %v, %d kills, %d acknowledged writes, none lost", lives.Load(), time.Since(begun).Round(time.Second), kills.Load(), acks.Load())
}
