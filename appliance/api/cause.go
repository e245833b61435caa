package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// causeOf tells the log why a request was refused, without a word of the
// request: parsers cite in their errors what they could not read, and that may
// be a secret in the wrong place.
func causeOf(err error) string {
	var syntax *json.SyntaxError
	var shape *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("no JSON from byte %d on", syntax.Offset)
	case errors.As(err, &shape):
		kind, _, _ := strings.Cut(shape.Value, " ") // "number 123" cites
		return fmt.Sprintf("JSON: %s where %s is wanted, at byte %d", kind, shape.Type, shape.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF.Error()
	}
	var escape url.EscapeError
	if errors.As(err, &escape) {
		return "a form with a broken escape"
	}
	return kindsOf(err)
}

// kindsOf names the types of an error and of what it wraps: "*time.ParseError".
func kindsOf(err error) string {
	var all []string
	for ; err != nil; err = errors.Unwrap(err) {
		kind := fmt.Sprintf("%T", err)
		if kind != "*fmt.wrapError" && kind != "*problem.Problem" {
			all = append(all, kind)
		}
	}
	return strings.Join(all, " of ")
}
