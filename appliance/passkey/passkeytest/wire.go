package passkeytest

import (
	"crypto/ecdsa"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"slices"
)

// clientData is what the browser says of where the key was asked (Level 3,
// 5.8.1). Chromium sometimes adds a name that nobody knows; so do we.
func (at Page) clientData(kind, challenge string) []byte {
	said := map[string]any{
		"type": kind, "challenge": challenge, "origin": at.Origin, "crossOrigin": at.Framed,
		"other_keys_can_be_added_here": "do not compare clientDataJSON against a template",
	}
	if at.Top != "" {
		said["topOrigin"] = at.Top
	}
	return encodeJSON(said)
}

// answer is PublicKeyCredential.toJSON(), or what Bitwarden's clients make of it.
func (at Page) answer(id []byte, results, inner map[string]any, clientData []byte) []byte {
	extensions, data := "clientExtensionResults", "clientDataJSON"
	if at.Bitwarden {
		extensions, data = "extensions", "clientDataJson"
	}
	inner[data] = encode(clientData)
	return encodeJSON(map[string]any{
		"id": encode(id), "rawId": encode(id), "type": "public-key", "authenticatorAttachment": "cross-platform",
		extensions: results, "response": inner,
	})
}

func encodeJSON(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic("passkeytest: " + err.Error()) // strings and maps only
	}
	return out
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// public is an ES256 key as COSE_Key (RFC 9052, RFC 9053): kty 2, alg -7, crv 1, x, y.
func public(k *ecdsa.PublicKey) []byte {
	point, err := k.Bytes() // 4, x, y
	if err != nil {
		panic("passkeytest: " + err.Error())
	}
	return slices.Concat(mapOf(5), []byte{0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}, bytesOf(point[1:33]), []byte{0x22}, bytesOf(point[33:]))
}

// CBOR (RFC 8949), as much as an authenticator writes.
func mapOf(n int) []byte        { return head(5, n) }
func textOf(s string) []byte    { return append(head(3, len(s)), s...) }
func bytesOf(raw []byte) []byte { return append(head(2, len(raw)), raw...) }

func head(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major<<5 | byte(n)}
	case n < 256:
		return []byte{major<<5 | 24, byte(n)}
	}
	return binary.BigEndian.AppendUint16([]byte{major<<5 | 25}, uint16(n))
}
