package targettest

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/backup/target"
)

// S3Server is a small and strict S3 with one bucket, in memory: what it does not know, it refuses.
type S3Server struct {
	Bucket, Region, KeyID, Secret string

	mu      sync.Mutex
	objects map[string]object
	uploads map[string]*upload
	counts  map[string]int // requests by what they ask for
	page    int
}

type object struct {
	body []byte
	time time.Time
}

type upload struct {
	key   string
	parts map[int][]byte
}

// S3 is a place behind the small S3. around may change what it does; nil: nothing.
func S3(t *testing.T, around func(http.Handler) http.Handler) (Place, *S3Server) {
	t.Helper()
	s := &S3Server{
		Bucket: "backups", Region: "eu-test-1", KeyID: "0042keyid", Secret: Canary, page: 1000,
		objects: map[string]object{}, uploads: map[string]*upload{}, counts: map[string]int{},
	}
	handler := http.Handler(s)
	if around != nil {
		handler = around(s)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return Place{
		Env: Env(t), Addr: server.Listener.Addr().String(),
		Config: target.Config{ID: "s3", Kind: target.KindS3, Name: "the rented one", Fields: map[string]string{
			target.FieldEndpoint: server.URL, target.FieldBucket: s.Bucket, target.FieldKeyID: s.KeyID, target.FieldKey: s.Secret,
		}},
		Plant: func(_ *testing.T, name string, body []byte) { s.store("latchkey/"+name, body) },
		Names: func(*testing.T) []string {
			s.mu.Lock()
			defer s.mu.Unlock()
			var names []string
			for key := range s.objects {
				names = append(names, strings.TrimPrefix(key, "latchkey/"))
			}
			for _, u := range s.uploads {
				names = append(names, "upload of "+u.key)
			}
			return names
		},
	}, s
}

func (s *S3Server) store(key string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects[key] = object{body, time.Now()}
}

// Count tells how often something was asked for, such as "PUT" or "POST uploads".
func (s *S3Server) Count(what string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts[what]
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0"?><Error><Code>%s</Code><Message>you sent %s</Message></Error>`, code, Canary)
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/xml")
	_, _ = io.WriteString(w, xml.Header)
	_ = xml.NewEncoder(w).Encode(v)
}

func (s *S3Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := s.verified(r)
	if err != nil {
		status := http.StatusForbidden
		if errors.Is(err, errRegion) {
			status = http.StatusBadRequest
		}
		refuse(w, status, err.Error())
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if bucket != s.Bucket {
		refuse(w, http.StatusNotFound, "NoSuchBucket")
		return
	}
	q := r.URL.Query()
	what := r.Method
	for _, name := range []string{"location", "list-type", "uploads", "uploadId"} {
		if q.Has(name) {
			what += " " + name
		}
	}
	s.mu.Lock()
	s.counts[what]++
	s.mu.Unlock()
	switch {
	case what == "GET location":
		answer(w, struct {
			XMLName xml.Name `xml:"LocationConstraint"`
			Text    string   `xml:",chardata"`
		}{Text: s.Region})
	case what == "GET list-type" && q.Get("list-type") == "2":
		s.list(w, q.Get("prefix"), q.Get("delimiter"), q.Get("continuation-token"))
	case what == "GET uploads":
		s.listUploads(w, q.Get("prefix"))
	case key == "":
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	case what == "GET", what == "HEAD":
		s.get(w, r, key)
	case what == "DELETE":
		s.mu.Lock()
		delete(s.objects, key)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	case what == "DELETE uploadId":
		s.mu.Lock()
		delete(s.uploads, q.Get("uploadId"))
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	default:
		s.write(w, r, body, key, what)
	}
}

func (s *S3Server) get(w http.ResponseWriter, r *http.Request, key string) {
	s.mu.Lock()
	o, found := s.objects[key]
	s.mu.Unlock()
	if !found {
		refuse(w, http.StatusNotFound, "NoSuchKey")
		return
	}
	w.Header().Set("Last-Modified", o.time.UTC().Format(http.TimeFormat))
	w.Header().Set("ETag", etag(o.body))
	w.Header().Set("Content-Length", strconv.Itoa(len(o.body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(o.body)
	}
}

func etag(body []byte) string {
	s := md5.Sum(body)
	return `"` + hex.EncodeToString(s[:]) + `"`
}

func (s *S3Server) write(w http.ResponseWriter, r *http.Request, in io.Reader, key, what string) {
	body, err := io.ReadAll(in)
	length := r.ContentLength
	if decoded := r.Header.Get("X-Amz-Decoded-Content-Length"); decoded != "" {
		length, _ = strconv.ParseInt(decoded, 10, 64)
	}
	if err != nil || int64(len(body)) != length {
		refuse(w, http.StatusBadRequest, "IncompleteBody")
		return
	}
	sum := md5.Sum(body)
	if given := r.Header.Get("Content-Md5"); given != "" && given != base64.StdEncoding.EncodeToString(sum[:]) {
		refuse(w, http.StatusBadRequest, "BadDigest")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := r.URL.Query().Get("uploadId")
	up := s.uploads[id]
	switch {
	case what == "PUT":
		s.objects[key] = object{body, time.Now()}
		w.Header().Set("ETag", etag(body))
	case what == "POST uploads":
		id = "up" + strconv.Itoa(len(s.counts)+s.counts[what])
		s.uploads[id] = &upload{key, map[int][]byte{}}
		answer(w, struct {
			XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
			Bucket   string
			Key      string
			UploadId string
		}{Bucket: s.Bucket, Key: key, UploadId: id})
	case up == nil || up.key != key:
		refuse(w, http.StatusNotFound, "NoSuchUpload")
	case what == "PUT uploadId":
		n, err := strconv.Atoi(r.URL.Query().Get("partNumber"))
		if err != nil || n < 1 || n > 10_000 {
			refuse(w, http.StatusBadRequest, "InvalidArgument")
			return
		}
		up.parts[n] = body
		w.Header().Set("ETag", etag(body))
	case what == "POST uploadId":
		s.complete(w, id, up, body)
	default:
		refuse(w, http.StatusNotImplemented, "NotImplemented")
	}
}

// complete puts the parts together; all but the last have to be of 5 MiB at least.
func (s *S3Server) complete(w http.ResponseWriter, id string, up *upload, body []byte) {
	var asked struct {
		Part []struct {
			PartNumber int
			ETag       string
		}
	}
	var whole bytes.Buffer
	err := xml.Unmarshal(body, &asked)
	for i, p := range asked.Part {
		part, found := up.parts[p.PartNumber]
		if !found || strings.Trim(p.ETag, `"`) != strings.Trim(etag(part), `"`) || i < len(asked.Part)-1 && len(part) < 5<<20 {
			err = errors.New("InvalidPart")
		}
		whole.Write(part)
	}
	if err != nil || len(asked.Part) == 0 {
		refuse(w, http.StatusBadRequest, "InvalidPart")
		return
	}
	s.objects[up.key] = object{whole.Bytes(), time.Now()}
	delete(s.uploads, id)
	answer(w, struct {
		XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
		Bucket  string
		Key     string
		ETag    string
	}{Bucket: s.Bucket, Key: up.key, ETag: `"x-1"`})
}

type listed struct {
	Key          string
	LastModified string
	ETag         string
	Size         int
}

func (s *S3Server) list(w http.ResponseWriter, prefix, delimiter, after string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []listed
	for key, o := range s.objects {
		rest, ours := strings.CutPrefix(key, prefix)
		if !ours || key <= after || delimiter != "" && strings.Contains(rest, delimiter) {
			continue
		}
		found = append(found, listed{key, o.time.UTC().Format(time.RFC3339), etag(o.body), len(o.body)})
	}
	slices.SortFunc(found, func(a, b listed) int { return cmp.Compare(a.Key, b.Key) })
	more := len(found) > s.page
	next := ""
	if more {
		found = found[:s.page]
		next = found[s.page-1].Key
	}
	answer(w, struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []listed
	}{IsTruncated: more, NextContinuationToken: next, Contents: found})
}

func (s *S3Server) listUploads(w http.ResponseWriter, prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	type one struct {
		Key       string
		UploadId  string
		Initiated string
	}
	var found []one
	for id, u := range s.uploads {
		if strings.HasPrefix(u.key, prefix) {
			found = append(found, one{u.key, id, time.Now().UTC().Format(time.RFC3339)})
		}
	}
	answer(w, struct {
		XMLName     xml.Name `xml:"ListMultipartUploadsResult"`
		IsTruncated bool
		Upload      []one
	}{Upload: found})
}

// Begin leaves a half-sent upload behind.
func (s *S3Server) Begin(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.uploads["old-"+key] = &upload{key, map[int][]byte{1: []byte("half")}}
}
