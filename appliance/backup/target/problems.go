package target

import (
	"strings"

	"latchkey/appliance/problem"
)

// The codes of this package's problems. Values["target"] is the place as a person knows it (a folder, a host),
// Values["field"] the field to look at, where there is one.
const (
	CodeField       = "target.field"       // a field is missing or makes no sense
	CodeUnreachable = "target.unreachable" // no answer, or none in time
	CodeRefused     = "target.refused"     // the credentials are refused
	CodePermission  = "target.permission"  // signed in, but may not do this
	CodeFull        = "target.full"        // no room left
	CodeTooLarge    = "target.toolarge"    // the place takes no file of this size
	CodeHostKey     = "target.hostkey"     // another SSH server answers than the one pinned; Values "is" and "was"
	CodeCertificate = "target.certificate" // the TLS certificate can't be trusted
	CodePlain       = "target.plain"       // http to a public address
	CodeMoved       = "target.moved"       // it sends us elsewhere
	CodeNotPlugged  = "target.notplugged"  // the folder's disk is not there
	CodeReadOnly    = "target.readonly"    // the folder can't be written
	CodeMissing     = "target.missing"     // no such folder or bucket
	CodeExists      = "target.exists"      // a file of this name is there already
	CodeBroken      = "target.broken"      // an answer that is no honest one: 5xx, garbage, cut off
	CodeUnchecked   = "target.unchecked"   // it was never checked, so nothing is pinned
)

// complaint is a trouble of which the kind is known already. The kinds return it; explain makes a problem of it.
type complaint struct {
	code       string
	text, hint string // "": the words of the table below
	values     map[string]string
	err        error // for the log
}

func (c *complaint) Error() string {
	if c.err == nil {
		return c.code
	}
	return c.code + ": " + c.err.Error()
}

func (c *complaint) Unwrap() error { return c.err }

// says is a complaint with the table's words.
func says(code string, err error) error { return &complaint{code: code, err: err} }

// wrong is a complaint about a field of the form.
func wrong(field, text, hint string) error {
	return &complaint{code: CodeField, text: text, hint: hint, values: map[string]string{"field": field}}
}

// wordsFor says a code in general; {place} is the place, {word} the same for a shell.
func wordsFor(code string) (kind problem.Kind, text, hint string) {
	switch code {
	case CodeUnreachable:
		return problem.Unavailable, "{place} does not answer.",
			"Check that it is switched on and in the network; Latchkey tries again by itself."
	case CodeRefused:
		return problem.Refused, "{place} does not accept the user name or the password (or key).",
			"Enter them again; they may have been changed or have run out."
	case CodePermission:
		return problem.Refused, "{place} knows you, but does not allow what a backup needs.",
			"Allow this user to read, write, list and delete in this folder, or choose another folder."
	case CodeFull:
		return problem.Unavailable, "There is no room left on {place}.",
			"Make room there, or keep fewer backups."
	case CodeTooLarge:
		return problem.Unavailable, "{place} takes no file as large as this backup.",
			"Raise the limit for uploads there, or choose another place."
	case CodeHostKey:
		return problem.Refused, "Another server answers as {place} than before, so nothing was sent to it.",
			"If the server was set up anew, empty its fingerprint and check again; if not, somebody may be in between."
	case CodeCertificate:
		return problem.Refused, "{place} has no certificate that can be trusted.",
			"Use the name that its certificate is made for; for a NAS at home without one, SFTP is the better way."
	case CodePlain:
		return problem.Refused, "{place} lies outside of your home, and the connection would not be encrypted.",
			"Let the address begin with https://."
	case CodeMoved:
		return problem.Refused, "{place} sends us to another address, and Latchkey does not follow with your password.",
			"Enter the address to which your browser comes when it opens this one (often https:// instead of http://)."
	case CodeNotPlugged:
		return problem.Unavailable, "The disk for {place} is not plugged in.",
			"Plug it in. If Latchkey does not find it within some minutes: sudo systemctl restart latchkey. If it is another disk, check this place again."
	case CodeReadOnly:
		return problem.Refused, "Latchkey may not write into {place}.",
			"Allow it once on this machine: sudo latchkey install --backup-dir {word}"
	case CodeMissing:
		return problem.Refused, "{place} is not there.",
			"Check the name for a slip, or make it anew."
	case CodeExists:
		return problem.Refused, "A file of this name lies on {place} already.",
			"Nothing was changed; the next backup has another name."
	case CodeUnchecked:
		return problem.Refused, "{place} has not been checked yet.",
			"Check it once, so that Latchkey knows it again."
	case CodeField:
		return problem.Refused, "Something is missing or wrong in what you entered.", ""
	default:
		return problem.Unavailable, "{place} gave an answer that makes no sense.",
			"Latchkey tries again by itself; if it stays, look there for what is wrong."
	}
}

// problem gives the complaint its two sentences.
func (c *complaint) problem(place string, cause error) *problem.Problem {
	kind, text, hint := wordsFor(c.code)
	if c.text != "" {
		text = c.text
	}
	if c.text != "" || c.hint != "" {
		hint = c.hint
	}
	fill := strings.NewReplacer("{place}", place, "{word}", shellWord(place))
	p := problem.New(kind, c.code, fill.Replace(text), fill.Replace(hint)).Because(cause).With("target", place)
	for k, v := range c.values {
		p = p.With(k, v)
	}
	return p
}
