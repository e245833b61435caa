package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// object is a JSON object in its order, with its values as they came: what we
// don't know goes back byte for byte.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

// maxMembers is more than any client writes into one object, and few enough
// that looking through them costs nothing.
const maxMembers = 1000

// readObject reads one JSON object and nothing behind it. Of a name that comes
// twice the last value counts, as in encoding/json. Text that is not UTF-8,
// which that lets pass, would break a phone's whole sync.
func readObject(raw []byte) (object, error) {
	if !utf8.Valid(raw) {
		return nil, errors.New("reading an object: it is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	first, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("reading an object: %w", err)
	}
	if first != json.Delim('{') {
		return nil, errors.New("reading an object: it is something else")
	}
	var o object
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("reading a name: %w", err)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, fmt.Errorf("reading %q: %w", name, err)
		}
		if len(o) == maxMembers {
			return nil, errors.New("reading an object: it has too many members")
		}
		o.set(name.(string), value) // a token in front of a value is a string
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("reading an object's end: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading an object: something stands behind it")
	}
	return o, nil
}

// get finds a value; null and absent are both nil.
func (o object) get(name string) json.RawMessage {
	for _, m := range o {
		if m.name == name && string(m.value) != "null" {
			return m.value
		}
	}
	return nil
}

func (o *object) set(name string, value json.RawMessage) {
	for i, m := range *o {
		if m.name == name {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{name, value})
}

// rename gives known names their camelCase form, whatever case they came in:
// older clients send PascalCase.
func (o object) rename(known names) object {
	renamed := make(object, 0, len(o))
	for _, m := range o {
		if camel, ok := known[strings.ToLower(m.name)]; ok {
			m.name = camel
		}
		renamed.set(m.name, m.value)
	}
	return renamed
}

// names maps lower case to camelCase.
type names map[string]string

func known(list string) names {
	n := make(names)
	for _, name := range strings.Fields(list) {
		n[strings.ToLower(name)] = name
	}
	return n
}

// members writes the object without its braces.
func (o object) members() []byte {
	var b bytes.Buffer
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		quoted, err := json.Marshal(m.name)
		if err != nil {
			panic("api: quoting a name: " + err.Error()) // a string always encodes
		}
		b.Write(quoted)
		b.WriteByte(':')
		b.Write(m.value)
	}
	return b.Bytes()
}

func (o object) bytes() json.RawMessage {
	return append(append([]byte{'{'}, o.members()...), '}')
}
