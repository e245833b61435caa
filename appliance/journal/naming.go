package journal

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"latchkey/appliance/problem"
)

// How accounts are named in the log.
const (
	ByAccount   = "account"   // by their ID
	ByPseudonym = "pseudonym" // see Journal.Pseudonym
	ByNothing   = "none"
)

// ErrNoNames is Recent's answer where the log names nobody.
var ErrNoNames = problem.New(problem.Refused, "journal.unnamed",
	"This house keeps no names in its log, so nobody can be shown what was theirs.",
	"An owner can change that in the settings; it then holds for what comes after.")

// Pseudonym is the name under which an account stands in the log: "p-" and 8
// hexadecimal digits, which only this house's key can tie to the account.
func (j *Journal) Pseudonym(id string) string {
	mac := hmac.New(sha256.New, j.c.Key)
	mac.Write([]byte(id))
	return "p-" + hex.EncodeToString(mac.Sum(nil)[:4])
}

// name says how the account of that ID is kept.
func (j *Journal) name(id string) string {
	if id == "" || id == Machine {
		return id
	}
	switch j.c.Naming() {
	case ByAccount:
		return id
	case ByNothing:
		return ""
	}
	return j.Pseudonym(id)
}
