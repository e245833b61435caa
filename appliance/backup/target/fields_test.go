package target

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestWebAddresses(t *testing.T) {
	for typed, want := range map[string]string{
		"cloud.example.org":                        "https://cloud.example.org/",
		" https://Cloud.Example.ORG/a//b/ ":        "https://cloud.example.org/a/b",
		"http://192.168.1.20:5005/share":           "http://192.168.1.20:5005/share",
		"davs://cloud.example.org/remote.php/dav/": "https://cloud.example.org/remote.php/dav",
		"https://[fd00::1]:5006/x":                 "https://[fd00::1]:5006/x",
		"https://nas_1.local":                      "https://nas_1.local/",
		"https://cloud.example.org/Größe und mehr": "https://cloud.example.org/Gr%C3%B6%C3%9Fe%20und%20mehr",
		"https://user:pass@cloud.example.org/":     "",
		"https://cloud.example.org/?a=b":           "",
		"https://cloud.example.org/#top":           "",
		"https://cloud.example.org/a/../b":         "",
		"ftp://cloud.example.org":                  "",
		"javascript:alert(1)":                      "",
		"https://":                                 "",
		"https://cloud.example.org:0":              "",
		"https://cloud.example.org:99999":          "",
		"https://cloud.example.org:":               "",
		"https://0.0.0.0/":                         "",
		"https://a b/":                             "",
		"https://-a.example/":                      "",
		"https://a..b/":                            "",
	} {
		f := Field{Name: FieldURL, Title: "Address"}
		tidy, err := f.tidy(typed)
		if err != nil {
			t.Errorf("%q: %v", typed, err)
			continue
		}
		u, err := web(FieldURL, tidy, true)
		got := ""
		if err == nil {
			got = u.String()
		}
		if got != want {
			t.Errorf("%q became %q (%v), want %q", typed, got, err, want)
		}
	}
	if _, err := web(FieldEndpoint, "s3.example.org/bucket", false); err == nil {
		t.Error("an endpoint with a path was taken")
	}
}

func TestSSHServers(t *testing.T) {
	for typed, want := range map[string]string{
		"nas.local": "nas.local:22", "192.168.1.20": "192.168.1.20:22", "fd00::1": "[fd00::1]:22", "[fd00::1]": "[fd00::1]:22",
		"sftp://nas/": "nas:22", "me@nas": "", "nas:22": "", "nas/backup": "", "-oProxyCommand=x": "", "": "",
	} {
		got, err := Config{Kind: KindSFTP, Fields: map[string]string{FieldHost: typed}}.sshServer()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q became %q, %v", typed, got, err)
		}
	}
	for _, port := range []string{"0", "65536", "x", "-1", "22 "} {
		if _, err := (Config{Kind: KindSFTP, Fields: map[string]string{FieldHost: "nas", FieldPort: port}}).sshServer(); err == nil {
			t.Errorf("the port %q was taken", port)
		}
	}
}

func TestFieldsAreFilled(t *testing.T) {
	whole := map[string]string{FieldURL: " https://c.example ", FieldUser: "me", FieldPassword: " blank at both ends \n", "alien": "x"}
	c, err := Config{Kind: KindWebDAV, Fields: whole}.filled()
	if err != nil {
		t.Fatal(err)
	}
	if c.Fields[FieldPassword] != " blank at both ends " || c.Fields[FieldURL] != "https://c.example" || c.Fields["alien"] != "" {
		t.Errorf("filled as %q", c.Fields)
	}
	for sentence, c := range map[string]Config{
		"another kind":        {Kind: "ftp"},
		"no kind":             {},
		"nothing filled in":   {Kind: KindWebDAV},
		"a control character": {Kind: KindFolder, Fields: map[string]string{FieldFolder: "/mnt/\x1b[2J"}},
		"a line's end":        {Kind: KindFolder, Fields: map[string]string{FieldFolder: "/mnt/a\nb"}},
		"an endless text":     {Kind: KindFolder, Fields: map[string]string{FieldFolder: "/" + strings.Repeat("a", 5000)}},
		"no UTF-8":            {Kind: KindFolder, Fields: map[string]string{FieldFolder: "/mnt/\xff"}},
	} {
		var told *complaint
		if _, err := c.filled(); !errors.As(err, &told) || told.code != CodeField || told.text == "" || told.values["field"] == "" {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestKeepFrom(t *testing.T) {
	old := Config{Kind: KindSFTP, Fields: map[string]string{
		FieldHost: "nas", FieldUser: "me", FieldPassword: "secret", FieldHostKey: "ssh-ed25519 SHA256:x", FieldFolder: "a",
	}}
	with := func(changes ...string) Config {
		c := Config{Kind: KindSFTP, Fields: map[string]string{FieldHost: "nas", FieldUser: "me"}}
		for i := 0; i < len(changes); i += 2 {
			c.Fields[changes[i]] = changes[i+1]
		}
		return c
	}
	for _, c := range []struct {
		sentence      string
		new           Config
		password, key string
	}{
		{"the same server and user", with(), "secret", "ssh-ed25519 SHA256:x"},
		{"the port said aloud", with(FieldPort, "22"), "secret", "ssh-ed25519 SHA256:x"},
		{"another folder", with(FieldFolder, "b"), "secret", "ssh-ed25519 SHA256:x"},
		{"a new password", with(FieldPassword, "new"), "new", "ssh-ed25519 SHA256:x"},
		{"a fingerprint to be forgotten", with(FieldHostKey, ""), "secret", ""},
		{"another server", with(FieldHost, "evil"), "", ""},
		{"another port", with(FieldPort, "23"), "", ""},
		{"another user", with(FieldUser, "you"), "", ""},
		{"another kind", Config{Kind: KindWebDAV, Fields: map[string]string{FieldUser: "me"}}, "", ""},
		{"no fields at all", Config{Kind: KindSFTP}, "", ""},
	} {
		before, _ := json.Marshal(c.new)
		got := c.new.KeepFrom(old)
		if got.Fields[FieldPassword] != c.password || got.Fields[FieldHostKey] != c.key {
			t.Errorf("%s: kept %q", c.sentence, got.Fields)
		}
		if got.Fields[FieldFolder] != c.new.Fields[FieldFolder] {
			t.Errorf("%s: the folder came along", c.sentence)
		}
		if after, _ := json.Marshal(c.new); string(after) != string(before) {
			t.Errorf("%s: the given one was changed", c.sentence)
		}
	}
	fields, secrets := old.Shown()
	if fields[FieldPassword] != "" || !slices.Equal(secrets, []string{FieldPassword}) || fields[FieldHost] != "nas" {
		t.Errorf("it shows %v and %v", fields, secrets)
	}
}

// TestForm keeps the table fit for a page that draws itself from it.
func TestForm(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Kinds() {
		if seen[k.ID] || k.Title == "" || len(k.Help) < 40 || len(k.Fields) == 0 {
			t.Errorf("the kind %+v", k)
		}
		seen[k.ID] = true
		names := map[string]bool{}
		for _, f := range k.Fields {
			if names[f.Name] || f.Title == "" || !f.Hidden && len(f.Help) < 20 || f.Hidden && !f.Found || f.Secret && f.Default != "" {
				t.Errorf("%s has the field %+v", k.ID, f)
			}
			names[f.Name] = true
		}
	}
}

func FuzzFields(f *testing.F) {
	f.Add("https://cloud.example.org/a/../b", "nas", "22", "/mnt/x", "SHA256:abc")
	f.Add("http://[::1]:80/", "[fe80::1%25eth0]", "0", "../..", "ssh-ed25519 SHA256:"+strings.Repeat("A", 43))
	f.Add("//x", "\x00", "", "//", "")
	f.Fuzz(func(t *testing.T, address, host, port, folder, key string) {
		if u, err := web(FieldURL, address, true); err == nil {
			again, err := web(FieldURL, u.String(), true)
			if err != nil || again.String() != u.String() {
				t.Errorf("%q became %q and then %v, %v", address, u, again, err)
			}
			if u.User != nil || strings.Contains(u.Path+"/", "/../") || u.Hostname() == "" {
				t.Errorf("%q was taken as %q", address, u)
			}
		}
		c := Config{Kind: KindSFTP, Fields: map[string]string{FieldHost: host, FieldPort: port, FieldFolder: folder, FieldUser: "u", FieldPassword: "p", FieldHostKey: key}}
		if addr, err := c.sshServer(); err == nil && strings.ContainsAny(addr, "/@ \n") {
			t.Errorf("%q was taken as %q", host, addr)
		}
		if dir, err := remoteFolder(folder); err == nil && strings.Contains("/"+dir+"/", "/../") {
			t.Errorf("%q was taken as %q", folder, dir)
		}
		c.Kind = KindFolder
		if dir, err := c.localFolder("/data"); err == nil && (dir == "/" || dir[0] != '/' || strings.Contains(dir+"/", "/../") || strings.HasPrefix(dir+"/", "/data/")) {
			t.Errorf("%q was taken as %q", folder, dir)
		}
		_, _ = parsePin(key)
		_ = shellWord(folder)
	})
}
