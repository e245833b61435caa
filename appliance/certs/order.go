package certs

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"latchkey/appliance/problem"
)

// pollOrder is how often an order that the CA works on is looked at.
const pollOrder = 2 * time.Second

// place obtains one certificate, with an account made anew where the CA has
// lost ours.
func (a *acmeCA) place(ctx context.Context, w work) (acme.Certificate, error) {
	account, order, err := a.start(ctx, w)
	if unknown(err) {
		if err := a.forget(ctx); err != nil {
			return acme.Certificate{}, err
		}
		account, order, err = a.start(ctx, w)
	}
	if err != nil {
		return acme.Certificate{}, err
	}
	if order, err = a.advance(ctx, account, order, w); err != nil {
		if !w.rehearse && settled(err) {
			err = errors.Join(err, a.p.dropOrder(ctx, a.key, w.name))
		}
		return acme.Certificate{}, err
	}
	if w.rehearse {
		return acme.Certificate{}, nil
	}
	chains, err := a.client.GetCertificateChain(ctx, account, order.Certificate)
	if err != nil {
		return acme.Certificate{}, fmt.Errorf("fetching the certificate: %w", err)
	}
	if len(chains) == 0 {
		return acme.Certificate{}, errors.New("fetching the certificate: no chain was offered")
	}
	return chains[0], verifyChain(w.name, w.csr, chains[0].ChainPEM)
}

// start finds our account, and the order to go on with.
func (a *acmeCA) start(ctx context.Context, w work) (acme.Account, acme.Order, error) {
	account, err := a.account(ctx)
	if err != nil {
		return acme.Account{}, acme.Order{}, err
	}
	if !w.rehearse {
		if order, ok, err := a.resume(ctx, account, w.name); ok || err != nil {
			return account, order, err
		}
	}
	order, err := a.newOrder(ctx, account, w)
	return account, order, err
}

// resume finds the order that is kept for name; ok is false where there is
// none that can still become a certificate.
func (a *acmeCA) resume(ctx context.Context, account acme.Account, name string) (order acme.Order, ok bool, err error) {
	kept, err := a.p.loadOrder(ctx, a.key, name)
	if err != nil || kept == nil || kept.URL == "" {
		return acme.Order{}, false, err
	}
	order, err = a.client.GetOrder(ctx, account, acme.Order{Location: kept.URL})
	var said acme.Problem
	switch {
	case unknown(err):
		return acme.Order{}, false, err
	case errors.As(err, &said) && said.Status >= 400 && said.Status < 500 && said.Status != http.StatusTooManyRequests:
		return acme.Order{}, false, nil // it is not there any more
	case err != nil:
		return acme.Order{}, false, fmt.Errorf("looking after the order: %w", err)
	}
	mine := len(order.Identifiers) == 1 && order.Identifiers[0].Value == name
	return order, mine && order.Status != acme.StatusInvalid, nil
}

// newOrder places an order and keeps where it is before anything else is done
// with it.
func (a *acmeCA) newOrder(ctx context.Context, account acme.Account, w work) (acme.Order, error) {
	want := acme.Order{Identifiers: []acme.Identifier{{Type: "dns", Value: w.name}}}
	if w.replaces != nil {
		if id, err := a.replacing(ctx, w.replaces); err == nil {
			want.Replaces = id
		}
	}
	if err := a.p.books.placing(ctx, a.key, w.name); err != nil {
		return acme.Order{}, err
	}
	order, err := a.client.NewOrder(ctx, account, want)
	if want.Replaces != "" && disowned(err) {
		want.Replaces = ""
		order, err = a.client.NewOrder(ctx, account, want)
	}
	if err != nil {
		return acme.Order{}, fmt.Errorf("placing the order: %w", err)
	}
	if !w.rehearse {
		err = a.p.keepOrder(ctx, a.key, w.name, order.Location)
	}
	return order, err
}

// replacing is the identifier of the certificate that is replaced (RFC 9773 5),
// where the CA knows of such things.
func (a *acmeCA) replacing(ctx context.Context, leaf *x509.Certificate) (string, error) {
	directory, err := a.client.GetDirectory(ctx)
	if err != nil {
		return "", err
	}
	if directory.RenewalInfo == "" {
		return "", acme.ErrUnsupported
	}
	return acme.ARIUniqueIdentifier(leaf)
}

// disowned reports whether the CA may only dislike which certificate is to be
// replaced: by another one already, made for another account, or forgotten. CAs
// say that in many ways, so another order without it is placed unless the
// answer is surely about something else.
func disowned(err error) bool {
	var said acme.Problem
	if !errors.As(err, &said) {
		return false
	}
	switch said.Type {
	case acme.ProblemTypeRateLimited, acme.ProblemTypeAccountDoesNotExist, acme.ProblemTypeBadNonce, acme.ProblemTypeRejectedIdentifier:
		return false
	}
	return true
}

// advance brings an order from where it is to where its certificate can be
// fetched.
func (a *acmeCA) advance(ctx context.Context, account acme.Account, order acme.Order, w work) (acme.Order, error) {
	if order.Status == acme.StatusPending {
		for _, url := range order.Authorizations {
			if err := a.authorize(ctx, account, url, w); err != nil {
				return order, err
			}
		}
	}
	location := order.Location
	if order.Status == acme.StatusPending || order.Status == acme.StatusReady {
		finished, err := a.client.FinalizeOrder(ctx, account, order, w.csr.Raw)
		if err != nil {
			return order, fmt.Errorf("finalizing the order: %w", err)
		}
		order = finished
	}
	for order.Status == acme.StatusProcessing {
		select {
		case <-time.After(pollOrder):
		case <-ctx.Done():
			return order, ctx.Err()
		}
		var err error
		if order, err = a.client.GetOrder(ctx, account, acme.Order{Location: location}); err != nil {
			return order, fmt.Errorf("looking after the order: %w", err)
		}
	}
	if order.Status != acme.StatusValid {
		err := fmt.Errorf("the order became %s", order.Status)
		if order.Error != nil {
			err = fmt.Errorf("%w: %w", err, *order.Error)
		}
		return order, err
	}
	return order, nil
}

// authorize proves that the name is ours.
func (a *acmeCA) authorize(ctx context.Context, account acme.Account, url string, w work) error {
	authz, err := a.client.GetAuthorization(ctx, account, url)
	if err != nil {
		return fmt.Errorf("reading what is to be proved: %w", err)
	}
	if authz.Status == acme.StatusValid {
		return nil // from an order before
	}
	if authz.Status != acme.StatusPending {
		return &failure{Problem: problem.New(problem.Unavailable, "cert.ca",
			"The certificate authority gave up the order for "+w.name+".", "A new one is placed by itself."), refused: true}
	}
	for _, c := range authz.Challenges {
		if c.Type == acme.ChallengeTypeDNS01 {
			return a.prove(ctx, account, authz, c, w)
		}
	}
	return failed(problem.New(problem.Refused, "cert.ca",
		"The certificate authority does not offer the proof by DNS (dns-01).", "Choose another acme.directory in config.toml."))
}

// prove answers the challenge: the record is set and seen, then the CA is told
// to look, then the record goes.
func (a *acmeCA) prove(ctx context.Context, account acme.Account, authz acme.Authorization, c acme.Challenge, w work) error {
	done, err := a.p.present(ctx, w, c.DNS01TXTRecordName(), c.DNS01KeyAuthorization())
	if err != nil {
		return err
	}
	defer done()
	if c.Status == acme.StatusPending || c.Status == "" { // else the CA looks already
		if _, err := a.client.InitiateChallenge(ctx, account, c); err != nil {
			return fmt.Errorf("telling the CA to look: %w", err)
		}
	}
	if _, err := a.client.PollAuthorization(ctx, account, authz); err != nil {
		return fmt.Errorf("waiting for the CA's look: %w", err)
	}
	return nil
}

// settled reports whether the order can't become a certificate any more.
func settled(err error) bool {
	var f *failure
	if errors.As(err, &f) {
		return f.refused
	}
	var said acme.Problem
	return errors.As(err, &said) && said.Status < 500 && said.Type != acme.ProblemTypeBadNonce && said.Type != acme.ProblemTypeRateLimited
}

// verifyChain wants a leaf for name and for the key of csr. A CA that gives
// another one would have us serve what no browser takes.
func verifyChain(name string, csr *x509.CertificateRequest, chain []byte) error {
	block, _ := pem.Decode(chain)
	if block == nil || block.Type != "CERTIFICATE" {
		return errors.New("reading the certificate of the CA: it is none")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return fmt.Errorf("reading the certificate of the CA: %w", err)
	}
	if err := leaf.VerifyHostname(name); err != nil {
		return fmt.Errorf("reading the certificate of the CA: %w", err)
	}
	key, ok := leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || !key.Equal(csr.PublicKey) {
		return errors.New("reading the certificate of the CA: it is for another key")
	}
	return nil
}
