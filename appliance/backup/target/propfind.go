package target

import (
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"
)

const (
	// What one <response> may weigh. Nextcloud's have about 700 bytes.
	mostResponse = 64 << 10
	// Strangers' files included. A listing that goes on for ever is none.
	mostResponses = 50_000
)

var errMultistatus = errors.New("no listing of WebDAV")

// resource is one entry of a multistatus (RFC 4918, 14.24).
type resource struct {
	Name      string // the last segment of its path, unescaped; "" for what has none
	Href      string
	Folder    bool
	Size      int64 // -1: unsaid
	Time      time.Time
	Free      int64  // RFC 4331; -1: unsaid (Nextcloud's negative numbers included)
	Principal string // RFC 5397; "": unsaid
}

// question is the body of every PROPFIND.
const question = `<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/><d:getcontentlength/><d:getlastmodified/>` +
	`<d:quota-available-bytes/><d:current-user-principal/></d:prop></d:propfind>`

type xmlResponse struct {
	Href  string `xml:"DAV: href"`
	Props []struct {
		Status string `xml:"DAV: status"`
		Prop   struct {
			Collection *struct{} `xml:"DAV: resourcetype>collection"`
			Size       string    `xml:"DAV: getcontentlength"`
			Time       string    `xml:"DAV: getlastmodified"`
			Free       string    `xml:"DAV: quota-available-bytes"`
			Principal  string    `xml:"DAV: current-user-principal>href"`
		} `xml:"DAV: prop"`
	} `xml:"DAV: propstat"`
}

// metered lets so much through until it is filled again, so that one entry can't fill the memory.
type metered struct {
	r    io.Reader
	left int
}

func (m *metered) Read(b []byte) (int, error) {
	if m.left <= 0 {
		return 0, errMultistatus
	}
	n, err := m.r.Read(b[:min(len(b), m.left)])
	m.left -= n
	return n, err
}

// multistatus reads the answer of a PROPFIND, entry by entry.
func multistatus(r io.Reader, each func(resource) error) error {
	source := &metered{r: r, left: mostResponse}
	in := xml.NewDecoder(source)
	in.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errMultistatus }
	begun := false
	for count := 0; ; {
		token, err := in.Token()
		if err == io.EOF && begun {
			return nil
		}
		if err != nil {
			return errors.Join(errMultistatus, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch {
		case !begun && start.Name == xml.Name{Space: "DAV:", Local: "multistatus"}:
			begun = true
		case !begun:
			return errMultistatus
		case start.Name != xml.Name{Space: "DAV:", Local: "response"}:
			if err := in.Skip(); err != nil {
				return errors.Join(errMultistatus, err)
			}
		default:
			var raw xmlResponse
			if err := in.DecodeElement(&raw, &start); err != nil {
				return errors.Join(errMultistatus, err)
			}
			if count++; count > mostResponses {
				return errTooMany
			}
			if err := each(raw.resource()); err != nil {
				return err
			}
		}
		source.left = mostResponse
	}
}

func (x xmlResponse) resource() resource {
	out := resource{Href: strings.TrimSpace(x.Href), Size: -1, Free: -1}
	out.Name = lastSegment(out.Href)
	for _, p := range x.Props {
		if !good(p.Status) {
			continue
		}
		out.Folder = out.Folder || p.Prop.Collection != nil
		if n, err := strconv.ParseInt(strings.TrimSpace(p.Prop.Size), 10, 64); err == nil && n >= 0 {
			out.Size = n
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(p.Prop.Free), 10, 64); err == nil && n >= 0 {
			out.Free = n
		}
		if t, err := http.ParseTime(strings.TrimSpace(p.Prop.Time)); err == nil {
			out.Time = t
		}
		if s := strings.TrimSpace(p.Prop.Principal); s != "" {
			out.Principal = s
		}
	}
	return out
}

// good reads "HTTP/1.1 200 OK".
func good(status string) bool {
	_, rest, found := strings.Cut(strings.TrimSpace(status), " ")
	return found && strings.HasPrefix(rest, "2")
}

// lastSegment gives the name at the end of an href, which may be a path or a whole URL. Only the last segment
// counts: behind a proxy the rest may be another than ours. An escaped slash stays in the name, where it makes it no
// safe one.
func lastSegment(href string) string {
	u, err := url.Parse(href)
	if err != nil {
		return ""
	}
	name := path.Base(strings.TrimRight(u.EscapedPath(), "/"))
	if name == "." || name == "/" {
		return ""
	}
	plain, err := url.PathUnescape(name)
	if err != nil {
		return ""
	}
	return plain
}
