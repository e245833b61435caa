package bench

import (
	"fmt"
	"net/http"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/house"
)

// share is how 100,000 items are spread: one person with 10,000, one with 1,000, one with 100, and a crowd.
var share = []int{10_000, 1_000, 100, 8_890, 8_890, 8_890, 8_890, 8_890, 8_890, 8_890, 8_890, 8_890, 8_890}

// batch is how many items one import brings.
const batch = 1000

// populated makes a house with 100,000 items of about a kilobyte.
func populated(t *testing.T) (*house.House, []*house.Person) {
	t.Helper()
	h := house.Start(t, house.Options{})
	var people []*house.Person
	for i, count := range share {
		email := fmt.Sprintf("person%d@bench.test", i)
		p := h.Join(h.Invite(email), "the bench has a long password", keys.KDF{})
		people = append(people, p)
		for from := 0; from < count; from += batch {
			fill(p, from, min(batch, count-from), i == 0)
		}
	}
	return h, people
}

// fill imports items. Only the first person's are ever opened; the others' repeat one sealed item.
func fill(p *house.Person, from, count int, real bool) {
	items := make([]map[string]any, count)
	same := sealed(p, from)
	for i := range items {
		items[i] = same
		if real {
			items[i] = sealed(p, from+i)
		}
	}
	p.Must(http.MethodPost, "/api/ciphers/import", map[string]any{
		"ciphers": items, "folders": []any{}, "folderRelationships": []any{},
	}, nil)
}

func sealed(p *house.Person, i int) map[string]any {
	item := p.Login(fmt.Sprintf("Place %05d", i), fmt.Sprintf("user%d@mail.test", i), fmt.Sprintf("pass-%d-word", i))
	raw, err := p.Key.Open(item["key"].(string))
	if err != nil {
		panic("bench: " + err.Error())
	}
	key, err := keys.KeyFrom(raw)
	if err != nil {
		panic("bench: " + err.Error())
	}
	address := fmt.Sprintf("https://place%d.test/sign-in", i)
	item["notes"] = key.SealText(fmt.Sprintf("note number %d, which says a little about this place and its uses", i))
	item["login"].(map[string]any)["uris"] = []any{map[string]any{"uri": key.SealText(address), "match": nil}}
	return item
}
