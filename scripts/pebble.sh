#!/usr/bin/env bash
# pebble.sh: the path of the certificate authority that the lab runs. It is built, once, into the user's cache.
set -euo pipefail
version=v2.10.1
to=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/latchkey/pebble-$version
if [ ! -x "$to/pebble" ]; then
	mkdir -p "$to"
	# GOFLAGS and the module of the caller have no say in another's program.
	(cd "$to" && GOFLAGS='' GOWORK=off GOBIN=$to go install "github.com/letsencrypt/pebble/v2/cmd/pebble@$version") >&2
fi
echo "$to/pebble"
