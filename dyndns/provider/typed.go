package provider

import (
	"strings"
	"unicode"
)

// typed cleans what a person pasted: blanks and quotes around it, invisible
// characters anywhere, and the "Bearer " that documentation puts before a token.
func typed(info Info, given map[string]string) (map[string]string, error) {
	cred := make(map[string]string, len(info.Fields))
	for _, f := range info.Fields {
		v := trimmed(given[f.Key])
		if !f.Lines {
			v = trimmed(withoutBearer(v))
		}
		switch {
		case v == "" && !f.Optional:
			return nil, &complaint{
				code: CodeToken, text: "“" + f.Title + "” is empty.",
				hint: "Fill it in: %[1]s wants it.",
			}
		case f.Secret && !f.Lines && strings.ContainsFunc(v, strange(f)):
			return nil, &complaint{
				code: CodeToken, text: "“" + f.Title + "” has a blank or another strange character in the middle.",
				hint: "Copy it again, whole and nothing else.",
			}
		}
		cred[f.Key] = v
	}
	return cred, nil
}

func trimmed(v string) string {
	v = strings.Map(func(c rune) rune {
		// Web pages and mail put these between the letters to break lines there.
		if c == '\u200b' || c == '\u200c' || c == '\u200d' || c == '\u2060' || c == '\ufeff' || c == '\u00ad' {
			return -1
		}
		return c
	}, v)
	for {
		before := v
		v = strings.TrimSpace(v)
		for _, pair := range []string{`""`, "''", "``", "“”", "„“", "‘’", "«»", "<>"} {
			open, shut := string([]rune(pair)[:1]), string([]rune(pair)[1:])
			if len(v) >= len(pair) && strings.HasPrefix(v, open) && strings.HasSuffix(v, shut) {
				v = strings.TrimSuffix(strings.TrimPrefix(v, open), shut)
			}
		}
		if v == before {
			return v
		}
	}
}

func withoutBearer(v string) string {
	if rest := strings.TrimPrefix(v, "Authorization:"); rest != v {
		v = strings.TrimSpace(rest)
	}
	for _, word := range []string{"Bearer ", "bearer ", "Token ", "token "} {
		if rest, ok := strings.CutPrefix(v, word); ok {
			return rest
		}
	}
	return v
}

// strange gives what can't be in a field: a line break or a control character
// is a slip of the mouse, and only a password that someone thought of has blanks.
func strange(f Field) func(rune) bool {
	return func(c rune) bool {
		return unicode.IsControl(c) || unicode.IsSpace(c) && (c != ' ' || f.Key != keyPassword)
	}
}

// The keys that most providers share.
const (
	keyToken    = "token"
	keyUser     = "user"
	keyPassword = "password"
	keyURL      = "url"
	keyServer   = "server"
	keyKey      = "key"
	keySecret   = "secret"
)
