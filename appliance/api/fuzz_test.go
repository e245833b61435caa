package api

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// e is an EncString of the right shape for seeds.
const e = "2.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

var itemSeeds = []string{
	`{"type":1,"name":"` + e + `"}`,
	`{"Type":1,"NAME":"` + e + `","Login":{"Uris":[{"URI":"` + e + `","Match":null}],"fido2Credentials":[{"keyValue":"` + e + `"}]}}`,
	`{"type":2,"name":"` + e + `","secureNote":{"type":0},"fields":[{"type":0,"name":null,"value":"` + e + `"}],"x":{"y":[1e400,-0]}}`,
	`{"type":3,"name":"` + e + `","card":{"code":"` + e + `"},"passwordHistory":[{"password":"` + e + `","lastUsedDate":"x"}]}`,
	`{"type":4,"name":"` + e + `","identity":{},"identity":{"title":""}}`,
	`{"type":5,"name":"` + e + `","sshKey":null,"a":"\ud800","<&>":"\u2028","id":"x","revisionDate":1}`,
	`{"type":8,"name":"` + e + `","passport":{"number":1}}`,
	`{}`, `[]`, `null`, `{"type":1,"name":"clear"}`, `{"type":1,"name":"` + e + `","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
}

// FuzzShapeBody holds the law of an item's body: what passes is valid JSON,
// holds no name of the server's, is the same when it is shaped again, and has
// every unknown member as it came.
func FuzzShapeBody(f *testing.F) {
	for _, s := range itemSeeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, err := readObject(raw)
		if err != nil {
			return
		}
		body, err := shapeBody(in)
		if err != nil {
			return
		}
		whole := append(append([]byte{'{'}, body...), '}')
		if !json.Valid(whole) {
			t.Fatalf("not JSON: %s", whole)
		}
		again, err := readObject(whole)
		if err != nil {
			t.Fatalf("reading it again: %v: %s", err, whole)
		}
		twice, err := shapeBody(again)
		if err != nil || !bytes.Equal(twice, body) {
			t.Fatalf("shaped again it is\n%s\nnot\n%s\n%v", twice, body, err)
		}
		for _, m := range again {
			if _, owned := serverOwned[lower(m.name)]; owned {
				t.Fatalf("the body holds %q", m.name)
			}
		}
		for _, m := range in {
			_, owned := serverOwned[lower(m.name)]
			_, known := bodyNames[lower(m.name)]
			if owned || known {
				continue
			}
			var want bytes.Buffer
			if err := json.Compact(&want, m.value); err != nil {
				t.Fatal(err)
			}
			if got := memberOf(again, m.name); string(got) != want.String() {
				t.Fatalf("%q came back as %s, was %s", m.name, got, want.Bytes())
			}
		}
		answer := appendCipher(nil, vault.Item{ID: "x", Body: body})
		if !json.Valid(answer) {
			t.Fatalf("the answer is not JSON: %s", answer)
		}
	})
}

// memberOf is get with null as it stands.
func memberOf(o object, name string) json.RawMessage {
	for _, m := range o {
		if m.name == name {
			return m.value
		}
	}
	return nil
}

// FuzzReadObject wants what it reads to come back out as what encoding/json
// reads from it.
func FuzzReadObject(f *testing.F) {
	for _, s := range itemSeeds {
		f.Add([]byte(s))
	}
	f.Add([]byte(`{"a":1,"a":2,"b":null} `))
	f.Add([]byte(`{"a":1}{}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := readObject(raw)
		if err != nil {
			return
		}
		var want, got map[string]json.RawMessage
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatalf("encoding/json refuses it: %v", err)
		}
		if err := json.Unmarshal(o.bytes(), &got); err != nil {
			t.Fatalf("it comes out as %s: %v", o.bytes(), err)
		}
		if len(got) != len(want) {
			t.Fatalf("%d members, want %d", len(got), len(want))
		}
		for name, v := range want {
			if !bytes.Equal(got[name], v) {
				t.Fatalf("%q is %s, want %s", name, got[name], v)
			}
		}
	})
}

// FuzzForm wants no panic, and the same reading every time.
func FuzzForm(f *testing.F) {
	f.Add("grant_type=password&username=a%40b&password=x&deviceType=9")
	f.Add("grantType=a&GRANT_TYPE=b&grant__type=c&=&%zz&a;b")
	f.Fuzz(func(t *testing.T, body string) {
		c := &call{body: []byte(body)}
		first, err := c.form()
		if err != nil {
			return
		}
		for range 4 {
			again, err := c.form()
			if err != nil || len(again) != len(first) {
				t.Fatalf("read again: %v, %v", again, err)
			}
			for name, v := range first {
				if again[name] != v {
					t.Fatalf("%q is %q, then %q", name, v, again[name])
				}
			}
		}
		for name := range first {
			if strings.ContainsRune(name, '_') || name != lower(name) {
				t.Fatalf("the name %q", name)
			}
		}
	})
}

// FuzzRegister wants that no registration passes that lacks a part, whatever
// its dialect.
func FuzzRegister(f *testing.F) {
	for _, d := range dialects(role{email: "a@b"}, "t") {
		raw, err := json.Marshal(d)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte(`{"masterPasswordUnlock":{},"masterPasswordAuthentication":{}}`))
	f.Add([]byte(`{"accountKeys":[],"kdf":null}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := &call{body: raw}
		_ = claimedEmail(c)
		var body registerBody
		if c.json(&body) != nil {
			return
		}
		r, err := body.registration()
		if err != nil {
			return
		}
		if nested := body.MasterPasswordUnlock; nested != nil && (body.MasterPasswordAuthentication == nil || r.Salt != nested.Salt || r.KDF != nested.KDF.kdf()) {
			t.Fatalf("halves that do not belong together: %+v", r)
		}
		var change passwordBody
		if c.json(&change) != nil {
			return
		}
		_, _ = change.unlock(account.Account{KDF: account.DefaultKDF()})
	})
}

// FuzzImport reads an import as the route does and wants no panic and, of what
// passes, only sealed bodies.
func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"ciphers":[` + itemSeeds[0] + `,` + itemSeeds[1] + `],"folders":[{"id":null,"name":"` + e + `"}],"folderRelationships":[{"key":0,"value":0}]}`))
	f.Add([]byte(`{"ciphers":[null,{},[]],"folders":[null],"folderRelationships":[{"key":-1,"value":99999999999}]}`))
	f.Add([]byte(`{"Ciphers":[{"type":1,"name":"` + e + `","folderId":"x","deletedDate":"9999-12-31T23:59:59.9999999Z"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var body struct{ Ciphers []json.RawMessage }
		c := &call{body: raw}
		if c.json(&body) != nil {
			return
		}
		for _, one := range body.Ciphers {
			d, _, err := c.draft(one)
			if err == nil && !json.Valid([]byte("{"+string(d.Body)+"}")) {
				t.Fatalf("a body that is not JSON: %s", d.Body)
			}
		}
		_, _ = c.ids()
	})
}

// FuzzBearer wants no panic on any header.
func FuzzBearer(f *testing.F) {
	for _, s := range []string{"", "Bearer", "Bearer ", "bearer x.y.z", "Basic eHg=", "Bearer  a b"} {
		f.Add(s)
	}
	people := account.New(account.Config{TokenKey: tokenKey, Issuer: "latchkey", Now: (&stage{}).clock, Hasher: account.NewHasher()})
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Authorization"] = []string{header}
		if _, err := people.Session(t.Context(), bearer(r)); err == nil {
			t.Fatalf("%q opens a session", header)
		}
	})
}

// FuzzStrangers sends anything to any address that takes a body and wants no
// panic, no fault of ours, and nothing that ends a session.
func FuzzStrangers(f *testing.F) {
	s := newStage(f)
	f.Add("/identity/connect/token", "grant_type=password&username=x&password=y&deviceIdentifier=z")
	f.Add("/identity/accounts/register/finish", `{"email":"a@b.example","emailVerificationToken":"x"}`)
	f.Add("/identity/accounts/prelogin", `{"email":"\u0000"}`)
	f.Add("/latchkey/setup/claim", `{"token":"x"}`)
	f.Add("/events/collect", `[`)
	f.Add("/api/ciphers", itemSeeds[0])
	f.Fuzz(func(t *testing.T, path, body string) {
		u := url.URL{Path: "/" + strings.TrimLeft(path, "/")}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("POST", u.EscapedPath(), strings.NewReader(body)))
		if w.Code >= 500 || w.Code == 403 {
			t.Fatalf("%s: answered %d: %s", u.Path, w.Code, w.Body)
		}
	})
}
