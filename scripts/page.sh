#!/usr/bin/env bash
# page.sh [all]: what the page takes from npm, copied to webui/static/vendor.
# Without an argument only the run-time packages are fetched, and only if they are not here yet;
# with "all" those of the tests too.
set -euo pipefail
cd "$(dirname "$0")/.."

quiet_ci() {
	# A failing npm says why in the last lines; a good one has nothing to say.
	local log
	log=$(mktemp)
	if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "$@" >"$log" 2>&1 </dev/null; then
		tail -n 5 "$log" >&2
		rm -f "$log"
		echo "npm could not fetch what package-lock.json lists. Is the network up, and registry.npmjs.org in reach?" >&2
		return 1
	fi
	rm -f "$log"
}

if [ "${1:-}" = all ]; then
	node scripts/vendor.mjs --fresh all || quiet_ci
else
	node scripts/vendor.mjs --fresh page || quiet_ci --omit=dev
fi
node scripts/vendor.mjs
