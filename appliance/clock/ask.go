package clock

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Ask asks a server for its time by the Date of an HTTPS answer (RFC 9110
// 6.6.1). The server is authenticated at the time that it tells: were it judged
// by our clock, a wrong clock could never find out that it is wrong. Whoever
// holds an old, stolen key could lie thereby, which is why two hosts have to
// agree. roots nil are the system's.
func Ask(ctx context.Context, address string, roots *x509.CertPool) (Witness, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" {
		return Witness{}, fmt.Errorf("asking for the time: %q is no https address", address)
	}
	var state tls.ConnectionState
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{
			InsecureSkipVerify: true, //nolint:gosec // verified below, at the time that the server tells
			VerifyConnection: func(s tls.ConnectionState) error {
				state = s
				return nil
			},
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, address, nil)
	if err != nil {
		return Witness{}, fmt.Errorf("asking for the time: %w", err)
	}
	asked := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return Witness{}, fmt.Errorf("asking for the time: %w", err)
	}
	resp.Body.Close()
	took := time.Since(asked)
	told, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return Witness{}, fmt.Errorf("asking %s for the time: %w", u.Host, err)
	}
	if err := verify(state, u.Hostname(), roots, told); err != nil {
		return Witness{}, fmt.Errorf("asking %s for the time: %w", u.Host, err)
	}
	// The date has whole seconds, and was told somewhere on the way.
	theirs := told.Add(500*time.Millisecond + took/2)
	return Witness{Source: u.Host, Ahead: theirs.Sub(asked.Add(took).Round(0))}, nil
}

func verify(s tls.ConnectionState, host string, roots *x509.CertPool, at time.Time) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("it showed no certificate")
	}
	between := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		between.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: between, CurrentTime: at})
	return err
}
