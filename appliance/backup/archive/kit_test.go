package archive_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"filippo.io/age"

	"latchkey/appliance/backup/archive"
)

// signingKey is a signing key that nobody has.
const signingKey = "latchkey-sign-AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

// groups writes a text in groups of four, as the paper shows it.
func groups(s string) string {
	var out []string
	for len(s) > 4 {
		out, s = append(out, s[:4]), s[4:]
	}
	return strings.Join(append(out, s), " ")
}

func TestParseKit(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	second, err := age.GenerateX25519Identity()
	must(t, err)
	key := identity.String()
	body := strings.TrimPrefix(key, "AGE-SECRET-KEY-1")
	signBody := strings.TrimPrefix(signingKey, "latchkey-sign-")
	file := "LATCHKEY: RECOVERY KIT\n\nHouse: Elm Street\n\nRECOVERY KEY\n\n" + key + "\n\n   1 " + groups(body) +
		"\n\nSIGNING KEY\n\n" + signingKey + "\n\nWHAT THIS IS FOR\n\nKeep latchkey-sign-... apart from latchkey-sign-\n"
	alike := strings.NewReplacer("0", "O", "8", "B").Replace(body)
	cases := []struct {
		name, text string
		says       string // empty: both keys are found
	}{
		{"the file as it was saved", file, ""},
		{"the file with Windows' line ends", strings.ReplaceAll(file, "\n", "\r\n"), ""},
		{"the file with a byte order mark", "\ufeff" + file, ""},
		{"the file as UTF-16", wide(file), ""},
		{"both keys and nothing else", key + signingKey, ""},
		{"the signing key first", signingKey + "\n" + key, ""},
		{"as JSON", `{"recoveryKey":"` + key + `","signingKey":"` + signingKey + `"}`, ""},
		{"typed in groups", "age-secret-key-1 " + groups(strings.ToLower(body)) + "\nlatchkey-sign-\n" + groups(signBody), ""},
		{"each group on a line of its own", strings.ReplaceAll(groups(key), " ", "\n") + "\n" + strings.ReplaceAll(groups(signingKey), " ", "\n"), ""},
		{"with spaces that don't break", strings.ReplaceAll(groups(key), " ", "\u00a0") + " " + signingKey, ""},
		{"with dashes as a word processor makes them", strings.ReplaceAll(key, "-", "–") + " " + strings.Replace(signingKey, "-", "—", 2), ""},
		{"with what looks like the right characters", "AGE-SECRET-KEY-1" + alike + " " + signingKey, ""},
		{"with soft hyphens and spaces of no width", key[:20] + "\u00ad" + key[20:40] + "\u200b" + key[40:] + " " + signingKey[:30] + "\u00ad" + signingKey[30:], ""},
		{"a signing key beside a longer word", key + " " + signingKey + " latchkey-sign-B" + signBody[1:] + "-copy latchkey-sign-B" + signBody[1:] + "_2 latchkey-sign-B" + signBody[1:] + "Z", ""},
		{"the signing key's name in capitals", key + " " + strings.Replace(signingKey, "latchkey-sign-", "LATCHKEY-SIGN-", 1), ""},
		{"the same kit twice", file + file, ""},
		{"a whole signing key beside one in groups", key + " " + signingKey + "\nlatchkey-sign-\n" + groups("B"+signBody[1:]), ""},
		{"a recovery key with a mistake beside the right one", strings.Replace(key, body[3:5], "qq", 1) + " " + file, ""},
		{"nothing", "", "no recovery key"},
		{"a letter", "Dear Martha,\nthe kit lies in the safe.", "no recovery key"},
		{"the recovery key alone", key, "no signing key"},
		{"the signing key alone", signingKey, "no recovery key"},
		{"the recovery key without its beginning", body + " " + signingKey, "no recovery key"},
		{"a recovery key with one wrong character", flip(key) + " " + signingKey, "is wrong"},
		{"a recovery key that ends too early", signingKey + " " + key[:len(key)-1], "is wrong"},
		{"a recovery key that lacks one in the middle", key[:30] + key[31:] + " " + signingKey, "is wrong"},
		{"a signing key that ends too early", key + " " + signingKey[:len(signingKey)-1], "no signing key"},
		{"a signing key with a foreign character", key + " " + strings.Replace(signingKey, "EC", "E*", 1), "no signing key"},
		{"a signing key whose last character has bits too many", key + " " + signingKey[:len(signingKey)-1] + "9", "no signing key"},
		{"two recovery keys", file + second.String(), "two different recovery keys"},
		{"two signing keys", file + "latchkey-sign-B" + signBody[1:], "two different signing keys"},
		{"two signing keys in groups", key + " latchkey-sign- " + groups(signBody) + ". latchkey-sign- " + groups("B"+signBody[1:]), "two different signing keys"},
		{"a recipient instead of the key", identity.Recipient().String() + signingKey, "no recovery key"},
		{"a video", file + strings.Repeat("x", 1<<20), "too large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			kit, err := archive.ParseKit([]byte(c.text))
			if c.says != "" {
				if got := code(t, err); got != "kit.unreadable" || !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %q: %v", got, err)
				}
				if err != nil && strings.Contains(err.Error(), body[:6]) {
					t.Errorf("the error tells the key: %v", err)
				}
				return
			}
			must(t, err)
			if kit.Recovery.String() != key {
				t.Error("another recovery key")
			}
			if "latchkey-sign-"+base64.RawURLEncoding.EncodeToString(kit.Signer) != signingKey {
				t.Errorf("another signing key: %x", kit.Signer)
			}
		})
	}
}

// flip changes the last character of a key to another of its alphabet.
func flip(key string) string {
	if strings.HasSuffix(key, "Q") {
		return key[:len(key)-1] + "P"
	}
	return key[:len(key)-1] + "Q"
}

// wide is a text as Windows' Notepad once saved it.
func wide(s string) string {
	var out []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return string(out)
}

func TestParseRecoveryKey(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	must(t, err)
	key := identity.String()
	body := strings.TrimPrefix(key, "AGE-SECRET-KEY-1")
	cases := []struct {
		name, text string
		fine       bool
	}{
		{"whole", key, true},
		{"in small letters and groups", groups(strings.ToLower(key)) + "\n", true},
		{"without its beginning", groups(body), true},
		{"within a kit", "the kit\n" + key + "\n" + signingKey, true},
		{"without its end", body[:57], false},
		{"with a character more", body + "q", false},
		{"wrong", flip(body), false},
		{"none", "", false},
		{"a video", key + strings.Repeat(" ", 1<<20), false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := archive.ParseRecoveryKey([]byte(c.text))
			if c.fine {
				must(t, err)
				if got.String() != key {
					t.Error("another key")
				}
			} else if got := code(t, err); got != "kit.unreadable" {
				t.Errorf("got %q", got)
			}
		})
	}
}
