package provider

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

func route53Entry() entry {
	return entry{
		info: Info{
			ID: "route53", Title: "Amazon Route 53", Site: "https://aws.amazon.com/route53/",
			TokenHelp: "On console.aws.amazon.com open IAM, make a user that may route53:ListHostedZonesByName, route53:ListResourceRecordSets and route53:ChangeResourceRecordSets, " +
				"then Security credentials, Create access key, and copy both parts.",
			Fields: []Field{
				{Key: keyKey, Title: "Access key ID", Help: "Begins with AKIA."},
				{Key: keySecret, Title: "Secret access key", Help: "It is shown only once.", Secret: true},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: time.Minute,
		},
		hints: map[string]string{
			CodePermission: "Allow the user route53:ListHostedZonesByName, route53:ListResourceRecordSets and route53:ChangeResourceRecordSets for %[2]s.",
		},
		servers: []string{"awsdns-"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = route53Refusal
			return sets{&route53{zone: o.zone, key: o.cred[keyKey], secret: o.cred[keySecret], wire: o.wire, now: time.Now}}, nil
		},
	}
}

const (
	route53Host = "route53.amazonaws.com"
	route53Path = "/2013-04-01"
	route53NS   = "https://route53.amazonaws.com/doc/2013-04-01/"
)

// route53 speaks https://docs.aws.amazon.com/Route53/latest/APIReference/. The
// module, libdns/route53 v1.6.0, costs 3 MB.
type route53 struct {
	zone, key, secret string
	wire              *wire
	now               func() time.Time
}

type route53Set struct {
	Name   string   `xml:"Name"`
	Type   string   `xml:"Type"`
	TTL    int      `xml:"TTL"`
	Values []string `xml:"ResourceRecords>ResourceRecord>Value"`
	// What else a set may have marks one that is not ours to change.
	SetID string    `xml:"SetIdentifier,omitempty"`
	Alias *struct{} `xml:"AliasTarget"`
}

// ask sends one signed request; out is read as XML.
func (a *route53) ask(ctx context.Context, method, at string, query url.Values, in, out any) error {
	var body []byte
	if in != nil {
		encoded, err := xml.Marshal(in)
		if err != nil {
			return err
		}
		body = append([]byte(xml.Header), encoded...)
	}
	u := url.URL{Scheme: "https", Host: route53Host, Path: route53Path + at, RawQuery: strings.ReplaceAll(query.Encode(), "+", "%20")}
	header := signV4(v4{key: a.key, secret: a.secret, region: "us-east-1", service: "route53", now: a.now()}, method, &u, body)
	header.Set("Accept", "application/xml")
	c := call{method: method, url: u.String(), header: header}
	if in != nil {
		header.Set("Content-Type", "application/xml")
		c.in = body
	}
	var answer []byte
	c.out = &answer
	if err := a.wire.ask(ctx, c); err != nil {
		return err
	}
	return decodeXML(answer, out)
}

func decodeXML(raw []byte, out any) error {
	if out == nil {
		return nil
	}
	r := &refusal{Status: http.StatusOK, Odd: "an answer of another form"}
	if len(strings.TrimSpace(string(raw))) == 0 {
		r.Odd = "an empty answer"
		return r
	}
	if err := xml.Unmarshal(raw, out); err != nil {
		var cut *xml.SyntaxError
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &cut) && strings.Contains(cut.Msg, "EOF") {
			r.Odd = "an answer cut short"
		}
		return r
	}
	return nil
}

func (a *route53) at(ctx context.Context) (string, error) {
	var answer struct {
		XMLName xml.Name `xml:"ListHostedZonesByNameResponse"`
		Zones   []struct {
			ID      string `xml:"Id"`
			Name    string `xml:"Name"`
			Private bool   `xml:"Config>PrivateZone"`
		} `xml:"HostedZones>HostedZone"`
	}
	if err := a.ask(ctx, http.MethodGet, "/hostedzonesbyname", url.Values{"dnsname": {a.zone + "."}}, nil, &answer); err != nil {
		return "", err
	}
	for _, z := range answer.Zones {
		id := z.ID[strings.LastIndex(z.ID, "/")+1:]
		if plainName(z.Name) == a.zone && !z.Private && id != "" {
			return path("hostedzone", id) + "/rrset", nil
		}
	}
	return "", &complaint{code: CodeZone}
}

func (a *route53) fetch(ctx context.Context, at, name, typ string) (*route53Set, error) {
	var answer struct {
		XMLName xml.Name     `xml:"ListResourceRecordSetsResponse"`
		Sets    []route53Set `xml:"ResourceRecordSets>ResourceRecordSet"`
	}
	// The list begins with this set, if there is one, and goes on behind it.
	query := url.Values{"name": {name + "."}, "type": {typ}, "maxitems": {"1"}}
	if err := a.ask(ctx, http.MethodGet, at, query, nil, &answer); err != nil {
		return nil, err
	}
	for _, s := range answer.Sets {
		if plainName(s.Name) != name || s.Type != typ {
			continue
		}
		if s.SetID != "" || s.Alias != nil {
			return nil, &complaint{
				code: CodeRejected, text: "At %[1]s, " + name + " is an alias or has a routing policy, which Latchkey leaves alone.",
				hint: "Make it a simple record, or choose another name.",
			}
		}
		return &s, nil
	}
	return nil, nil
}

func (a *route53) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	at, err := a.at(ctx)
	if err != nil {
		return nil, 0, err
	}
	s, err := a.fetch(ctx, at, name, typ)
	if s == nil || err != nil {
		return nil, 0, err
	}
	var values []string
	for _, v := range s.Values {
		values = append(values, normal(typ, v))
	}
	return values, duration(s.TTL), nil
}

type route53Change struct {
	XMLName xml.Name `xml:"ChangeResourceRecordSetsRequest"`
	Space   string   `xml:"xmlns,attr"`
	Action  string   `xml:"ChangeBatch>Changes>Change>Action"`
	Set     struct {
		Name   string   `xml:"Name"`
		Type   string   `xml:"Type"`
		TTL    int      `xml:"TTL"`
		Values []string `xml:"ResourceRecords>ResourceRecord>Value"`
	} `xml:"ChangeBatch>Changes>Change>ResourceRecordSet"`
}

func (a *route53) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	at, err := a.at(ctx)
	if err != nil {
		return err
	}
	change := route53Change{Space: route53NS, Action: "UPSERT"}
	change.Set.Name, change.Set.Type, change.Set.TTL = name+".", typ, seconds(ttl)
	for _, v := range values {
		change.Set.Values = append(change.Set.Values, zoneForm(typ, v))
	}
	if len(values) == 0 {
		// A deletion has to name exactly what is there.
		there, err := a.fetch(ctx, at, name, typ)
		if there == nil || err != nil {
			return err
		}
		change.Action, change.Set.TTL, change.Set.Values = "DELETE", there.TTL, there.Values
	}
	return a.ask(ctx, http.MethodPost, at, nil, change, nil)
}

// route53Refusal reads <ErrorResponse><Error><Code>, and the plain <InvalidChangeBatch>.
func route53Refusal(r *refusal, body []byte) {
	var a struct {
		Code     string   `xml:"Error>Code"`
		Message  string   `xml:"Error>Message"`
		Messages []string `xml:"Messages>Message"`
	}
	if xml.Unmarshal(body, &a) != nil {
		return
	}
	r.Codes, r.Said = []string{a.Code}, strings.Join(append([]string{a.Message}, a.Messages...), " ")
	switch {
	case slices.Contains([]string{"InvalidClientTokenId", "SignatureDoesNotMatch", "IncompleteSignature", "MissingAuthenticationToken", "InvalidSignatureException", "UnrecognizedClientException"}, a.Code):
		r.As = CodeToken
	case strings.HasPrefix(a.Code, "AccessDenied"):
		r.As = CodePermission
	case a.Code == "NoSuchHostedZone":
		r.As = CodeZone
	case a.Code == "Throttling" || a.Code == "PriorRequestNotComplete" || a.Code == "ThrottlingException":
		r.As = CodeBusy
	}
}
