# shellcheck shell=bash
# wires.sh: the namespaces, the lines between them and their addresses.

NAMESPACES=(inet outer router lan desk roam)

make_namespace() {
	ip netns add "$PREFIX$1"
	ipin "$1" link set dev lo up
	# Addresses are given by hand here, so that one is usable at once and no router advertises another.
	inside "$1" sh -c 'cd /proc/sys/net/ipv6/conf/default && echo 0 >accept_dad && echo 0 >accept_ra'
}

forwards() {
	inside "$1" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

wires_up() {
	local ns
	for ns in "${NAMESPACES[@]}"; do make_namespace "$ns"; done
	for ns in inet outer router; do forwards "$ns"; done
	wire_services
	wire_roam
	wire_home
	wire_outer
	wire_wan
	router_wan "$WAN_FIRST" "$WAN_GW"
	home_net6 "$LAN_NET6"
	router_rules
}

# The services' addresses lie on lo, where every line reaches them, and outlive each line.
wire_services() {
	local a
	for a in "$WAN_GW" "$NAMES" "$RESOLVER" "$ACME" "$ECHO" "$CLOUDFLARE" "$EDGE" "$DUCKDNS" "$DYNDNS"; do
		ipin inet addr add "$a/32" dev lo
	done
	for a in "$NAMES6" "$ECHO6"; do ipin inet addr add "$a/128" dev lo nodad; done
}

wire_roam() {
	ipin inet link add roam type veth peer name eth0 netns "${PREFIX}roam"
	ipin inet addr add "$ROAM_GW/24" dev roam
	ipin inet addr add "$ROAM_NET6::1/64" dev roam nodad
	ipin inet link set dev roam up
	ipin roam addr add "$ROAM/24" dev eth0
	ipin roam addr add "$ROAM_NET6::20/64" dev eth0 nodad
	ipin roam link set dev eth0 up
	ipin roam route add default via "$ROAM_GW"
	ipin roam -6 route add default via "$ROAM_NET6::1"
	# The crowd has no addresses on any interface: whoever binds one may have it, and what comes back is let in.
	ipin inet route add "$CROWD" via "$ROAM"
	ipin inet -6 route add "$CROWD6" via "$ROAM_NET6::20"
	ipin roam route add local "$CROWD" dev lo
	ipin roam -6 route add local "$CROWD6" dev lo
}

# The router's side of the home is a switch with two sockets. Its snooping would hold back the multicasts of
# SSDP until somebody had joined where a querier could hear it; there is none. And where the kernel shows bridged
# frames to the firewall, a connection that the router leads back to its sender would never leave the switch.
wire_home() {
	local ns address
	ipin router link add lan type bridge mcast_snooping 0
	# shellcheck disable=SC2016
	inside router sh -c 'for f in /proc/sys/net/bridge/bridge-nf-call-ip*; do [ ! -e "$f" ] || echo 0 >"$f"; done'
	ipin router addr add "$LAN_GW/24" dev lan
	ipin router link set dev lan up
	for ns in lan desk; do
		[ "$ns" = lan ] && address=$LAN || address=$DESK
		ipin router link add "to-$ns" type veth peer name eth0 netns "$PREFIX$ns"
		ipin router link set dev "to-$ns" master lan
		ipin router link set dev "to-$ns" up
		ipin "$ns" addr add "$address/24" dev eth0
		ipin "$ns" link set dev eth0 up
		ipin "$ns" route add default via "$LAN_GW"
	done
	echo "$LAN" >"$RUN/lan_ip"
}

# The box before the router idles until `carrier on` or `second on`.
wire_outer() {
	ipin inet link add outer type veth peer name wan netns "${PREFIX}outer"
	ipin inet link set dev outer up
	ipin outer link set dev wan up
	ipin inet route add "$OUTER/32" dev outer src "$WAN_GW"
	ipin outer addr add "$OUTER/32" dev wan
	ipin outer route add "$WAN_GW/32" dev wan src "$OUTER"
	ipin outer route add default via "$WAN_GW" dev wan src "$OUTER"
	inside outer nft -f - <<-EOF
	table ip nat {
	  chain pre { type nat hook prerouting priority dstnat; }
	  chain post {
	    type nat hook postrouting priority srcnat;
	    oifname "wan" masquerade
	  }
	}
	table ip filter {
	  chain forward {
	    type filter hook forward priority filter; policy drop;
	    ct state established,related accept
	    ct status dnat accept
	    iifname "inner" accept
	  }
	}
	EOF
}

# The line from the home's router straight to the internet.
wire_wan() {
	ipin router link add wan type veth peer name home netns "${PREFIX}inet"
	ipin inet link set dev home up
	ipin inet addr add "$WAN_NET6::1/64" dev home nodad
	ipin inet route add 203.0.113.0/24 dev home src "$WAN_GW"
	ipin router link set dev wan up
	router_wan6
	[ ! -f "$RUN/lan6" ] || ipin inet -6 route replace "$(<"$RUN/lan6")::/64" via "$WAN_NET6::10"
}

# The line from the home's router to the box before it.
wire_inner() { # GATEWAY
	ipin router link add wan type veth peer name inner netns "${PREFIX}outer"
	ipin outer addr add "$1/24" dev inner
	ipin outer link set dev inner up
	ipin router link set dev wan up
}

router_wan() { # ADDRESS GATEWAY
	ipin router -4 addr flush dev wan
	ipin router addr add "$1/24" dev wan
	# Whoever remembers the machine address behind the old one would still be led here.
	ipin inet neigh flush dev home 2>/dev/null || true
	ipin router route replace default via "$2"
	echo "$1" >"$RUN/wan_ip"
}

router_wan6() {
	ipin router addr replace "$WAN_NET6::10/64" dev wan nodad
	ipin router -6 route replace default via "$WAN_NET6::1"
}

# home_net6 PREFIX: the /64 that the provider delegates; the one before it dies at once.
home_net6() {
	local old
	if [ -f "$RUN/lan6" ]; then
		old=$(<"$RUN/lan6")
		ipin router -6 addr del "$old::1/64" dev lan || true
		ipin lan -6 addr del "$old::10/64" dev eth0 || true
		ipin desk -6 addr del "$old::20/64" dev eth0 || true
		ipin inet -6 route del "$old::/64" || true
	fi
	ipin router -6 addr add "$1::1/64" dev lan nodad
	ipin lan -6 addr add "$1::10/64" dev eth0 nodad
	ipin lan -6 route replace default via "$1::1"
	ipin desk -6 addr add "$1::20/64" dev eth0 nodad
	ipin desk -6 route replace default via "$1::1"
	ipin inet -6 route replace "$1::/64" via "$WAN_NET6::10"
	echo "$1" >"$RUN/lan6"
}

# home_move ADDRESS: the computer in lan gets another private address, as from a router that forgot its leases.
home_move() {
	local old
	old=$(<"$RUN/lan_ip")
	ipin lan addr del "$old/24" dev eth0
	ipin lan addr add "$1/24" dev eth0
	ipin lan route replace default via "$LAN_GW"
	echo "$1" >"$RUN/lan_ip"
}
