# shellcheck shell=bash
# services.sh: what stands on the internet: the certificate authority and our own stand-ins.

# pebble issues certificates that last for ninety days, or for LAB_CERT_SECONDS. It asks the authoritative server,
# as a CA does; a resolver that was asked too early would remember that there was no challenge. With several
# profiles it would pick one at random for each order.
acme_start() {
	cat >"$RUN/pebble.json" <<-EOF
	{ "pebble": {
	    "listenAddress": "$ACME:14000", "managementListenAddress": "$ACME:15000",
	    "certificate": "$LAB/pki/server.pem", "privateKey": "$LAB/pki/server.key",
	    "httpPort": 80, "tlsPort": 443, "ocspResponderURL": "", "externalAccountBindingRequired": false,
	    "domainBlocklist": [ "nobody.example" ], "keyAlgorithm": "ecdsa",
	    "retryAfter": { "authz": 1, "order": 1 },
	    "profiles": { "default": { "description": "the only one", "validityPeriod": ${LAB_CERT_SECONDS:-7776000} } }
	} }
	EOF
	spawn pebble inet env PEBBLE_VA_NOSLEEP=1 "$PEBBLE" -config "$RUN/pebble.json" -strict -dnsserver "$NAMES:53"
	await "the certificate authority" acme_root
}

# Its root is new at each start. Who visits the house has to trust it; the house trusts pki/ca.pem.
acme_root() {
	inside roam "$TOOL" get --ca "$LAB/pki/ca.pem" "https://$ACME:15000/roots/0" >"$RUN/acme-root.pem"
}

services_start() {
	spawn services inet "$TOOL" serve --plan "$HERE/plan.env" --pki "$LAB/pki" --control "$RUN/control"
	await "the services" inside roam "$TOOL" get --ca "$LAB/pki/ca.pem" "https://$ECHO/"
}
