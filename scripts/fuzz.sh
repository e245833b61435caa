#!/usr/bin/env bash
# fuzz.sh [NAME]: every fuzz target (or those whose name holds NAME) for FUZZTIME each, 20 s unless told otherwise.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

each=${FUZZTIME:-20s}
passed=0 failed=0
while read -r folder target; do
	[[ $target == *${1:-}* ]] || continue
	echo "$folder $target, $each"
	# Go's own minute to make each interesting input smaller would outlast the whole run where coverage varies
	# (maps, ciphers): 100 tries are enough.
	if go test -run '^$' -fuzz "^$target\$" -fuzztime "$each" -fuzzminimizetime 100x "./$folder" </dev/null; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
	fi
done < <(grep -rhoH --include='*_test.go' -E '^func Fuzz[A-Za-z0-9_]+' appliance client dyndns webui test 2>/dev/null |
	sed -E 's|^(.*)/[^/]*:func (Fuzz.*)|\1 \2|' | sort)

echo "$passed passed, $failed failed, 0 skipped"
if [ $((passed + failed)) -eq 0 ]; then
	echo "no fuzz target is named like that" >&2
	exit 1
fi
[ "$failed" -eq 0 ]
