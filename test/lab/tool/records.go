package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// record is a DNS record as the API shows it.
type record struct {
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Type      string          `json:"type"`
	Content   string          `json:"content"`
	Proxiable bool            `json:"proxiable"`
	Proxied   bool            `json:"proxied"`
	TTL       int             `json:"ttl"` // seconds; 1: automatic
	Priority  uint16          `json:"priority,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Settings  struct{}        `json:"settings"`
	Meta      struct{}        `json:"meta"`
	Comment   *string         `json:"comment"`
	Tags      []string        `json:"tags"`
	Created   time.Time       `json:"created_on"`
	Modified  time.Time       `json:"modified_on"`
}

// automatic is the TTL in seconds that "automatic" and proxied records have.
const automatic = 300

func (s *cloudflare) serveRecords(w http.ResponseWriter, r *http.Request, zone string, rest []string) {
	at := slices.IndexFunc(s.records, func(x *record) bool { return len(rest) == 1 && x.ID == rest[0] })
	switch {
	case r.Method == http.MethodGet && len(rest) == 0:
		s.find(w, r, zone)
	case r.Method == http.MethodPost && len(rest) == 0:
		s.create(w, r, zone)
	case len(rest) == 1 && at < 0:
		refuse(w, noRecord)
	case r.Method == http.MethodGet:
		answer(w, s.records[at], nil)
	case r.Method == http.MethodPatch || r.Method == http.MethodPut:
		s.change(w, r, zone, s.records[at])
	case r.Method == http.MethodDelete:
		gone := s.records[at]
		s.records = slices.Delete(s.records, at, at+1)
		s.done(w, zone, gone, map[string]string{"id": gone.ID})
	default:
		refuse(w, noRoute)
	}
}

func (s *cloudflare) find(w http.ResponseWriter, r *http.Request, zone string) {
	fits := func(parameter, have string) bool {
		want := r.FormValue(parameter)
		return want == "" || want == have
	}
	found := []*record{}
	for _, x := range s.records {
		named := r.FormValue("name")
		if fits("type", x.Type) && fits("content", x.Content) && fits("content.exact", x.Content) &&
			(named == "" || absolute(named, zone) == x.Name) && strings.HasSuffix(x.Name, zone) &&
			strings.Contains(x.Content, r.FormValue("content.contains")) {
			found = append(found, x)
		}
	}
	page, per := number(r.FormValue("page"), 1), number(r.FormValue("per_page"), 100)
	from := min((page-1)*per, len(found))
	part := found[from:min(from+per, len(found))]
	answer(w, part, paging(page, per, len(part), len(found)))
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil && n > 0 {
		return n
	}
	return otherwise
}

func (s *cloudflare) create(w http.ResponseWriter, r *http.Request, zone string) {
	x := &record{Tags: []string{}}
	if !readRecord(r, x) {
		refuse(w, badBody)
		return
	}
	x.ID, x.Name, x.Created, x.Modified = s.nextID(), absolute(x.Name, zone), now(), now()
	if why := s.wrong(x); why != nil {
		refuse(w, *why)
		return
	}
	s.records = append(s.records, x)
	s.done(w, zone, x, x)
}

func (s *cloudflare) change(w http.ResponseWriter, r *http.Request, zone string, x *record) {
	changed := *x
	if !readRecord(r, &changed) {
		refuse(w, badBody)
		return
	}
	changed.ID, changed.Name, changed.Created, changed.Modified = x.ID, absolute(changed.Name, zone), x.Created, now()
	before := *x
	*x = changed
	if why := s.wrong(x); why != nil {
		*x = before
		refuse(w, *why)
		return
	}
	s.done(w, zone, x, x)
}

// wrong is what speaks against a record; nil when nothing does.
func (s *cloudflare) wrong(x *record) *refusal {
	if x.TTL == 0 {
		x.TTL = 1
	}
	if x.TTL != 1 && (x.TTL < 60 || x.TTL > 86400) {
		return &badTTL
	}
	x.Proxiable = x.Type == "A" || x.Type == "AAAA"
	if x.Proxiable {
		if a, err := netip.ParseAddr(x.Content); err != nil || a.Is4() != (x.Type == "A") {
			return &badContent
		}
	}
	for _, other := range s.records {
		if other != x && other.Name == x.Name && other.Type == x.Type && other.Content == x.Content {
			return &identical
		}
	}
	return nil
}

// done publishes what changed and answers.
func (s *cloudflare) done(w http.ResponseWriter, zone string, x *record, result any) {
	if err := s.publish(zone, x.Name, x.Type); err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	answer(w, result, nil)
}

// publish makes the real zone say what the records say. A proxied record leads to the edge, and the IPv6 edge is
// not built.
func (s *cloudflare) publish(zone, name, kind string) error {
	var data []string
	ttl := automatic
	for _, x := range s.records {
		if x.Name != name || x.Type != kind {
			continue
		}
		if x.TTL != 1 && !x.Proxied {
			ttl = x.TTL
		}
		switch {
		case x.Proxied && kind == "A":
			data = []string{s.edge}
		case x.Proxied:
		case kind == "TXT":
			data = append(data, fmt.Sprintf("%q", strings.Trim(x.Content, `"`)))
		case kind == "CNAME":
			data = append(data, x.Content+".")
		default:
			data = append(data, x.Content)
		}
	}
	return s.zones.replace(zone, name, kind, ttl, data...)
}

// absolute is a name without its last dot; the API takes relative ones too, and @ for the zone.
func absolute(name, zone string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if name == "@" || name == "" || name == zone {
		return zone
	}
	if strings.HasSuffix(name, "."+zone) {
		return name
	}
	return name + "." + zone
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
