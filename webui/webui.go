// Package webui serves the page: the files under static, embedded as they are
// (no bundler), each under an address that names the content of all of them,
// so that browsers may keep them for ever and never mix two releases.
package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"latchkey/appliance/problem"
)

//go:embed static
var static embed.FS

// deriver is the one file that the build fetches and nothing works without.
const deriver = "vendor/argon2.js"

// Page answers for the page and its files. Its methods may be called from many
// goroutines.
type Page struct {
	files  map[string]*file
	prefix string // "/a/<checksum>/"
}

// file is one embedded file, compressed when it is first asked for.
type file struct {
	body  []byte
	kind  string
	etag  string
	once  sync.Once
	small []byte // gzip; nil where that is not smaller
}

// New reads the embedded files. parents are the origins that may have the
// second factor in a frame (see connector.go); with none, nobody may. Without
// the vendored Argon2 nobody could sign in: that is the problem page.incomplete.
func New(parents ...string) (*Page, error) {
	root, err := fs.Sub(static, "static")
	if err != nil {
		return nil, fmt.Errorf("opening the page's files: %w", err)
	}
	return from(root, parents...)
}

func from(root fs.FS, parents ...string) (*Page, error) {
	p := &Page{files: make(map[string]*file)}
	all := sha256.New()
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		fmt.Fprintf(all, "%s %x\n", name, sum)
		p.files[name] = &file{body: body, kind: kindOf(name), etag: strconv.Quote(hex.EncodeToString(sum[:12]))}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the page's files: %w", err)
	}
	if p.files[deriver] == nil || p.files["index.html"] == nil {
		return nil, problem.New(problem.Unavailable, "page.incomplete",
			"This binary was built without the page's Argon2 ("+deriver+"), so nobody could sign in.",
			"Build it with `make build`, which fetches that file, or take a released binary.")
	}
	p.prefix = "/a/" + hex.EncodeToString(all.Sum(nil)[:8]) + "/"
	for name, f := range p.files {
		if name == "index.html" || connector(name) {
			p.address(f, parents)
		}
	}
	return p, nil
}

// relative finds the addresses of our own files in a whole page.
var relative = regexp.MustCompile(`(href|src)="((?:css|icons|components|connector|views)/[^"]*|app\.js|manifest\.webmanifest)"`)

// address gives the files that a whole page names their checksummed addresses
// (modules then import each other relatively, below the same checksum), and
// writes into a connector page who may frame it.
func (p *Page) address(f *file, parents []string) {
	f.body = relative.ReplaceAll(f.body, []byte(`$1="`+p.prefix+`$2"`))
	f.body = framers(f.body, parents)
	sum := sha256.Sum256(f.body)
	f.etag = strconv.Quote(hex.EncodeToString(sum[:12]))
}

// Has reports whether path is the page or one of its files.
func (p *Page) Has(path string) bool {
	_, _, ok := p.find(path)
	return ok
}

// find gives the file for a path, and whether the path names its content.
func (p *Page) find(at string) (name string, lasting, ok bool) {
	name = strings.TrimPrefix(at, "/")
	if rest, checksummed := strings.CutPrefix(at, p.prefix); checksummed {
		name, lasting = rest, true
	}
	if name == "" {
		name = "index.html"
	}
	_, ok = p.files[name]
	return name, lasting, ok
}

// ServeHTTP answers GET and HEAD for the page and its files.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, lasting, ok := p.find(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This address can only be read.", http.StatusMethodNotAllowed)
		return
	}
	f := p.files[name]
	h := w.Header()
	setHeaders(h, name)
	h.Set("Content-Type", f.kind)
	h.Set("ETag", f.etag)
	h.Set("Cache-Control", "no-cache")
	if lasting {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), f.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.body
	if small := f.compressed(); small != nil {
		h.Add("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = small
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // a reader who left is nobody's trouble
	}
}

func (f *file) compressed() []byte {
	f.once.Do(func() {
		if strings.HasPrefix(f.kind, "image/png") {
			return
		}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			panic("webui: " + err.Error()) // the level is a constant
		}
		_, _ = z.Write(f.body) // into memory: can't fail
		_ = z.Close()
		if b.Len() < len(f.body) {
			f.small = bytes.Clone(b.Bytes())
		}
	})
	return f.small
}

// Weight is the size of everything that the page can load, compressed as it is
// sent, in bytes.
func (p *Page) Weight() int {
	sum := 0
	for name, f := range p.files {
		switch {
		case strings.HasSuffix(name, "README.md"), strings.HasSuffix(name, "LICENSE.txt"):
		case f.compressed() != nil:
			sum += len(f.compressed())
		default:
			sum += len(f.body)
		}
	}
	return sum
}

// policy allows the page itself and nothing else: no inline code or style, no
// foreign origin, no HTML made from text.
const policy = "default-src 'none'; script-src 'self'%s; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types latchkey"

func setHeaders(h http.Header, name string) {
	wasm := ""
	if path.Base(name) == "argon2-worker.js" {
		wasm = " 'wasm-unsafe-eval'" // only here: WebAssembly counts as code made from data
	}
	h.Set("Content-Security-Policy", fmt.Sprintf(policy, wasm))
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
	if connector(name) {
		connectorHeaders(h, name)
	}
}

func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
