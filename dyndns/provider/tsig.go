package provider

import (
	"encoding/base64"
	"strings"

	"github.com/miekg/dns"
)

// tsigKey is a shared key of RFC 8945.
type tsigKey struct {
	Name      string // without a dot at its end, lower case
	Algorithm string // as miekg/dns has it, with its dot
	Secret    string // base64 of RFC 4648
	Server    string // host, host:port or ""
}

// mostKey bounds what is looked at: the longest honest block is a page.
const mostKey = 16 << 10

// parseKey reads a key as the tools print it:
//
//	key "home" { algorithm hmac-sha256; secret "aGk="; };       BIND, tsig-keygen
//	key: [id: home, algorithm: hmac-sha256, secret: aGk=]       knot, keymgr -t, YAML on lines
//	hmac-sha256:home:aGk=@ns.example.org:53                     nsupdate -y, kdig -y; server optional
//	home:aGk=                                                   the same with hmac-sha256
//	dns_rfc2136_name = home ...                                 certbot's rfc2136.ini
//
// It never puts any of the input into an error.
func parseKey(pasted string) (tsigKey, error) {
	if len(pasted) > mostKey {
		return tsigKey{}, badKey("This is far too long for a key.")
	}
	k := keyFields(keyTokens(pasted))
	if k.Secret == "" {
		k = keyLine(pasted)
	}
	if k.Secret == "" {
		// A field of one line makes blanks of line ends, so that a comment at the
		// beginning swallows all: then nothing is a comment.
		k = keyFields(keyWords(pasted))
	}
	return k.checked()
}

func badKey(text string) error {
	return &complaint{
		code: CodeToken, text: text,
		hint: "Paste the block that tsig-keygen or keymgr printed, or algorithm:name:secret on one line.",
	}
}

// keyTokens cuts a block into words; comments are left out, and marks of both syntaxes are blanks.
func keyTokens(block string) []string {
	var words []string
	for {
		before, rest, open := strings.Cut(block, "/*")
		words = append(words, lineTokens(before)...)
		if !open {
			return words
		}
		if _, block, open = strings.Cut(rest, "*/"); !open {
			return words
		}
	}
}

func lineTokens(block string) []string {
	var words []string
	for line := range strings.Lines(block) {
		line, _, _ = strings.Cut(line, "#")
		if at := strings.Index(line, "//"); at >= 0 && strings.Count(line[:at], `"`)%2 == 0 && (at == 0 || line[at-1] == ' ' || line[at-1] == '\t' || line[at-1] == ';') {
			line = line[:at] // "//" can stand inside base64
		}
		words = append(words, keyWords(line)...)
	}
	return words
}

func keyWords(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(" \t\r\n{};,[]\"'#", c) })
}

// keyFields takes the word after each label. In YAML the label ends in ":",
// in an ini file a "=" follows.
func keyFields(words []string) tsigKey {
	var k tsigKey
	for i, word := range words {
		label := strings.ToLower(strings.TrimSuffix(word, ":"))
		label = strings.TrimPrefix(label, "dns_rfc2136_")
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
			if value == "=" && i+2 < len(words) {
				value = words[i+2]
			}
		}
		switch {
		case (label == "key" || label == "name" || label == "id") && k.Name == "" && isName(plainName(value)) && value != "-" && value != "algorithm" && value != "secret":
			k.Name = value
		case label == "algorithm" && k.Algorithm == "":
			k.Algorithm = value
		case label == "secret" && k.Secret == "":
			k.Secret = value
		case label == "server" && k.Server == "":
			k.Server = value
		}
	}
	return k
}

// keyLine reads [algorithm:]name:secret[@server[:port]]. A "#" before it is
// how keymgr prints the line above its block.
func keyLine(line string) tsigKey {
	line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#-y "))
	line, server, _ := strings.Cut(line, "@")
	k := tsigKey{Server: strings.TrimSpace(server)}
	switch parts := strings.Split(line, ":"); len(parts) {
	case 2:
		k.Name, k.Secret = parts[0], parts[1]
	case 3:
		k.Algorithm, k.Name, k.Secret = parts[0], parts[1], parts[2]
	}
	return k
}

func (k tsigKey) checked() (tsigKey, error) {
	k.Name = plainName(strings.Trim(k.Name, `"'`))
	k.Secret = strings.Trim(strings.TrimSpace(k.Secret), `"'`)
	k.Server = strings.Trim(k.Server, `"'`)
	algorithm, known := tsigAlgorithm(k.Algorithm)
	raw, err := base64.StdEncoding.DecodeString(k.Secret)
	switch {
	case k.Secret == "":
		return tsigKey{}, badKey("This is no key that Latchkey can read.")
	case k.Name == "" || !isName(k.Name):
		return tsigKey{}, badKey("The key has no name.")
	case !known:
		return tsigKey{}, badKey("The key's algorithm is none that Latchkey knows.")
	case err != nil || len(raw) == 0:
		return tsigKey{}, badKey("The key's secret is not whole: it is no base64.")
	case strings.ContainsAny(k.Server, " \t\r\n/"):
		return tsigKey{}, badKey("The server behind the key can't be read.")
	}
	k.Algorithm = algorithm
	return k, nil
}

// tsigAlgorithm knows the HMACs of RFC 8945, section 6, by the names that
// tools use for them. Without a name it is what tsig-keygen and keymgr make.
func tsigAlgorithm(name string) (string, bool) {
	switch strings.ToLower(strings.Trim(strings.TrimSpace(name), `"'.`)) {
	case "", "hmac-sha256":
		return dns.HmacSHA256, true
	case "hmac-sha1":
		return dns.HmacSHA1, true
	case "hmac-sha224":
		return dns.HmacSHA224, true
	case "hmac-sha384":
		return dns.HmacSHA384, true
	case "hmac-sha512":
		return dns.HmacSHA512, true
	case "hmac-md5", "hmac-md5.sig-alg.reg.int":
		return dns.HmacMD5, true
	}
	return "", false
}
