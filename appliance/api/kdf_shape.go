package api

import (
	"encoding/json"

	"latchkey/appliance/account"
	"latchkey/appliance/problem"
)

// kdfBody is the nested form that newer clients write and read.
type kdfBody struct {
	KDFType     int  `json:"kdfType"`
	Iterations  int  `json:"iterations"`
	Memory      *int `json:"memory"`
	Parallelism *int `json:"parallelism"`
}

func (k kdfBody) kdf() account.KDF {
	return account.KDF{Type: account.KDFType(k.KDFType), Iterations: k.Iterations, Memory: deref(k.Memory), Parallelism: deref(k.Parallelism)}
}

func kdfShape(k account.KDF) kdfBody {
	b := kdfBody{KDFType: int(k.Type), Iterations: k.Iterations}
	if k.Type == account.Argon2id {
		b.Memory, b.Parallelism = &k.Memory, &k.Parallelism
	}
	return b
}

// flatKDF is the older form, inside other objects.
type flatKDF struct {
	KDF            *int `json:"kdf"`
	KDFIterations  int  `json:"kdfIterations"`
	KDFMemory      *int `json:"kdfMemory"`
	KDFParallelism *int `json:"kdfParallelism"`
}

func (f flatKDF) kdf() account.KDF {
	return account.KDF{Type: account.KDFType(deref(f.KDF)), Iterations: f.KDFIterations, Memory: deref(f.KDFMemory), Parallelism: deref(f.KDFParallelism)}
}

func flatShape(k account.KDF) flatKDF {
	kind := int(k.Type)
	nested := kdfShape(k)
	return flatKDF{KDF: &kind, KDFIterations: k.Iterations, KDFMemory: nested.Memory, KDFParallelism: nested.Parallelism}
}

// authentication and unlock are how newer clients say what proves a password
// and what it opens.
type authentication struct {
	KDF  kdfBody
	Salt string
	Hash string `json:"masterPasswordAuthenticationHash"`
}

type unlock struct {
	KDF            kdfBody
	Salt           string
	UserKey        string `json:"masterKeyWrappedUserKey"`
	ContainedKeyID string
}

// agree wants both halves to speak of one password: the same derivation and
// the same salt.
func agree(a *authentication, u *unlock) error {
	if a == nil || u == nil {
		return problem.New(problem.Refused, "password.incomplete", "The new password came without its key.", "Nothing was changed. Update your app and try again.")
	}
	if a.KDF.kdf() != u.KDF.kdf() || a.Salt != u.Salt {
		return problem.New(problem.Refused, "password.mixed", "The two halves of the new password do not belong together.", "Nothing was changed. Update your app and try again.")
	}
	return nil
}

// keyPairBody is the RSA pair in its older and newer spellings.
type keyPairBody struct {
	PublicKey           string
	EncryptedPrivateKey string
}

// accountKeysBody is the newer one, which may hold more than the pair.
type accountKeysBody struct {
	UserKeyEncryptedAccountPrivateKey string
	AccountPublicKey                  string
	PublicKeyEncryptionKeyPair        *struct {
		WrappedPrivateKey string
		PublicKey         string
	}
}

func (b accountKeysBody) pair() (public, private string) {
	if p := b.PublicKeyEncryptionKeyPair; p != nil {
		return p.PublicKey, p.WrappedPrivateKey
	}
	return b.AccountPublicKey, b.UserKeyEncryptedAccountPrivateKey
}

// readKeys finds the pair wherever the client put it; raw is the newer set.
func readKeys(older keyPairBody, raw json.RawMessage) (account.KeyPair, error) {
	k := account.KeyPair{PublicKey: older.PublicKey, PrivateKey: older.EncryptedPrivateKey}
	if len(raw) == 0 || string(raw) == "null" {
		return k, nil
	}
	var newer accountKeysBody
	if err := json.Unmarshal(raw, &newer); err != nil {
		return k, badBody(err)
	}
	k.AccountKeys = raw
	if public, private := newer.pair(); public != "" {
		k.PublicKey, k.PrivateKey = public, private
	}
	return k, nil
}
