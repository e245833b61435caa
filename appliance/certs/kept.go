package certs

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
)

// kept is what outlives a restart. The leaf is among it, so that a person who
// told a browser to go on once need not do so again after each restart.
type kept struct {
	root, issuer *x509.Certificate
	issuerKey    *ecdsa.PrivateKey
	leaf         *x509.Certificate // nil before the first one
	leafKey      *ecdsa.PrivateKey
}

// keptJSON is kept as saved: DER certificates and PKCS #8 keys.
type keptJSON struct {
	Version   int    `json:"version"`
	Root      []byte `json:"root"`
	Issuer    []byte `json:"issuer"`
	IssuerKey []byte `json:"issuerKey"`
	Leaf      []byte `json:"leaf,omitempty"`
	LeafKey   []byte `json:"leafKey,omitempty"`
}

const keptVersion = 1

func (k *kept) marshal() ([]byte, error) {
	out := keptJSON{Version: keptVersion, Root: k.root.Raw, Issuer: k.issuer.Raw}
	var err error
	if out.IssuerKey, err = x509.MarshalPKCS8PrivateKey(k.issuerKey); err != nil {
		return nil, fmt.Errorf("encoding the issuer's key: %w", err)
	}
	if k.leaf != nil {
		out.Leaf = k.leaf.Raw
		if out.LeafKey, err = x509.MarshalPKCS8PrivateKey(k.leafKey); err != nil {
			return nil, fmt.Errorf("encoding the leaf's key: %w", err)
		}
	}
	return json.Marshal(out)
}

// parseKept reads a blob that marshal wrote and checks that its parts belong
// together.
func parseKept(blob []byte) (*kept, error) {
	var in keptJSON
	if err := json.Unmarshal(blob, &in); err != nil {
		return nil, fmt.Errorf("reading the kept certificates: %w", err)
	}
	if in.Version != keptVersion {
		return nil, fmt.Errorf("reading the kept certificates: version %d is unknown here", in.Version)
	}
	k := &kept{}
	var err error
	if k.root, err = x509.ParseCertificate(in.Root); err != nil {
		return nil, fmt.Errorf("reading the kept root: %w", err)
	}
	if k.issuer, k.issuerKey, err = parsePair(in.Issuer, in.IssuerKey); err != nil {
		return nil, fmt.Errorf("reading the kept issuer: %w", err)
	}
	if err := k.issuer.CheckSignatureFrom(k.root); err != nil {
		return nil, fmt.Errorf("reading the kept issuer: %w", err)
	}
	if in.Leaf == nil {
		return k, nil
	}
	if k.leaf, k.leafKey, err = parsePair(in.Leaf, in.LeafKey); err != nil {
		return nil, fmt.Errorf("reading the kept leaf: %w", err)
	}
	if err := k.leaf.CheckSignatureFrom(k.issuer); err != nil {
		return nil, fmt.Errorf("reading the kept leaf: %w", err)
	}
	return k, nil
}

// parsePair reads a certificate with its own key.
func parsePair(certDER, keyDER []byte) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	cert, err := x509.ParseCertificate(certDER)
	if err != nil {
		return nil, nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(keyDER)
	if err != nil {
		return nil, nil, err
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return nil, nil, errors.New("the key is of another kind")
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(public, cert.RawSubjectPublicKeyInfo) {
		return nil, nil, errors.New("the key belongs to another certificate")
	}
	return cert, key, nil
}
