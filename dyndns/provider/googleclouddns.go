package provider

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

func googleEntry() entry {
	return entry{
		info: Info{
			ID: "googleclouddns", Title: "Google Cloud DNS", Site: "https://cloud.google.com/dns",
			TokenHelp: "On console.cloud.google.com open IAM, Service Accounts, make one with the role “DNS Administrator”, then Keys, Add key, JSON. Paste the whole file that it gives you.",
			Fields:    []Field{{Key: keyKey, Title: "Key file", Help: "The JSON file of a service account, as it is.", Secret: true, Lines: true}},
			Subnames:  true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodeToken:      "Make a new key for the service account, of the kind JSON, and paste the file as it is; see also that this machine's clock is right.",
			CodePermission: "Give the service account the role “DNS Administrator” in the project of %[2]s, and switch the Cloud DNS API on there.",
		},
		servers: []string{"googledomains.com", "ns-cloud-"},
		open:    openGoogle,
	}
}

const (
	googleAPI   = "https://dns.googleapis.com/dns/v1/projects"
	googleToken = "https://oauth2.googleapis.com/token"
	googleScope = "https://www.googleapis.com/auth/ndev.clouddns.readwrite"
)

// google speaks https://cloud.google.com/dns/docs/reference/rest/v1, signed in
// as https://developers.google.com/identity/protocols/oauth2/service-account
// describes. The module, libdns/googleclouddns v1.2.0, costs 9 MB.
type google struct {
	zone, project, email string
	keyID                string
	key                  *rsa.PrivateKey
	wire                 *wire
	learn                func(string)
	now                  func() time.Time
	token                string
	until                time.Time
}

func openGoogle(o opening) (backend, error) {
	bad := func(text string) error { return &complaint{code: CodeToken, text: text} }
	var file struct {
		Type    string `json:"type"`
		Project string `json:"project_id"`
		KeyID   string `json:"private_key_id"`
		Key     string `json:"private_key"`
		Email   string `json:"client_email"`
	}
	if json.Unmarshal([]byte(o.cred[keyKey]), &file) != nil {
		return nil, bad("This is no key file of Google: it is no JSON.")
	}
	o.learn(file.Key)
	block, _ := pem.Decode([]byte(file.Key))
	if file.Type != "service_account" || file.Project == "" || file.Email == "" || block == nil {
		return nil, bad("This is no key file of a service account.")
	}
	o.learn(strings.Join(strings.Fields(string(pem.EncodeToMemory(block))), ""))
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, isRSA := parsed.(*rsa.PrivateKey)
	if err != nil || !isRSA {
		return nil, bad("The key in the file can't be read.")
	}
	o.wire.envelope = googleRefusal
	return sets{&google{
		zone: o.zone, project: file.Project, email: file.Email, keyID: file.KeyID, key: key, wire: o.wire, learn: o.learn, now: time.Now,
	}}, nil
}

// assertion is a JWT of RFC 7523, signed by RS256 (RFC 7518, section 3.3).
func (g *google) assertion() (string, error) {
	head, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": g.keyID})
	if err != nil {
		return "", err
	}
	now := g.now().Unix()
	claims, err := json.Marshal(map[string]any{"iss": g.email, "scope": googleScope, "aud": googleToken, "iat": now, "exp": now + 3600})
	if err != nil {
		return "", err
	}
	line := base64.RawURLEncoding.EncodeToString(head) + "." + base64.RawURLEncoding.EncodeToString(claims)
	sum := sha256.Sum256([]byte(line))
	signature, err := rsa.SignPKCS1v15(rand.Reader, g.key, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing in: %w", err)
	}
	return line + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

func (g *google) signIn(ctx context.Context) error {
	if g.token != "" && g.now().Before(g.until) {
		return nil
	}
	assertion, err := g.assertion()
	if err != nil {
		return err
	}
	g.learn(assertion)
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {assertion}}
	g.token, g.until, err = oauthToken(ctx, g.wire, googleToken, form, g.now())
	g.learn(g.token)
	return err
}

// oauthToken is RFC 6749, section 5: an access token and until when it is good,
// less a minute of safety. A refusal of any kind is a wrong key.
func oauthToken(ctx context.Context, w *wire, at string, form url.Values, now time.Time) (string, time.Time, error) {
	var answer struct {
		Token   string `json:"access_token"`
		Expires int64  `json:"expires_in"`
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	err := w.ask(ctx, call{method: http.MethodPost, url: at, header: header, in: []byte(form.Encode()), out: &answer})
	if status(err, http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden) {
		if c := classify(err); c.code == CodeUnreachable {
			return "", time.Time{}, err
		}
		return "", time.Time{}, &complaint{code: CodeToken, err: err}
	}
	if err == nil && answer.Token == "" {
		err = noResult()
	}
	return answer.Token, now.Add(time.Duration(max(0, min(answer.Expires, 86400))-60) * time.Second), err
}

func (g *google) ask(ctx context.Context, method, at string, in, out any) error {
	if err := g.signIn(ctx); err != nil {
		return err
	}
	return rest{googleAPI, bearer(g.token), g.wire}.ask(ctx, method, at, in, out)
}

type googleSet struct {
	Name string   `json:"name"`
	Type string   `json:"type"`
	TTL  int      `json:"ttl"`
	Data []string `json:"rrdatas"`
}

// at finds the public managed zone of this name.
func (g *google) at(ctx context.Context) (string, error) {
	var answer struct {
		Zones []struct{ Name, DNSName, Visibility string } `json:"managedZones"`
	}
	query := url.Values{"dnsName": {g.zone + "."}}
	if err := g.ask(ctx, http.MethodGet, path(g.project, "managedZones")+"?"+query.Encode(), nil, &answer); err != nil {
		return "", err
	}
	for _, z := range answer.Zones {
		if plainName(z.DNSName) == g.zone && z.Visibility != "private" && z.Name != "" {
			return path(g.project, "managedZones", z.Name), nil
		}
	}
	return "", &complaint{code: CodeZone}
}

func (g *google) fetch(ctx context.Context, at, name, typ string) (*googleSet, error) {
	var answer struct {
		Sets []googleSet `json:"rrsets"`
	}
	query := url.Values{"name": {name + "."}, "type": {typ}}
	if err := g.ask(ctx, http.MethodGet, at+"/rrsets?"+query.Encode(), nil, &answer); err != nil {
		return nil, err
	}
	for _, s := range answer.Sets {
		if plainName(s.Name) == name && s.Type == typ {
			return &s, nil
		}
	}
	return nil, nil
}

func (g *google) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	at, err := g.at(ctx)
	if err != nil {
		return nil, 0, err
	}
	s, err := g.fetch(ctx, at, name, typ)
	if s == nil || err != nil {
		return nil, 0, err
	}
	var values []string
	for _, v := range s.Data {
		values = append(values, normal(typ, v))
	}
	return values, duration(s.TTL), nil
}

// put is one change: what is there goes and what is wanted comes, or neither.
func (g *google) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	at, err := g.at(ctx)
	if err != nil {
		return err
	}
	there, err := g.fetch(ctx, at, name, typ)
	if err != nil {
		return err
	}
	change := map[string][]googleSet{}
	if there != nil {
		change["deletions"] = []googleSet{*there}
	}
	if len(values) > 0 {
		s := googleSet{Name: name + ".", Type: typ, TTL: seconds(ttl)}
		for _, v := range values {
			s.Data = append(s.Data, zoneForm(typ, v))
		}
		change["additions"] = []googleSet{s}
	}
	if len(change) == 0 {
		return nil
	}
	return g.ask(ctx, http.MethodPost, at+"/changes", change, nil)
}

// googleRefusal reads {"error":{"code":403,"message":"...","status":"..."}}, and RFC 6749's {"error":"invalid_grant","error_description":"..."}.
func googleRefusal(r *refusal, body []byte) {
	messageRefusal(r, body)
	oauthRefusal(r, body)
}

// oauthRefusal reads RFC 6749, section 5.2.
func oauthRefusal(r *refusal, body []byte) {
	var a struct {
		Error       any    `json:"error"`
		Description string `json:"error_description"`
	}
	if json.Unmarshal(body, &a) != nil {
		return
	}
	if code, ok := a.Error.(string); ok && code != "" {
		r.Codes = append(r.Codes, code)
	}
	if a.Description != "" {
		r.Said = a.Description
	}
}
