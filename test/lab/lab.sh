#!/usr/bin/env bash
# lab.sh: a small internet in network namespaces, with a home in it whose router, provider and names are real
# programs. Nothing of it touches the machine's own network. It needs root.
#
#   lab.sh up | down            build it, and wait until all of it answers; end it and leave nothing behind
#   lab.sh status               what runs, and what the router holds
#   lab.sh exec NS CMD...       run a command in inet, outer, router, lan, desk or roam
#   lab.sh spawn NAME NS CMD... the same in the background; lab.sh stop NAME ends it
#
#   lab.sh renumber [ADDRESS]   the router restarts: another WAN address, the mappings are gone
#       --hot                   the address changes under the running router
#       --keep                  the router remembers its mappings
#       --downtime SECONDS      the line and the router are away for so long
#       --net6 PREFIX           another delegated IPv6 prefix too, such as 2001:db8:78
#       --home ADDRESS          the computer in lan comes back with another private address
#   lab.sh net6 PREFIX          only the prefix changes
#   lab.sh move ADDRESS         only the private address of the computer in lan changes: the router still
#                               forwards to the old one
#   lab.sh igd KIND             plain; off; v1 (speaks IGD 1 only); high (refuses ports under 1024); stock (has no
#                               usable WAN address); naive (maps on any WAN address, behind another NAT in vain)
#   lab.sh cgnat on [--v6]|off  a carrier's NAT before the router, with IPv6 past it
#   lab.sh double on|off        a second router of the household before the router
#   lab.sh forward EXT INT [ADDRESS] | off       forward a port by hand
#   lab.sh hairpin on [EXT INT] | off            the router leads its own WAN address back into the home
#   lab.sh admin on [--greedy] | off             the router's own page answers at the WAN address's 443
#   lab.sh filter v4|v6|off     what comes in is dropped further out
#   lab.sh rebind on|off        the resolver hides private addresses
#   lab.sh names off|on         the authoritative server does not answer; answers again
#
# LAB is the folder for keys, state and logs, LAB_PREFIX begins the namespaces' names: with others of both, labs
# stand side by side. LAB_TOOL is ./tool as it was built, LAB_PEBBLE the certificate authority (scripts/pebble.sh).
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB=${LAB:-${TMPDIR:-/tmp}/latchkey-lab}
RUN=$LAB/run
PREFIX=${LAB_PREFIX:-lk-}
TOOL=${LAB_TOOL:-$HERE/../../bin/lab-tool}
PEBBLE=${LAB_PEBBLE:-}

# shellcheck source=/dev/null
. "$HERE/plan.env"
for part in process wires router names services; do
	# shellcheck source=/dev/null
	. "$HERE/net/$part.sh"
done

cmd_up() {
	local begun=${EPOCHREALTIME/./}
	[ ! -e "/run/netns/${PREFIX}inet" ] || die "it is up already"
	[ -x "$TOOL" ] || die "there is no $TOOL; make lab builds it"
	[ -n "$PEBBLE" ] || PEBBLE=$("$HERE/../../scripts/pebble.sh")
	rm -rf "$RUN"
	mkdir -p "$RUN"
	[ -s "$LAB/pki/ca.pem" ] || "$TOOL" pki --plan "$HERE/plan.env" "$LAB/pki"
	names_make
	igd_make
	wires_up
	names_start
	igd_start
	services_start
	acme_start
	echo "the lab is up after $(((${EPOCHREALTIME/./} - begun) / 1000)) ms"
}

cmd_down() {
	local file ns
	for file in "$RUN"/*.pid; do
		[ ! -e "$file" ] || stop "$(basename "$file" .pid)"
	done
	for ns in "${NAMESPACES[@]}"; do clear_out "$ns"; done
}

cmd_status() {
	local file name
	[ -e "/run/netns/${PREFIX}inet" ] || die "it is not up"
	for file in "$RUN"/*.pid; do
		name=$(basename "$file" .pid)
		printf '%-10s %s\n' "$name" "$(runs "$name" && echo runs || echo "HAS ENDED, see $RUN/$name.log")"
	done
	echo "WAN $(<"$RUN/wan_ip")$([ ! -e "$RUN/outer" ] || echo " behind a $(<"$RUN/outer")"), port mapping $(<"$RUN/igd")"
	echo "LAN $(<"$RUN/lan_ip"), $(<"$RUN/lan6")::10"
	inside router nft list chain inet filter prerouting_miniupnpd
	inside router nft list chain inet filter miniupnpd
}

cmd_net6() {
	home_net6 "${1:?net6 PREFIX}"
	echo "the delegated prefix is now $1::/64"
}

cmd_move() {
	home_move "${1:?move ADDRESS}"
	static_rules
	echo "the computer in lan is now $1"
}

usage() {
	sed -n '2,/^set -e/{/^#/s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"
	exit 2
}

[ $# -gt 0 ] || usage
command=$1
shift
case $command in
exec | spawn | stop | status | up | down | renumber | net6 | move | igd | cgnat | double | forward | hairpin | admin | filter | rebind | names) ;;
*) usage ;;
esac
[ "$(id -u)" = 0 ] || die "it needs root: it makes network namespaces and starts a router's programs in them"
mkdir -p "$LAB"
case $command in
exec) as "$@" ;;
spawn) spawn "$@" ;;
stop) stop "$@" ;;
status) cmd_status ;;
*)
	exec 9>"$LAB/lock"
	flock -w 60 9 || die "another lab.sh works on $LAB"
	"cmd_$command" "$@"
	;;
esac
