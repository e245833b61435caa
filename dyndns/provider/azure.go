package provider

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	keyTenant       = "tenant"
	keySubscription = "subscription"
	keyGroup        = "group"
)

func azureEntry() entry {
	return entry{
		info: Info{
			ID: "azure", Title: "Azure DNS", Site: "https://azure.microsoft.com",
			TokenHelp: "On portal.azure.com register an application under Microsoft Entra ID, App registrations, make a client secret for it, " +
				"and give it the role “DNS Zone Contributor” on your DNS zone.",
			Fields: []Field{
				{Key: keyTenant, Title: "Directory (tenant) ID"},
				{Key: keyUser, Title: "Application (client) ID"},
				{Key: keySecret, Title: "Client secret", Help: "Its value, not its ID.", Secret: true},
				{Key: keySubscription, Title: "Subscription ID"},
				{Key: keyGroup, Title: "Resource group"},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: 30 * time.Second,
		},
		hints: map[string]string{
			CodeToken:      "Compare the three: tenant ID, client ID, and the client secret's value (not its ID); a secret also has an end date.",
			CodePermission: "Give the application the role “DNS Zone Contributor” on the zone %[2]s; it takes some minutes.",
			CodeZone:       "Compare subscription and resource group with those of the DNS zone %[2]s.",
		},
		servers: []string{"azure-dns.com", "azure-dns.net", "azure-dns.org", "azure-dns.info"},
		open: func(o opening) (backend, error) {
			o.wire.envelope = googleRefusal // the same two forms
			return sets{&azure{
				zone: o.zone, tenant: o.cred[keyTenant], client: o.cred[keyUser], secret: o.cred[keySecret],
				base: path("subscriptions", o.cred[keySubscription], "resourceGroups", o.cred[keyGroup], "providers", "Microsoft.Network", "dnsZones", o.zone),
				wire: o.wire, learn: o.learn, now: time.Now,
			}}, nil
		},
	}
}

const azureAPI = "https://management.azure.com"

// azure speaks https://learn.microsoft.com/rest/api/dns/record-sets
// (2018-05-01). The module, libdns/azure v0.5.0, costs 2 MB.
type azure struct {
	zone, tenant, client, secret string
	base                         string
	wire                         *wire
	learn                        func(string)
	now                          func() time.Time
	token                        string
	until                        time.Time
}

type azureSet struct {
	Properties struct {
		TTL  int            `json:"TTL"`
		A    []azureAddress `json:"ARecords,omitempty"`
		AAAA []azureAddress `json:"AAAARecords,omitempty"`
		TXT  []azureText    `json:"TXTRecords,omitempty"`
	} `json:"properties"`
}

type azureAddress struct {
	V4 string `json:"ipv4Address,omitempty"`
	V6 string `json:"ipv6Address,omitempty"`
}

type azureText struct {
	Value []string `json:"value"`
}

func (z *azure) ask(ctx context.Context, method, name, typ string, in, out any) error {
	if z.token == "" || !z.now().Before(z.until) {
		form := url.Values{
			"grant_type": {"client_credentials"}, "client_id": {z.client}, "client_secret": {z.secret}, "scope": {azureAPI + "/.default"},
		}
		var err error
		z.token, z.until, err = oauthToken(ctx, z.wire, "https://login.microsoftonline.com"+path(z.tenant, "oauth2", "v2.0", "token"), form, z.now())
		z.learn(z.token)
		if err != nil {
			return err
		}
	}
	at := z.base + path(typ, below(name, z.zone, "@")) + "?api-version=2018-05-01"
	return rest{azureAPI, bearer(z.token), z.wire}.ask(ctx, method, at, in, out)
}

func (z *azure) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	var s *azureSet
	err := z.ask(ctx, http.MethodGet, name, typ, nil, &s)
	switch {
	case status(err, http.StatusNotFound):
		return nil, 0, nil // no such set, or no such zone: then the write tells
	case err != nil:
		return nil, 0, err
	case s == nil || s.Properties.TTL == 0:
		return nil, 0, noResult()
	}
	var values []string
	for _, a := range s.Properties.A {
		values = append(values, normal(typ, a.V4))
	}
	for _, a := range s.Properties.AAAA {
		values = append(values, normal(typ, a.V6))
	}
	for _, t := range s.Properties.TXT {
		values = append(values, strings.Join(t.Value, ""))
	}
	return values, duration(s.Properties.TTL), nil
}

func (z *azure) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	if len(values) == 0 {
		return z.ask(ctx, http.MethodDelete, name, typ, nil, nil)
	}
	var s azureSet
	s.Properties.TTL = seconds(ttl)
	for _, v := range values {
		switch typ {
		case "A":
			s.Properties.A = append(s.Properties.A, azureAddress{V4: v})
		case "AAAA":
			s.Properties.AAAA = append(s.Properties.AAAA, azureAddress{V6: v})
		default:
			s.Properties.TXT = append(s.Properties.TXT, azureText{Value: []string{v}})
		}
	}
	return z.ask(ctx, http.MethodPut, name, typ, s, nil)
}
