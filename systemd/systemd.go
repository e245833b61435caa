// Package systemd holds the units by which a machine keeps the house running:
// files as they are installed, by hand or by a package, each line with its
// reason above it.
package systemd

import "embed"

//go:embed *.service *.socket latchkey.sysusers
var files embed.FS

// The units.
const (
	Service = "latchkey.service"      // the house
	Socket  = "latchkey.socket"       // its door, 8443; the service can't be without
	HTTPS   = "latchkey-https.socket" // the same door on 443, where that is free
	HTTP    = "latchkey-http.socket"  // the way to https on 80, where that is free
	Undo    = "latchkey-undo.service" // ends an upgrade that was cut short
)

// User is the name of the user, and of the group, that the service runs as.
const User = "latchkey"

// Credential is the name under which the service is given the machine key.
const Credential = "machine.key"

// Units are all unit files, in no order that matters.
func Units() []string { return []string{Service, Socket, HTTPS, HTTP, Undo} }

// Unit is the content of the unit file of that name, one of Units.
func Unit(name string) string { return content(name) }

// Sysusers is what makes the user, for a file in sysusers.d(5).
func Sysusers() string { return content("latchkey.sysusers") }

func content(name string) string {
	text, err := files.ReadFile(name)
	if err != nil {
		panic("systemd: no file is embedded as " + name)
	}
	return string(text)
}
