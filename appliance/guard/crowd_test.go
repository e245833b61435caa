package guard_test

import (
	"fmt"
	"testing"

	"latchkey/appliance/guard"
)

func TestCrowd(t *testing.T) {
	type seen struct {
		addr, device, kind string
		forwarded          bool
	}
	cases := []struct {
		says  string
		seen  []seen
		alone string
	}{
		{"nobody", nil, ""},
		{"a phone and two computers at the router's address", []seen{
			{"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "b", "desktop", false}, {"192.168.1.1", "c", "browser", false},
		}, "192.168.1.1"},
		{"three phones over loopback", []seen{
			{"127.0.0.1", "a", "phone", false}, {"127.0.0.1", "b", "phone", false}, {"127.0.0.1", "c", "phone", false},
		}, "127.0.0.1"},
		{"the same in IPv6's clothes", []seen{
			{"::ffff:192.168.1.1", "a", "phone", false}, {"192.168.1.1", "b", "phone", false}, {"192.168.1.1", "c", "phone", false},
		}, "192.168.1.1"},
		{"two devices are not many", []seen{{"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "b", "desktop", false}}, ""},
		{"one device that comes again and again", []seen{
			{"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "a", "phone", false},
		}, ""},
		{"three programs of one computer", []seen{
			{"192.168.1.20", "a", "browser", false}, {"192.168.1.20", "b", "extension", false}, {"192.168.1.20", "c", "desktop", false},
		}, ""},
		{"a household elsewhere behind its public address", []seen{
			{"203.0.113.7", "a", "phone", false}, {"203.0.113.7", "b", "phone", false}, {"203.0.113.7", "c", "desktop", false},
		}, ""},
		{"behind the address of a carrier's translator", []seen{
			{"100.64.0.1", "a", "phone", false}, {"100.64.0.1", "b", "phone", false}, {"100.64.0.1", "c", "desktop", false},
		}, "100.64.0.1"},
		{"one of them comes from elsewhere", []seen{
			{"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "b", "phone", false}, {"192.168.1.21", "c", "desktop", false},
		}, ""},
		{"that one comes the same way later", []seen{
			{"192.168.1.21", "c", "desktop", false}, {"192.168.1.1", "a", "phone", false}, {"192.168.1.1", "b", "phone", false}, {"192.168.1.1", "c", "desktop", false},
		}, "192.168.1.1"},
		{"a single device with a proxy's header", []seen{{"203.0.113.7", "a", "phone", true}}, "203.0.113.7"},
		{"the header was there before the proxy was declared", []seen{{"10.0.0.2", "a", "phone", true}, {"203.0.113.7", "a", "phone", false}}, ""},
	}
	for _, c := range cases {
		t.Run(c.says, func(t *testing.T) {
			var crowd guard.Crowd
			for _, s := range c.seen {
				crowd.Saw(addr(s.addr), s.device, s.kind, s.forwarded)
			}
			got, alone := crowd.Alone()
			if alone != (c.alone != "") || alone && got != addr(c.alone) {
				t.Errorf("%v, %v; want %q", got, alone, c.alone)
			}
		})
	}
	t.Run("remembers only the last thirty-two devices", func(t *testing.T) {
		var crowd guard.Crowd
		crowd.Saw(addr("192.168.1.21"), "sold", "phone", false)
		for n := range 32 {
			crowd.Saw(addr("192.168.1.1"), fmt.Sprint(n), "phone", false)
		}
		if _, alone := crowd.Alone(); !alone {
			t.Error("the one that was sold is still in it")
		}
	})
}
