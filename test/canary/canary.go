// Package canary looks for clear texts where none may be: in a log, a file, on
// the wire. A text is found in any shape that a program may give it without
// meaning to hide it. What counts as a secret, and where to look, its callers
// know.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// shapes are the ways in which a clear text could lie around: as it is, in
// capitals or not, in hexadecimal, percent-encoded, quoted, in UTF-16 of both
// kinds, and in base64 of both alphabets at each of its three offsets.
func shapes(text string) [][]byte {
	raw := []byte(text)
	all := []string{text, strings.ToLower(text), strings.ToUpper(text)}
	all = append(all, hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)))
	for _, escaped := range []string{url.QueryEscape(text), url.PathEscape(text)} {
		all = append(all, escaped, strings.ToLower(escaped), percent.ReplaceAllStringFunc(escaped, strings.ToLower))
	}
	all = append(all, unquoted(strconv.Quote(text)), unquoted(strconv.QuoteToASCII(text)), unquoted(asJSON(text)), html.EscapeString(text))
	all = append(all, wide(text, 0), wide(text, 1))
	for offset := range 3 {
		inner := inBase64(raw, offset)
		all = append(all, inner, strings.NewReplacer("+", "-", "/", "_").Replace(inner))
	}
	out := make([][]byte, len(all))
	for i, s := range all {
		out[i] = []byte(s)
	}
	return out
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

func unquoted(s string) string { return s[1 : len(s)-1] }

func asJSON(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic("canary: " + err.Error()) // a string
	}
	return string(raw)
}

// wide is UTF-16; which of a unit's bytes comes first is 0 or 1.
func wide(text string, first int) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := [2]byte{byte(unit), byte(unit >> 8)}
		out = append(out, pair[first], pair[1-first])
	}
	return string(out)
}

// inBase64 is the part of the base64 of something that holds raw at an offset
// which hangs on raw alone, not on its neighbours.
func inBase64(raw []byte, offset int) string {
	padded := base64.StdEncoding.EncodeToString(append(make([]byte, offset), raw...))
	inner := strings.TrimRight(padded[offset+min(offset, 1):], "=")
	if (offset+len(raw))%3 != 0 && len(inner) > 2 {
		inner = inner[:len(inner)-1]
	}
	return inner
}

// Find gives those of the texts that lie in raw in any shape. A text of digits
// alone, such as a code of six, is only found where it stands by itself, and not
// within a time: there it would be by chance.
func Find(raw []byte, texts []string) []string {
	var found []string
	var timeless []byte
	for _, text := range texts {
		if digits.MatchString(text) {
			if timeless == nil {
				timeless = times.ReplaceAll(raw, []byte("T"))
			}
			if regexp.MustCompile(`(^|[^0-9A-Za-z])` + text + `($|[^0-9A-Za-z])`).Match(timeless) {
				found = append(found, text)
			}
			continue
		}
		for _, shape := range shapes(text) {
			if bytes.Contains(raw, shape) {
				found = append(found, text)
				break
			}
		}
	}
	return found
}

// PieceLength is how many characters of a secret stand nowhere by chance, and
// tell too much of it.
const PieceLength = 16

// FindPieces gives those of the texts of which any PieceLength characters in a
// row lie in raw as they are. Texts of words, which may share a phrase with
// anything, and those not twice as long are left out.
func FindPieces(raw []byte, texts []string) []string {
	there := map[string]bool{}
	whole := string(raw)
	for i := range max(0, len(whole)-PieceLength+1) {
		there[whole[i:i+PieceLength]] = true
	}
	var found []string
	for _, text := range texts {
		if len(text) < 2*PieceLength || !random.MatchString(text) {
			continue
		}
		for i := range len(text) - PieceLength + 1 {
			if there[text[i:i+PieceLength]] {
				found = append(found, text)
				break
			}
		}
	}
	return found
}

var (
	random = regexp.MustCompile(`^[A-Za-z0-9+/_=.|-]+$`)
	digits = regexp.MustCompile(`^[0-9]+$`)
	times  = regexp.MustCompile(`\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?`)
)

// FindInFolder gives what Find finds in each file under a folder, by the file's
// path, and how many bytes were looked at. Names of files count too.
func FindInFolder(folder string, texts []string) (found map[string][]string, looked int, err error) {
	found = map[string][]string{}
	err = filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		raw := []byte(entry.Name())
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			looked += len(content)
			raw = append(raw, content...)
		}
		if texts := Find(raw, texts); len(texts) > 0 {
			found[path] = texts
		}
		return nil
	})
	return found, looked, err
}
