package house

import (
	"net/http"

	"latchkey/client/keys"
)

// Save puts a login into the person's vault and gives its id.
func (p *Person) Save(name, username, password string) string {
	p.t.Helper()
	var made struct {
		ID string `json:"id"`
	}
	p.Must(http.MethodPost, "/api/ciphers", p.Login(name, username, password), &made)
	return made.ID
}

// Read gets a login and opens it.
func (p *Person) Read(id string) (name, username, password string) {
	p.t.Helper()
	var found struct {
		Key, Name string
		Login     struct{ Username, Password string }
	}
	p.Must(http.MethodGet, "/api/ciphers/"+id, nil, &found)
	raw, err := p.Key.Open(found.Key)
	if err != nil {
		p.t.Fatalf("opening the key of an item: %v", err)
	}
	item, err := keys.KeyFrom(raw)
	if err != nil {
		p.t.Fatal(err)
	}
	open := func(sealed string) string {
		text, err := item.OpenText(sealed)
		if err != nil {
			p.t.Fatalf("opening an item: %v", err)
		}
		return text
	}
	return open(found.Name), open(found.Login.Username), open(found.Login.Password)
}
