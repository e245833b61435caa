package crash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

// caller is a person's app at the door without TLS.
type caller struct {
	url, token string
	http       *http.Client
}

func newCaller(url, token string) *caller {
	return &caller{url, token, &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 8}}}
}

// refusal is what a person reads when the house says no.
type refusal struct {
	Status  int
	Problem struct{ Code, Text, Hint string }
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%d %s: %s %s", r.Status, r.Problem.Code, r.Problem.Text, r.Problem.Hint)
}

// ask sends JSON, or a body of bytes as it is, and reads the answer into a
// value unless that is nil. A no is a *refusal.
func (c *caller) ask(method, path string, body, into any) error {
	raw, ours := body.([]byte)
	if body != nil && !ours {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequest(method, c.url+path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Content-Type", "application/json")
	if ours {
		request.Header.Set("Content-Type", "application/octet-stream")
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		no := &refusal{Status: answer.StatusCode}
		_ = json.Unmarshal(text, no)
		return no
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

// sync reads everything as a client does, and gives the mark and the id of the
// item in each slot.
func (c *caller) sync() (marks map[int]int, ids map[int]string, err error) {
	var all struct{ Ciphers []struct{ ID, Name string } }
	if err := c.ask("GET", "/api/sync", nil, &all); err != nil {
		return nil, nil, err
	}
	marks, ids = make(map[int]int), make(map[int]string)
	for _, item := range all.Ciphers {
		slot, mark, ok := slotOf(item.Name)
		if !ok {
			return nil, nil, fmt.Errorf("this item is nobody's: %v", item)
		}
		marks[slot], ids[slot] = mark, item.ID
	}
	return marks, ids, nil
}

// writer makes, changes and removes items in a few slots of its own, until an
// answer fails.
type writer struct {
	*caller
	book         *book
	first, slots int
	ids          map[int]string
}

func (w *writer) step() error {
	slot := w.first + rand.N(w.slots)
	id, known := w.ids[slot]
	gone := known && rand.N(4) == 0
	mark := w.book.begin(slot, gone)
	var err error
	switch {
	case !known:
		var made struct{ ID string }
		err = w.ask("POST", "/api/ciphers", login(slot, mark, rand.N(6000)), &made)
		w.ids[slot] = made.ID
	case gone:
		err = w.ask("DELETE", "/api/ciphers/"+id, nil, nil)
		delete(w.ids, slot)
	default:
		err = w.ask("PUT", "/api/ciphers/"+id, login(slot, mark, rand.N(6000)), nil)
	}
	if err == nil {
		w.book.answered(mark)
	}
	return err
}

// bulk imports so many items at once, in the slots from first on.
func (c *caller) bulk(b *book, first, n int) error {
	var items []any
	var marks []int
	for slot := first; slot < first+n; slot++ {
		mark := b.begin(slot, false)
		items, marks = append(items, login(slot, mark, 200)), append(marks, mark)
	}
	err := c.ask("POST", "/api/ciphers/import", map[string]any{"ciphers": items}, nil)
	if err == nil {
		b.answered(marks...)
	}
	return err
}

// during is a random part of a span, and a little beyond.
func during(span time.Duration) time.Duration {
	return time.Duration(rand.Float64() * 1.1 * float64(span))
}
