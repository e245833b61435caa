package house_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"latchkey/client/keys"
	"latchkey/test/house"
)

// A question is one that anybody may ask about a name.
type question struct {
	name, method, path, kind, body, head string
}

const (
	form  = "application/x-www-form-urlencoded"
	plain = "application/json"
	wrong = "bm90IHRoZSBoYXNo"
)

// questions are all that name somebody. id is the name's account where they want that.
func questions(email, id string) []question {
	object := func(more map[string]string) string {
		body := map[string]string{"email": email}
		for name, value := range more {
			body[name] = value
		}
		raw, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		return string(raw)
	}
	grant := func(more map[string]string) string {
		values := url.Values{
			"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"}, "deviceType": {"9"},
			"deviceIdentifier": {"a stranger's"}, "deviceName": {"firefox"}, "username": {email}, "password": {wrong},
		}
		for name, value := range more {
			values.Set(name, value)
		}
		return values.Encode()
	}
	const token = "/identity/connect/token"
	guess := map[string]string{"masterPasswordHash": wrong, "recoveryCode": "ABCD EFGH IJKL MNOP"}
	invited := map[string]string{"emailVerificationToken": wrong}
	register := map[string]string{
		"emailVerificationToken": wrong, "masterPasswordHash": wrong, "userSymmetricKey": "2.AA==|AA==|AA==", "name": "N",
	}
	return []question{
		{"prelogin", "POST", "/identity/accounts/prelogin", plain, object(nil), ""},
		{"prelogin of newer clients", "POST", "/identity/accounts/prelogin/password", plain, object(nil), ""},
		{"prelogin of older clients", "POST", "/api/accounts/prelogin", plain, object(nil), ""},
		{"a password", "POST", token, form, grant(nil), ""},
		{"a password with a code", "POST", token, form, grant(map[string]string{"twoFactorProvider": "0", "twoFactorToken": "123456"}), ""},
		{"a password with a remembered device's token", "POST", token, form, grant(map[string]string{"twoFactorProvider": "5", "twoFactorToken": wrong}), ""},
		{"a password with a recovery code", "POST", token, form, grant(map[string]string{"twoFactorProvider": "8", "twoFactorToken": wrong}), ""},
		{"an API key", "POST", token, form, grant(map[string]string{"grant_type": "client_credentials", "client_id": "user." + id, "client_secret": wrong}), ""},
		{"a recovery code", "POST", "/api/two-factor/recover", plain, object(guess), ""},
		{"a known device", "GET", "/api/devices/knowndevice", plain, "", "X-Request-Email: " + base64.RawURLEncoding.EncodeToString([]byte(email)) + "\r\nX-Device-Identifier: a stranger's\r\n"},
		{"the password's hint", "POST", "/api/accounts/password-hint", plain, object(nil), ""},
		{"a mail with a link", "POST", "/identity/accounts/register/send-verification-email", plain, object(map[string]string{"name": "N"}), ""},
		{"an invitation", "POST", "/identity/accounts/register/verification-email-clicked", plain, object(invited), ""},
		{"an account", "POST", "/identity/accounts/register/finish", plain, object(register), ""},
	}
}

const tooMany = "HTTP/1.1 429 "

func say(t *testing.T, from *house.Caller, q question) string {
	t.Helper()
	return from.Say(t, q.method, q.path, q.kind, q.body, q.head)
}

// Two waits begin one after the other. That is the one thing that may differ, and by no more than that.
var (
	waitLine = regexp.MustCompile(`Retry-After: (\d+)`)
	waitText = regexp.MustCompile(`(Retry-After: |Content-Length: |Wait |"seconds":")\d+`)
)

func waitOf(answer string) int {
	if found := waitLine.FindStringSubmatch(answer); found != nil {
		seconds, _ := strconv.Atoi(found[1]) // digits
		return seconds
	}
	return 0
}

func timeless(t *testing.T, answer string) string {
	t.Helper()
	if !strings.HasPrefix(answer, tooMany) {
		return answer
	}
	if waitOf(answer) == 0 {
		t.Errorf("no wait is named:\n%s", answer)
	}
	return waitText.ReplaceAllString(answer, "${1}N")
}

// TestNobodyIsToldWhoLivesHere asks everything that names somebody, once with a name that somebody has and once with
// one of the same length that nobody has, from places of their own. The answers have to be the same to the last byte,
// where all is well, where one has to wait, and from a network that is shut out.
func TestNobodyIsToldWhoLivesHere(t *testing.T) {
	h := house.Start(t, house.Options{})
	owner := h.Owner()
	owner.BelieveUs()
	h.Join(h.Invite("coded@house.test"), "five geese on a pond", keys.KDF{}).AddApp()
	h.Join(h.Invite("going@house.test"), "five geese on a pond", keys.KDF{})
	h.Join(h.Invite("other@house.test"), "five geese on a pond", keys.KDF{})
	h.Invite("guest@house.test")
	ids := map[string]string{}
	var people struct {
		People []struct{ ID, Email string }
	}
	owner.Must("GET", "/latchkey/people", nil, &people)
	for _, p := range people.People {
		ids[p.Email] = p.ID
	}
	owner.Must("PUT", "/latchkey/people/"+ids["going@house.test"], map[string]any{"disabled": true}, nil)

	next := netip.MustParseAddr("203.0.113.1")
	place := func() *house.Caller {
		next = next.Next()
		return h.From(next)
	}
	// Each of them has a name beside them that nobody has, so that both were tried as often.
	nobody := map[string]string{
		house.OwnerEmail: "nobd1@house.test", "coded@house.test": "nobd2@house.test", "going@house.test": "nobd3@house.test", "guest@house.test": "nobd4@house.test",
		"other@house.test": "nobd5@house.test",
	}
	ids["guest@house.test"] = "00000000-0000-4000-8000-00000000000f" // has no account yet
	nobodys := map[string]string{}
	for email := range nobody {
		nobodys[email] = fmt.Sprintf("00000000-0000-4000-8000-%012d", len(nobodys))
	}
	// same asks about both, and gives what both were told. Whose name it was stands for itself.
	same := func(t *testing.T, n int, email string, here, there *house.Caller) string {
		t.Helper()
		known, unknown := questions(email, ids[email])[n], questions(nobody[email], nobodys[email])[n]
		a := strings.ReplaceAll(say(t, here, known), email, "NAME")
		b := strings.ReplaceAll(say(t, there, unknown), nobody[email], "NAME")
		if timeless(t, a) != timeless(t, b) || max(waitOf(a), waitOf(b)) > min(waitOf(a), waitOf(b))+2 {
			t.Errorf("%s: %s is told apart from nobody:\n%s\n\n%s", known.name, email, a, b)
		}
		return a
	}
	all := questions("", "")

	for email, who := range map[string]string{
		house.OwnerEmail: "an owner", "coded@house.test": "somebody with a second factor", "going@house.test": "somebody disabled",
		"guest@house.test": "somebody invited",
	} {
		t.Run("where all is well, "+who+" is nobody", func(t *testing.T) {
			for n := range all {
				if told := same(t, n, email, place(), place()); strings.HasPrefix(told, tooMany) {
					t.Fatalf("%s: it is not well any more:\n%s", all[n].name, told)
				}
			}
		})
	}
	t.Run("where one has to wait, too", func(t *testing.T) {
		for n, q := range all {
			if q.name != "a password" && q.name != "an API key" {
				continue
			}
			here, there := place(), place()
			for tries := 0; !strings.HasPrefix(same(t, n, "other@house.test", here, there), tooMany); tries++ {
				if tries > 100 {
					t.Fatalf("%s: a hundred tries, and no wait", q.name)
				}
			}
			for n := range all {
				same(t, n, "other@house.test", here, there)
			}
		}
	})
	t.Run("and from a network that is shut out", func(t *testing.T) {
		here, there := place(), place()
		for tries := 0; ; tries += 20 {
			for range 20 {
				say(t, here, questions("other@house.test", "")[3])
				say(t, there, questions(nobody["other@house.test"], "")[3])
			}
			if out := h.Run("admin", "bans", "--json", "--data", h.Dir); strings.Count(out, `"prefix"`) == 2 {
				break
			}
			if tries > 400 {
				t.Fatal("four hundred tries, and no ban")
			}
		}
		for n := range all {
			same(t, n, "other@house.test", here, there)
		}
	})
}

// TestKeyDerivationTellsNobody makes people with key derivations of their own: a name that nobody has is told one of
// theirs, so that none of them can be told from it.
func TestKeyDerivationTellsNobody(t *testing.T) {
	h := house.Start(t, house.Options{})
	h.Join(h.Invite("bruno@house.test"), "five geese on a pond", keys.KDF{Type: keys.PBKDF2, Iterations: 650_000})
	ask := func(email string) string {
		answer := h.Post("/identity/accounts/prelogin/password", map[string]string{"email": email})
		return strings.ReplaceAll(string(answer.Body), email, "NAME")
	}
	people := map[string]bool{ask(house.OwnerEmail): false, ask("bruno@house.test"): false}
	if len(people) != 2 {
		t.Fatalf("they are told the same: %v", people)
	}
	for n := range 64 { // the odds that all draw the same one are below one in 10^18
		told := ask(fmt.Sprintf("nobody%d@house.test", n))
		if _, ok := people[told]; !ok {
			t.Fatalf("nobody %d is told what nobody else is: %s", n, told)
		}
		people[told] = true
	}
	for told, drawn := range people {
		if !drawn {
			t.Errorf("no name that nobody has is told %s", told)
		}
	}
}
