#!/usr/bin/env bash
# play.sh [down]: a lab to play with, and the built binary serving in its home. Called again, it ends both.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

export LAB=${LAB:-${TMPDIR:-/tmp}/latchkey-play} LAB_PREFIX=${LAB_PREFIX:-lk-play-}
lab=test/lab/lab.sh
# shellcheck source=/dev/null
. test/lab/plan.env

if [ "$(id -u)" != 0 ]; then
	echo "The lab needs root: it makes network namespaces and starts a router's programs in them. Try: sudo make lab" >&2
	exit 1
fi
if [ -e "/run/netns/${LAB_PREFIX}inet" ]; then
	$lab down
	echo "The lab is down. What it left behind, logs and the house's data, lies in $LAB until the next one."
	exit 0
fi
if [ "${1:-}" = down ]; then
	echo "No lab is up."
	exit 0
fi

for program in nft conntrack miniupnpd knotd named; do
	command -v $program >/dev/null || {
		echo "The lab needs $program, which is not here. scripts/test-needs.sh installs it." >&2
		exit 1
	}
done
rm -rf "$LAB"
mkdir -p "$LAB"
cat >"$LAB/config.toml" <<TOML
data = "$LAB/data"
listen = [":8443", ":443"]
[acme]
directory = "https://acme.lab.test:14000/dir"
root = "$LAB/pki/ca.pem"
[address]
https = ["https://echo.lab.test/"]
dns = ["whoami.lab.test TXT @$ECHO"]
[test]
ranges = ["203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32"]
TOML
$lab up
$lab spawn latchkey lan env SSL_CERT_FILE="$LAB/pki/ca.pem" SSL_CERT_DIR= bin/latchkey serve --config "$LAB/config.toml"
left=100
until grep -q 'setup?token=' "$LAB/run/latchkey.log"; do
	[ $((left--)) -gt 0 ] || { cat "$LAB/run/latchkey.log" >&2; exit 1; }
	sleep 0.1
done

link=$(grep -o "https://$LAN:[^ ]*" "$LAB/run/latchkey.log" | head -n 1)
cat <<TEXT

A home stands in a small internet. Say what it is called:

  export LAB=$LAB LAB_PREFIX=$LAB_PREFIX

Its house runs on the computer "lan"; set it up from "desk", beside it:

  $lab exec desk chromium --no-sandbox --user-data-dir=\$(mktemp -d) '$link'

    a name     vault.home.test       kept by RFC 2136, with the key
                 key "$HOME_KEY" { algorithm $TSIG_ALG; secret "$HOME_SECRET"; };
    or         vault.cloud.test      kept by Cloudflare, with the token
                 $CLOUDFLARE_TOKEN
    or         house.duckdns.org     kept by DuckDNS, with the token
                 $DUCKDNS_TOKEN

  The browser has to trust $LAB/run/acme-root.pem, as it would trust a real authority.
  Somebody far away:  $lab exec roam curl --cacert $LAB/run/acme-root.pem https://vault.home.test/

Then trouble it, and watch  bin/latchkey status --data $LAB/data :

  $lab renumber --downtime 5      the router restarts, with another address
  $lab igd off                    it opens no ports any more
  $lab cgnat on                   the provider shares one address among many homes
  $lab hairpin on 443 443         the home's own address leads back home
  $lab                            all that can be done
  tail -f $LAB/run/latchkey.log

make lab once more, or make lab-down, ends it.
TEXT
