package story_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"latchkey/test/canary"
	"latchkey/test/house"
)

// TestLossOfTheMachine is the story of a machine that is lost: the owner has added a disk and seen a backup proved on
// it; on a new machine the wizard brings everything back from a downloaded file and the kit, in the real page.
func TestLossOfTheMachine(t *testing.T) {
	t.Parallel()
	chromium := Chromium(t)
	h := house.Start(t, house.Options{})
	owner, member := h.Owner(), h.New("barnaby.thistlewick@meadowmail.test")
	var typed []string
	for i := range 12 {
		secret := fmt.Sprintf("curlew-%02d-samphire-marsh", i)
		typed = append(typed, secret)
		owner.Save(fmt.Sprintf("Lapwing %02d", i), "reader", secret)
	}
	member.Save("Rowing club", "oarsman", "sculls-by-the-boathouse")
	disk := otherDisk(t, h.Dir)
	addresses := freeAddresses(t, 2)

	page := run(t, "backup.mjs", map[string]any{
		"url": h.URL, "local": "http://" + named(addresses[1]), "newUrl": "https://" + named(addresses[0]),
		"chromium": chromium, "home": trusting(t, h), "root": os.Getuid() == 0,
		"map":   fmt.Sprintf("MAP %s %s", host(h.URL), address(h.URL)),
		"shots": filepath.Join(house.Root(), "test", "out", "shots"),
		"email": house.OwnerEmail, "password": house.OwnerPassword,
		"member": map[string]string{"email": member.Email, "password": member.Password},
		"disk":   disk, "same": t.TempDir(), "files": t.TempDir(), "items": 12,
	})
	var second *house.House
	var kitKey string
	steps := 0
	for {
		said, ok := page.next(t)
		if !ok {
			break
		}
		if len(said.Typed) > 0 {
			kitKey = said.Typed[0]
		}
		switch {
		case said.Step != "":
			steps++
			t.Run(said.Step, func(t *testing.T) {
				if said.Trouble != "" {
					t.Error(said.Trouble)
				}
			})
		case said.Ask == "lose":
			h.Kill()
			second = elsewhere(t, addresses)
			page.answer(t, map[string]any{"link": second.Await(`(http://\S+/#/setup\?token=\S+)`)})
		case said.Ask != "":
			t.Fatalf("the page's side asks for %q", said.Ask)
		}
	}
	if steps < 25 || second == nil || kitKey == "" {
		t.Fatalf("the story ended after %d steps; it is not whole", steps)
	}

	t.Run("a session of the old machine is none on the new one", func(t *testing.T) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, second.URL+"/api/sync", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+owner.Access)
		answer, err := second.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("the old session is answered by %d", answer.StatusCode)
		}
	})
	t.Run("what was backed up tells nothing where it lies, nor the log", func(t *testing.T) {
		secrets := append(typed, house.OwnerEmail, member.Email, "sculls-by-the-boathouse")
		found, looked, err := canary.FindInFolder(disk, secrets)
		nothing(t, found, looked, err)
		if found := canary.Find([]byte(h.Said()+second.Said()), append(secrets, kitKey)); len(found) > 0 {
			t.Errorf("what the binary said: found %q", found)
		}
	})
	t.Run("each house that a backup took the place of is put aside, not deleted", func(t *testing.T) {
		kept, err := filepath.Glob(second.Dir + ".before-*")
		if err != nil || len(kept) != 2 {
			t.Errorf("got %q (%v)", kept, err)
		}
	})
}

// elsewhere is a new machine: nothing on it yet, on ports that it finds again after the restore.
func elsewhere(t *testing.T, addresses []string) *house.House {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.toml")
	text := fmt.Sprintf("listen = [%q]\nlocal = %q\n", addresses[0], addresses[1])
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return house.Start(t, house.Options{Unclaimed: true, Plain: true, Config: config})
}

// otherDisk is a folder on another file system than dir, as a USB disk is.
func otherDisk(t *testing.T, dir string) string {
	t.Helper()
	disk, err := os.MkdirTemp("/dev/shm", "latchkey-story-")
	if err != nil {
		t.Skipf("there is no second file system here to back up to: %v", err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(disk); err != nil {
			t.Error(err)
		}
	})
	var a, b syscall.Stat_t
	if err := syscall.Stat(disk, &a); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Stat(dir, &b); err != nil {
		t.Fatal(err)
	}
	if a.Dev == b.Dev {
		t.Skip("the data folder lies in memory, too: there is no second file system here to back up to")
	}
	return disk
}

// freeAddresses are ports of the loopback that nobody uses now.
func freeAddresses(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l.Addr().String())
		defer l.Close()
	}
	return all
}

func named(address string) string { return strings.Replace(address, "127.0.0.1", "localhost", 1) }
