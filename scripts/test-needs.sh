#!/usr/bin/env bash
# test-needs.sh: what the tests want beyond Go and Node. On Debian, as root, it is installed;
# elsewhere it is named, and the tests that want it count as skipped.
set -uo pipefail

declare -A package=(
	[chromium]=chromium       # the story
	[certutil]=libnss3-tools  # the story: a browser that trusts the house's root
	[gcc]="gcc libc6-dev"     # the race detector
	[shellcheck]=shellcheck   # the lint of scripts/
)

missing=()
for command in "${!package[@]}"; do
	command -v "$command" >/dev/null && continue
	case $command in
	chromium) command -v chromium-browser google-chrome google-chrome-stable >/dev/null && continue ;;
	esac
	missing+=("$command")
done
[ ${#missing[@]} -eq 0 ] && exit 0

wanted=()
for command in "${missing[@]}"; do
	# shellcheck disable=SC2206
	wanted+=(${package[$command]})
done

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "installing for the tests: ${wanted[*]}"
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	if { apt-get update -q && apt-get install -q -y --no-install-recommends "${wanted[@]}"; } >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		exit 0
	fi
	tail -n 3 "$log"
	rm -f "$log"
	echo "apt-get could not install them; what wants them counts as skipped"
	exit 0
fi
echo "missing for the tests: ${missing[*]}; what wants them counts as skipped (Debian, as root: apt-get install ${wanted[*]})"
