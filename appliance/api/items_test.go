package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// strange makes a JSON value of any depth with what clients of tomorrow, or
// careless ones, may write.
func strange(r *rand.Rand, depth int) string {
	leaves := []string{
		"null", "true", "false", "0", "-0", "1e400", "-1.50E-7", "123456789012345678901234567890", "0.1000000000000000000001",
		`""`, `"\u0000"`, `"\u2028 <&> \/"`, `"Ω😀é"`, `"\ud83d\ude00"`, `"2.not|an|encstring"`, `" \\ \" "`,
	}
	if depth == 0 || r.IntN(3) == 0 {
		return leaves[r.IntN(len(leaves))]
	}
	var parts []string
	if r.IntN(2) == 0 {
		for range r.IntN(4) {
			parts = append(parts, strange(r, depth-1))
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	for i := range r.IntN(4) {
		parts = append(parts, fmt.Sprintf(`"Key %d é":%s`, i, strange(r, depth-1)))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// member gives a member's value as it stands in the text.
func rawMember(t *testing.T, text []byte, path ...string) string {
	t.Helper()
	for _, name := range path {
		o := map[string]json.RawMessage{}
		if err := json.Unmarshal(text, &o); err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		text = o[name]
	}
	return string(text)
}

func TestWhatWeDoNotKnowComesBackByteByByte(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	r := rand.New(rand.NewPCG(1, 2))
	name := a.seal("n")
	for i := range 60 {
		outer, inner, deep := strange(r, 5), strange(r, 4), strange(r, 3)
		body := fmt.Sprintf(`{"type":1,"name":%q,"futureThing":%s,"login":{"alsoNew":%s,"uris":[{"uri":%q,"soon":%s}]},
			"fields":[{"type":0,"name":%q,"later":%s}]}`, name, outer, inner, name, deep, name, deep)
		id := strings.Trim(rawMember(t, s.do(a.who, "POST", "/api/ciphers", body).want(200).Body.Bytes(), "id"), `"`)
		got := s.do(a.who, "GET", "/api/ciphers/"+id, nil).want(200).Body.Bytes()
		for _, c := range []struct {
			want string
			path []string
		}{{outer, []string{"futureThing"}}, {inner, []string{"login", "alsoNew"}}} {
			if g := rawMember(t, got, c.path...); g != c.want {
				t.Fatalf("item %d: %v came back as %s, was %s", i, c.path, g, c.want)
			}
		}
		for _, list := range [][]string{{"login", "uris"}, {"fields"}} {
			var all []map[string]json.RawMessage
			if err := json.Unmarshal([]byte(rawMember(t, got, list...)), &all); err != nil || len(all) != 1 {
				t.Fatalf("%v: %v", list, err)
			}
			if g := string(all[0]["soon"]) + string(all[0]["later"]); g != deep {
				t.Fatalf("item %d: %v came back with %s, was %s", i, list, g, deep)
			}
		}
		list := s.do(a.who, "GET", "/api/ciphers", nil).want(200).Body.String()
		synced := s.do(a.who, "GET", "/api/sync", nil).want(200).Body.String()
		if one := string(got); !strings.Contains(list, one) || !strings.Contains(synced, one) {
			t.Fatalf("item %d is not the same in the list and the sync", i)
		}
	}
}

func TestKnownNamesMayComeInAnyCase(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	e := a.seal("x")
	pascal := tree{
		"Type": 1, "Name": e, "Notes": e, "Favorite": true, "Reprompt": 1, "Key": e,
		"Login":           tree{"Username": e, "PASSWORD": e, "Totp": e, "Uris": []any{tree{"Uri": e, "Match": 1}}, "PasswordRevisionDate": "2026-01-01T00:00:00Z"},
		"Fields":          []any{tree{"Type": 1, "Name": e, "VALUE": e, "LinkedId": nil}},
		"PasswordHistory": []any{tree{"Password": e, "LastUsedDate": "2026-01-01T00:00:00Z"}},
	}
	got := s.cipher(a, s.add(a, pascal))
	for path, want := range map[string]any{
		"name": e, "notes": e, "favorite": true, "reprompt": 1.0, "key": e,
		"login.username": e, "login.password": e, "login.totp": e, "login.passwordRevisionDate": "2026-01-01T00:00:00Z", "login.uri": e,
	} {
		if v, _ := dig(got, path); v != want {
			t.Errorf("%s is %v, want %v", path, v, want)
		}
	}
	for path, want := range map[string]tree{
		"fields": {"type": 1.0, "name": e, "value": e, "linkedId": nil}, "passwordHistory": {"password": e, "lastUsedDate": "2026-01-01T00:00:00Z"},
		"login.uris": {"uri": e, "match": 1.0},
	} {
		list, _ := dig(got, path)
		if all, ok := list.([]any); !ok || len(all) != 1 || !maps.Equal(all[0].(tree), want) {
			t.Errorf("%s is %v, want %v", path, list, want)
		}
	}
}

// sealedPlaces are all places of an item where only ciphertext may stand: a
// function each that puts text there.
func (r role) sealedPlaces() map[string]func(text any) tree {
	e := r.seal("x")
	base := func(kind int) tree { return tree{"type": kind, "name": e} }
	places := map[string]func(any) tree{
		"name":  func(v any) tree { return tree{"type": 1, "name": v} },
		"notes": func(v any) tree { b := base(1); b["notes"] = v; return b },
		"key":   func(v any) tree { b := base(1); b["key"] = v; return b },
		"fields.name": func(v any) tree {
			b := base(2)
			b["fields"] = []any{tree{"type": 0, "name": e, "value": e}, tree{"type": 0, "name": v, "value": e}}
			return b
		},
		"fields.value": func(v any) tree { b := base(2); b["fields"] = []any{tree{"type": 0, "name": e, "value": v}}; return b },
		"passwordHistory.password": func(v any) tree {
			b := base(1)
			b["passwordHistory"] = []any{tree{"password": v, "lastUsedDate": "2026-01-01T00:00:00Z"}}
			return b
		},
		"login.uris.uri": func(v any) tree { b := base(1); b["login"] = tree{"uris": []any{tree{"uri": v}}}; return b },
		"login.uris.uriChecksum": func(v any) tree {
			b := base(1)
			b["login"] = tree{"uris": []any{tree{"uri": e, "uriChecksum": v}}}
			return b
		},
	}
	for _, name := range strings.Fields("credentialId keyType keyAlgorithm keyCurve keyValue rpId userHandle userName counter rpName userDisplayName discoverable") {
		places["login.fido2Credentials."+name] = func(v any) tree {
			b := base(1)
			b["login"] = tree{"fido2Credentials": []any{tree{name: v, "creationDate": "2026-01-01T00:00:00Z"}}}
			return b
		}
	}
	for object, list := range map[string]struct {
		kind  int
		names string
	}{
		"login":    {1, "username password totp uri"},
		"card":     {3, "cardholderName brand number expMonth expYear code"},
		"identity": {4, "title firstName middleName lastName address1 address2 address3 city state postalCode country company email phone ssn username passportNumber licenseNumber"},
		"sshKey":   {5, "privateKey publicKey keyFingerprint"},
	} {
		for _, name := range strings.Fields(list.names) {
			places[object+"."+name] = func(v any) tree { b := base(list.kind); b[object] = tree{name: v}; return b }
		}
	}
	return places
}

func TestNothingReadableIsKept(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	type0 := "0.MTIzNDU2Nzg5MDEyMzQ1Ng==|MTIzNDU2Nzg5MDEyMzQ1Ng=="
	for place, with := range a.sealedPlaces() {
		t.Run(place, func(t *testing.T) {
			s.do(a.who, "POST", "/api/ciphers", with(a.seal("fine"))).want(200)
			for name, text := range map[string]any{"clear text": "hunter2", "ciphertext without a seal": type0, "a number": 7, "an object": tree{"a": 1}, "a cut one": a.seal("x")[:20]} {
				if got := s.do(a.who, "POST", "/api/ciphers", with(text)); got.Code != 400 {
					t.Errorf("%s is answered with %d", name, got.Code)
				}
			}
			raw, err := json.Marshal(with("hunter2"))
			if err != nil {
				t.Fatal(err)
			}
			if upper := strings.Replace(string(raw), place[strings.LastIndexByte(place, '.')+1:], strings.ToUpper(place[strings.LastIndexByte(place, '.')+1:]), 1); s.do(a.who, "POST", "/api/ciphers", upper).Code != 400 {
				t.Error("the name in capitals lets clear text in")
			}
		})
	}
	s.do(a.who, "POST", "/api/ciphers", tree{"type": 1, "name": ""}).want(400)
	s.do(a.who, "POST", "/api/ciphers", tree{"type": 1}).refused(400, "item.name")
	for _, name := range []any{"Travel", "", type0, nil} {
		s.do(a.who, "POST", "/api/folders", tree{"name": name}).want(400)
	}
	if got := s.sync(a); len(got["ciphers"].([]any)) != len(a.sealedPlaces()) {
		t.Errorf("%d items were kept, want the %d good ones", len(got["ciphers"].([]any)), len(a.sealedPlaces()))
	}
}

func TestItemsThatAreNone(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	e := a.seal("x")
	for name, body := range map[string]any{
		"no type":                       tree{"name": e},
		"a type of tomorrow":            tree{"type": 99, "name": e},
		"a type in quotes":              tree{"type": "1", "name": e},
		"a login that is a list":        tree{"type": 1, "name": e, "login": []any{}},
		"fields that are an object":     tree{"type": 1, "name": e, "fields": tree{}},
		"a null among the fields":       tree{"type": 1, "name": e, "fields": []any{nil}},
		"a field without a type":        tree{"type": 1, "name": e, "fields": []any{tree{"name": e}}},
		"an old password without date":  tree{"type": 1, "name": e, "passwordHistory": []any{tree{"password": e}}},
		"reprompt as a text":            tree{"type": 1, "name": e, "reprompt": "yes"},
		"favorite as a text":            tree{"type": 1, "name": e, "favorite": "yes"},
		"an item of an organisation":    tree{"type": 1, "name": e, "organizationId": absent},
		"encrypted for somebody else":   tree{"type": 1, "name": e, "encryptedFor": absent},
		"a folder that is not there":    tree{"type": 1, "name": e, "folderId": absent},
		"a list":                        "[]",
		"null":                          "null",
		"nothing":                       "",
		"something behind it":           `{"type":1,"name":"` + e + `"} {}`,
		"half of it":                    `{"type":1,"name":"`,
		"bytes that are no text":        "{\"type\":1,\"name\":\"" + e + "\",\"x\":\"\xff\xfe\"}",
		"more members than any item":    manyMembers(e, 5000),
		"nesting without end":           `{"type":1,"name":"` + e + `","x":` + strings.Repeat("[", 500_000),
		"nesting that ends":             `{"type":1,"name":"` + e + `","x":` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}`,
		"a date that is none":           tree{"type": 1, "name": e, "archivedDate": "yesterday"},
		"a wrapped item that is not it": tree{"cipher": nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/api/ciphers", "/api/ciphers/create"} {
				if got := s.do(a.who, "POST", path, body); got.Code/100 != 4 || got.Code == 401 || got.Code == 403 {
					t.Errorf("%s answered %d: %.200s", path, got.Code, got.Body)
				}
			}
		})
	}
	if n := len(s.sync(a)["ciphers"].([]any)); n != 0 {
		t.Errorf("%d were kept", n)
	}
}

func manyMembers(name string, n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"type":1,"name":%q`, name)
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":0`, i)
	}
	return b.String() + "}"
}

// TestTheServersOwnNamesStayTheServers sends each of them, in two cases, with
// what a client would like them to be.
func TestTheServersOwnNamesStayTheServers(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	item := a.login()
	for lower, camel := range serverOwned {
		if lower == "folderid" || lower == "favorite" || lower == "organizationid" || strings.HasSuffix(lower, "date") {
			continue
		}
		item[camel], item[strings.ToUpper(camel)] = "smuggled", "smuggled"
	}
	item["revisionDate"], item["creationDate"], item["deletedDate"] = "2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "2001-01-01T00:00:00Z"
	id := s.add(a, item)
	for _, text := range []string{
		s.do(a.who, "GET", "/api/ciphers/"+id, nil).want(200).Body.String(),
		s.do(a.who, "PUT", "/api/ciphers/"+id, item).want(200).Body.String(),
	} {
		if strings.Contains(text, "smuggled") || strings.Contains(text, "2001-01-01") {
			t.Errorf("something came through: %s", text)
		}
		for name := range serverOwned {
			if n := strings.Count(strings.ToLower(text), `"`+name+`":`); n > 1 {
				t.Errorf("%s stands %d times in %s", name, n, text)
			}
		}
	}
}

// life walks an item through all that can happen to it.
func TestAnItemsLife(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	folder := s.folder(a)
	id := s.add(a, a.login())
	at := func(name string) any { return s.cipher(a, id)[name] }
	do := func(method, path string, body any) *answer {
		s.wait(time.Second)
		t.Helper()
		before := at("revisionDate").(string)
		got := s.do(a.who, method, strings.ReplaceAll(path, "ID", id), body).want(200)
		if now := at("revisionDate").(string); now <= before {
			t.Errorf("%s %s: the revision %s did not move on from %s", method, path, now, before)
		}
		return got
	}
	ids := tree{"ids": []string{strings.ToUpper(id)}}
	for _, c := range []struct {
		method, path string
		body         any
		answers      string // cipher, list or nothing
		name         string
		set          bool
	}{
		{"PUT", "/api/ciphers/ID/delete", nil, "", "deletedDate", true},
		{"PUT", "/api/ciphers/ID/restore", nil, "cipher", "deletedDate", false},
		{"PUT", "/api/ciphers/delete", ids, "", "deletedDate", true},
		{"PUT", "/api/ciphers/restore", ids, "list", "deletedDate", false},
		{"PUT", "/api/ciphers/ID/archive", nil, "cipher", "archivedDate", true},
		{"PUT", "/api/ciphers/ID/unarchive", nil, "cipher", "archivedDate", false},
		{"PUT", "/api/ciphers/archive", ids, "list", "archivedDate", true},
		{"PUT", "/api/ciphers/unarchive", ids, "list", "archivedDate", false},
		{"PUT", "/api/ciphers/move", tree{"ids": []string{id}, "folderId": folder}, "", "folderId", true},
		{"POST", "/api/ciphers/move", tree{"ids": []string{id}, "folderId": nil}, "", "folderId", false},
		{"PUT", "/api/ciphers/ID/partial", tree{"folderId": strings.ToUpper(folder), "favorite": true}, "cipher", "folderId", true},
	} {
		t.Run(c.method+" "+strings.ReplaceAll(c.path, "/", "|"), func(t *testing.T) {
			body := do(c.method, c.path, c.body).Body.Bytes()
			if set := at(c.name) != nil; set != c.set {
				t.Errorf("%s is %v", c.name, at(c.name))
			}
			switch c.answers {
			case "":
				if len(body) != 0 {
					t.Errorf("answered %s, want nothing", body)
				}
			case "cipher":
				if rawMember(t, body, "id") != `"`+id+`"` {
					t.Errorf("answered %s, want the item", body)
				}
			case "list":
				if !strings.HasPrefix(string(body), `{"data":[{"object":"cipherDetails","id":"`+id+`"`) {
					t.Errorf("answered %s, want a list of the item", body)
				}
			}
		})
	}
	if at("favorite") != true || at("folderId") != folder {
		t.Errorf("partial left %v in %v", at("favorite"), at("folderId"))
	}
	t.Run("a body that was changed from an old state is refused", func(t *testing.T) {
		item := a.login()
		item["lastKnownRevisionDate"] = at("revisionDate")
		do("PUT", "/api/ciphers/ID", item)
		s.wait(2 * time.Second)
		do("PUT", "/api/ciphers/ID", a.login())
		before := at("revisionDate")
		s.do(a.who, "PUT", "/api/ciphers/"+id, item).refused(400, "item.stale")
		if at("revisionDate") != before {
			t.Error("it was changed all the same")
		}
	})
	t.Run("a removed item is gone", func(t *testing.T) {
		s.do(a.who, "DELETE", "/api/ciphers/"+id, nil).want(200)
		s.do(a.who, "GET", "/api/ciphers/"+id, nil).refused(404, "item.gone")
		s.do(a.who, "DELETE", "/api/ciphers/"+id, nil).refused(404, "item.gone")
	})
	for _, row := range [][2]string{{"POST", "/api/ciphers/ID/delete"}, {"DELETE", "/api/ciphers"}, {"POST", "/api/ciphers/delete"}} {
		t.Run("so it is by "+row[0]+strings.ReplaceAll(row[1], "/", "|"), func(t *testing.T) {
			id := s.add(a, a.login())
			s.do(a.who, row[0], strings.ReplaceAll(row[1], "ID", id), tree{"ids": []string{id}}).want(200)
			s.do(a.who, "GET", "/api/ciphers/"+id, nil).refused(404, "item.gone")
		})
	}
}

func TestBulkFormsDoAllOrNothing(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	one, two := s.add(a, a.login()), s.add(a, a.login())
	before := s.all(a)
	for _, row := range s.routes() {
		method, path, _ := strings.Cut(row.pattern, " ")
		if !bulk(path, method) {
			continue
		}
		t.Run(method+strings.ReplaceAll(path, "/", "|"), func(t *testing.T) {
			s.do(a.who, method, path, tree{"ids": []string{one, absent, two}}).refused(404, "item.gone")
			s.do(a.who, method, path, tree{"ids": []string{}}).refused(400, "items.none")
			s.do(a.who, method, path, tree{}).refused(400, "items.none")
			s.do(a.who, method, path, tree{"ids": "all"}).want(400)
			s.do(a.who, method, path, tree{"ids": []string{one, ""}}).refused(404, "item.gone")
		})
	}
	if s.all(a) != before {
		t.Error("a part of a refused list was done")
	}
}

func TestRemovingAFolderKeepsItsItems(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	folder, other := s.folder(a), s.folder(a)
	names := map[string]string{} // by id
	for i := range 6 {
		item := a.login()
		item["name"], item["notes"] = a.seal(fmt.Sprint("item ", i)), a.seal(strings.Repeat("n", 400-40*i))
		item["folderId"] = []string{folder, other}[i/4]
		names[s.add(a, item)] = item["name"].(string)
	}
	s.do(a.who, "DELETE", "/api/folders/"+folder, nil).want(200)
	s.do(a.who, "GET", "/api/folders/"+folder, nil).refused(404, "folder.gone")
	loose := 0
	for id, name := range names {
		got := s.cipher(a, id)
		if got["name"] != name {
			t.Errorf("item %s has the name of another", id)
		}
		if got["folderId"] == nil {
			loose++
		} else if got["folderId"] != other {
			t.Errorf("item %s is in %v", id, got["folderId"])
		}
	}
	if loose != 4 {
		t.Errorf("%d items are without a folder, want 4", loose)
	}
}

func TestPurgeEmptiesOneVaultAfterThePassword(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	s.add(a, a.login())
	s.folder(a)
	kept := s.add(b, b.login())
	s.do(a.who, "POST", "/api/ciphers/purge", tree{"masterPasswordHash": "bm8="}).refused(400, "password.wrong")
	s.do(a.who, "POST", "/api/ciphers/purge?organizationId="+absent, proving(a)).want(404)
	if n := len(s.sync(a)["ciphers"].([]any)); n != 1 {
		t.Fatalf("%d items are left, want 1", n)
	}
	s.do(a.who, "POST", "/api/ciphers/purge", proving(a)).want(200)
	if got := s.sync(a); len(got["ciphers"].([]any))+len(got["folders"].([]any)) != 0 {
		t.Errorf("left: %v %v", got["ciphers"], got["folders"])
	}
	s.cipher(b, kept)
}

func proving(p *someone) tree { return tree{"masterPasswordHash": p.body.MasterPasswordHash} }

func TestImport(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	existing := s.folder(a)
	put := func(body any) *answer { return s.do(a.who, "POST", "/api/ciphers/import", body) }
	item := func(name string) tree {
		it := a.login()
		it["name"] = a.seal(name)
		return it
	}
	t.Run("keeps items in the folders that it says", func(t *testing.T) {
		trashed := item("c")
		trashed["folderId"] = absent // of the house that it was exported from
		trashed["deletedDate"], trashed["favorite"] = "2026-01-02T03:04:05Z", true
		put(tree{
			"ciphers":             []any{item("a"), item("b"), trashed},
			"folders":             []any{tree{"name": a.seal("new")}, tree{"id": existing, "name": a.seal("x")}},
			"folderRelationships": []any{tree{"key": 0, "value": 0}, tree{"key": 1, "value": 1}},
		}).want(200)
		got := s.sync(a)
		folders := got["folders"].([]any)
		if len(folders) != 2 {
			t.Fatalf("%d folders, want 2", len(folders))
		}
		var in []any
		for _, c := range got["ciphers"].([]any) {
			in = append(in, c.(tree)["folderId"])
			if c.(tree)["favorite"] == true && c.(tree)["deletedDate"] != "2026-01-02T03:04:05.000000Z" {
				t.Errorf("the trashed item came as %v", c.(tree)["deletedDate"])
			}
		}
		if len(in) != 3 || !slices.Contains(in, any(existing)) || !slices.Contains(in, nil) {
			t.Errorf("the items are in %v", in)
		}
	})
	before := s.all(a)
	for name, c := range map[string]struct {
		body any
		code string
	}{
		"an item that is not encrypted": {tree{"ciphers": []any{item("a"), tree{"type": 1, "name": "clear"}}}, "item.clear"},
		"a folder that is not":          {tree{"ciphers": []any{item("a")}, "folders": []any{tree{"name": "clear"}}}, "folder.clear"},
		"a folder that did not come":    {tree{"ciphers": []any{item("a")}, "folderRelationships": []any{tree{"key": 0, "value": 0}}}, "import.folder"},
		"a folder before the first":     {tree{"ciphers": []any{item("a")}, "folderRelationships": []any{tree{"key": 0, "value": -1}}}, "import.folder"},
		"an item that is null":          {tree{"ciphers": []any{item("a"), nil}}, "body.refused"},
		"no list":                       {tree{"ciphers": tree{}}, "body.refused"},
	} {
		t.Run("keeps nothing with "+name, func(t *testing.T) {
			put(c.body).refused(400, c.code)
			if s.all(a) != before {
				t.Error("something was kept")
			}
		})
	}
	t.Run("takes more than one item may hold", func(t *testing.T) {
		var many []any
		for range 600 {
			it := item("x")
			it["notes"] = a.seal(strings.Repeat("n", 2000))
			many = append(many, it)
		}
		put(tree{"ciphers": many}).want(200)
		if n := len(s.sync(a)["ciphers"].([]any)); n != 603 {
			t.Errorf("%d items, want 603", n)
		}
	})
}

func TestTwoPeopleSeeNothingOfEachOther(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	item, folder := s.add(a, a.login()), s.folder(a)
	var bobs strings.Builder
	for _, path := range []string{"/api/sync", "/api/ciphers", "/api/folders", "/api/devices", "/api/accounts/profile", "/api/accounts/keys", "/latchkey/activity", "/latchkey/health"} {
		bobs.WriteString(s.do(b.who, "GET", path, nil).want(200).Body.String())
	}
	for name, secret := range map[string]string{"her item": item, "her folder": folder, "her e-mail": a.email, "her id": a.id, "her key": a.body.UserSymmetricKey} {
		if strings.Contains(bobs.String(), secret) {
			t.Errorf("Bob is shown %s", name)
		}
	}
}

func TestTooMuchIsRefusedInOurShape(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	item := a.login()
	item["notes"] = a.seal(strings.Repeat("n", 500<<10))
	s.do(a.who, "POST", "/api/ciphers", item).refused(413, "item.large")
	item["notes"] = a.seal(strings.Repeat("n", 2<<20))
	s.do(a.who, "POST", "/api/ciphers", item).refused(413, "body.large")
	s.do(who{}, "POST", "/identity/connect/token", strings.Repeat("a", 2<<20)).refused(413, "body.large")
	item["notes"] = a.seal(strings.Repeat("n", 300<<10))
	if got := s.cipher(a, s.add(a, item)); got["notes"] != item["notes"] {
		t.Error("a long note did not come back whole")
	}
}
