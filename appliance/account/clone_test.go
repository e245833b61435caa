package account_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/passkey"
)

// full makes an account in which every field has a value, whatever fields there
// are: a new one that Clone or the codec forgets shows here.
func full(t *testing.T) account.Account {
	t.Helper()
	var a account.Account
	fillIn(t, reflect.ValueOf(&a).Elem())
	return a
}

func fillIn(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)))
		return
	case json.RawMessage:
		v.Set(reflect.ValueOf(json.RawMessage(`{"kept":1}`)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(3)
	case reflect.Uint8, reflect.Uint32:
		v.SetUint(3)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillIn(t, v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fillIn(t, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			fillIn(t, v.Field(i))
		}
	default:
		t.Fatalf("a field is a %s: say here how to fill it", v.Type())
	}
}

func TestACloneIsEqualAndSharesNothing(t *testing.T) {
	a, want := full(t), full(t)
	c := a.Clone()
	if !reflect.DeepEqual(c, want) {
		t.Fatalf("got  %+v\nwant %+v", c, want)
	}
	spoil(reflect.ValueOf(&c).Elem())
	if !reflect.DeepEqual(a, want) {
		t.Errorf("what was done to the clone shows in the original:\ngot  %+v\nwant %+v", a, want)
	}
	if e := (account.Account{}).Clone(); !reflect.DeepEqual(e, account.Account{}) {
		t.Errorf("the clone of nothing is %+v", e)
	}
}

// spoil changes what v points to, in place.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		spoil(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.SetZero()
			return
		}
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	default:
		v.SetZero()
	}
}

// TestWhatIsKeptComesBack wants each field in the account's JSON.
func TestWhatIsKeptComesBack(t *testing.T) {
	want := full(t)
	text, err := json.Marshal(want)
	must(t, err)
	var got account.Account
	must(t, json.Unmarshal(text, &got))
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	t.Run("and an account from before there were factors has none", func(t *testing.T) {
		var old account.Account
		must(t, json.Unmarshal([]byte(`{"id":"x","email":"a@b","role":"owner","stamp":"s","created":"2026-01-01T00:00:00Z","seen":"2026-01-01T00:00:00Z"}`), &old))
		if old.HasSecond() || old.Disabled || old.SecondRequired || len(old.Passkeys) > 0 || old.APIKey != "" {
			t.Errorf("%+v", old)
		}
	})
}

func TestTheListsOfFactors(t *testing.T) {
	a := account.Account{
		TOTP: &account.TOTP{}, Keys: []account.SecurityKey{{Credential: credential("a", 0)}, {Credential: credential("b", 0)}},
		Passkeys: []account.Passkey{{Credential: credential("c", 0)}},
	}
	ids := func(all []passkey.Credential) (s string) {
		for _, c := range all {
			s += string(c.ID)
		}
		return s
	}
	if ids(a.KeyCredentials()) != "ab" || ids(a.PasskeyCredentials()) != "c" {
		t.Errorf("%s, %s", ids(a.KeyCredentials()), ids(a.PasskeyCredentials()))
	}
	for _, c := range []struct {
		a    account.Account
		want []account.Provider
	}{
		{account.Account{}, nil},
		{account.Account{TOTP: a.TOTP}, []account.Provider{0}},
		{account.Account{Keys: a.Keys}, []account.Provider{7}},
		{account.Account{Passkeys: a.Passkeys}, nil},
		{a, []account.Provider{0, 7}},
	} {
		if got := c.a.Providers(); !reflect.DeepEqual(got, c.want) || c.a.HasSecond() != (len(c.want) > 0) {
			t.Errorf("%v, want %v", got, c.want)
		}
	}
}
