package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf8"
)

// Why an EncString is not opened.
var (
	ErrNoMAC = errors.New("an EncString without a MAC (type 0) is not obeyed: whoever alters it can learn from it")
	ErrShape = errors.New("not an EncString of the expected shape")
	ErrMAC   = errors.New("the EncString was altered, or sealed under another key")
)

// EncString is the type-2 EncString of the wire, "2.iv|data|mac":
// AES-256-CBC with PKCS #7 padding, then HMAC-SHA256 over iv and data.
type EncString struct {
	IV   [aes.BlockSize]byte
	Data []byte // whole blocks, one at least
	MAC  [sha256.Size]byte
}

// Parse reads the text form. It is strict, so that an EncString has one text
// only: Parse(s).String() == s. Errors are ErrNoMAC and ErrShape.
func Parse(text string) (EncString, error) {
	if strings.HasPrefix(text, "0.") {
		return EncString{}, ErrNoMAC
	}
	rest, isTwo := strings.CutPrefix(text, "2.")
	parts := strings.Split(rest, "|")
	if !isTwo && len(parts) == 2 && !strings.Contains(text, ".") {
		return EncString{}, ErrNoMAC // very old clients wrote type 0 without its number
	}
	if !isTwo || len(parts) != 3 {
		return EncString{}, ErrShape
	}
	var e EncString
	iv, data, mac := decode(parts[0]), decode(parts[1]), decode(parts[2])
	if len(iv) != len(e.IV) || len(mac) != len(e.MAC) || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return EncString{}, ErrShape
	}
	copy(e.IV[:], iv)
	copy(e.MAC[:], mac)
	e.Data = data
	return e, nil
}

// decode reads strict base64; what is none gives nil.
func decode(text string) []byte {
	if strings.ContainsAny(text, "\r\n") { // which the library would skip
		return nil
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// String is the text form.
func (e EncString) String() string {
	b64 := base64.StdEncoding.EncodeToString
	return "2." + b64(e.IV[:]) + "|" + b64(e.Data) + "|" + b64(e.MAC[:])
}

// Seal encrypts plain under a fresh random iv and returns the text form.
func (k *Key) Seal(plain []byte) string {
	var iv [aes.BlockSize]byte
	rand.Read(iv[:])
	return k.sealWith(iv, plain).String()
}

// SealText is Seal for text; the empty text is sealed like any other.
func (k *Key) SealText(plain string) string { return k.Seal([]byte(plain)) }

func (k *Key) sealWith(iv [aes.BlockSize]byte, plain []byte) EncString {
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	data := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(k.block(), iv[:]).CryptBlocks(data, data)
	e := EncString{IV: iv, Data: data}
	copy(e.MAC[:], k.mac(e))
	return e
}

// Open reads and decrypts the text form. The MAC is compared in constant time
// and before anything is decrypted, so that padding tells a forger nothing.
// Errors are ErrNoMAC, ErrShape and ErrMAC.
func (k *Key) Open(text string) ([]byte, error) {
	e, err := Parse(text)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(k.mac(e), e.MAC[:]) {
		return nil, ErrMAC
	}
	plain := make([]byte, len(e.Data))
	cipher.NewCBCDecrypter(k.block(), e.IV[:]).CryptBlocks(plain, e.Data)
	return unpad(plain)
}

// OpenText is Open for text; bytes that are no UTF-8 are ErrShape.
func (k *Key) OpenText(text string) (string, error) {
	plain, err := k.Open(text)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(plain) {
		return "", ErrShape
	}
	return string(plain), nil
}

// unpad takes PKCS #7 padding away. Its errors come after the MAC was right:
// then the writer erred and no forger asks, so it need not be constant-time.
func unpad(plain []byte) ([]byte, error) {
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, ErrShape
	}
	body, padding := plain[:len(plain)-pad], plain[len(plain)-pad:]
	if !bytes.Equal(padding, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, ErrShape
	}
	return body, nil
}

func (k *Key) block() cipher.Block {
	block, err := aes.NewCipher(k.encryption())
	if err != nil {
		panic("keys: AES refused 32 bytes of key: " + err.Error())
	}
	return block
}

func (k *Key) mac(e EncString) []byte {
	h := hmac.New(sha256.New, k.authentication())
	h.Write(e.IV[:])
	h.Write(e.Data)
	return h.Sum(nil)
}
