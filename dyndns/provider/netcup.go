package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const keyCustomer = "customer"

func netcupEntry() entry {
	return entry{
		info: Info{
			ID: "netcup", Title: "netcup", Site: "https://www.netcup.com",
			TokenHelp: "In the customer control panel (CCP) open Master Data, then API: make an API key and an API password there.",
			Fields: []Field{
				{Key: keyCustomer, Title: "Customer number"},
				{Key: keyKey, Title: "API key", Secret: true},
				{Key: keyPassword, Title: "API password", Help: "Not the password of the panel.", Secret: true},
			},
			Subnames: true, V6: true, TXT: many, Clears: true, CleanReads: true, Proves: true,
			// The TTL is the whole zone's, a day at first, and not ours to change; the
			// servers take changes over in rounds of some minutes.
			MinTTL: 5 * time.Minute, Propagation: 15 * time.Minute,
		},
		hints: map[string]string{
			CodeToken: "Compare customer number, API key and API password with the panel under Master Data, API.",
		},
		servers: []string{"netcup.net"},
		open: func(o opening) (backend, error) {
			o.wire.sealed = netcupSealed
			return records{&netcup{
				zone: o.zone, customer: o.cred[keyCustomer], key: o.cred[keyKey], password: o.cred[keyPassword], wire: o.wire, learn: o.learn,
			}}, nil
		},
	}
}

const netcupAPI = "https://ccp.netcup.net/run/webservice/servers/endpoint.php?JSON"

// netcup speaks https://helpcenter.netcup.com/en/wiki/domain/our-api. The
// module, libdns/netcup v1.0.0, can't be given an HTTP client.
type netcup struct {
	zone, customer, key, password string
	wire                          *wire
	learn                         func(string)
}

type netcupRecord struct {
	ID          any    `json:"id,omitempty"`
	Hostname    string `json:"hostname"`
	Type        string `json:"type"`
	Priority    string `json:"priority,omitempty"`
	Destination string `json:"destination"`
	Delete      bool   `json:"deleterecord"`
	State       string `json:"state,omitempty"`
}

type netcupSet struct {
	Records []netcupRecord `json:"dnsrecords"`
}

// session signs in, lets talk work, and signs out. Sessions end by themselves
// after a quarter of an hour; a fresh one for each change never meets that.
func (n *netcup) session(ctx context.Context, talk func(param map[string]any) error) error {
	var answer struct {
		Data struct {
			Session string `json:"apisessionid"`
		} `json:"responsedata"`
	}
	login := map[string]any{"customernumber": n.customer, "apikey": n.key, "apipassword": n.password}
	if err := n.ask(ctx, "login", login, &answer); err != nil {
		return err
	}
	if answer.Data.Session == "" {
		return noResult()
	}
	n.learn(answer.Data.Session)
	mine := func() map[string]any {
		return map[string]any{"customernumber": n.customer, "apikey": n.key, "apisessionid": answer.Data.Session, "domainname": n.zone}
	}
	err := talk(mine())
	out := mine()
	delete(out, "domainname")
	_ = n.ask(ctx, "logout", out, nil) // it would end by itself too
	return err
}

func (n *netcup) ask(ctx context.Context, action string, param map[string]any, out any) error {
	return n.wire.ask(ctx, call{method: http.MethodPost, url: netcupAPI, in: map[string]any{"action": action, "param": param}, out: out})
}

func (n *netcup) list(ctx context.Context, name, typ string) ([]record, error) {
	var answer struct {
		Data *netcupSet `json:"responsedata"`
	}
	err := n.session(ctx, func(param map[string]any) error { return n.ask(ctx, "infoDnsRecords", param, &answer) })
	if err != nil {
		return nil, err
	}
	if answer.Data == nil || answer.Data.Records == nil {
		return nil, noResult()
	}
	var out []record
	for _, r := range answer.Data.Records {
		if r.Type == typ && above(r.Hostname, n.zone) == name {
			out = append(out, record{ID: numberText(r.ID), Value: normal(typ, r.Destination)})
		}
	}
	return out, nil
}

// write changes the records that it names and no other.
func (n *netcup) write(ctx context.Context, r netcupRecord) error {
	return n.session(ctx, func(param map[string]any) error {
		param["dnsrecordset"] = netcupSet{Records: []netcupRecord{r}}
		return n.ask(ctx, "updateDnsRecords", param, nil)
	})
}

func (n *netcup) record(s rrset, id string) netcupRecord {
	r := netcupRecord{Hostname: below(s.Name, n.zone, "@"), Type: s.Type, Destination: s.Value}
	if id != "" {
		r.ID = id
	}
	return r
}

func (n *netcup) create(ctx context.Context, s rrset) error { return n.write(ctx, n.record(s, "")) }

func (n *netcup) update(ctx context.Context, id string, s rrset) error {
	return n.write(ctx, n.record(s, id))
}

func (n *netcup) remove(ctx context.Context, name, typ, id string) error {
	there, err := n.list(ctx, name, typ)
	if err != nil {
		return err
	}
	for _, r := range there {
		if r.ID == id {
			gone := n.record(rrset{Name: name, Type: typ, Value: r.Value}, id)
			gone.Delete = true
			return n.write(ctx, gone)
		}
	}
	return nil
}

// netcupSealed: every answer has status 200, and says {"status":"error","statuscode":4013,"longmessage":"..."}.
func netcupSealed(r *refusal, body []byte) bool {
	var a struct {
		Status       string
		StatusCode   int
		ShortMessage string
		LongMessage  string
	}
	if json.Unmarshal(body, &a) != nil || a.Status == "" || a.Status == "success" {
		return false
	}
	r.Codes = []string{strconv.Itoa(a.StatusCode)}
	r.Said = strings.TrimSpace(a.ShortMessage + " " + a.LongMessage)
	said := strings.ToLower(r.Said)
	switch {
	case strings.Contains(said, "too many") || strings.Contains(said, "more than"):
		r.Status = http.StatusTooManyRequests // 180 requests a minute
	case a.StatusCode == 4011 || a.StatusCode == 4013 || strings.Contains(said, "login") || strings.Contains(said, "api key"):
		r.As = CodeToken
	case a.StatusCode == 5028 || strings.Contains(said, "domain not found") || strings.Contains(said, "can not get dns records for zone") || strings.Contains(said, "zone not found"):
		r.As = CodeZone
	default:
		r.As = CodeRejected
	}
	return true
}
