package provider

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	namecheapAPI = "https://api.namecheap.com/xml.response"
	keyAddress   = "address"
)

func namecheapEntry() entry {
	return entry{
		info: Info{
			ID: "namecheap", Title: "Namecheap", Site: "https://www.namecheap.com",
			TokenHelp: "On ap.www.namecheap.com open Profile, Tools, API Access: switch it on, copy the key, and put your public IPv4 address on the list there. " +
				"Whenever that address changes you must change the list by hand, so another provider suits a changing address better.",
			Fields: []Field{
				{Key: keyUser, Title: "User name"},
				{Key: keyKey, Title: "API key", Secret: true},
				{Key: keyAddress, Title: "Your public IPv4 address", Help: "As it stands on Namecheap's list."},
			},
			Subnames: true, V6: true, TXT: many, MinTTL: time.Minute, Clears: true, CleanReads: true, Proves: true,
			Propagation: time.Minute,
		},
		hints: map[string]string{
			CodeToken:      "Copy the key again from Profile, Tools, API Access; the access must be switched on there.",
			CodePermission: "Namecheap hears only addresses on its list: put the present one there, under Profile, Tools, API Access, and enter it here.",
			CodeZone:       "%[2]s must be in this account and use Namecheap's own servers (BasicDNS).",
		},
		servers: []string{"registrar-servers.com"},
		open: func(o opening) (backend, error) {
			if a, err := netip.ParseAddr(o.cred[keyAddress]); err != nil || !a.Is4() {
				return nil, &complaint{code: CodeRejected, text: "“Your public IPv4 address” is no IPv4 address.", hint: "Enter it as 203.0.113.7 is written."}
			}
			o.wire.sealed = namecheapSealed
			return sets{&namecheap{o.zone, o.cred[keyUser], o.cred[keyKey], o.cred[keyAddress], o.wire}}, nil
		},
	}
}

// namecheap speaks https://www.namecheap.com/support/api/methods/. It knows no
// change of one record: all of a domain's are read and written back, with one
// set changed, which is the reason why a list that looks wrong is never
// written. The module, libdns/namecheap v1.0.0, can't be given an HTTP client,
// puts the key into the URL, and asks a stranger for the own address.
type namecheap struct {
	zone, user, key, address string
	wire                     *wire
}

type namecheapHost struct {
	Name    string `xml:"Name,attr"`
	Type    string `xml:"Type,attr"`
	Address string `xml:"Address,attr"`
	MXPref  string `xml:"MXPref,attr"`
	TTL     string `xml:"TTL,attr"`
}

type namecheapHosts struct {
	Domain  string          `xml:"Domain,attr"`
	Email   string          `xml:"EmailType,attr"`
	OwnDNS  string          `xml:"IsUsingOurDNS,attr"`
	Hosts   []namecheapHost `xml:"host"`
	Capital []namecheapHost `xml:"Host"` // both are documented
}

func (n *namecheap) ask(ctx context.Context, command string, form url.Values, out any) error {
	sld, tld, _ := strings.Cut(n.zone, ".")
	for k, v := range map[string]string{
		"ApiUser": n.user, "UserName": n.user, "ApiKey": n.key, "ClientIp": n.address, "SLD": sld, "TLD": tld,
		"Command": "namecheap.domains.dns." + command,
	} {
		form.Set(k, v)
	}
	var answer []byte
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/xml"}}
	err := n.wire.ask(ctx, call{method: http.MethodPost, url: namecheapAPI, header: header, in: []byte(form.Encode()), out: &answer})
	if err != nil {
		return err
	}
	return decodeXML(answer, out)
}

func (n *namecheap) hosts(ctx context.Context) (namecheapHosts, error) {
	var answer struct {
		XMLName xml.Name       `xml:"ApiResponse"`
		Status  string         `xml:"Status,attr"`
		Result  namecheapHosts `xml:"CommandResponse>DomainDNSGetHostsResult"`
	}
	if err := n.ask(ctx, "getHosts", url.Values{}, &answer); err != nil {
		return namecheapHosts{}, err
	}
	r := answer.Result
	r.Hosts = append(r.Hosts, r.Capital...)
	switch {
	case answer.Status != "OK" || plainName(r.Domain) != n.zone:
		return namecheapHosts{}, noResult()
	case strings.EqualFold(r.OwnDNS, "false"):
		return namecheapHosts{}, &complaint{code: CodeZone, text: "%[2]s does not use Namecheap's own servers."}
	}
	for _, h := range r.Hosts {
		if h.Name == "" || h.Type == "" || h.Address == "" {
			return namecheapHosts{}, &refusal{Status: http.StatusOK, Odd: "a list of records that is not whole"}
		}
	}
	return r, nil
}

func (n *namecheap) is(h namecheapHost, name, typ string) bool {
	return h.Type == typ && above(h.Name, n.zone) == name
}

func (n *namecheap) get(ctx context.Context, name, typ string) ([]string, time.Duration, error) {
	all, err := n.hosts(ctx)
	var values []string
	var ttl time.Duration
	for _, h := range all.Hosts {
		if n.is(h, name, typ) {
			secs, _ := strconv.Atoi(h.TTL)
			values, ttl = append(values, normal(typ, h.Address)), duration(secs)
		}
	}
	return values, ttl, err
}

func (n *namecheap) put(ctx context.Context, name, typ string, values []string, ttl time.Duration) error {
	all, err := n.hosts(ctx)
	if err != nil {
		return err
	}
	hosts := slices.DeleteFunc(all.Hosts, func(h namecheapHost) bool { return n.is(h, name, typ) })
	for _, v := range values {
		hosts = append(hosts, namecheapHost{Name: below(name, n.zone, "@"), Type: typ, Address: v, TTL: strconv.Itoa(seconds(ttl))})
	}
	form := url.Values{}
	if all.Email != "" {
		form.Set("EmailType", all.Email)
	}
	for i, h := range hosts {
		number := strconv.Itoa(i + 1)
		for k, v := range map[string]string{"HostName": h.Name, "RecordType": h.Type, "Address": h.Address, "TTL": h.TTL, "MXPref": h.MXPref} {
			if v != "" {
				form.Set(k+number, v)
			}
		}
	}
	var answer struct {
		XMLName xml.Name `xml:"ApiResponse"`
		Result  struct {
			Success string `xml:"IsSuccess,attr"`
		} `xml:"CommandResponse>DomainDNSSetHostsResult"`
	}
	if err := n.ask(ctx, "setHosts", form, &answer); err != nil {
		return err
	}
	if !strings.EqualFold(answer.Result.Success, "true") {
		return noResult()
	}
	return nil
}

// namecheapSealed reads <ApiResponse Status="ERROR"><Errors><Error Number="1011102">...
func namecheapSealed(r *refusal, body []byte) bool {
	var a struct {
		XMLName xml.Name `xml:"ApiResponse"`
		Status  string   `xml:"Status,attr"`
		Errors  []struct {
			Number string `xml:"Number,attr"`
			Text   string `xml:",chardata"`
		} `xml:"Errors>Error"`
	}
	if xml.Unmarshal(body, &a) != nil || a.Status != "ERROR" {
		return false
	}
	r.As = CodeRejected
	for _, e := range a.Errors {
		r.Codes = append(r.Codes, e.Number)
		r.Said = strings.TrimSpace(r.Said + " " + e.Text)
		switch e.Number {
		case "1010102", "1011102", "1010101", "1011101", "1016102", "1017101":
			r.As = CodeToken // missing or wrong user or key, or no API access
		case "1011150", "1010150", "1017150", "1010105", "1011105", "1017105":
			r.As = CodePermission // this address is not on the list
		case "2019166", "2016166", "2030166":
			r.As = CodeZone
		case "500000":
			r.Status = http.StatusTooManyRequests
		}
	}
	return true
}
