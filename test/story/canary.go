package story

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"
)

// shapes are the ways in which a clear text could lie around: as it is, in base64 at each of its three
// offsets, in hexadecimal, percent-encoded, in UTF-16.
func shapes(text string) [][]byte {
	out := [][]byte{
		[]byte(text), []byte(strings.ToLower(text)), []byte(hex.EncodeToString([]byte(text))), []byte(url.QueryEscape(text)), wide(text),
	}
	for offset := range 3 {
		padded := base64.StdEncoding.EncodeToString(append(make([]byte, offset), text...))
		// The characters at both ends hang on the neighbours; those between do not.
		inner := padded[offset+min(offset, 1):]
		inner = strings.TrimRight(inner, "=")
		if (offset+len(text))%3 != 0 && len(inner) > 2 {
			inner = inner[:len(inner)-1]
		}
		out = append(out, []byte(inner))
	}
	return out
}

func wide(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

// Find gives the clear texts that lie in raw in any shape. Case is as typed, or all low.
func Find(raw []byte, texts []string) []string {
	var found []string
	for _, text := range texts {
		for _, shape := range shapes(text) {
			if bytes.Contains(raw, shape) {
				found = append(found, text)
				break
			}
		}
	}
	return found
}

// FindInFolder gives what Find finds in each file under a folder, by the file's path, and how many bytes
// were looked at. Names of files count too.
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
