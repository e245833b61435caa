package passkey

import (
	"strconv"

	"latchkey/appliance/problem"
)

// What can go wrong, for a person. Compare with errors.Is; the cause says which
// check of WebAuthn failed, for the log.
var (
	// ErrNone: no key or passkey of this person is known here.
	ErrNone = problem.New(problem.Refused, "passkey.none",
		"No key or passkey of yours is known here.",
		"Use another way to prove that it is you, then add one under Settings, Security.")
	// ErrElsewhere: there are some, made under another name; Values["rpId"] says which.
	ErrElsewhere = problem.New(problem.Refused, "passkey.elsewhere",
		"Your keys were added under another name of this house and work only there.",
		"Open the page under that name, or use another way to prove that it is you and add a key here.")
	// ErrName: WebAuthn wants a name, and we were called by an address.
	ErrName = problem.New(problem.Refused, "passkey.name",
		"Keys and passkeys belong to a name, and this page was opened by an address.",
		"Open the page under its name; Settings says what it is, or how to get one.")
	// ErrChallenge: never made, used before, older than Lifetime, or made for another purpose, person or name.
	ErrChallenge = problem.New(problem.Refused, "passkey.challenge",
		"This question to your key is no longer open.",
		"Start again; a question waits five minutes and counts once.")
	// ErrRefused: the answer does not hold.
	ErrRefused = problem.New(problem.Refused, "passkey.refused",
		"Your key's answer could not be accepted.",
		"Try again, with the key that you added here.")
	// ErrOrigin: the answer was given on a page that is not ours, or in a frame of a stranger's.
	ErrOrigin = problem.New(problem.Refused, "passkey.origin",
		"Your key was asked by a page that is not this house's.",
		"Open the page by its own address and try there; if you followed a link, distrust it.")
	// ErrUnverified: the key was touched, but it did not ask for PIN, finger or face.
	ErrUnverified = problem.New(problem.Refused, "passkey.unverified",
		"Your key did not check that it is you.",
		"Try again and give its PIN, finger or face; a key without one needs one set first.")
	// ErrCloned: the key's counter did not move on.
	ErrCloned = problem.New(problem.Refused, "passkey.cloned",
		"This key's counter went backwards, as it does when somebody has a copy of it.",
		"Sign in another way, remove this key under Settings, Security, and add it again only if you are sure of it.")
	// ErrUnknown: the passkey is not, or no longer, one of an account's here.
	ErrUnknown = problem.New(problem.Refused, "passkey.unknown",
		"This passkey belongs to no account here.",
		"Sign in with the master password; remove the old passkey from your device.")
	// ErrTooMany: one person answered a few hundred questions within Lifetime.
	ErrTooMany = problem.New(problem.TooMany, "passkey.toomany",
		"This account used its keys too often in the last minutes.",
		"Wait five minutes, then try again.").With("seconds", strconv.Itoa(int(Lifetime.Seconds())))
)
