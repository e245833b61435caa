package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// webdav keeps backups in a folder of a WebDAV server (RFC 4918). It follows no redirect, keeps no cookie, and
// writes under a passing name before MOVE, because not every server throws away a PUT that breaks off.
type webdav struct {
	base     *url.URL // the server's own place, without the folder
	segments []string // the folder below it
	user     string
	password string
	http     *http.Client
}

var _ meeting = (*webdav)(nil)

func openWebDAV(c Config, env Env) (meeting, string, error) {
	base, err := web(FieldURL, c.Fields[FieldURL], true)
	if err != nil {
		return nil, "", err
	}
	segments, err := folders(FieldFolder, c.value(FieldFolder))
	if err != nil {
		return nil, base.Host, err
	}
	if strings.Contains(c.Fields[FieldUser], ":") { // RFC 7617, 2
		return nil, base.Host, wrong(FieldUser, "A user name can't have a colon in it.", "Check what you pasted.")
	}
	return &webdav{
		base: base, segments: segments, user: c.Fields[FieldUser], password: c.Fields[FieldPassword],
		http: &http.Client{
			Transport:     env.roundTripper(base.Scheme == "http"),
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, base.Host, nil
}

// at gives the URL of a folder (segments) or of a file in it (name).
func (w *webdav) at(segments []string, name string) string {
	u := *w.base
	u.Path = strings.TrimRight(u.Path, "/") + "/"
	for _, s := range segments {
		u.Path += s + "/"
	}
	u.Path += name
	return u.String()
}

// ask sends a request and gives the answer, if its status is among good. The caller closes its body.
func (w *webdav) ask(ctx context.Context, method, at string, body io.Reader, size int64, header http.Header, good ...int) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, err
	}
	req.Header = header.Clone()
	if req.Header == nil {
		req.Header = http.Header{}
	}
	req.ContentLength = size
	req.SetBasicAuth(w.user, w.password)
	req.Header.Set("User-Agent", "latchkey")
	resp, err := w.http.Do(req)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err // without the URL
		}
		return nil, cutOff(err)
	}
	for _, status := range good {
		if resp.StatusCode == status {
			return resp, nil
		}
	}
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	resp.Body.Close()
	return nil, &answer{method: method, status: resp.StatusCode}
}

// cutOff says that the other side went away in the middle.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "server closed idle connection") {
		return says(CodeUnreachable, err)
	}
	return err
}

// answer is a status that was not hoped for.
type answer struct {
	method string
	status int
}

func (a *answer) Error() string { return a.method + " answered " + strconv.Itoa(a.status) }

// spoken reads a status.
func spoken(err error) error {
	var a *answer
	if !errors.As(err, &a) {
		return err
	}
	switch a.status {
	case http.StatusUnauthorized:
		return says(CodeRefused, err)
	case http.StatusForbidden:
		return says(CodePermission, err)
	case http.StatusNotFound, http.StatusConflict, http.StatusGone:
		return &complaint{code: CodeMissing, text: "The folder for the backups is not there on {place}.", hint: "Check this place again; that makes the folder anew.", err: err}
	case http.StatusPreconditionFailed:
		return says(CodeExists, err)
	case http.StatusRequestEntityTooLarge:
		return &complaint{
			code: CodeTooLarge, text: "{place} takes no file as large as this backup.",
			hint: "Whoever runs it can raise the limit for uploads (nginx: client_max_body_size); or choose another place.", err: err,
		}
	case http.StatusInsufficientStorage:
		return says(CodeFull, err)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return &complaint{
			code: CodeField, text: "This address answers, but not as WebDAV.", values: map[string]string{"field": FieldURL},
			hint: "Nextcloud: it looks like https://cloud.example.org; others show their WebDAV address in their settings.", err: err,
		}
	case http.StatusLocked, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout:
		return &complaint{code: CodeUnreachable, text: "{place} is busy or under maintenance.", hint: "Latchkey tries again by itself.", err: err}
	}
	if a.status >= 300 && a.status < 400 {
		return says(CodeMoved, err)
	}
	return says(CodeBroken, err)
}

// propfind asks about a folder or file and, at depth 1, what lies in it.
func (w *webdav) propfind(ctx context.Context, at string, depth int, each func(resource) error) error {
	header := http.Header{"Depth": {strconv.Itoa(depth)}, "Content-Type": {"application/xml; charset=utf-8"}}
	resp, err := w.ask(ctx, "PROPFIND", at, strings.NewReader(question), int64(len(question)), header, http.StatusMultiStatus)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return multistatus(resp.Body, each)
}

// about asks about one folder or file.
func (w *webdav) about(ctx context.Context, at string) (out resource, err error) {
	found := false
	err = w.propfind(ctx, at, 0, func(r resource) error {
		out, found = r, true
		return nil
	})
	if err == nil && !found {
		err = errMultistatus
	}
	return out, err
}

func (w *webdav) list(ctx context.Context, each func(Object) error) error {
	return spoken(w.propfind(ctx, w.at(w.segments, ""), 1, func(r resource) error {
		if r.Folder || r.Name == "" {
			return nil
		}
		return each(Object{Name: r.Name, Size: max(r.Size, 0), Time: r.Time})
	}))
}

func (w *webdav) put(ctx context.Context, name string, r *exact, size int64) error {
	temporary := w.at(w.segments, passing(name))
	err := w.send(ctx, temporary, r, size)
	if err == nil {
		err = w.name(ctx, temporary, w.at(w.segments, name))
	}
	if err != nil {
		w.tidy(ctx, temporary)
	}
	return spoken(err)
}

func (w *webdav) send(ctx context.Context, at string, r io.Reader, size int64) error {
	header := http.Header{"Content-Type": {"application/octet-stream"}}
	if size == 0 {
		r = http.NoBody
	}
	const large = 1 << 20
	if size > large { // hear a refusal before everything has been sent
		header.Set("Expect", "100-continue")
	}
	resp, err := w.ask(ctx, http.MethodPut, at, io.NopCloser(r), size, header, http.StatusCreated, http.StatusNoContent, http.StatusOK)
	if err != nil {
		return err
	}
	resp.Body.Close()
	there, err := w.about(ctx, at)
	if err != nil {
		return err
	}
	if there.Size != size {
		return fmt.Errorf("%d bytes of %d have arrived", there.Size, size)
	}
	return nil
}

// name gives a file its name unless that is taken (RFC 4918, 9.9.3).
func (w *webdav) name(ctx context.Context, from, to string) error {
	header := http.Header{"Destination": {to}, "Overwrite": {"F"}}
	resp, err := w.ask(ctx, "MOVE", from, nil, 0, header, http.StatusCreated, http.StatusNoContent)
	if err != nil {
		return err
	}
	resp.Body.Close()
	return nil
}

// tidy removes what was begun. A server that has not noticed yet that a PUT broke off says 423, or 404 because it
// has not even begun to write. Where all fails, the next Put does it.
func (w *webdav) tidy(ctx context.Context, at string) {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	absent := 0
	for wait := 50 * time.Millisecond; ctx.Err() == nil; wait *= 2 {
		err := w.drop(ctx, at)
		var a *answer
		if missing(err) {
			absent++
		}
		if !errors.As(err, &a) || absent > 2 || !missing(err) && a.status != http.StatusLocked {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

func (w *webdav) drop(ctx context.Context, at string) error {
	resp, err := w.ask(ctx, http.MethodDelete, at, nil, 0, nil, http.StatusNoContent, http.StatusOK, http.StatusAccepted)
	if err != nil {
		return err
	}
	resp.Body.Close()
	return nil
}

func (w *webdav) get(ctx context.Context, name string) (file, error) {
	resp, err := w.ask(ctx, http.MethodGet, w.at(w.segments, name), nil, 0, nil, http.StatusOK)
	if missing(err) {
		return nil, ErrNotThere.Because(err)
	}
	if err != nil {
		return nil, spoken(err)
	}
	return &remoteBody{resp.Body}, nil
}

// remoteBody is a file that is read over HTTP.
type remoteBody struct{ io.ReadCloser }

func (b *remoteBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = cutOff(err)
	}
	return n, err
}

func missing(err error) bool {
	var a *answer
	return errors.As(err, &a) && (a.status == http.StatusNotFound || a.status == http.StatusGone)
}

func (w *webdav) remove(ctx context.Context, name string) error {
	err := w.drop(ctx, w.at(w.segments, name))
	if missing(err) {
		return ErrNotThere.Because(err)
	}
	return spoken(err)
}

func (w *webdav) free(ctx context.Context) (int64, error) {
	there, err := w.about(ctx, w.at(w.segments, ""))
	return there.Free, spoken(err)
}

func (w *webdav) close() error {
	w.http.CloseIdleConnections()
	return nil
}
