package keys

import "fmt"

// KDFSettings is a KDF as newer bodies nest it. Memory and Parallelism are
// null for PBKDF2.
type KDFSettings struct {
	Type        KDFType `json:"kdfType"`
	Iterations  int     `json:"iterations"`
	Memory      *int    `json:"memory"`
	Parallelism *int    `json:"parallelism"`
}

// Settings is k in its nested form.
func (k KDF) Settings() KDFSettings {
	s := KDFSettings{Type: k.Type, Iterations: k.Iterations}
	if k.Type == Argon2id {
		s.Memory, s.Parallelism = &k.Memory, &k.Parallelism
	}
	return s
}

// Authentication is masterPasswordAuthentication of the wire: what proves the
// password to the server.
type Authentication struct {
	KDF  KDFSettings `json:"kdf"`
	Salt string      `json:"salt"`
	Hash string      `json:"masterPasswordAuthenticationHash"`
}

// UnlockData is masterPasswordUnlock of the wire: what opens the user key.
type UnlockData struct {
	KDF            KDFSettings `json:"kdf"`
	Salt           string      `json:"salt"`
	WrappedUserKey string      `json:"masterKeyWrappedUserKey"`
	KeyID          string      `json:"containedKeyId,omitempty"`
}

// AsymmetricKeys is an account's pair as registration sends it.
type AsymmetricKeys struct {
	PublicKey           string `json:"publicKey"`
	EncryptedPrivateKey string `json:"encryptedPrivateKey"`
}

// Registration is the body of POST /identity/accounts/register/finish in the
// dialect of the clients of 2026: the older flat fields beside the nested
// ones. It holds nothing that opens an item.
type Registration struct {
	Email              string         `json:"email"`
	Name               string         `json:"name,omitempty"`
	Token              string         `json:"emailVerificationToken,omitempty"`
	MasterPasswordHash string         `json:"masterPasswordHash"`
	MasterPasswordHint *string        `json:"masterPasswordHint"`
	UserSymmetricKey   string         `json:"userSymmetricKey"`
	AsymmetricKeys     AsymmetricKeys `json:"userAsymmetricKeys"`
	KDF                KDFType        `json:"kdf"`
	KDFIterations      int            `json:"kdfIterations"`
	KDFMemory          *int           `json:"kdfMemory"`
	KDFParallelism     *int           `json:"kdfParallelism"`
	Authentication     Authentication `json:"masterPasswordAuthentication"`
	Unlock             UnlockData     `json:"masterPasswordUnlock"`
}

// Register makes the keys of a new account and returns the body that tells the
// server of them, with the user key for a caller that goes on as this account.
// The caller fills in Name and Token. Settings below the floors are refused.
func Register(email, password string, kdf KDF) (Registration, Key, error) {
	salt := NormalEmail(email)
	master, err := DeriveMaster(password, salt, kdf)
	if err != nil {
		return Registration{}, Key{}, err
	}
	userKey := NewKey()
	pair, err := NewPair(&userKey)
	if err != nil {
		return Registration{}, Key{}, fmt.Errorf("registering: %w", err)
	}
	authentication, unlock := master.Wrap(&userKey, password, salt, kdf)
	settings := kdf.Settings()
	return Registration{
		Email:              salt,
		MasterPasswordHash: authentication.Hash,
		UserSymmetricKey:   unlock.WrappedUserKey,
		AsymmetricKeys:     AsymmetricKeys{pair.PublicKey, pair.WrappedPrivateKey},
		KDF:                kdf.Type,
		KDFIterations:      kdf.Iterations,
		KDFMemory:          settings.Memory,
		KDFParallelism:     settings.Parallelism,
		Authentication:     authentication,
		Unlock:             unlock,
	}, userKey, nil
}

// Wrap makes the two halves of a body that sets a master password: at
// registration, and when the password or the KDF changes. m must have been
// derived from password, salt and kdf.
func (m *MasterKey) Wrap(userKey *Key, password, salt string, kdf KDF) (Authentication, UnlockData) {
	stretched := m.Stretch()
	return Authentication{
		KDF:  kdf.Settings(),
		Salt: salt,
		Hash: m.ServerHash(password),
	}, UnlockData{
		KDF:            kdf.Settings(),
		Salt:           salt,
		WrappedUserKey: stretched.Seal(userKey[:]),
		KeyID:          userKey.ID(),
	}
}
