#!/usr/bin/env bash
# versitygw.sh: the path of the S3 server that the targets' tests run. It is built, once, into the user's cache.
set -euo pipefail
version=v1.8.0
to=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/latchkey/versitygw-$version
if [ ! -x "$to/versitygw" ]; then
	mkdir -p "$to"
	# GOFLAGS and the module of the caller have no say in another's program.
	(cd "$to" && GOFLAGS='' GOWORK=off GOBIN=$to go install "github.com/versity/versitygw/cmd/versitygw@$version") >&2
fi
echo "$to/versitygw"
