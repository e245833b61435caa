package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"sort"
	"strings"
	"syscall"

	"latchkey/appliance/problem"
)

// explainer turns what the kinds return into problems without secrets.
type explainer struct {
	place   string   // as a person knows it
	secrets []string // in every form in which they travel, longest first
}

func newExplainer(place string, c Config) *explainer {
	e := &explainer{place: place}
	k, _ := kindOf(c.Kind)
	for _, f := range k.Fields {
		if f.Secret && c.Fields[f.Name] != "" {
			e.secrets = append(e.secrets, disguises(c.value(FieldUser), c.Fields[f.Name])...)
		}
	}
	sort.Slice(e.secrets, func(i, j int) bool { return len(e.secrets[i]) > len(e.secrets[j]) })
	return e
}

// disguises gives the forms in which a secret may come back in somebody's error text.
func disguises(user, secret string) []string {
	all := []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword("", secret).String(),
		base64.StdEncoding.EncodeToString([]byte(user + ":" + secret)),
		base64.StdEncoding.EncodeToString([]byte(secret)),
	}
	if quoted, err := json.Marshal(secret); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	for line := range strings.Lines(secret) { // a private key may come back by its lines
		if line = strings.TrimSpace(line); len(line) >= 16 && !strings.HasPrefix(line, "-----") {
			all = append(all, line)
		}
	}
	return all
}

// scrub gives a line for the log: without secrets, on one line, not endless.
func (e *explainer) scrub(text string) string {
	for _, s := range e.secrets {
		text = strings.ReplaceAll(text, s, "[secret]")
	}
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	const most = 400
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// explain gives err as the package promises it. doing is a gerund.
func (e *explainer) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("%s at %s: %w", doing, e.place, ended)
	}
	var p *problem.Problem
	if errors.As(err, &p) {
		if p.Cause != nil {
			p = p.Because(errors.New(e.scrub(doing + ": " + p.Cause.Error())))
		}
		return p
	}
	var c *complaint
	if !errors.As(err, &c) {
		c = classify(err)
	}
	// What the cause wrapped is gone, since that could still be printed.
	return c.problem(e.place, errors.New(e.scrub(doing+": "+err.Error())))
}

// classify reads the errors of the system and of the network.
func classify(err error) *complaint {
	var (
		unknown  *net.DNSError
		record   tls.RecordHeaderError
		verify   *tls.CertificateVerificationError
		hostname x509.HostnameError
		issuer   x509.UnknownAuthorityError
		network  *net.OpError
	)
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &complaint{code: CodeFull, err: err}
	case errors.Is(err, syscall.EFBIG):
		return &complaint{code: CodeTooLarge, err: err}
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.EUCLEAN):
		return &complaint{
			code: CodeBroken, text: "The disk of {place} reports errors.",
			hint: "Check its cable and plug. If it was pulled and is in again: sudo systemctl restart latchkey. If it stays, the disk is worn out and wants to be replaced.",
			err:  err,
		}
	case errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ENOTCONN), errors.Is(err, syscall.EHOSTDOWN):
		return &complaint{code: CodeUnreachable, err: err}
	case errors.Is(err, errPublic):
		return &complaint{code: CodePlain, err: err}
	case errors.As(err, &unknown) && unknown.IsNotFound:
		return &complaint{
			code: CodeUnreachable, text: "There is no server of the name " + short(unknown.Name) + ".",
			hint: "Check the name for a slip.", err: err,
		}
	case errors.As(err, &record):
		return &complaint{
			code: CodeUnreachable, text: "This port speaks no https.",
			hint: "Check the port; at home, an address that begins with http:// may be the right one.", err: err,
		}
	case errors.As(err, &verify), errors.As(err, &hostname), errors.As(err, &issuer):
		return &complaint{code: CodeCertificate, err: err}
	case errors.As(err, &network), errors.As(err, &unknown), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &complaint{code: CodeUnreachable, err: err}
	}
	return &complaint{code: CodeBroken, err: err}
}

// short bounds a text that came from outside.
func short(s string) string {
	const most = 100
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

// shellWord quotes a text for a shell, where it needs that.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
