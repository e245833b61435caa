package logline

import (
	"log/slog"
	"regexp"
	"strings"
)

// What names somebody or something of theirs is hidden in every line, whoever
// wrote it: an error from deep below may hold the id of an item, an e-mail
// address, or a URL with a token in its query.
var (
	ids     = regexp.MustCompile(`(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	mails   = regexp.MustCompile(`[^\s"'<>(),;:=|/@]+@[^\s"'<>(),;:=|/@]*[^\s"'<>(),;:=|/@.]`)
	queries = regexp.MustCompile(`\?[^\s"'<>|]*=[^\s"'<>|]*`)
)

// hide replaces ids (RFC 9562), e-mail addresses and queries by hidden.
func hide(s string) string {
	if strings.IndexByte(s, '-') >= 0 {
		s = ids.ReplaceAllLiteralString(s, hidden)
	}
	if strings.IndexByte(s, '@') >= 0 {
		s = mails.ReplaceAllLiteralString(s, hidden)
	}
	if strings.IndexByte(s, '?') >= 0 {
		s = queries.ReplaceAllLiteralString(s, "?"+hidden)
	}
	return s
}

// hideAttr is hide for slog's handlers.
func hideAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(hide(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			a.Value = slog.StringValue(hide(err.Error()))
		}
	}
	return a
}
