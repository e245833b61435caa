package config_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"latchkey/appliance/config"
)

func TestTheExampleIsExactlyTheDefaults(t *testing.T) {
	text, err := os.ReadFile("../../config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	got, err := config.Parse("config.example.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	if want := config.Default(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, key := range config.Keys() {
		name := key[strings.LastIndex(key, ".")+1:]
		if !strings.Contains("\n"+string(text), "\n"+name+" = ") {
			t.Errorf("the example does not show %s", key)
		}
	}
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // in the error; none: it is accepted
	}{
		{"an empty file is the defaults", "", nil},
		{"every key can be set", "data = '/x'\nlisten = ['1.2.3.4:443', ':8443']\nlocal = 'off'\nlog.level = 'debug'\n", nil},
		{"a pinned setting is taken", "[settings]\n\"trash.days\" = 3\n", nil},
		{"an unknown key is named", "lisen = ':1'", []string{"line 1", "lisen", "no such key"}},
		{"an unknown table is named", "[acmes]\n", []string{"acmes", "no such key"}},
		{"a wrong type is named", "data = 7", []string{"data", "must be a text"}},
		{
			"all troubles are told at once", "data = 7\nlisten = []\n[log]\nlevel = 'loud'\ncolour = true\n",
			[]string{"line 1: data", "line 2: listen", "line 4: log.level", "line 5: log.colour"},
		},
		{"plain HTTP is refused off the loopback", "local = '192.168.1.4:80'", []string{"local", "loopback"}},
		{"a port too large is refused", "listen = [':70000']", []string{"listen", "65535"}},
		{"broken TOML names its line", "data = \nlisten = [", []string{"proper TOML", "line 1"}},
		{"a pin of a wrong shape is named", "[settings]\na = [1]\n", []string{"settings.a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := config.Parse("config.toml", []byte(tt.text))
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil {
				t.Fatal("accepted")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestAPinKnowsItsLine(t *testing.T) {
	c, err := config.Parse("c.toml", []byte("local = 'off'\n\n[settings]\n\"trash.days\" = 3\nhouse.name = 'Home'\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]config.Pin{
		"trash.days": {Value: int64(3), File: "c.toml", Line: 4},
		"house.name": {Value: "Home", File: "c.toml", Line: 5},
	}
	if !reflect.DeepEqual(c.Pins, want) {
		t.Errorf("got %+v, want %+v", c.Pins, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "data = ''", "[settings]\n\"a.b\" = 1", "a.b.c = 1\n[a]\n", "listen = [':1', 2]", "[[x]]\ny=1", "x = {a = {b = 1}}", "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := config.Parse("fuzz.toml", text)
		if err == nil && len(c.Listen) == 0 {
			t.Error("accepted a configuration without an address")
		}
	})
}
