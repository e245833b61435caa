package api

import "testing"

// One malformed member of one item makes a strict phone drop the whole sync,
// so it is refused when it is saved.
func TestWhatAPhoneCouldNotReadIsRefused(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	for name, spoil := range map[string]func(item, login tree){
		"a match that is a text":     func(_, login tree) { login["uris"] = []any{tree{"uri": a.seal("u"), "match": "exact"}} },
		"a match that is a fraction": func(_, login tree) { login["uris"] = []any{tree{"uri": a.seal("u"), "match": 1.5}} },
		"a link that is a text":      func(item, _ tree) { item["fields"] = []any{tree{"type": 3, "linkedId": "user"}} },
		"an old password's date in words": func(item, _ tree) {
			item["passwordHistory"] = []any{tree{"password": a.seal("p"), "lastUsedDate": "yesterday"}}
		},
		"an old password's date as number": func(item, _ tree) {
			item["passwordHistory"] = []any{tree{"password": a.seal("p"), "lastUsedDate": 1700000000}}
		},
		"a date of the password that is no": func(_, login tree) { login["passwordRevisionDate"] = "2026-13-01T00:00:00Z" },
	} {
		t.Run(name, func(t *testing.T) {
			item := a.login()
			spoil(item, item["login"].(tree))
			s.do(a.who, "POST", "/api/ciphers", item).refused(400, "body.refused")
		})
	}
	t.Run("numbers, dates with and without zone, and nulls are taken", func(t *testing.T) {
		item := a.login()
		item["login"].(tree)["uris"] = []any{tree{"uri": a.seal("u"), "match": 3}, tree{"uri": a.seal("v"), "match": nil}}
		item["login"].(tree)["passwordRevisionDate"] = "2026-11-20T13:20:48.130Z"
		item["fields"] = []any{tree{"type": 3, "name": a.seal("n"), "linkedId": 100}}
		item["passwordHistory"] = []any{
			tree{"password": a.seal("p"), "lastUsedDate": "2023-01-01T00:00:00"},
			tree{"password": a.seal("q"), "lastUsedDate": "2023-01-01T00:00:00.1234567+02:00"},
		}
		s.add(a, item)
	})
}
