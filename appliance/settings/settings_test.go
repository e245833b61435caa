package settings_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

type memory map[string][]byte

func (m memory) Value(_ context.Context, name string) ([]byte, bool, error) {
	v, ok := m[name]
	return v, ok, nil
}

func (m memory) SetValues(_ context.Context, values map[string][]byte) error {
	maps.Copy(m, values)
	return nil
}

func TestEveryDefaultPassesItsOwnCheck(t *testing.T) {
	keys := settings.Keys()
	if len(keys) == 0 {
		t.Fatal("no settings")
	}
	pins := make(map[string]settings.Pin)
	for _, k := range keys {
		if k.Kind == settings.Secret {
			continue // pinned by a file alone
		}
		pins[k.Name] = settings.Pin{Value: k.Default, File: "f", Line: 1}
	}
	if _, err := settings.Open(t.Context(), memory{}, pins); err != nil {
		t.Error(err)
	}
}

func TestSet(t *testing.T) {
	pins := map[string]settings.Pin{settings.JournalDays: {Value: int64(9), File: "c.toml", Line: 4}}
	for _, tt := range []struct {
		name    string
		changes map[string]any
		refused map[string]string // key: part of why
	}{
		{"fit values are kept", map[string]any{settings.TrashDays: int64(3), settings.HouseName: "Mill"}, nil},
		{"a wrong type is named", map[string]any{settings.TrashDays: "3"}, map[string]string{settings.TrashDays: "whole number"}},
		{"a number out of range is named", map[string]any{settings.TrashDays: int64(-1)}, map[string]string{settings.TrashDays: "between"}},
		{"an empty name is named", map[string]any{settings.HouseName: ""}, map[string]string{settings.HouseName: "characters"}},
		{"an unknown key is named", map[string]any{"no.such": int64(1)}, map[string]string{"no.such": "no such"}},
		{"a pinned one names file and line", map[string]any{settings.JournalDays: int64(3)}, map[string]string{settings.JournalDays: "c.toml, line 4"}},
		{"a choice outside the list is named", map[string]any{settings.AddressRule: "one"}, map[string]string{settings.AddressRule: "two, https, router"}},
		{"a name in upper case is named", map[string]any{settings.ReachName: "Home.example.org"}, map[string]string{settings.ReachName: "lower case"}},
		{"a name with one label is named", map[string]any{settings.ReachName: "home"}, map[string]string{settings.ReachName: "full name"}},
		{"a name with an empty label is named", map[string]any{settings.ReachChallengeName: "a..org"}, map[string]string{settings.ReachChallengeName: "full name"}},
		{"a provider with a space is named", map[string]any{settings.ReachProvider: "duck dns"}, map[string]string{settings.ReachProvider: "short name"}},
		{"a checker without TLS is named", map[string]any{settings.ReachChecker: "http://check.example"}, map[string]string{settings.ReachChecker: "https://"}},
		{"a checker with a password is named", map[string]any{settings.ReachChecker: "https://a:b@check.example"}, map[string]string{settings.ReachChecker: "https://"}},
		{"a port out of range is named", map[string]any{settings.ReachPort: int64(65536)}, map[string]string{settings.ReachPort: "65535"}},
		{"a proxy that is no network is named by its place", map[string]any{settings.ReachProxies: []string{"10.0.0.2", "x"}}, map[string]string{settings.ReachProxies: "Entry 2"}},
		{"the whole internet is no proxy", map[string]any{settings.ReachProxies: []string{"0.0.0.0/0"}}, map[string]string{settings.ReachProxies: "wide"}},
		{"the whole IPv6 internet is no proxy", map[string]any{settings.ReachProxies: []string{"::/0"}}, map[string]string{settings.ReachProxies: "wide"}},
		{"a text is no list", map[string]any{settings.ReachProxies: "10.0.0.2"}, map[string]string{settings.ReachProxies: "list"}},
		{"too many proxies are refused", map[string]any{settings.ReachProxies: make([]string, 33)}, map[string]string{settings.ReachProxies: "between 0 and 32"}},
		{"credentials are texts by name", map[string]any{settings.ReachCredentials: `["hunter2"]`}, map[string]string{settings.ReachCredentials: "JSON object"}},
		{"a secret of another type is named", map[string]any{settings.ReachCredentials: int64(7)}, map[string]string{settings.ReachCredentials: "characters"}},
		{"a plan without a day is named", map[string]any{settings.BackupDaily: int64(0)}, map[string]string{settings.BackupDaily: "between 1"}},
		{"an hour that no day has is named", map[string]any{settings.BackupHour: int64(24)}, map[string]string{settings.BackupHour: "between -1 and 23"}},
		{"places for backups are a list", map[string]any{settings.BackupTargets: `{"hunter2":1}`}, map[string]string{settings.BackupTargets: "JSON list"}},
		{"each place has an id of its own", map[string]any{settings.BackupTargets: `[{"id":"a","kind":"s3"},{"id":"a","kind":"s3"}]`}, map[string]string{settings.BackupTargets: "id of its own"}},
		{"a place has a kind", map[string]any{settings.BackupTargets: `[{"id":"a"}]`}, map[string]string{settings.BackupTargets: "kind"}},
		{"a recovery key is told by its beginning", map[string]any{settings.BackupKey: "hunter2"}, map[string]string{settings.BackupKey: "AGE-SECRET-KEY-1"}},
		{"one bad value keeps all from changing", map[string]any{settings.TrashDays: int64(5), "x": int64(1)}, map[string]string{"x": "no such"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			keep := memory{}
			s, err := settings.Open(t.Context(), keep, pins)
			if err != nil {
				t.Fatal(err)
			}
			var told int
			for name := range tt.changes {
				s.Subscribe(name, func(any) { told++ })
			}
			err = s.Set(t.Context(), tt.changes)
			if tt.refused == nil {
				if err != nil || told != len(tt.changes) {
					t.Fatalf("err %v, %d subscribers told", err, told)
				}
				again, err := settings.Open(t.Context(), keep, pins)
				if err != nil || again.Number(settings.TrashDays) != 3 || again.Text(settings.HouseName) != "Mill" {
					t.Errorf("after opening again: %v", err)
				}
				return
			}
			var p *problem.Problem
			if !errors.As(err, &p) {
				t.Fatalf("got %v, want a problem", err)
			}
			for key, part := range tt.refused {
				if strings.Contains(p.Error()+p.Hint, "hunter2") {
					t.Error("the problem tells the secret")
				}
				if !strings.Contains(p.Values[key], part) {
					t.Errorf("%s: %q does not say %q", key, p.Values[key], part)
				}
			}
			if len(keep) != 0 || told != 0 {
				t.Error("a refused change left something behind")
			}
		})
	}
}

func TestAPinOfAnUnknownSettingStopsTheStart(t *testing.T) {
	_, err := settings.Open(t.Context(), memory{}, map[string]settings.Pin{"no.such": {Value: true, File: "c.toml", Line: 2}})
	if err == nil || !strings.Contains(err.Error(), "c.toml line 2: no.such") {
		t.Errorf("got %v", err)
	}
}
