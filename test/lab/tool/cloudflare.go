package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
)

// cloudflare stands in for the part of Cloudflare's API v4 that changes DNS records, as
// developers.cloudflare.com/api documents it; the codes of its refusals are those that people quote in public
// issues of programs that use it. What it is told goes to the real zone at once. It holds cloud.test and
// other.test.
type cloudflare struct {
	zones *zones
	edge  string // where proxied records lead

	mu      sync.Mutex
	made    int
	records []*record
	tokens  map[string]grant
	ids     map[string]string // zone's ID -> its name
}

// A grant is what a token may do.
type grant struct {
	zone string
	edit bool
}

func newCloudflare(p plan, z *zones) *cloudflare {
	return &cloudflare{
		zones: z, edge: p["EDGE"],
		tokens: map[string]grant{
			p["CLOUDFLARE_TOKEN"]:  {"cloud.test", true},
			p["CLOUDFLARE_READER"]: {"cloud.test", false},
			p["CLOUDFLARE_OTHER"]:  {"other.test", true},
		},
		ids: map[string]string{
			"0c10d0000000000000000000000000c1": "cloud.test",
			"07e40000000000000000000000000071": "other.test",
		},
	}
}

// Refusals, by status, code and words.
type refusal struct {
	status, code int
	text         string
	chain        []refusal
}

var (
	badHeader  = refusal{400, 6003, "Invalid request headers", []refusal{{0, 6111, "Invalid format for Authorization header", nil}}}
	badToken   = refusal{403, 9109, "Invalid access token", nil}
	badVerify  = refusal{401, 1000, "Invalid API Token", nil}
	forbidden  = refusal{403, 10000, "Authentication error", nil}
	noRoute    = refusal{404, 7003, "Could not route to that, perhaps your object identifier is invalid?", nil}
	noRecord   = refusal{404, 81044, "Record does not exist.", nil}
	identical  = refusal{400, 81058, "An identical record already exists.", nil}
	badTTL     = refusal{400, 9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.", nil}
	badContent = refusal{400, 9005, "Content for the record is invalid.", nil}
	badBody    = refusal{400, 9207, "Request body is invalid.", nil}
)

// tokenShape: a token has forty of these; a global key has 37 hexadecimal digits.
var tokenShape = regexp.MustCompile(`^Bearer [A-Za-z0-9_-]{40}$`)

// ServeHTTP answers one request.
func (s *cloudflare) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	authorization := r.Header.Get("Authorization")
	if !tokenShape.MatchString(authorization) {
		refuse(w, badHeader)
		return
	}
	held, known := s.tokens[strings.TrimPrefix(authorization, "Bearer ")]
	path, ok := strings.CutPrefix(r.URL.Path, "/client/v4")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case !ok:
		refuse(w, noRoute)
	case path == "/user/tokens/verify" && !known:
		refuse(w, badVerify)
	case path == "/user/tokens/verify":
		answer(w, map[string]string{"id": "a70000000000000000000000000000a7", "status": "active"}, nil)
	case !known:
		refuse(w, badToken)
	case path == "/zones" && r.Method == http.MethodGet:
		s.listZones(w, r, held)
	case len(parts) >= 2 && parts[0] == "zones" && s.ids[parts[1]] != held.zone:
		refuse(w, forbidden)
	case len(parts) >= 3 && parts[0] == "zones" && parts[2] == "dns_records":
		if r.Method != http.MethodGet && !held.edit {
			refuse(w, forbidden)
			return
		}
		s.serveRecords(w, r, held.zone, parts[3:])
	default:
		refuse(w, noRoute)
	}
}

func (s *cloudflare) listZones(w http.ResponseWriter, r *http.Request, held grant) {
	wanted := strings.TrimSuffix(r.FormValue("name"), ".")
	found := []any{}
	for id, name := range s.ids {
		if name == held.zone && (wanted == "" || wanted == name) {
			found = append(found, map[string]any{"id": id, "name": name, "status": "active", "paused": false, "type": "full"})
		}
	}
	answer(w, found, paging(1, 20, len(found), len(found)))
}

func paging(page, per, count, total int) map[string]int {
	return map[string]int{
		"page": page, "per_page": per, "count": count, "total_count": total, "total_pages": (total + per - 1) / per,
	}
}

func answer(w http.ResponseWriter, result, info any) {
	body := map[string]any{"success": true, "errors": []any{}, "messages": []any{}, "result": result}
	if info != nil {
		body["result_info"] = info
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, why refusal) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(why.status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"success": false, "errors": []any{why.shape()}, "messages": []any{}, "result": nil,
	})
}

func (r refusal) shape() map[string]any {
	shape := map[string]any{"code": r.code, "message": r.text}
	var chain []any
	for _, cause := range r.chain {
		chain = append(chain, cause.shape())
	}
	if chain != nil {
		shape["error_chain"] = chain
	}
	return shape
}

// list and setProxied are a test's side of the records.
func (s *cloudflare) list(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = json.NewEncoder(w).Encode(append([]*record{}, s.records...))
}

// setProxied turns the cloud of a name's records orange, or grey again, as a person does in the dashboard.
func (s *cloudflare) setProxied(w http.ResponseWriter, r *http.Request) {
	var want struct {
		Name    string
		Proxied bool
	}
	if !decode(w, r, &want) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.records {
		if x.Name != want.Name || !x.Proxiable {
			continue
		}
		x.Proxied = want.Proxied
		if err := s.publish("cloud.test", x.Name, x.Type); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

func readRecord(r *http.Request, into *record) bool {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	return err == nil && json.Unmarshal(body, into) == nil
}

func (s *cloudflare) nextID() string {
	s.made++
	return fmt.Sprintf("%032x", s.made)
}
