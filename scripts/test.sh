#!/usr/bin/env bash
# test.sh PART...: run parts of the test, each with its seconds and what it skipped, and sum up. PART+PART: both at
# the same time.
# Parts: go js lint acme targets house story clients crash lab release foreign. LATCHKEY_QUICK=1 is `make check`: short, and
# without the network.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

quick=${LATCHKEY_QUICK:-}
passed=0 failed=0 skipped=0
gofumpt=mvdan.cc/gofumpt@v0.12.0
staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# counted COMMAND...: run it and add up what tally.mjs read from it.
counted() {
	local p f s code
	"$@" 2>&1 </dev/null | node scripts/tally.mjs >"$work/out"
	code=${PIPESTATUS[0]}
	sed '$d' "$work/out"
	read -r _ p f s < <(tail -n 1 "$work/out")
	if [ "$code" -ne 0 ] && [ "${f:-0}" -eq 0 ]; then
		echo "  FAIL  $1 $2 ended with $code"
		f=1
	fi
	passed=$((passed + ${p:-0})) failed=$((failed + ${f:-0})) skipped=$((skipped + ${s:-0}))
}

skip() {
	echo "  skip  $*"
	skipped=$((skipped + 1))
}

# lint NAME COMMAND...: one linter, silent when content. Output alone is a failure too (gofumpt -l, gofmt).
lint() {
	local name=$1 code
	shift
	"$@" >"$work/out" 2>&1 </dev/null
	code=$?
	if [ "$code" -eq 0 ] && [ ! -s "$work/out" ]; then
		passed=$((passed + 1))
		return
	fi
	echo "  FAIL  $name"
	head -n 60 "$work/out" | sed 's/^/    /'
	failed=$((failed + 1))
}

# go_tool NAME MODULE ARGS...: a pinned Go tool. The quick run takes it from the module cache or not at all.
go_tool() {
	local name=$1 tool=(go run "$2") module=$2
	shift 2
	if [ -n "$quick" ]; then
		tool=(env "GOPROXY=file://$(go env GOMODCACHE)/cache/download" GOSUMDB=off "${tool[@]}")
	fi
	# Asking for the version fetches and builds it, so that its own troubles are not taken for ours.
	if ! "${tool[@]}" -version >"$work/why" 2>&1 </dev/null; then
		skip "$name: $module is not in the module cache${quick:+, and this run uses no network}"
		return
	fi
	lint "$name" "${tool[@]}" "$@"
}

go_packages() {
	go list ./... | grep -v -E '/test/(acme|house|story|clients|bench|lab|targets|power|crash|release|foreign|boot)$|/node_modules/'
}

race() {
	# The race detector needs a C compiler.
	if [ -z "$quick" ] && command -v "$(go env CC)" >/dev/null; then
		echo "-race"
	fi
}

# What lives through years or thousands of schedules. Under the race detector that would take ten times as long, so
# there it is short.
simulations='^(TestModel|TestTwoYears|TestADayUnderAttack|TestMemoryIsBounded)$'

part_model() {
	local detector
	detector=$(race)
	GOGC=400 counted go test -json -vet=off -count=1 -timeout 15m -run "$simulations" ./dyndns ./appliance/certs ./appliance/guard
	if [ -n "$detector" ]; then
		CGO_ENABLED=1 counted go test -json -vet=off -short "$detector" -timeout 10m -run "$simulations" ./dyndns ./appliance/certs ./appliance/guard
	fi
}

part_go() {
	local flags=(-json -vet=off -timeout 20m) detector packages
	detector=$(race)
	mapfile -t packages < <(go_packages)
	if [ -n "$quick" ]; then
		flags+=(-short)
	elif [ -n "$detector" ]; then
		flags+=("$detector" -skip "$simulations")
	else
		flags+=(-skip "$simulations")
		skip "the race detector: no C compiler here (apt-get install gcc libc6-dev)"
	fi
	# A few kills are enough here; the part "crash" is for them.
	LATCHKEY_CRASH_CYCLES=10 CGO_ENABLED=${detector:+1} counted go test "${flags[@]}" "${packages[@]}"
}

part_js() {
	counted node --test --test-reporter=tap webui/jstest/
}

part_lint() {
	lint vet go vet ./...
	go_tool gofumpt $gofumpt -l .
	go_tool staticcheck $staticcheck ./...
	if node scripts/vendor.mjs --fresh all; then
		lint eslint node_modules/.bin/eslint .
		lint tsc node_modules/.bin/tsc -p .
		lint prettier node_modules/.bin/prettier --check --log-level warn .
	else
		skip "eslint, tsc, prettier: node_modules is not what package.json says (make test fetches it)"
		skipped=$((skipped + 2))
	fi
	if command -v shellcheck >/dev/null; then
		lint shellcheck shellcheck scripts/*.sh test/lab/*.sh test/lab/net/*.sh packaging/deb/*.sh test/boot/*.sh .ci/run
	elif [ -z "$quick" ]; then
		skip "shellcheck: not here (apt-get install shellcheck)"
	fi
}

# pebble is a program of its own; the first run fetches and builds it.
part_acme() { counted go test -json -count=1 -timeout 10m ./test/acme; }
# Servers that people run, each with a proxy before it.
part_targets() { counted go test -json -count=1 -timeout 10m -parallel 6 ./test/targets; }
part_house() { counted go test -json -count=1 -timeout 10m ./test/house; }
# Two browsers at a time: each waits for its house half of the time.
part_story() { counted go test -json -count=1 -timeout 20m -parallel 2 ./test/story; }
part_clients() { counted go test -json -count=1 -timeout 20m ./test/clients; }
# A lab waits more than it works, so that more of them stand side by side than there are processors.
part_lab() { counted go test -json -count=1 -timeout 20m -parallel 8 ./test/lab; }
# The store alone, and then the real program, killed wherever it is.
part_crash() {
	counted go test -json -count=1 -timeout 20m -run Crash ./appliance/store
	counted go test -json -count=1 -timeout 20m ./test/crash
}
# What a power cut may leave of each thing that the program does.
part_power() { counted go test -json -count=1 -timeout 20m ./test/power; }
# Installed for real, on machines of their own with systemd.
# The whole machine is emulated where no processor can be lent: a part of its own.
part_boot() { counted go test -json -count=1 -timeout 20m -parallel 3 -skip '^TestWhole$' ./test/boot; }
part_machine() { counted go test -json -count=1 -timeout 20m -run '^TestWhole$' ./test/boot; }
part_release() { counted go test -json -count=1 -timeout 15m ./test/release; }
part_foreign() { counted go test -json -count=1 -timeout 15m ./test/foreign; }

# beside PART...: these at the same time, told one after the other. What waits (a client that starts, a lab's lease)
# leaves its processor to what reckons.
beside() {
	local part
	for part in "$@"; do
		"$0" "$part" >"$work/$part" 2>&1 &
	done
	wait
	for part in "$@"; do
		if [[ $(tail -n 1 "$work/$part") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
			sed '$d' "$work/$part"
			passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
		else
			cat "$work/$part"
			echo "  FAIL  $part ended without a sum"
			failed=$((failed + 1))
		fi
	done
}

for part in "$@"; do
	if [[ $part == *+* ]]; then
		mapfile -t together < <(tr + '\n' <<<"$part")
		beside "${together[@]}"
		continue
	fi
	if ! declare -F "part_$part" >/dev/null; then
		echo "test.sh: there is no part \"$part\"" >&2
		exit 2
	fi
	echo "$part"
	begun=$SECONDS before="$passed $failed $skipped"
	"part_$part"
	read -r p f s <<<"$before"
	echo "  $((passed - p)) passed, $((failed - f)) failed, $((skipped - s)) skipped in $((SECONDS - begun)) s"
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
