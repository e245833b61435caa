package provider

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"latchkey/appliance/problem"
)

// The codes of this package's problems. Values always has "provider" (its
// title) and, where there is one, "zone"; "said" holds the provider's own words.
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

// Without a word of the provider, a minute is what most limits are counted in.
const busySeconds = 60

// complaint is an error of which the kind is known already. The entries return
// it; the Client makes a problem of it.
type complaint struct {
	code string
	text string // "": the words of the table below
	hint string // "": the words of the table below
	err  error
}

// Error is for the log, as the cause of a problem that has the words.
func (c *complaint) Error() string {
	if c.err == nil {
		return c.code
	}
	return c.code + ": " + c.err.Error()
}

func (c *complaint) Unwrap() error { return c.err }

// wordsFor says a code in general; %[1]s is the provider's title, %[2]s the zone.
var wordsFor = map[string]struct {
	kind       problem.Kind
	text, hint string
}{
	CodeToken: {
		problem.Refused, "%[1]s does not accept what you entered to sign in.",
		"Copy it again, whole and without blanks; if it is old, make a new one.",
	},
	CodeGlobalKey: {
		problem.Refused, "This is your Global API Key and not a token.",
		"Make an API token that may change this one domain, and enter that: the global key opens your whole account.",
	},
	CodePermission: {
		problem.Refused, "%[1]s knows you, but does not let you change %[2]s.",
		"Allow the token to read and to change the DNS records of %[2]s, or make a new one that may.",
	},
	CodeZone: {
		problem.Refused, "%[1]s has no domain %[2]s that you may see.",
		"Check the name for a slip; if it is right, the domain is in another account, or the token is not allowed for it.",
	},
	CodeTTL: {
		problem.Refused, "%[1]s does not accept how long this record shall live.",
		"Choose a longer time.",
	},
	CodeBusy: {
		problem.TooMany, "%[1]s has been asked too often and wants a pause.",
		"Nothing to do: Latchkey waits and tries again by itself.",
	},
	CodeUnreachable: {
		problem.Unavailable, "%[1]s gives no usable answer just now.",
		"Latchkey tries again by itself; if it stays, see whether the internet works here and whether %[1]s has trouble.",
	},
	CodeRejected: {
		problem.Refused, "%[1]s refused the change.",
		"Look at the domain's records at %[1]s; one that is there may be in the way.",
	},
	CodeUnable: {
		problem.Refused, "%[1]s can't do this.",
		"Choose another provider for it.",
	},
	CodeUnknown: {
		problem.Unavailable, "%[1]s gave an answer that Latchkey can't read.",
		"Try again later; if it stays, the log says more.",
	},
}

func unknownProvider(id string) error {
	return problem.New(problem.NotFound, CodeUnknown,
		fmt.Sprintf("This program knows no DNS provider called “%.40s”.", id),
		"Choose one of the list.")
}

// explain makes a problem of any error. hints are the entry's own next steps by code.
func explain(info Info, zone string, hints map[string]string, r *redactor, err error) error {
	if err == nil {
		return nil
	}
	c := classify(err)
	words := wordsFor[c.code]
	text, hint := c.text, c.hint
	if text == "" {
		text = words.text
	}
	if hint == "" {
		hint = hints[c.code]
	}
	if hint == "" {
		hint = words.hint
	}
	if zone == "" {
		zone = "this name"
	}
	fill := strings.NewReplacer("%[1]s", info.Title, "%[2]s", zone)
	p := problem.New(words.kind, c.code, r.clean(fill.Replace(text)), r.clean(fill.Replace(hint))).
		With("provider", info.Title).With("zone", zone).Because(r.cause(err))
	if said := r.words(saidBy(err)); said != "" {
		p = p.With("said", said)
		if c.text == "" {
			p.Text = strings.TrimSuffix(p.Text, ".") + ": “" + said + "”."
		}
	}
	if c.code == CodeBusy {
		p = p.With("seconds", strconv.Itoa(secondsOf(err)))
	}
	return p
}

func saidBy(err error) string {
	var r *refusal
	if errors.As(err, &r) && r.Odd == "" {
		return r.Said
	}
	return ""
}

func secondsOf(err error) int {
	var r *refusal
	if errors.As(err, &r) && r.After > 0 {
		return int(r.After.Seconds())
	}
	return busySeconds
}

// classify finds the code of an error.
func classify(err error) *complaint {
	var c *complaint
	var r *refusal
	switch {
	case errors.As(err, &c):
		return c
	case errors.As(err, &r):
		return &complaint{code: codeOf(r), err: err}
	case errors.Is(err, errPanic):
		return &complaint{code: CodeUnknown, err: err}
	case errors.Is(err, context.DeadlineExceeded):
		return &complaint{code: CodeUnreachable, text: "%[1]s did not answer in time.", err: err}
	}
	// What is left comes from below HTTP: no name, no route, no TLS.
	return &complaint{code: CodeUnreachable, text: "%[1]s could not be reached.", err: err}
}

func codeOf(r *refusal) string {
	switch {
	case r.Status == 429:
		return CodeBusy
	case r.Status/100 == 5 || isOdd(r):
		if r.Status == 503 && r.After > 0 {
			return CodeBusy
		}
		return CodeUnreachable // a proxy or a portal in between, or the provider's own trouble
	case r.As != "":
		return r.As
	case r.Odd != "":
		return CodeUnknown
	case r.Status == 401:
		return CodeToken
	case r.Status == 403:
		return CodePermission
	case r.Status == 404:
		return CodeZone
	}
	return CodeRejected
}

// isOdd: a web page or a redirect comes from something in between, whatever its status.
func isOdd(r *refusal) bool {
	return r.Odd != "" && r.As == "" && (r.Status/100 != 2 || r.Odd == oddPage)
}
