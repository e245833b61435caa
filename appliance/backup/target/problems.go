package target

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
