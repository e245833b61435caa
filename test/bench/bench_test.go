package bench

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"flag"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"latchkey/test/house"
)

var (
	show = flag.Bool("bench-table", false, "measure, and print the table (make bench)")
	only = flag.String("bench-only", "", "server, store, backup, names or browser: measure that alone")
)

func TestMain(m *testing.M) {
	if os.Getenv(helloVar) != "" {
		fmt.Fprintln(os.Stderr, serveHello())
		os.Exit(1)
	}
	if dir := os.Getenv(doorVar); dir != "" {
		fmt.Fprintln(os.Stderr, serveDoor(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestBench measures and prints. A goal that is missed is shown, and fails nothing: figures depend on the
// machine, and a person has to look at them.
func TestBench(t *testing.T) {
	if !*show {
		t.Skip("figures are measured by make bench")
	}
	table := &Table{}
	wanted := func(part string) bool { return *only == "" || *only == part }
	var h *house.House
	var people []*house.Person
	if wanted("server") || wanted("browser") {
		h, people = populated(t)
	}
	if wanted("server") {
		binaryAndPage(t, table)
		starts(t, table, h)
		memory(t, table, h, people)
		syncs(t, table, h, people)
		signIns(t, table, h)
	}
	if wanted("store") {
		storeFigures(t, table)
		logFigures(t, table)
	}
	if wanted("backup") {
		backups(t, table)
	}
	if wanted("names") {
		names(t, table)
	}
	if wanted("browser") {
		h.Restart()
		browser(t, table, h, people)
	}
	if err := table.Print(os.Stdout); err != nil {
		t.Fatal(err)
	}
}

// binaryAndPage weighs what is shipped.
func binaryAndPage(t *testing.T, table *Table) {
	t.Helper()
	info, err := os.Stat(house.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	table.AtMost("stripped binary with the page", float64(info.Size())/1e6, 20, "MB")

	static := filepath.Join(house.Root(), "webui", "static")
	var all, words int64
	err = filepath.WalkDir(static, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".txt") || strings.HasSuffix(path, ".png") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := gzipped(raw)
		if filepath.Base(path) == "wordlist.json" {
			words = n
			return nil
		}
		all += n
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	table.Told("all of the page gzipped, first run and settings too", fmt.Sprintf("%.0f KB, and %.0f KB of words for passphrases",
		float64(all)/1e3, float64(words)/1e3))
}

func gzipped(raw []byte) int64 {
	var n counter
	w := gzip.NewWriter(&n)
	_, _ = w.Write(raw)
	_ = w.Close()
	return int64(n)
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// starts measures from the start of the process to its first answer over TLS.
func starts(t *testing.T, table *Table, h *house.House) {
	t.Helper()
	var all []float64
	for range 7 {
		h.Stop()
		all = append(all, milliseconds(h.FirstAnswer("/alive")))
	}
	table.AtMost("start to first answer, 100,000 items in the file", median(all), 50, "ms")
}

// memory reads what is the process's own, not the mapped file's.
func memory(t *testing.T, table *Table, h *house.House, people []*house.Person) {
	t.Helper()
	h.Stop()
	h.Restart()
	time.Sleep(3 * time.Second)
	idle := anonymous(t, h.PID())
	table.AtMost("idle anonymous memory", idle, 24, "MiB")

	client := plain(h.TLS(), 64)
	writer := people[12] // nobody whose sync is measured
	item := writer.Login("while writing", "u", "p")
	done := make(chan struct{})
	var peak float64
	go func() {
		defer close(done)
		for range 100 {
			peak = max(peak, anonymous(t, h.PID()))
			time.Sleep(50 * time.Millisecond)
		}
	}()
	var saves atomic.Int64
	var wait sync.WaitGroup
	begun := time.Now()
	for range 64 {
		wait.Go(func() {
			for time.Since(begun) < 5*time.Second {
				if err := h.Save(client, writer, item); err != nil {
					t.Errorf("saving: %v", err)
					return
				}
				saves.Add(1)
			}
		})
	}
	wait.Wait()
	<-done
	table.AtMost("anonymous memory under 64 writers", peak, 64, "MiB")
	table.Told("durable saves over TLS, 64 writers", fmt.Sprintf("%.0f/s", float64(saves.Load())/time.Since(begun).Seconds()))
}

var anonymousLine = regexp.MustCompile(`(?m)^Anonymous:\s+(\d+) kB`)

// anonymous gives MiB.
func anonymous(t *testing.T, pid int) float64 {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		t.Errorf("reading memory: %v", err)
		return 0
	}
	found := anonymousLine.FindSubmatch(raw)
	if found == nil {
		t.Errorf("no Anonymous line in smaps_rollup")
		return 0
	}
	kilobytes, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		t.Error(err)
	}
	return kilobytes / 1024
}

// syncs compares a sync with hello, in turns of a second or two, and takes the median of the rounds' ratios.
func syncs(t *testing.T, table *Table, h *house.House, people []*house.Person) {
	t.Helper()
	hello := startHello(t)
	ours := plain(h.TLS(), 16)
	theirs := plain(&tls.Config{InsecureSkipVerify: true}, 16) //nolint:gosec // the yardstick proves nothing to anybody
	cases := []struct {
		name   string
		person *house.Person
		etag   bool
		goal   float64
	}{
		{"sync with no change (304)", people[2], true, 0.75},
		{"sync of 100 items", people[2], false, 0.8},
		{"sync of 1,000 items", people[1], false, 0.8},
		{"sync of 10,000 items", people[0], false, 1 / 1.5},
	}
	for _, c := range cases {
		var ratios, rates []float64
		bytes := 0
		tag := ""
		want := http.StatusOK
		if c.etag {
			tag = c.person.Do(http.MethodGet, "/api/sync?excludeDomains=true", nil).Header.Get("ETag")
			want = http.StatusNotModified
		}
		ask := func() *http.Request {
			r := request(h.URL + "/api/sync?excludeDomains=true")
			r.Header.Set("Authorization", "Bearer "+c.person.Access)
			if tag != "" {
				r.Header.Set("If-None-Match", tag)
			}
			return r
		}
		for range 5 {
			mine, size := rate(t, ours, 4, 1500*time.Millisecond, ask, want)
			bytes = size
			yard, _ := rate(t, theirs, 4, 1500*time.Millisecond, func() *http.Request {
				return request(fmt.Sprintf("%s/%d", hello, size))
			}, want)
			ratios, rates = append(ratios, mine/yard), append(rates, mine)
			if t.Failed() {
				table.Missing(c.name, "it failed")
				return
			}
		}
		table.AtLeast(c.name+" beside hello", median(ratios), c.goal, fmt.Sprintf("%.0f/s of %.1f KB", median(rates), float64(bytes)/1e3))
	}
	table.AtMost("bytes of a sync with no change, with its headers", float64(unchanged(t, h, people[2]))/1e3, 1, "KB")
}

func unchanged(t *testing.T, h *house.House, p *house.Person) int {
	t.Helper()
	tag := p.Do(http.MethodGet, "/api/sync?excludeDomains=true", nil).Header.Get("ETag")
	r := request(h.URL + "/api/sync?excludeDomains=true")
	r.Header.Set("Authorization", "Bearer "+p.Access)
	r.Header.Set("If-None-Match", tag)
	answer, err := plain(h.TLS(), 1).Do(r)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer answer.Body.Close()
	var n counter
	_ = answer.Write(&n)
	return int(n)
}

func request(url string) *http.Request {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		panic("bench: " + err.Error())
	}
	return r
}

// signIns measures a new connection with a sign-in, beside the hash that is most of it.
func signIns(t *testing.T, table *Table, h *house.House) {
	t.Helper()
	owner := h.Owner()
	var whole, hash []float64
	for range 9 {
		client := plain(h.TLS(), 1)
		begun := time.Now()
		if err := h.SignInBy(client, owner); err != nil {
			t.Errorf("signing in: %v", err)
			return
		}
		whole = append(whole, milliseconds(time.Since(begun)))
		client.CloseIdleConnections()
		begun = time.Now()
		argon2.IDKey([]byte("password"), []byte("saltsaltsaltsalt"), 2, 19*1024, 1, 32)
		hash = append(hash, milliseconds(time.Since(begun)))
	}
	table.Told("new connection and sign-in", fmt.Sprintf("%.1f ms, %.1f ms beside the hash (%.1f ms alone)",
		median(whole), median(whole)-median(hash), median(hash)))
}

var (
	benchLine   = regexp.MustCompile(`(?m)^Benchmark(\w+?)(?:-\d+)?\s+\d+\s+(.*)$`)
	benchMetric = regexp.MustCompile(`([\d.e+-]+) (\S+)`)
)

// storeFigures runs the store's own benchmarks, which measure what they compare in turns.
func storeFigures(t *testing.T, table *Table) {
	t.Helper()
	command := exec.Command("go", "test", "-run", "^$", "-bench", "Against", "-benchtime", "1x", "-timeout", "20m", "./appliance/store")
	command.Dir = house.Root()
	out, err := command.CombinedOutput()
	if err != nil {
		table.Missing("the store's benchmarks", "they failed")
		t.Logf("%s", out)
		return
	}
	all := map[string]map[string]float64{}
	for _, line := range benchLine.FindAllStringSubmatch(string(out), -1) {
		all[line[1]] = map[string]float64{}
		for _, metric := range benchMetric.FindAllStringSubmatch(line[2], -1) {
			value, err := strconv.ParseFloat(metric[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			all[line[1]][metric[2]] = value
		}
	}
	for _, row := range []struct {
		bench, name string
		most, least float64
	}{
		{"SaveWithOneWriterAgainstABareUpdate", "durable save, one writer, in the time of a bare bbolt update", 2, 0},
		{"SaveWithSixteenWritersAgainstBareUpdates", "durable saves, 16 writers, beside the rate of bare updates", 0, 3},
		{"InsertAtHundredThousandItemsAgainstAThousand", "insert at 100,000 items in the time of an insert at 1,000", 1.3, 0},
		{"SessionCheckWith25000SessionsAgainstHundred", "session check with 25,000 sessions beside the rate with 100", 0, 0.9},
	} {
		got, ok := all[row.bench]
		switch rate := fmt.Sprintf("%.0f/s", got["per-s"]); {
		case !ok:
			table.Missing(row.name, "no Benchmark"+row.bench)
		case row.most > 0:
			table.Times(row.name, got["ratio-time"], row.most, rate)
		default:
			table.AtLeast(row.name, got["ratio-rate"], row.least, rate)
		}
	}
}
