package account

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// accessLife is how long an access token lives. The session behind it is asked
// at every request, so that this bounds only how often clients refresh.
const accessLife = time.Hour

// accessLag is how far a client's clock may lie behind ours.
const accessLag = time.Minute

// tokens makes and reads access tokens (JWT, RFC 7519, HMAC-SHA256) and
// refresh tokens.
type tokens struct {
	key    []byte
	issuer string
	now    func() time.Time
}

// claims are those that Bitwarden clients read (they don't check the
// signature; we do).
type claims struct {
	jwt.RegisteredClaims
	Premium       bool     `json:"premium"`
	Name          string   `json:"name"`
	Email         string   `json:"email"`
	EmailVerified bool     `json:"email_verified"`
	Stamp         string   `json:"sstamp"`
	Device        string   `json:"device"`
	DeviceType    string   `json:"devicetype"`
	ClientID      string   `json:"client_id"`
	Scope         []string `json:"scope"`
	AMR           []string `json:"amr"`
	Session       string   `json:"sid"`
}

func (t *tokens) access(a Account, dev Device, s Session) (string, error) {
	now := t.now()
	scope := []string{"api", "offline_access"}
	if s.NoRefresh {
		scope = scope[:1]
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: t.issuer, Subject: string(a.ID),
			NotBefore: jwt.NewNumericDate(now.Add(-accessLag)),
			ExpiresAt: jwt.NewNumericDate(now.Add(accessLife)),
		},
		Premium: true, Name: a.Name, Email: a.Email, EmailVerified: true, Stamp: a.Stamp,
		Device: dev.Identifier, DeviceType: fmt.Sprint(dev.Type), ClientID: s.Client,
		Scope: scope, AMR: []string{"Application"}, Session: string(s.ID),
	}).SignedString(t.key)
	if err != nil {
		return "", fmt.Errorf("signing an access token: %w", err)
	}
	return signed, nil
}

// read checks an access token and gives whose session it names, until when.
func (t *tokens) read(token string) (UserID, SessionID, time.Time, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(),
		jwt.WithIssuer(t.issuer), jwt.WithTimeFunc(t.now))
	if err != nil {
		return "", "", time.Time{}, fmt.Errorf("reading an access token: %w", err)
	}
	return UserID(c.Subject), SessionID(c.Session), c.ExpiresAt.Time, nil
}

// Ours reports whether the house once made this access token, for whomever and
// however long ago.
func (d *Directory) Ours(accessToken string) bool {
	_, err := jwt.ParseWithClaims(accessToken, &claims{}, func(*jwt.Token) (any, error) { return d.tokens.key, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithoutClaimsValidation())
	return err == nil
}

// A refresh token is base64url(owner 16 | session 16 | secret 32): the first
// two find the session without an index, only a hash of the third is kept.
const (
	refreshSecret = 32
	refreshLen    = 16 + 16 + refreshSecret
)

func newRefresh(owner UserID, id SessionID) (token string, hash []byte, err error) {
	o, err := uuid.Parse(string(owner))
	if err != nil {
		return "", nil, fmt.Errorf("making a refresh token: %w", err)
	}
	s, err := uuid.Parse(string(id))
	if err != nil {
		return "", nil, fmt.Errorf("making a refresh token: %w", err)
	}
	secret := random(refreshSecret)
	sum := sha256.Sum256(secret)
	raw := append(append(append(make([]byte, 0, refreshLen), o[:]...), s[:]...), secret...)
	return base64.RawURLEncoding.EncodeToString(raw), sum[:], nil
}

func readRefresh(token string) (owner UserID, id SessionID, secret []byte, ok bool) {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) != refreshLen {
		return "", "", nil, false
	}
	o, s := uuid.UUID(raw[:16]), uuid.UUID(raw[16:32])
	return UserID(o.String()), SessionID(s.String()), raw[32:], true
}

// matches compares in constant time, though the hash of 32 random bytes leaves
// nothing to learn from timing.
func (s Session) matches(secret []byte) bool {
	sum := sha256.Sum256(secret)
	return subtle.ConstantTimeCompare(sum[:], s.Hash) == 1
}
