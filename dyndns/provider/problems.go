package provider

import "latchkey/appliance/problem"

// The codes of this package's problems.
const (
	CodeToken       = "provider.token"       // the token is wrong, expired or of a wrong shape
	CodeGlobalKey   = "provider.globalkey"   // a Global API Key where a token is wanted
	CodePermission  = "provider.permission"  // the token is right but may not do this
	CodeZone        = "provider.zone"        // the provider or the token doesn't know this zone or name
	CodeTTL         = "provider.ttl"         // the TTL is refused
	CodeBusy        = "provider.busy"        // asked too often; Values["seconds"] says how long to wait
	CodeUnreachable = "provider.unreachable" // no answer, or one from something in between
	CodeRejected    = "provider.rejected"    // understood and refused for another reason
	CodeUnable      = "provider.unable"      // this provider can't do that at all
	CodeUnknown     = "provider.unknown"     // no such provider, or an answer that nobody can read
)

func unknownProvider(id string) error {
	return problem.New(problem.NotFound, CodeUnknown,
		"This program knows no DNS provider called “"+id+"”.",
		"Choose one of the list.").With("provider", id)
}
