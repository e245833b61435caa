package listen

import (
	"encoding/binary"
	"net/netip"
	"testing"
)

// neighbourMessage builds what the kernel sends: struct ndmsg and attributes.
func neighbourMessage(attributes ...[]byte) []byte {
	m := make([]byte, neighbourHead)
	for _, a := range attributes {
		m = append(m, a...)
	}
	return m
}

func attribute(kind uint16, value ...byte) []byte {
	a := binary.NativeEndian.AppendUint16(nil, uint16(4+len(value)))
	a = append(binary.NativeEndian.AppendUint16(a, kind), value...)
	for len(a)%4 != 0 {
		a = append(a, 0)
	}
	return a
}

func TestParseNeighbour(t *testing.T) {
	hardware := attribute(neighbourHardware, 2, 0, 0, 0, 0, 0x20)
	for _, tt := range []struct {
		name    string
		message []byte
		addr    string
	}{
		{"IPv4", neighbourMessage(attribute(neighbourAddress, 192, 168, 1, 20), hardware), "192.168.1.20"},
		{"other attributes between", neighbourMessage(attribute(9, 1, 2, 3), hardware, attribute(neighbourAddress, 10, 0, 0, 1)), "10.0.0.1"},
		{"one that did not answer", neighbourMessage(attribute(neighbourAddress, 10, 0, 0, 1)), ""},
		{"no address", neighbourMessage(hardware), ""},
		{"an address of five bytes", neighbourMessage(attribute(neighbourAddress, 1, 2, 3, 4, 5), hardware), ""},
		{"an attribute that is too long", neighbourMessage([]byte{200, 0, 1, 0, 1, 2, 3, 4}), ""},
		{"an attribute of no length", neighbourMessage([]byte{0, 0, 0, 0, 0, 0, 0, 0}), ""},
		{"cut off", []byte{1, 2, 3}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, hw, ok := parseNeighbour(tt.message)
			if ok != (tt.addr != "") {
				t.Fatalf("ok = %v", ok)
			}
			if ok && (a != netip.MustParseAddr(tt.addr) || hw != "02:00:00:00:00:20") {
				t.Errorf("got %v at %q", a, hw)
			}
		})
	}
}

func FuzzParseNeighbour(f *testing.F) {
	f.Add(neighbourMessage(attribute(neighbourAddress, 192, 168, 1, 20), attribute(neighbourHardware, 1, 2, 3, 4, 5, 6)))
	f.Add([]byte{})
	f.Add(neighbourMessage([]byte{4, 0, 1, 0}))
	f.Fuzz(func(t *testing.T, message []byte) {
		if a, hw, ok := parseNeighbour(message); ok && (!a.IsValid() || hw == "") {
			t.Errorf("got %v at %q", a, hw)
		}
	})
}

func TestNeighboursCanBeRead(t *testing.T) {
	found, err := neighbours()
	if err != nil {
		t.Fatal(err)
	}
	if found == nil {
		t.Error("an empty table reads as one that can't be read")
	}
}
