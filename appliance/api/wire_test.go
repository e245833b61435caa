package api

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Names that phones decode strictly (bitwarden-wire.md 2.3 and 2.4). A word is
// a name that must be there; ! behind it: and not be null.
const (
	profileWire = `id! name email! emailVerified! premium! premiumFromOrganization! masterPasswordHint culture! twoFactorEnabled!
		key! privateKey! accountKeys! securityStamp! forcePasswordReset! usesKeyConnector! avatarColor creationDate! verifyDevices!
		providers! providerOrganizations! organizations! object!`
	cipherWire = `object! id! type! organizationId folderId favorite! edit! viewPassword! permissions! permissions.delete!
		permissions.restore! organizationUseTotp! revisionDate! creationDate! deletedDate archivedDate reprompt! key name! notes
		fields! login card identity secureNote sshKey passwordHistory! collectionIds! attachments data`
	folderWire = `id! name! revisionDate! object!`
	deviceWire = `id! name! identifier! type! creationDate! isTrusted! devicePendingAuthRequest encryptedUserKey encryptedPublicKey object!`
	syncWire   = `profile! folders! collections! policies! ciphers! domains sends! userDecryption! object!
		userDecryption.masterPasswordUnlock! userDecryption.masterPasswordUnlock.kdf! userDecryption.masterPasswordUnlock.kdf.kdfType!
		userDecryption.masterPasswordUnlock.kdf.iterations! userDecryption.masterPasswordUnlock.kdf.memory
		userDecryption.masterPasswordUnlock.kdf.parallelism userDecryption.masterPasswordUnlock.masterKeyEncryptedUserKey!
		userDecryption.masterPasswordUnlock.masterKeyWrappedUserKey! userDecryption.masterPasswordUnlock.salt!`
	tokenWire = `access_token! expires_in! token_type! refresh_token! scope! Key! PrivateKey! Kdf! KdfIterations! KdfMemory KdfParallelism
		ResetMasterPassword! ForcePasswordReset! ApiUseKeyConnector! MasterPasswordPolicy! MasterPasswordPolicy.Object! AccountKeys!
		AccountKeys.publicKeyEncryptionKeyPair! AccountKeys.publicKeyEncryptionKeyPair.wrappedPrivateKey!
		AccountKeys.publicKeyEncryptionKeyPair.publicKey! AccountKeys.publicKeyEncryptionKeyPair.Object! AccountKeys.Object!
		UserDecryptionOptions! UserDecryptionOptions.HasMasterPassword! UserDecryptionOptions.Object!
		UserDecryptionOptions.MasterPasswordUnlock! UserDecryptionOptions.MasterPasswordUnlock.Kdf!
		UserDecryptionOptions.MasterPasswordUnlock.Kdf.KdfType! UserDecryptionOptions.MasterPasswordUnlock.Kdf.Iterations!
		UserDecryptionOptions.MasterPasswordUnlock.Kdf.Memory UserDecryptionOptions.MasterPasswordUnlock.Kdf.Parallelism
		UserDecryptionOptions.MasterPasswordUnlock.MasterKeyEncryptedUserKey!
		UserDecryptionOptions.MasterPasswordUnlock.MasterKeyWrappedUserKey! UserDecryptionOptions.MasterPasswordUnlock.Salt!`
	configWire = `version! gitHash! server! server.name! server.url! environment! environment.cloudRegion environment.vault!
		environment.api! environment.identity! environment.notifications! environment.sso! featureStates! push! push.pushTechnology!
		push.vapidPublicKey settings! settings.disableUserRegistration! settings.suppressOnboardingInterstitials! communication object!`
	preloginWire = `kdf! kdfIterations! kdfMemory kdfParallelism kdfSettings! kdfSettings.kdfType! kdfSettings.iterations!
		kdfSettings.memory kdfSettings.parallelism salt!`
)

// wantNames wants every name of list in got.
func wantNames(t *testing.T, got tree, list string) {
	t.Helper()
	for _, path := range strings.Fields(list) {
		path, filled := strings.CutSuffix(path, "!")
		v, there := dig(got, path)
		if !there || filled && v == nil {
			t.Errorf("%s is missing or null", path)
		}
	}
}

func dig(from tree, path string) (v any, there bool) {
	name, rest, deeper := strings.Cut(path, ".")
	if v, there = from[name]; !deeper || !there {
		return v, there
	}
	inner, ok := v.(tree)
	if !ok {
		return nil, false
	}
	return dig(inner, rest)
}

// wireDate is the one form of a date: six digits, UTC.
var wireDate = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$`)

// wantDates wants each value whose name ends on Date in that form, or null.
func wantDates(t *testing.T, at string, v any) {
	t.Helper()
	switch x := v.(type) {
	case tree:
		for name, inner := range x {
			if s, ok := inner.(string); ok && strings.HasSuffix(name, "Date") && !wireDate.MatchString(s) {
				t.Errorf("%s.%s is %q", at, name, s)
			}
			wantDates(t, at+"."+name, inner)
		}
	case []any:
		for i, inner := range x {
			wantDates(t, fmt.Sprintf("%s[%d]", at, i), inner)
		}
	}
}

// everyType is one item of each type, as bare as clients may send it.
func (r role) everyType() map[string]tree {
	all := map[string]tree{}
	for kind, k := range kinds {
		all[k.object] = tree{"type": kind, "name": r.seal(k.object)}
	}
	return all
}

func TestPhonesFindWhatTheyNeed(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	s.folder(a)
	t.Run("in the token", func(t *testing.T) {
		got := s.form(who{origin: far}, "/identity/connect/token", passwordForm(alice(), "phone")).want(200).tree()
		wantNames(t, got, tokenWire)
		if got["token_type"] != "Bearer" || got["Kdf"] != 1.0 || got["ForcePasswordReset"] != false {
			t.Errorf("token_type %v, Kdf %v, ForcePasswordReset %v", got["token_type"], got["Kdf"], got["ForcePasswordReset"])
		}
	})
	t.Run("in a refreshed token", func(t *testing.T) {
		got := s.refresh(a).want(200).tree()
		wantNames(t, got, "access_token! expires_in! token_type! refresh_token! scope!")
		if got["refresh_token"] != a.refresh {
			t.Error("another refresh token came: clients that refresh in parallel would lose one")
		}
	})
	for name, item := range a.everyType() {
		t.Run("in an item of type "+name, func(t *testing.T) {
			id := s.add(a, item)
			for _, path := range []string{"/api/ciphers/" + id, "/api/ciphers/" + id + "/details"} {
				got := s.do(a.who, "GET", path, nil).want(200).tree()
				wantNames(t, got, cipherWire)
				wantNames(t, got, name+"!")
				wantDates(t, "cipher", got)
				for _, other := range ownObjects {
					if other != name && got[other] != nil {
						t.Errorf("%s is %v, want null", other, got[other])
					}
				}
			}
		})
	}
	t.Run("in a secure note its type", func(t *testing.T) {
		got := s.cipher(a, s.add(a, tree{"type": 2, "name": a.seal("n"), "secureNote": nil}))
		if v, _ := dig(got, "secureNote.type"); v != 0.0 {
			t.Errorf("secureNote is %v", got["secureNote"])
		}
	})
	t.Run("in a login the lists, and the first address also alone", func(t *testing.T) {
		got := s.cipher(a, s.add(a, a.login()))
		first, _ := dig(got, "login.uris")
		uri, _ := dig(got, "login.uri")
		if list, ok := first.([]any); !ok || len(list) != 1 || list[0].(tree)["uri"] != uri {
			t.Errorf("uris %v, uri %v", first, uri)
		}
		bare := s.cipher(a, s.add(a, tree{"type": 1, "name": a.seal("n"), "login": tree{"uris": nil}}))
		if list, _ := dig(bare, "login.uris"); fmt.Sprint(list) != "[]" {
			t.Errorf("no addresses are %v, want an empty list", list)
		}
	})
	t.Run("in the sync", func(t *testing.T) {
		got := s.sync(a)
		wantNames(t, got, syncWire)
		wantNames(t, got["profile"].(tree), profileWire)
		wantDates(t, "sync", got)
		for _, one := range got["ciphers"].([]any) {
			wantNames(t, one.(tree), cipherWire)
		}
		for _, one := range got["folders"].([]any) {
			wantNames(t, one.(tree), folderWire)
		}
		if got["domains"] != nil {
			t.Errorf("domains came though nobody wanted them: %v", got["domains"])
		}
		whole := s.do(a.who, "GET", "/api/sync", nil).want(200).tree()
		wantNames(t, whole, "domains! domains.equivalentDomains! domains.globalEquivalentDomains! domains.object!")
	})
	t.Run("in the profile, keys, folders and devices", func(t *testing.T) {
		wantNames(t, s.do(a.who, "GET", "/api/accounts/profile", nil).want(200).tree(), profileWire)
		wantNames(t, s.do(a.who, "GET", "/api/accounts/keys", nil).want(200).tree(), "key! privateKey! publicKey! accountKeys! object!")
		for path, wire := range map[string]string{"/api/folders": folderWire, "/api/devices": deviceWire, "/api/ciphers": cipherWire} {
			got := s.do(a.who, "GET", path, nil).want(200).tree()
			wantNames(t, got, "data! object! continuationToken")
			wantDates(t, path, got)
			all := got["data"].([]any)
			if len(all) == 0 {
				t.Errorf("%s is empty", path)
			}
			for _, one := range all {
				wantNames(t, one.(tree), wire)
			}
		}
	})
	t.Run("in the configuration and before the sign-in", func(t *testing.T) {
		wantNames(t, s.do(who{}, "GET", "/api/config", nil).want(200).tree(), configWire)
		for _, path := range []string{"/identity/accounts/prelogin", "/identity/accounts/prelogin/password", "/api/accounts/prelogin"} {
			wantNames(t, s.do(who{}, "POST", path, tree{"Email": alice().email}).want(200).tree(), preloginWire)
		}
	})
	t.Run("in the revision date, which is a bare number of milliseconds", func(t *testing.T) {
		var ms int64
		s.do(a.who, "GET", "/api/accounts/revision-date", nil).want(200).into(&ms)
		if at := time.UnixMilli(ms); at.Sub(s.clock()).Abs() > time.Second {
			t.Errorf("it says %v, now is %v", at, s.clock())
		}
	})
}

func TestNothingKeptIsAListNotNull(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	got := s.sync(a)
	for _, name := range []string{"folders", "collections", "policies", "ciphers", "sends"} {
		if list, ok := got[name].([]any); !ok || len(list) != 0 {
			t.Errorf("%s is %v", name, got[name])
		}
	}
	for _, path := range []string{"/api/ciphers", "/api/folders", "/api/sends", "/api/collections", "/api/tasks", "/api/webauthn"} {
		if body := s.do(a.who, "GET", path, nil).want(200).Body.String(); body != `{"data":[],"object":"list","continuationToken":null}` {
			t.Errorf("%s: %s", path, body)
		}
	}
	for path, name := range map[string]string{"/latchkey/people": "invitations", "/latchkey/health": "conditions", "/latchkey/activity": "events"} {
		if _, ok := s.do(a.who, "GET", path, nil).want(200).tree()[name].([]any); !ok {
			t.Errorf("%s: %s is no list", path, name)
		}
	}
}

// wireError is the wire's error whole, with the token's two names apart.
func wireError(message, code, description, problem string) string {
	return `{"message":"` + message + `","validationErrors":{"":["` + message + `"]},"errorModel":{"message":"` + message +
		`","object":"error"},"error":"` + code + `","error_description":"` + description +
		`","exceptionMessage":null,"exceptionStackTrace":null,"innerExceptionMessage":null,"object":"error","problem":` + problem + `}`
}

func TestErrorsAreTheWires(t *testing.T) {
	s := newStage(t)
	a := s.owner()
	wrong := passwordForm(alice(), "x")
	wrong.Set("password", "bm8=")
	stale := passwordForm(alice(), "x")
	stale.Set("grant_type", "refresh_token")
	stale.Set("refresh_token", "gone")
	other := passwordForm(alice(), "x")
	other.Set("grant_type", "authorization_code")
	const signIn = "Username or password is incorrect. Try again."
	for name, c := range map[string]struct {
		got    *answer
		status int
		want   string
	}{
		"a wrong password": {s.form(who{}, "/identity/connect/token", wrong), 400, strings.TrimSuffix(wireError(signIn, "invalid_grant", "invalid_username_or_password",
			`{"code":"signin.wrong","text":"`+signIn+`","hint":"Check the e-mail and the master password."}`), "}") + `,"ErrorModel":{"Message":"` + signIn + `","Object":"error"}}`},
		"a refresh token that has ended": {s.form(who{}, "/identity/connect/token", stale), 400, strings.TrimSuffix(wireError("This session has ended. Sign in again.", "invalid_grant", "invalid_grant",
			`{"code":"session.ended","text":"This session has ended.","hint":"Sign in again."}`), "}") + `,"ErrorModel":{"Message":"This session has ended. Sign in again.","Object":"error"}}`},
		"a wrong password where it is asked again": {
			s.do(a.who, "POST", "/api/accounts/verify-password", tree{"masterPasswordHash": "bm8="}), 400,
			wireError("Invalid password.", "", "", `{"code":"password.wrong","text":"Invalid password.","hint":"Type your master password again."}`),
		},
		"an item that is not there": {
			s.do(a.who, "GET", "/api/ciphers/"+absent, nil), 404,
			wireError("There is no such item. It may have been deleted on another device; sync and look again.", "", "",
				`{"code":"item.gone","text":"There is no such item.","hint":"It may have been deleted on another device; sync and look again."}`),
		},
		"no session": {
			s.do(who{}, "GET", "/api/sync", nil), 401,
			wireError("This session has ended. Sign in again.", "", "", `{"code":"session.ended","text":"This session has ended.","hint":"Sign in again."}`),
		},
		"no such route": {
			s.do(a.who, "GET", "/api/organizations", nil), 404,
			wireError("There is nothing at this address.", "", "", `{"code":"not.found","text":"There is nothing at this address.","hint":""}`),
		},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got.Code != c.status || c.got.Body.String() != c.want {
				t.Errorf("answered %d\n%s\nwant %d\n%s", c.got.Code, c.got.Body, c.status, c.want)
			}
			if kind := c.got.Header().Get("Content-Type"); !strings.HasPrefix(kind, "application/json") {
				t.Errorf("Content-Type %q", kind)
			}
		})
	}
	t.Run("another grant", func(t *testing.T) {
		got := s.form(who{}, "/identity/connect/token", other).want(400).tree()
		if got["error"] != "unsupported_grant_type" {
			t.Errorf("error %v", got["error"])
		}
	})
	t.Run("too many attempts say when to come back, and the right password works then", func(t *testing.T) {
		from := who{origin: spot{Peer: far.Peer.Next()}}
		var last *answer
		for range 11 {
			last = s.form(from, "/identity/connect/token", wrong)
		}
		last.refused(429, "attempts.many")
		seconds, err := strconv.Atoi(last.Header().Get("Retry-After"))
		if err != nil || seconds < 1 || seconds > 900 {
			t.Errorf("Retry-After %q", last.Header().Get("Retry-After"))
		}
		s.form(from, "/identity/connect/token", passwordForm(alice(), "x")).want(429)
		s.wait(time.Duration(seconds) * time.Second)
		s.form(from, "/identity/connect/token", passwordForm(alice(), "x")).want(200)
	})
}

func TestNothingIsKeptByCachesOrReadByStrangers(t *testing.T) {
	s := newStage(t)
	for _, path := range []string{"/api/config", "/api/sync", "/nowhere"} {
		h := s.do(who{origin: far}, "GET", path, nil).Header()
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %v", path, h)
		}
	}
	ask := func(method, origin string) *answer {
		return s.do(who{header: map[string][]string{"Origin": {origin}, "Access-Control-Request-Headers": {"authorization"}}}, method, "/api/config", nil)
	}
	for _, origin := range []string{"file://", "bw-desktop-file://bundle"} {
		if got := ask("OPTIONS", origin).want(204); got.Header().Get("Access-Control-Allow-Origin") != origin {
			t.Errorf("%s: %v", origin, got.Header())
		}
		ask("GET", origin).want(200)
	}
	if got := ask("OPTIONS", "https://evil.example"); got.Header().Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("a stranger may read: %v", got.Header())
	}
}
