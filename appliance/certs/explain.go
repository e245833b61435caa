package certs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

// codeStopped is the problem of an attempt that was cut off by a stop.
const codeStopped = "cert.stopped"

// codeLimit is the problem of a limit, ours or the CA's.
const codeLimit = "cert.limit"

// failure is why no certificate came, with what the budget needs to know.
type failure struct {
	*problem.Problem
	refused bool      // the CA looked for the record and counts a failed validation
	held    time.Time // the CA wants to hear no more before; zero: it named no time
}

// Unwrap lets errors.As find the problem, and what caused it.
func (f *failure) Unwrap() error { return f.Problem }

// failed makes a failure of a problem.
func failed(p *problem.Problem) *failure { return &failure{Problem: p} }

// asFailure finds the failure in err; what carries none is explained first.
func asFailure(name string, err error, now time.Time) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return explain(name, err, now)
}

// explain says in words what the CA, or the way to it, answered for name.
func explain(name string, err error, now time.Time) *failure {
	var said acme.Problem
	var p *problem.Problem
	switch {
	case errors.As(err, &said):
		return answered(name, said, now).because(err)
	case errors.As(err, &p):
		return failed(p)
	case errors.Is(err, context.Canceled):
		return failed(problem.New(problem.Unavailable, codeStopped,
			"Asking for the certificate of "+name+" was interrupted.", "It goes on by itself."))
	case untrusted(err):
		return failed(problem.New(problem.Unavailable, "cert.root",
			"The server of the certificate authority shows a certificate that this machine does not trust.",
			"If it is a CA of your own, acme.root in config.toml must be the root that signed its server; otherwise something between here and the internet answers in its stead.")).because(err)
	case unreachable(err):
		return failed(problem.New(problem.Unavailable, "cert.unreachable",
			"The certificate authority can't be reached.",
			"Check that this machine reaches the internet and that acme.directory in config.toml is right; it is tried again by itself.")).because(err)
	default:
		return failed(problem.New(problem.Unavailable, "cert.ca",
			"The certificate authority did not make the certificate of "+name+".",
			"It is tried again by itself; the log says more.")).because(err)
	}
}

func (f *failure) because(err error) *failure {
	f.Problem = f.Problem.Because(err)
	return f
}

// words is what a kind of ACME error means and what to do, with NAME for the
// name. The kinds are those of RFC 8555 6.7.
type words struct {
	code, text, hint string
	refused          bool
}

// dictionary has the kinds that a person can do something about.
func dictionary() map[string]words {
	wrongRecord := words{
		"cert.challenge", "The certificate authority did not find the proof for NAME in DNS.",
		"Check that the name's DNS is really hosted by the chosen provider, and that no _acme-challenge record of another kind stands in the way.", true,
	}
	rejected := words{
		"cert.name", "The certificate authority makes no certificate for NAME.",
		"Choose another name; the reason is with the details.", false,
	}
	account := words{
		"cert.account", "The certificate authority refuses our account.",
		"Read what it says in the details; a CA that wants an account made by hand can't be used here.", false,
	}
	return map[string]words{
		acme.ProblemTypeUnauthorized:      wrongRecord,
		acme.ProblemTypeIncorrectResponse: wrongRecord,
		acme.ProblemTypeDNS: {
			"cert.challenge", "The certificate authority could not ask the DNS servers of NAME.",
			"Check at a DNS testing site that the name's servers answer everywhere, and that DNSSEC, if it is on, is in order.", true,
		},
		acme.ProblemTypeConnection: {
			"cert.challenge", "The certificate authority could not reach what it had to check for NAME.",
			"It is tried again by itself; if it stays, check that the name's DNS servers answer everywhere.", true,
		},
		acme.ProblemTypeTLS: {
			"cert.challenge", "The certificate authority had trouble with TLS while it checked NAME.",
			"It is tried again by itself.", true,
		},
		acme.ProblemTypeCAA: {
			"cert.caa", "A CAA record of the domain forbids this certificate authority to make a certificate for NAME.",
			"Add a CAA record at your DNS provider that allows it (for Let's Encrypt: 0 issue \"letsencrypt.org\"), or remove the CAA records.", true,
		},
		acme.ProblemTypeRejectedIdentifier:    rejected,
		acme.ProblemTypeUnsupportedIdentifier: rejected,
		acme.ProblemTypeMalformed: {
			"cert.ca", "The certificate authority did not understand what it was asked for NAME.",
			"Check that acme.directory in config.toml is an ACME directory; it is tried again by itself.", false,
		},
		acme.ProblemTypeServerInternal: {
			"cert.ca", "The certificate authority has trouble of its own.",
			"Nothing needs to be done here; it is tried again by itself.", false,
		},
		acme.ProblemTypeBadNonce: {
			"cert.ca", "The certificate authority turned every request away as used up.",
			"It is tried again by itself; if it stays, something between here and the internet repeats old answers.", false,
		},
		acme.ProblemTypeAccountDoesNotExist:     account,
		acme.ProblemTypeExternalAccountRequired: account,
		acme.ProblemTypeUserActionRequired:      account,
		acme.ProblemTypeInvalidContact:          account,
		acme.ProblemTypeUnsupportedContact:      account,
	}
}

// answered explains a problem document of the CA.
func answered(name string, said acme.Problem, now time.Time) *failure {
	if said.Type == acme.ProblemTypeRateLimited || said.Status == 429 {
		until, ok := afterDetail(said.Detail)
		if !ok || until.Before(now) {
			until = now.Add(time.Hour) // it named no time
		}
		if latest := now.Add(longestHold); until.After(latest) {
			until = latest
		}
		return limited(name, until, now, detailed(said))
	}
	said = gravest(said)
	w, known := dictionary()[said.Type]
	if !known {
		w = words{
			"cert.ca", "The certificate authority refused to make the certificate of NAME.",
			"The reason is with the details; it is tried again by itself.", false,
		}
	}
	p := problem.New(problem.Unavailable, w.code, strings.ReplaceAll(w.text, "NAME", name), w.hint)
	p = p.With("name", name)
	if detail := detailed(said); detail != "" {
		p = p.With("detail", detail)
	}
	return &failure{Problem: p, refused: w.refused}
}

// gravest picks the part of a compound problem that says most.
func gravest(said acme.Problem) acme.Problem {
	known := dictionary()
	for _, sub := range said.Subproblems {
		if _, ok := known[sub.Type]; ok && (said.Type == acme.ProblemTypeCompound || known[said.Type].code == "" || known[said.Type].code == "cert.ca") {
			return sub.Problem
		}
	}
	return said
}

// detailed is the CA's own sentence, which clients should show (RFC 8555 6.7),
// cut and in one line, since it comes from outside.
func detailed(said acme.Problem) string {
	return oneLine(said.Detail, 300)
}

func oneLine(text string, most int) string {
	text = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '\ufffd' {
			return ' '
		}
		return c
	}, text)), " ")
	for i := range text {
		if i >= most {
			return text[:i] + "..."
		}
	}
	return text
}

// limited is the failure of a limit, ours or the CA's, that lasts until then.
func limited(name string, until, now time.Time, detail string) *failure {
	until = until.UTC().Truncate(time.Second)
	p := problem.New(problem.TooMany, codeLimit,
		fmt.Sprintf("No more certificates for %s may be asked for before %s, so that the limits of the certificate authority hold.", name, until.Format("2006-01-02 15:04 MST")),
		"It goes on by itself then; the certificate that is there stays in use.")
	p = p.With("name", name).With("until", until.Format(time.RFC3339)).
		With("seconds", strconv.FormatInt(int64(max(0, until.Sub(now))/time.Second)+1, 10))
	if detail != "" {
		p = p.With("detail", detail)
	}
	return &failure{Problem: p, held: until}
}

// untrusted reports whether a TLS server was not believed.
func untrusted(err error) bool {
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var verification *tls.CertificateVerificationError
	return errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid) || errors.As(err, &verification)
}

// unreachable reports whether there was no proper answer at all.
func unreachable(err error) bool {
	var u *url.Error
	var n net.Error
	return errors.As(err, &u) || errors.As(err, &n) || errors.Is(err, context.DeadlineExceeded)
}
