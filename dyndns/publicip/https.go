package publicip

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"latchkey/dyndns/uplink"
)

// echoLimit is more than any echo needs; Cloudflare's trace has some 300 bytes.
const echoLimit = 4096

// httpsEcho asks a page that says who asks.
type httpsEcho struct {
	name string
	urls map[Family]string
	http map[Family]*http.Client
}

var (
	_ Source = (*httpsEcho)(nil)
	_ Serves = (*httpsEcho)(nil)
)

// ParseHTTPS makes a source of a URL, as the configuration gives it. The page
// may answer with a bare address, with lines of which one is ip=ADDRESS (the
// trace of Cloudflare), or with JSON whose "ip" it is. Only https is taken: a
// page that anybody on the way can write proves nothing.
func ParseHTTPS(text string, o Options) (Source, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is not a URL", text)
	case u.Scheme != "https":
		return nil, fmt.Errorf("%q does not begin with https://", text)
	case u.Hostname() == "" || u.User != nil || u.Fragment != "":
		return nil, fmt.Errorf("%q is not a plain URL with a host", text)
	}
	urls := map[Family]string{V4: u.String(), V6: u.String()}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil { // of one family only
		if a.Is4In6() || a.Zone() != "" {
			return nil, fmt.Errorf("%q has no plain address", text)
		}
		if a.Is4() {
			delete(urls, V6)
		} else {
			delete(urls, V4)
		}
	}
	return newHTTPS(u.Host, urls, o), nil
}

func newHTTPS(name string, urls map[Family]string, o Options) *httpsEcho {
	s := &httpsEcho{name: name, urls: urls, http: map[Family]*http.Client{}}
	dial := o.dial()
	for f := range urls {
		s.http[f] = &http.Client{
			Transport: &http.Transport{
				// No Proxy: a proxy's address is not ours, whatever HTTP_PROXY says.
				DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
					return dial(ctx, f, "tcp", address)
				},
				TLSClientConfig:        &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
				TLSHandshakeTimeout:    defaultTimeout,
				DisableKeepAlives:      true, // each time by the route of that time
				DisableCompression:     true,
				MaxResponseHeaderBytes: 16 << 10,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Timeout:       4 * defaultTimeout, // for a context without a deadline
		}
	}
	return s
}

func (s *httpsEcho) Kind() Kind           { return HTTPS }
func (s *httpsEcho) Name() string         { return s.name }
func (s *httpsEcho) Serves(f Family) bool { return s.urls[f] != "" }

func (s *httpsEcho) Ask(ctx context.Context, f Family) Answer {
	if !s.Serves(f) {
		return Answer{Why: "it knows nothing of " + f.String()}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.urls[f], nil)
	if err != nil {
		return Answer{Why: err.Error()}
	}
	request.Header.Set("User-Agent", "latchkey")
	request.Header.Set("Accept", "text/plain, application/json")
	response, err := s.http[f].Do(request)
	if err != nil {
		return Answer{Why: reason(err)}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Answer{Why: fmt.Sprintf("it answered with status %d", response.StatusCode)}
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, echoLimit+1))
	if err != nil {
		return Answer{Why: reason(err)}
	}
	if len(body) > echoLimit {
		return Answer{Why: "its answer is too long for an address"}
	}
	a, err := parseEcho(body, f)
	if err != nil {
		return Answer{Why: err.Error()}
	}
	return Answer{State: Known, Addr: a}
}

// reason puts the errors that a person can do something about into words.
func reason(err error) string {
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var timeout net.Error
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "its certificate is not valid today; is the clock right?"
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return "its certificate is not trusted; something on the way may be answering in its place"
	case errors.Is(err, errTunnel):
		return errTunnel.Error()
	case errors.Is(err, uplink.ErrNoWay):
		return uplink.ErrNoWay.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time"
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return err.Error()
}

// parseEcho reads the address out of a page. Anything but the forms that
// ParseHTTPS names is refused, such as a login page with an address in it.
func parseEcho(body []byte, f Family) (netip.Addr, error) {
	body = bytes.TrimSpace(body)
	text := string(body)
	switch {
	case len(body) == 0:
		return netip.Addr{}, errors.New("its answer is empty")
	case body[0] == '{':
		var object struct {
			IP string `json:"ip"`
		}
		if err := json.Unmarshal(body, &object); err != nil || object.IP == "" {
			return netip.Addr{}, errors.New("its answer is JSON without an address")
		}
		text = object.IP
	case bytes.ContainsRune(body, '\n'):
		found := 0
		for line := range strings.Lines(string(body)) {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), "ip="); ok {
				text = value
				found++
			}
		}
		if found != 1 {
			return netip.Addr{}, errors.New("its answer is a page without an address")
		}
	}
	return parseAddr(text, f)
}

// parseAddr reads one address of a family. IPv4 written as IPv6 (a server with
// one socket for both sees it so) is IPv4.
func parseAddr(text string, f Family) (netip.Addr, error) {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil {
		return netip.Addr{}, errors.New("its answer is no address")
	}
	if f == V4 {
		a = a.Unmap()
	}
	switch {
	case a.Zone() != "":
		return netip.Addr{}, errors.New("its answer is an address with a zone")
	case !f.Of(a):
		return netip.Addr{}, fmt.Errorf("its answer is no %s address", f)
	}
	return a, nil
}
