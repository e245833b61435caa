package api

import (
	"strings"
	"testing"

	"latchkey/appliance/backup/archive"
)

// FuzzBackupBodies sends anything to every row of backups and restores, as an
// owner and as a command, and wants no fault of ours, and that no place is ever
// asked for what is no name of a backup.
func FuzzBackupBodies(f *testing.F) {
	s := newStage(f)
	a := s.owner()
	at := "/latchkey/restore/" + s.began()
	var rows []string
	for _, r := range append(backupRoutes(), restoreRoutes()...) {
		if r.pattern != "POST /latchkey/restore" { // it would end the one that at names
			rows = append(rows, r.pattern)
		}
	}
	for i := range rows {
		f.Add(byte(i), []byte(`{"name":"`+someBackup+`","target":"t1","wait":true,"why":"asked","kind":"s3","fields":{"a":"b"},"recoveryKey":"x","kit":"y"}`))
	}
	f.Add(byte(4), []byte(`{"name":"../../etc/shadow","NAME":"x","Target":null}`))
	f.Add(byte(1), []byte(`{"wait":1,"why":{"a":[]}}`))
	f.Add(byte(6), []byte(`{"fields":{"":null},"id":7}`))
	f.Add(byte(14), []byte("age-encryption.org/v1\n-> X25519 abc\n"))
	f.Cleanup(func() { s.t = f }) // who closes the file tells f
	f.Fuzz(func(t *testing.T, row byte, body []byte) {
		pattern := rows[int(row)%len(rows)]
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.Replace(strings.Replace(path, "/latchkey/restore/{id}", at, 1), "{id}", "t1", 1)
		s.t, s.keeper.asked = t, nil
		for _, w := range []who{a.who, {origin: onSite}} {
			got := s.do(w, method, path, string(body))
			if got.Code >= 500 && got.Code != 503 || got.Code == 403 {
				t.Fatalf("%s: answered %d: %s", pattern, got.Code, got.Body)
			}
		}
		if pattern == "DELETE /latchkey/restore/{id}" {
			at = "/latchkey/restore/" + s.began()
		}
		for _, asked := range s.keeper.asked {
			what, rest, _ := strings.Cut(strings.TrimPrefix(asked, "begin "), " ")
			if what != "open" && what != "prove" && what != "proof" {
				continue
			}
			if name, _, _ := strings.Cut(rest, " "); !isBackup(name) {
				t.Fatalf("%s: asked for %q", pattern, asked)
			}
		}
	})
}

func isBackup(name string) bool {
	_, _, ok := archive.ParseName(name)
	return ok
}
