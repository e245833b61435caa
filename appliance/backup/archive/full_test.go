//go:build linux

package archive_test

import (
	"bytes"
	"os/signal"
	"syscall"
	"testing"

	"latchkey/appliance/backup/archive"
)

func TestNoRoomForARestore(t *testing.T) {
	h := newHouse(t)
	for name, large := range map[string]string{"in the first part": "latchkey.db", "in the last": "attachments/ff", "at the end of a small one": "config.toml"} {
		t.Run(name, func(t *testing.T) {
			parts, limit := small(), uint64(500<<10)
			switch large {
			case "latchkey.db":
				parts[0] = part(large, noise(5, 1<<20))
			case "config.toml": // one write of what the buffer holds
				parts, limit = append(parts, part(large, noise(5, 60<<10))), 50<<10
			default:
				parts = append(parts, part(large, noise(5, 1<<20)))
			}
			file := h.write(t, parts)
			var before syscall.Rlimit
			must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
			signal.Ignore(syscall.SIGXFSZ)
			defer signal.Reset(syscall.SIGXFSZ)
			must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}))
			dir, err := h.unpack(t, bytes.NewReader(file), archive.Limits{})
			must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
			wantRefusal(t, dir, err, "backup.full")
		})
	}
}
