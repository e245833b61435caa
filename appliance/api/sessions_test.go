package api

import (
	"encoding/base64"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/client/keys"
)

// ended wants p's session over by both of its tokens, in the clients' words.
func (s *stage) ended(t *testing.T, p *someone) {
	t.Helper()
	s.do(p.who, "GET", "/api/sync", nil).refused(401, "session.ended")
	got := s.refresh(p).want(400).tree()
	if got["error"] != "invalid_grant" {
		t.Errorf("a refresh is refused with %v, want invalid_grant", got["error"])
	}
}

// goesOn wants p's session alive by both of its tokens.
func (s *stage) goesOn(t *testing.T, p *someone) {
	t.Helper()
	s.do(p.who, "GET", "/api/sync", nil).want(200)
	s.refresh(p).want(200)
}

func TestRefreshing(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	t.Run("works many times, also at once", func(t *testing.T) {
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				var g grant
				s.refresh(a).want(200).into(&g)
				s.do(who{origin: far, token: g.AccessToken}, "GET", "/api/accounts/revision-date", nil).want(200)
			})
		}
		all.Wait()
	})
	t.Run("gives a token that lives on after the old one", func(t *testing.T) {
		s.wait(time.Hour + time.Second)
		s.do(a.who, "GET", "/api/sync", nil).refused(401, "session.ended")
		var g grant
		s.refresh(a).want(200).into(&g)
		a.token = g.AccessToken
		s.goesOn(t, a)
	})
	t.Run("works under every spelling of its names", func(t *testing.T) {
		for _, form := range []url.Values{
			{"grantType": {"refresh_token"}, "refreshToken": {a.refresh}}, {"GRANT_TYPE": {"refresh_token"}, "Refresh_Token": {a.refresh}},
		} {
			s.form(who{}, "/identity/connect/token", form).want(200)
		}
	})
	for name, token := range map[string]string{
		"nothing": "", "nonsense": "!!", "an access token": a.token, "a cut one": a.refresh[:40], "another secret": a.refresh[:60] + strings.Repeat("A", len(a.refresh)-60),
	} {
		t.Run("is refused with "+name, func(t *testing.T) {
			got := s.form(who{}, "/identity/connect/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}).want(400).tree()
			if got["error"] != "invalid_grant" {
				t.Errorf("error %v", got["error"])
			}
		})
	}
}

func TestWhatEndsSessions(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	other := s.signIn(alice(), "another browser")
	t.Run("a change of password ends the others and keeps the caller's", func(t *testing.T) {
		stamp := s.sync(a)["profile"].(tree)["securityStamp"]
		s.do(a.who, "POST", "/api/accounts/password", newPassword(alice())).want(200)
		s.ended(t, other)
		s.goesOn(t, a)
		if s.sync(a)["profile"].(tree)["securityStamp"] == stamp {
			t.Error("the stamp stayed: clients that run on would not notice")
		}
	})
	t.Run("signing out ends one, the device's other windows go on", func(t *testing.T) {
		one, two := s.signIn(alice(), "same"), s.signIn(alice(), "same")
		s.do(one.who, "DELETE", "/latchkey/session", nil).want(200)
		s.ended(t, one)
		s.goesOn(t, two)
	})
	for name, row := range map[string][2]string{"removing": {"DELETE", "/api/devices/ID"}, "deactivating": {"POST", "/api/devices/ID/deactivate"}} {
		t.Run(name+" a device ends all of its own", func(t *testing.T) {
			one, two := s.signIn(alice(), "lost phone"), s.signIn(alice(), "lost phone")
			id, _ := s.do(a.who, "GET", "/api/devices/identifier/lost%20phone", nil).want(200).tree()["id"].(string)
			s.do(a.who, row[0], strings.ReplaceAll(row[1], "ID", id), nil).want(200)
			s.ended(t, one)
			s.ended(t, two)
			s.goesOn(t, a)
			s.do(a.who, "GET", "/api/devices/"+id, nil).refused(404, "device.gone")
		})
	}
	t.Run("a new stamp ends all", func(t *testing.T) {
		other := s.signIn(alice(), "another browser")
		s.do(a.who, "POST", "/api/accounts/security-stamp", tree{"masterPasswordHash": "bm8="}).refused(400, "password.wrong")
		s.goesOn(t, other)
		s.do(a.who, "POST", "/api/accounts/security-stamp", proving(a)).want(200)
		s.ended(t, other)
		s.ended(t, a)
	})
	t.Run("thirty quiet days end one, use lets it live on", func(t *testing.T) {
		used, quiet := s.signIn(alice(), "used"), s.signIn(alice(), "quiet")
		for range 3 {
			s.wait(20 * 24 * time.Hour)
			s.refresh(used).want(200)
		}
		if got := s.refresh(quiet).want(400).tree(); got["error"] != "invalid_grant" {
			t.Errorf("the quiet one: %v", got)
		}
	})
	t.Run("leaving the house ends them all, and nobody can sign in", func(t *testing.T) {
		p := s.signIn(alice(), "last")
		s.do(p.who, "POST", "/api/accounts/delete", proving(p)).want(200)
		s.ended(t, p)
		s.form(who{}, "/identity/connect/token", passwordForm(alice(), "x")).refused(400, "signin.wrong")
	})
}

func TestTheLastOwnerStaysWhileOthersDo(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	b := s.joins(a.who, bob())
	s.do(a.who, "DELETE", "/api/accounts", proving(a)).refused(400, "owner.last")
	s.goesOn(t, a)
	s.do(b.who, "DELETE", "/api/accounts", proving(b)).want(200)
	s.do(a.who, "DELETE", "/api/accounts", proving(a)).want(200)
	if got := s.do(who{origin: home}, "GET", "/latchkey/state", nil).want(200).tree(); got["ready"] != false {
		t.Errorf("the empty house says %v", got)
	}
}

// TestPasswordChangesAreWholeOrNothing sends each incomplete form of a change
// and wants all as it was.
func TestPasswordChangesAreWholeOrNothing(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	other := s.signIn(alice(), "other")
	before := s.all(a)
	body := alice().body
	pbkdf2 := keys.KDFSettings{Type: 0, Iterations: 700_000}
	weak := keys.KDFSettings{Type: 0, Iterations: 100_000}
	nested := func(change func(auth *keys.Authentication, unlock *keys.UnlockData)) tree {
		auth, unlock := body.Authentication, body.Unlock
		change(&auth, &unlock)
		return tree{"masterPasswordHash": body.MasterPasswordHash, "authenticationData": auth, "unlockData": unlock}
	}
	flat := func(name string, v any) tree {
		b := newPassword(alice())
		b[name] = v
		return b
	}
	for name, c := range map[string]struct {
		path string
		body any
		code string
	}{
		"no new hash":                        {"password", flat("newMasterPasswordHash", nil), "password.incomplete"},
		"an empty new hash":                  {"password", flat("newMasterPasswordHash", ""), "password.incomplete"},
		"no key":                             {"password", flat("key", nil), "password.incomplete"},
		"a key in clear":                     {"password", flat("key", "c2VjcmV0"), "password.incomplete"},
		"the old password wrong":             {"password", flat("masterPasswordHash", "bm8="), "password.wrong"},
		"the old password missing":           {"password", flat("masterPasswordHash", nil), "proof.missing"},
		"one half only":                      {"password", tree{"masterPasswordHash": body.MasterPasswordHash, "authenticationData": body.Authentication}, "password.incomplete"},
		"the other half only":                {"kdf", tree{"masterPasswordHash": body.MasterPasswordHash, "unlockData": body.Unlock}, "password.incomplete"},
		"an empty nested hash":               {"password", nested(func(a *keys.Authentication, _ *keys.UnlockData) { a.Hash = "" }), "password.incomplete"},
		"another derivation in passing":      {"password", nested(func(a *keys.Authentication, u *keys.UnlockData) { a.KDF, u.KDF = pbkdf2, pbkdf2 }), "password.kdf"},
		"halves that do not belong together": {"kdf", nested(func(a *keys.Authentication, _ *keys.UnlockData) { a.KDF = pbkdf2 }), "password.mixed"},
		"a weak derivation":                  {"kdf", nested(func(a *keys.Authentication, u *keys.UnlockData) { a.KDF, u.KDF = weak, weak }), "kdf.refused"},
		"another salt":                       {"kdf", nested(func(a *keys.Authentication, u *keys.UnlockData) { a.Salt, u.Salt = "x", "x" }), "password.salt"},
		"nothing":                            {"kdf", "", "proof.missing"},
		"a hint of a whole page":             {"password", flat("masterPasswordHint", strings.Repeat("h", 5000)), "name.long"},
	} {
		t.Run(name, func(t *testing.T) {
			s.wait(time.Minute) // so that nobody is slowed down by the case before
			s.do(a.who, "POST", "/api/accounts/"+c.path, c.body).refused(400, c.code)
			if s.all(a) != before {
				t.Error("something was changed")
			}
		})
	}
	s.goesOn(t, other)
	t.Run("a whole one counts", func(t *testing.T) {
		change := nested(func(a *keys.Authentication, u *keys.UnlockData) { a.KDF, u.KDF, a.Hash = pbkdf2, pbkdf2, "bmV3" })
		s.do(a.who, "POST", "/api/accounts/kdf", change).want(200)
		got := s.do(who{}, "POST", "/identity/accounts/prelogin", tree{"email": a.email}).want(200).tree()
		if got["kdf"] != 0.0 || got["kdfIterations"] != 700_000.0 || got["kdfMemory"] != nil {
			t.Errorf("prelogin says %v", got)
		}
		s.form(who{}, "/identity/connect/token", passwordForm(alice(), "x")).refused(400, "signin.wrong")
		form := passwordForm(alice(), "x")
		form.Set("password", "bmV3")
		s.form(who{}, "/identity/connect/token", form).want(200)
	})
}

func TestNobodyLearnsWhoHasAnAccount(t *testing.T) {
	s := newStage(t)
	s.owner()
	// The unknown name has the length of the known one, so that bytes compare.
	known, unknown := alice().email, "nobod@example.test"
	both := func(ask func(email string) *answer) {
		t.Helper()
		x, y := ask(known), ask(unknown)
		if strings.ReplaceAll(x.Body.String(), known, unknown) != y.Body.String() || x.Code != y.Code {
			t.Errorf("%s:\n%d %s\n%d %s", x.call, x.Code, x.Body, y.Code, y.Body)
		}
		for name := range x.Header() {
			if x.Header().Get(name) != y.Header().Get(name) {
				t.Errorf("%s: the header %s differs", x.call, name)
			}
		}
	}
	for _, path := range []string{"/identity/accounts/prelogin", "/identity/accounts/prelogin/password", "/api/accounts/prelogin"} {
		both(func(email string) *answer { return s.do(who{origin: far}, "POST", path, tree{"email": email}) })
		both(func(email string) *answer {
			return s.do(who{origin: far}, "POST", path, tree{"email": " " + strings.ToUpper(email)})
		})
	}
	both(func(email string) *answer {
		form := passwordForm(role{email: email}, "x")
		form.Set("password", "bm8=")
		return s.form(who{origin: far}, "/identity/connect/token", form)
	})
	for _, path := range []string{"/api/accounts/password-hint", "/identity/accounts/register/send-verification-email"} {
		both(func(email string) *answer { return s.do(who{origin: far}, "POST", path, tree{"email": email}) })
	}
	both(func(email string) *answer {
		return s.do(who{origin: far}, "POST", finish, dialects(role{email: email, body: alice().body}, "x")["Android"])
	})
	t.Run("also when they are slowed down", func(t *testing.T) {
		statuses := map[string]string{}
		for i, email := range []string{known, unknown} {
			form := passwordForm(role{email: email}, "x")
			form.Set("password", "bm8=")
			w := who{origin: spot{Peer: netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})}}
			for range 11 {
				statuses[email] += http.StatusText(s.form(w, "/identity/connect/token", form).Code) + " "
			}
		}
		if statuses[known] != statuses[unknown] || !strings.Contains(statuses[known], "Many") {
			t.Errorf("answers differ:\n%s\n%s", statuses[known], statuses[unknown])
		}
	})
}

// TestWhatIsThrottledIsWhatIsTried reads a form with several spellings of one
// name: the guard and the sign-in, which each read it, must read the same.
func TestWhatIsThrottledIsWhatIsTried(t *testing.T) {
	c := &call{body: []byte("grant_type=password&grantType=refresh_token&GrantType=x&username=a&userName=b")}
	for range 200 {
		got, err := c.form()
		if err != nil || got["granttype"] != "x" || got["username"] != "b" {
			t.Fatalf("read as %v, %v", got, err)
		}
	}
}

func TestDevices(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	known := func(email, device string) string {
		return s.do(who{header: http.Header{
			"X-Request-Email": {base64.RawURLEncoding.EncodeToString([]byte(email))}, "X-Device-Identifier": {device},
		}}, "GET", "/api/devices/knowndevice", nil).want(200).Body.String()
	}
	if known(a.email, "alice's browser") != "true" || known(a.email, "x") != "false" || known("x@example.test", "alice's browser") != "false" {
		t.Error("knowndevice knows the wrong ones")
	}
	if got := s.do(who{}, "GET", "/api/devices/knowndevice", nil).want(200).Body.String(); got != "false" {
		t.Errorf("without headers: %s", got)
	}
	s.signIn(alice(), "alice's browser")
	if got := s.do(a.who, "GET", "/api/devices", nil).want(200).tree()["data"].([]any); len(got) != 1 {
		t.Errorf("one browser is %d devices", len(got))
	}
	path := "/api/devices/identifier/" + url.PathEscape("alice's browser")
	for _, method := range []string{"PUT", "POST"} {
		s.do(a.who, method, path+"/token", tree{"pushToken": "x"}).want(200)
		s.do(a.who, method, path+"/clear-token", nil).want(200)
	}
	t.Run("an odd kind or none is taken", func(t *testing.T) {
		form := passwordForm(alice(), "odd")
		form.Set("deviceType", "yes")
		s.form(who{}, "/identity/connect/token", form).want(200)
		form.Set("deviceType", "4711")
		s.form(who{}, "/identity/connect/token", form).want(200)
		form.Del("deviceIdentifier")
		s.form(who{}, "/identity/connect/token", form).refused(400, "device.missing")
	})
}

func TestTheAccountsOwnThings(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	t.Run("a key's name is told once", func(t *testing.T) {
		put := func(id string) *answer {
			return s.do(a.who, "POST", "/api/accounts/key-management/user-key-id", tree{"userKeyId": id})
		}
		id := a.key.ID()
		for range 2 {
			if got := put(id).want(200); got.Body.Len() != 0 {
				t.Errorf("answered %s", got.Body)
			}
		}
		put(strings.Repeat("0", 32)).refused(400, "key.id.other")
		put("x").refused(400, "key.id")
		if got, _ := dig(s.sync(a), "userDecryption.userKeyId"); got != id {
			t.Errorf("the sync says %v", got)
		}
	})
	t.Run("a key pair is set once", func(t *testing.T) {
		s.do(a.who, "POST", "/api/accounts/keys", tree{"publicKey": "AA==", "encryptedPrivateKey": a.seal("x")}).refused(400, "keys.present")
	})
	t.Run("the profile keeps what it is not told", func(t *testing.T) {
		s.do(a.who, "PUT", "/api/accounts/profile", tree{"name": "Alice", "culture": "de"}).want(200)
		s.do(a.who, "PUT", "/api/accounts/avatar", tree{"avatarColor": "#aabbcc"}).want(200)
		got := s.do(a.who, "POST", "/api/accounts/profile", tree{"MasterPasswordHint": "gate"}).want(200).tree()
		for name, want := range map[string]any{"name": "Alice", "culture": "de", "avatarColor": "#aabbcc", "masterPasswordHint": "gate"} {
			if got[name] != want {
				t.Errorf("%s is %v", name, got[name])
			}
		}
		s.do(a.who, "PUT", "/api/accounts/profile", tree{"name": strings.Repeat("n", 5000)}).refused(400, "name.long")
	})
	t.Run("equivalent domains come back", func(t *testing.T) {
		got := s.do(a.who, "PUT", "/api/settings/domains", tree{"equivalentDomains": [][]string{{"a.example", "b.example"}}}).want(200).Body.String()
		if again := s.do(a.who, "GET", "/api/settings/domains", nil).want(200).Body.String(); again != got || !strings.Contains(got, "b.example") {
			t.Errorf("put %s, got %s", got, again)
		}
	})
	t.Run("what was done is told to the doer", func(t *testing.T) {
		s.do(a.who, "POST", "/latchkey/activity", tree{"kind": "export"}).want(200)
		s.do(a.who, "POST", "/latchkey/activity", tree{"kind": "signin"}).refused(400, "activity.kind")
		s.do(a.who, "POST", "/api/accounts/verify-password", tree{"masterPasswordHash": "bm8="}).want(400)
		got := s.do(a.who, "GET", "/latchkey/activity", nil).want(200).Body.String()
		for _, kind := range []string{"setup", "signin", "export", "refused"} {
			if !strings.Contains(got, `"kind":"`+kind+`"`) {
				t.Errorf("no %s in %s", kind, got)
			}
		}
	})
	t.Run("settings are put together or not at all", func(t *testing.T) {
		s.do(a.who, "PUT", "/latchkey/settings", tree{"trash.days": 7, "house.name": "Mill Lane"}).want(200)
		s.do(a.who, "PUT", "/latchkey/settings", tree{"trash.days": 9, "session.days": "many"}).refused(400, "settings.refused")
		s.do(a.who, "PUT", "/latchkey/settings", tree{"trash.days": 9, "no.such": 1}).refused(400, "settings.refused")
		s.do(a.who, "PUT", "/latchkey/settings", tree{"trash.days": 9, "session.days": 4000}).refused(400, "settings.refused")
		if got := s.do(a.who, "GET", "/latchkey/settings", nil).want(200).Body.String(); !regexp.MustCompile(`"trash.days","value":7,`).MatchString(got) || !strings.Contains(got, "Mill Lane") {
			t.Errorf("settings are %s", got)
		}
	})
	t.Run("a setting that says whom to believe wants the password once more", func(t *testing.T) {
		hash := a.body.MasterPasswordHash
		s.do(a.who, "PUT", "/latchkey/settings", tree{"reach.proxies": []string{"10.7.0.2"}}).want(400)
		s.do(a.who, "PUT", "/latchkey/settings", tree{"reach.proxies": []string{"10.7.0.2"}, "masterPasswordHash": "bm8="}).want(400)
		if got := s.do(a.who, "GET", "/latchkey/settings", nil).want(200).Body.String(); strings.Contains(got, "10.7.0.2") {
			t.Errorf("changed without a proof: %s", got)
		}
		got := s.do(a.who, "PUT", "/latchkey/settings", tree{"reach.proxies": "10.7.0.2, fd00::/64", "masterPasswordHash": hash}).want(200).Body.String()
		if !strings.Contains(got, `"reach.proxies","value":["10.7.0.2","fd00::/64"],`) || !strings.Contains(got, `"proof":true`) || strings.Contains(got, hash) {
			t.Errorf("settings are %s", got)
		}
		s.do(a.who, "PUT", "/latchkey/settings", tree{"house.name": "Mill Lane", "masterPasswordHash": "bm8="}).want(200)
	})
	t.Run("what a step sets is neither told nor taken here", func(t *testing.T) {
		if err := s.Settings.Set(t.Context(), map[string]any{"reach.credentials": `{"token":"hunter2"}`}); err != nil {
			t.Fatal(err)
		}
		if got := s.do(a.who, "GET", "/latchkey/settings", nil).want(200).Body.String(); strings.Contains(got, "hunter2") || strings.Contains(got, "reach.credentials") {
			t.Errorf("told: %s", got)
		}
		for _, key := range []string{"reach.mode", "reach.name", "reach.credentials", "reach.open"} {
			s.do(a.who, "PUT", "/latchkey/settings", tree{key: "public"}).refused(400, "settings.refused")
		}
	})
	t.Run("from afar nobody learns the house's name", func(t *testing.T) {
		if got := s.do(who{origin: far}, "GET", "/latchkey/state", nil).want(200).Body.String(); strings.Contains(got, "Mill Lane") {
			t.Errorf("told: %s", got)
		}
		if got := s.do(who{origin: home}, "GET", "/latchkey/state", nil).want(200).Body.String(); !strings.Contains(got, "Mill Lane") {
			t.Errorf("at home: %s", got)
		}
	})
}

func TestAProxysClientsAreToldApart(t *testing.T) {
	s := newStage(t)
	s.owner()
	proxy := netip.MustParseAddr("10.7.0.2")
	s.API.Client = func(r *http.Request) netip.Addr {
		if a, err := netip.ParseAddr(r.Header.Get("X-Forwarded-For")); err == nil {
			return a
		}
		return proxy
	}
	from := func(client string) who {
		w := who{origin: far, header: http.Header{"X-Forwarded-For": {client}}}
		w.origin.Peer = proxy
		return w
	}
	wrong := passwordForm(alice(), "guessing")
	wrong.Set("password", "bm8=")
	for range 100 {
		if s.form(from("203.0.113.9"), "/identity/connect/token", wrong).Code == http.StatusTooManyRequests {
			break
		}
	}
	s.form(from("203.0.113.9"), "/identity/connect/token", passwordForm(alice(), "x")).want(http.StatusTooManyRequests)
	s.form(from("203.0.113.10"), "/identity/connect/token", passwordForm(alice(), "y")).want(200)
}
