package webui

import (
	"bytes"
	"net/http"
	"strings"
)

// The connector pages are opened by Bitwarden's own clients when a sign-in wants
// a key: framed is put into a frame by the extension in Chrome and by the
// desktop app, the other two stand in a tab of their own. What they do lies in
// static/connector.
const (
	framed    = "webauthn-connector.html"
	ownTab    = "webauthn-fallback-connector.html"
	fromPhone = "webauthn-mobile-connector.html"
)

func connector(name string) bool { return name == framed || name == ownTab || name == fromPhone }

// connectorPolicy is the page's, and stricter: they ask the house for nothing,
// and make no HTML at all.
const connectorPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; " +
	"form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// connectorHeaders are the headers of a connector page. framed alone may be in
// a frame, of anybody: whom it asks for and answers is decided by its script and
// by what the browser signs. A frame-ancestors that some client's browser reads
// otherwise than we mean would lock that client out without a word.
func connectorHeaders(h http.Header, name string) {
	h.Set("Permissions-Policy", h.Get("Permissions-Policy")+", publickey-credentials-create=()")
	if name != framed {
		h.Set("Content-Security-Policy", connectorPolicy+"; frame-ancestors 'none'")
		return
	}
	h.Set("Content-Security-Policy", connectorPolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for a client that isolates its own page
}

// framersMeta is where framed reads who may frame it.
const framersMeta = `<meta name="latchkey-parents" content="`

// framers writes the origins that may frame the page into it. An origin has
// none of the characters that HTML gives a meaning; one that had is left out.
func framers(body []byte, origins []string) []byte {
	var fit []string
	for _, origin := range origins {
		if !strings.ContainsAny(origin, ` "'<>&`) {
			fit = append(fit, origin)
		}
	}
	return bytes.Replace(body, []byte(framersMeta+`"`), []byte(framersMeta+strings.Join(fit, " ")+`"`), 1)
}
