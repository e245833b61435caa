#!/usr/bin/env bash
# need.sh TOOL...: are the tools there, and young enough? One line for each that is not, and exit 1.
set -euo pipefail
cd "$(dirname "$0")/.."

go_wanted=$(sed -n 's/^go \([0-9.]*\).*/\1/p' go.mod)
node_wanted=20.19.0
npm_wanted=9
make_wanted=4.0

# at_least HAVE WANTED: version order, not text order.
at_least() {
	[ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]
}

found() {
	case $1 in
	go) go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//' ;;
	node) node --version 2>/dev/null | sed 's/^v//' ;;
	npm) npm --version 2>/dev/null ;;
	make) make --version 2>/dev/null | sed -n '1s/.* //p' ;;
	esac
}

wanted() {
	case $1 in
	go) echo "$go_wanted" ;;
	node) echo "$node_wanted" ;;
	npm) echo "$npm_wanted" ;;
	make) echo "$make_wanted" ;;
	esac
}

where() {
	case $1 in
	go) echo "https://go.dev/dl/ (Debian 12's own Go, 1.19, is too old)" ;;
	node) echo "https://nodejs.org/en/download (Debian 12's own Node, 18, is too old)" ;;
	npm) echo "it comes with Node: https://nodejs.org/en/download" ;;
	make) echo "apt-get install make" ;;
	esac
}

missing=0
for tool in "$@"; do
	have=$(GOTOOLCHAIN=local found "$tool" || true)
	if [ -z "$have" ]; then
		echo "$tool is not here; Latchkey needs $(wanted "$tool") or newer: $(where "$tool")" >&2
		missing=1
	elif ! at_least "$have" "$(wanted "$tool")"; then
		echo "$tool $have is too old; Latchkey needs $(wanted "$tool") or newer: $(where "$tool")" >&2
		missing=1
	fi
done
exit "$missing"
