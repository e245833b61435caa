package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"latchkey/test/house"
)

// A frame at 60 Hz, in ms.
const frame = 1000.0 / 60

// browser measures the page with the first person's 10,000 items.
func browser(t *testing.T, table *Table, h *house.House, people []*house.Person) {
	t.Helper()
	chromium := ""
	for _, name := range []string{os.Getenv("LATCHKEY_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil && chromium == "" {
			chromium = path
		}
	}
	if chromium == "" {
		table.Missing("the page in Chromium", "no Chromium here")
		return
	}
	p := people[0]
	config, err := json.Marshal(map[string]any{
		"url": h.URL, "email": p.Email, "password": p.Password, "chromium": chromium, "root": os.Getuid() == 0,
		"kdf": map[string]int{"iterations": p.KDF.Iterations, "memory": p.KDF.Memory, "parallelism": p.KDF.Parallelism},
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", filepath.Join(house.Root(), "test", "bench", "browser.mjs"))
	command.Stdin = bytes.NewReader(config)
	var complaint bytes.Buffer
	command.Stderr = &complaint
	out, err := command.Output()
	if err != nil {
		table.Missing("the page in Chromium", "it failed")
		t.Logf("browser.mjs: %v\n%s", err, complaint.Bytes())
		return
	}
	var got struct {
		SignIn, Library, Derived, Times, Drawn, Block, Press, WorstPress, Copy, Weight float64
		Found, Requests, Nodes                                                         int
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("browser.mjs said %s: %v", out, err)
	}
	table.Times("Chromium: derivation in the page beside the library alone", got.Times, 1.1,
		fmt.Sprintf("%.0f ms against %.0f ms", got.Derived, got.Library))
	table.AtMost("Chromium: longest block of the page while it derives", got.Block, 50, "ms")
	table.AtMost("Chromium: derived key to drawn list, unlocking 10,000 items", got.Drawn/1000, 0.8, "s")
	table.Told("Chromium: the same at a sign-in, which fetches them", fmt.Sprintf("%.2f s", got.SignIn/1000))
	table.AtMost("Chromium: keystroke of search to drawn, median", got.Press/frame, 2, "frames")
	table.Told("Chromium: the slowest keystroke", fmt.Sprintf("%.1f frames", got.WorstPress/frame))
	table.AtMost("Chromium: copy, key press to clipboard", got.Copy/frame, 1, "frames")
	table.AtMost("Chromium: requests made by copying", float64(got.Requests), 0, "requests")
	table.AtMost("Chromium: nodes in the document", float64(got.Nodes), 2000, "nodes")
	table.AtMost("Chromium: page weight on the wire, with WebAssembly, from nothing to the drawn list", got.Weight/1e3, 150, "KB")
}
