// Package totp makes and checks time-based one-time passwords (RFC 6238) as
// authenticator apps show them: SHA-1, six digits, a new code every 30 seconds.
// It is pure: whose secret it is and which step was used last is account's.
package totp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238's default, the only one that every app knows; HMAC does not rest on collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// What authenticator apps take for granted when a URI does not say.
const (
	Digits = 6
	Period = 30 * time.Second
)

// skew is how many steps a clock may lag or lead (RFC 6238, 5.2 allows one).
const skew = 1

// A secret has as many bytes as SHA-1's result (RFC 4226, 4 R6 recommends 20);
// other servers' secrets of 16 and more are taken too.
const (
	secretBytes    = 20
	minSecretBytes = 16
	maxSecretBytes = 64
)

// coding is the base32 of RFC 4648 as apps want it typed: no padding.
func coding() *base32.Encoding { return base32.StdEncoding.WithPadding(base32.NoPadding) }

// New makes a random secret: 20 bytes as 32 characters of base32.
func New() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // ends the process rather than fail
	return coding().EncodeToString(b)
}

// Normal brings a secret as people and apps write it (lower case, in groups,
// padded) into the form of New; ok is false for what is none, or too short
// (RFC 4226 wants 128 bits) or too long to be one.
func Normal(secret string) (normal string, ok bool) {
	plain := strings.NewReplacer(" ", "", "-", "").Replace(secret)
	plain = strings.ToUpper(strings.TrimRight(plain, "="))
	raw, err := coding().DecodeString(plain)
	if err != nil || len(raw) < minSecretBytes || len(raw) > maxSecretBytes {
		return "", false
	}
	return coding().EncodeToString(raw), true
}

// Check reports whether code is secret's at now, one step before or after, and
// gives the step that it belongs to. A step up to last never counts again,
// whatever the clock says; 0 where none was used yet. It takes the same time
// for every code of the right length.
func Check(secret, code string, now time.Time, last int64) (step int64, ok bool) {
	key, err := coding().DecodeString(secret)
	if err != nil || len(key) == 0 {
		return 0, false
	}
	code = strings.ReplaceAll(code, " ", "") // apps show it as "123 456"
	at := Step(now)
	for s := at - skew; s <= at+skew; s++ {
		same := subtle.ConstantTimeCompare([]byte(At(key, s)), []byte(code)) == 1
		if same && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

// Step is the number of whole periods from the epoch to t.
func Step(t time.Time) int64 { return t.Unix() / int64(Period/time.Second) }

// At is the code of one step: RFC 4226's HOTP with the step as its counter.
func At(key []byte, step int64) string {
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	from := sum[len(sum)-1] & 0x0f // RFC 4226, 5.3: dynamic truncation
	n := binary.BigEndian.Uint32(sum[from:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", Digits, n%1_000_000)
}

// URI is what a QR code tells an authenticator app
// (github.com/google/google-authenticator/wiki/Key-Uri-Format).
func URI(issuer, account, secret string) string {
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	query := "secret=" + url.QueryEscape(secret) + "&issuer=" + strings.ReplaceAll(url.QueryEscape(issuer), "+", "%20")
	return "otpauth://totp/" + label + "?" + query + fmt.Sprintf("&algorithm=SHA1&digits=%d&period=%d", Digits, int(Period.Seconds()))
}
