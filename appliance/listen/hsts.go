package listen

import "net/http"

// hstsAge is two years in seconds, what browsers' lists ask for.
const hstsAge = "63072000"

// HSTS tells browsers to come by TLS alone from now on (RFC 6797), on answers
// under a name of which trusted says that a public certificate is being served
// for it. Never elsewhere: under a local name or an address the browser warns,
// and with this header it would let nobody past the warning. Names below are
// not included, since they may be others'.
func HSTS(next http.Handler, trusted func(name string) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, ok := tlsName(r); ok && trusted(name) {
			w.Header().Set("Strict-Transport-Security", "max-age="+hstsAge)
		}
		next.ServeHTTP(w, r)
	})
}

// tlsName is the name, in lower case, under which r came over TLS, where the
// handshake and the request agree on it.
func tlsName(r *http.Request) (string, bool) {
	if r.TLS == nil || Through(r) != DoorTLS {
		return "", false
	}
	asked, err := ParseHost(r.Host)
	if err != nil || asked.Name == "" {
		return "", false
	}
	shaken, err := ParseHost(r.TLS.ServerName)
	return asked.Name, err == nil && shaken.Name == asked.Name
}
