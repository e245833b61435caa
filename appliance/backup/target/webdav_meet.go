package target

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// meet finds the WebDAV address behind what was entered: for Nextcloud and ownCloud the one of the browser is enough.
func (w *webdav) meet(ctx context.Context, fields map[string]string, look *Look) error {
	_, err := w.about(ctx, w.at(nil, ""))
	var a *answer
	if errors.As(err, &a) && a.status != http.StatusUnauthorized || errors.Is(err, errMultistatus) {
		cloud, refused := w.nextcloud(ctx)
		switch {
		case cloud != nil:
			w.base, err = cloud, nil
		case refused != nil:
			err = refused
		}
	}
	if err != nil && !(missing(err) && len(w.segments) > 0) {
		return spoken(err)
	}
	fields[FieldURL] = w.base.String()
	look.Text = "Backups go to " + w.base.Host + " through an encrypted connection."
	if w.base.Scheme == "http" {
		look.Text = "The connection to " + w.base.Host + " is not encrypted: whoever is in your network can read the password of this place (the backups themselves are encrypted)."
		look.Hint = "If the server can do https, let the address begin with https://."
	}
	return nil
}

// nextcloud asks a Nextcloud or ownCloud where the user's files are; nil: it is none, or the
// error says that it refuses the password. The name in that path may be another than the one to sign in with (an
// e-mail address), so it has to be asked for (RFC 5397).
func (w *webdav) nextcloud(ctx context.Context) (*url.URL, error) {
	base := *w.base
	base.Path = strings.TrimRight(base.Path, "/")
	if at := strings.Index(base.Path, "/index.php"); at >= 0 { // as it stands in the browser
		base.Path = base.Path[:at]
	}
	if strings.Contains(base.Path, "/remote.php") {
		return nil, nil
	}
	asked := *w
	asked.base = base.JoinPath("remote.php", "dav")
	there, err := asked.about(ctx, asked.at(nil, ""))
	var a *answer
	if errors.As(err, &a) && a.status == http.StatusUnauthorized {
		return nil, err
	}
	name := lastSegment(there.Principal)
	if err != nil || name == "" || strings.ContainsAny(name, "/\\") || name == ".." {
		return nil, nil
	}
	files := *asked.base
	files.Path += "/files/" + name
	return &files, nil
}

// prepare makes the folder, one level after the other (MKCOL makes one only: RFC 4918, 9.3.1).
func (w *webdav) prepare(ctx context.Context, _ map[string]string, _ *Look) error {
	_, err := w.about(ctx, w.at(w.segments, ""))
	if !missing(err) {
		return spoken(err)
	}
	for i := range w.segments {
		resp, err := w.ask(ctx, "MKCOL", w.at(w.segments[:i+1], ""), nil, 0, nil,
			http.StatusCreated, http.StatusOK, http.StatusNoContent, http.StatusMethodNotAllowed) // 405: it is there
		if err != nil {
			return spoken(err)
		}
		resp.Body.Close()
	}
	return nil
}
