package api

import "time"

// wireVersion is the version of Bitwarden's server whose wire this is; clients
// only compare it to switch features on.
const wireVersion = "2026.6.0"

// serverConfig tells clients where everything is: all under the one address by
// which they came.
func serverConfig(c *call) (any, error) {
	base := "https://" + c.r.Host
	return map[string]any{
		"version": wireVersion, "gitHash": "",
		"server": map[string]string{"name": "Latchkey", "url": base},
		"environment": map[string]any{
			"cloudRegion": nil, "vault": base, "api": base + "/api", "identity": base + "/identity",
			"notifications": base + "/notifications", "sso": "",
		},
		"featureStates": map[string]bool{"cipher-key-encryption": true, "pm-19148-innovation-archive": true},
		"push":          map[string]any{"pushTechnology": 0, "vapidPublicKey": nil},
		"settings":      map[string]bool{"disableUserRegistration": true, "suppressOnboardingInterstitials": true},
		"communication": nil, "object": "config",
	}, nil
}

func now(*call) (any, error)     { return date(time.Now()), nil }
func version(*call) (any, error) { return wireVersion, nil }

// nothing is the list of things that this house has none of.
func nothing(*call) (any, error) { return listOf([]any{}), nil }

// events takes what clients report of their use and keeps none of it.
func events(*call) (any, error) { return empty{}, nil }

func rootPEM(c *call) (any, error) {
	c.w.Header().Set("Content-Disposition", `attachment; filename="latchkey-ca.pem"`)
	return plain{"application/x-pem-file", c.Trust().CAPEM}, nil
}

func rootDER(c *call) (any, error) {
	c.w.Header().Set("Content-Disposition", `attachment; filename="latchkey-ca.crt"`)
	return plain{"application/x-x509-ca-cert", c.Trust().CADER}, nil
}
