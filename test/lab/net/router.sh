# shellcheck shell=bash
# router.sh: the home's router: its firewall and NAT (nftables), its port mapping (miniupnpd), and the ways in
# which routers differ.

# The chains miniupnpd* are those that Debian's miniupnpd-nftables fills, in a table named as in its configuration.
router_rules() {
	inside router nft -f - <<-EOF
	flush ruleset
	table inet filter {
	  chain miniupnpd { }
	  chain prerouting_miniupnpd { }
	  chain postrouting_miniupnpd { }
	  chain input {
	    type filter hook input priority filter; policy accept;
	    ct state established,related accept
	    meta l4proto { icmp, ipv6-icmp } accept
	    ct status dnat accept
	    iifname "wan" drop
	  }
	  chain forward {
	    type filter hook forward priority filter; policy drop;
	    ct state established,related accept
	    iifname "lan" accept
	    meta l4proto ipv6-icmp accept
	    jump miniupnpd
	  }
	  chain prerouting {
	    type nat hook prerouting priority dstnat; policy accept;
	    jump prerouting_miniupnpd
	  }
	  chain postrouting {
	    type nat hook postrouting priority srcnat; policy accept;
	    jump postrouting_miniupnpd
	    oifname "wan" ip saddr $LAN_NET masquerade
	  }
	}
	EOF
}

# Debian's miniupnpd gives out no mapping on a reserved WAN address, and counts the documentation ranges among
# them (getifaddr.c). So the default here, "plain", is a copy of the installed program whose table lacks
# 203.0.113.0/24. "naive" lacks 100.64.0.0/10 and 10.0.0.0/8 as well: behind another NAT it maps happily, in
# vain. "stock" is Debian's own: a router without a usable address. "high" refuses ports under 1024, as most
# routers do, and "v1" speaks the first version of the protocol only.
igd_make() {
	local from
	"$TOOL" unreserve /usr/sbin/miniupnpd "$RUN/miniupnpd-plain" 203.0.113.0/24
	"$TOOL" unreserve /usr/sbin/miniupnpd "$RUN/miniupnpd-naive" 203.0.113.0/24 100.64.0.0/10 10.0.0.0/8
	cat >"$RUN/miniupnpd.conf" <<-EOF
	ext_ifname=wan
	ext_ifname6=wan
	listening_ip=lan
	http_port=0
	enable_upnp=yes
	enable_natpmp=yes
	secure_mode=yes
	min_lifetime=10
	max_lifetime=86400
	notify_interval=30
	system_uptime=no
	upnp_table_name=filter
	upnp_nat_table_name=filter
	lease_file=$RUN/leases
	lease_file6=$RUN/leases6
	uuid=5f2d0c1e-77aa-4b0c-9d5e-0000000077aa
	friendly_name=Lab router
	model_name=Lab router
	manufacturer_name=The lab
	EOF
	for from in 1 1024; do
		{
			cat "$RUN/miniupnpd.conf"
			echo "allow $from-65535 $LAN_NET 1-65535"
			echo "deny 0-65535 0.0.0.0/0 0-65535"
		} >"$RUN/miniupnpd-$from.conf"
	done
	echo plain >"$RUN/igd"
}

igd_start() {
	local kind program from=1 options=()
	kind=$(<"$RUN/igd")
	case $kind in
	off) return ;;
	stock) program=/usr/sbin/miniupnpd ;;
	v1) program=$RUN/miniupnpd-plain options=(-1) ;;
	high) program=$RUN/miniupnpd-plain from=1024 ;;
	*) program=$RUN/miniupnpd-$kind ;;
	esac
	touch "$RUN/leases" "$RUN/leases6"
	spawn miniupnpd router "$program" -d "${options[@]}" -f "$RUN/miniupnpd-$from.conf" -P "$RUN/miniupnpd.self"
	await "the router's port mapping" igd_answers
}

igd_answers() {
	[ "$(inside router ss -Hlun '( sport = :5351 or sport = :1900 )' | grep -c .)" -ge 2 ]
}

# igd_forget: the mappings are gone, as after a power cut.
igd_forget() {
	local chain
	: >"$RUN/leases"
	: >"$RUN/leases6"
	for chain in miniupnpd prerouting_miniupnpd postrouting_miniupnpd; do
		inside router nft flush chain inet filter $chain
	done
}

# untrack: connections that were being forwarded are forgotten too.
untrack() { inside router conntrack -F >/dev/null 2>&1 || true; }

cmd_igd() {
	case ${1:-} in
	plain | stock | naive | v1 | high | off) ;;
	*) die "igd plain|stock|naive|v1|high|off" ;;
	esac
	stop miniupnpd
	igd_forget
	echo "$1" >"$RUN/igd"
	igd_start
}

cmd_renumber() {
	local to='' hot='' keep='' downtime=0 net6='' home='' last
	while [ $# -gt 0 ]; do
		case $1 in
		--hot) hot=1 ;;
		--keep) keep=1 ;;
		--downtime) downtime=$2; shift ;;
		--net6) net6=$2; shift ;;
		--home) home=$2; shift ;;
		-*) die "renumber knows no $1" ;;
		*) to=$1 ;;
		esac
		shift
	done
	[ ! -e "$RUN/outer" ] || die "the router stands behind a $(<"$RUN/outer"); its address is not the provider's to change"
	last=$(<"$RUN/wan_ip")
	[ -n "$to" ] || to=203.0.113.$(((${last##*.} - 9) % 40 + 10))
	if [ -n "$hot" ]; then
		router_wan "$to" "$WAN_GW"
		untrack
	else
		stop miniupnpd
		ipin router link set dev wan down
		[ -n "$keep" ] || igd_forget
		untrack
		[ -z "$home" ] || home_move "$home"
		[ "$downtime" = 0 ] || sleep "$downtime"
		ipin router link set dev wan up
		router_wan6
		router_wan "$to" "$WAN_GW"
		igd_start
	fi
	[ -z "$net6" ] || home_net6 "$net6"
	admin_start
	static_rules
	echo "the router's address is now $to"
}

# before KIND GATEWAY ADDRESS: put the outer box between the router and the internet.
before() {
	[ ! -e "$RUN/outer" ] || die "there is a $(<"$RUN/outer") already"
	stop miniupnpd
	igd_forget
	untrack
	ipin router link del dev wan
	wire_inner "$2"
	router_wan "$3" "$2"
	echo "$1" >"$RUN/outer"
	igd_start
	static_rules
}

straight() {
	[ -e "$RUN/outer" ] || die "nothing stands before the router"
	stop miniupnpd
	igd_forget
	untrack
	ipin router link del dev wan
	rm -f "$RUN/outer"
	wire_wan
	router_wan "$WAN_FIRST" "$WAN_GW"
	igd_start
	static_rules
}

cmd_cgnat() {
	case ${1:-} in
	on)
		before "carrier's NAT" "$CARRIER_GW" "$CARRIER_WAN"
		[ "${2:-}" != --v6 ] || inner6
		;;
	off) straight ;;
	*) die "cgnat on [--v6]|off" ;;
	esac
}

cmd_double() {
	case ${1:-} in
	on) before "second router" "$SECOND_GW" "$SECOND_WAN" ;;
	off) straight ;;
	*) die "double on|off" ;;
	esac
}

# inner6: IPv6 stays real behind the carrier's NAT, as with DS-Lite.
inner6() {
	local lan6
	lan6=$(<"$RUN/lan6")
	ipin inet addr replace "$OUTER_NET6::1/64" dev outer nodad
	ipin outer addr replace "$OUTER_NET6::2/64" dev wan nodad
	ipin outer addr add "$INNER_NET6::1/64" dev inner nodad
	ipin router addr add "$INNER_NET6::10/64" dev wan nodad
	ipin inet -6 route replace "$lan6::/64" via "$OUTER_NET6::2"
	ipin inet -6 route replace "$INNER_NET6::/64" via "$OUTER_NET6::2"
	ipin outer -6 route replace default via "$OUTER_NET6::1"
	ipin outer -6 route replace "$lan6::/64" via "$INNER_NET6::10"
	ipin router -6 route replace default via "$INNER_NET6::1"
}

# What a person sets in the router by hand survives restarts and new addresses: each is one line in a file,
# and all of them are laid down again whenever something changed.
cmd_forward() {
	case ${1:-} in
	off) rm -f "$RUN/forward" ;;
	'') die "forward EXTERNAL INTERNAL [ADDRESS]|off" ;;
	*) echo "$1 $2 ${3:-$(<"$RUN/lan_ip")}" >>"$RUN/forward" ;;
	esac
	static_rules
}

cmd_hairpin() {
	case ${1:-} in
	off) rm -f "$RUN/hairpin" ;;
	on) echo "${2:-443} ${3:-8443}" >"$RUN/hairpin" ;;
	*) die "hairpin on [EXTERNAL INTERNAL]|off" ;;
	esac
	static_rules
}

# admin: the router's own page answers at the WAN address's port 443, and miniupnpd maps no port that is in use.
# With --greedy it does not know, and the page answers all the same.
cmd_admin() {
	case ${1:-} in
	off) rm -f "$RUN/admin" ;;
	on) [ "${2:-}" = --greedy ] && echo 10443 >"$RUN/admin" || echo 443 >"$RUN/admin" ;;
	*) die "admin on [--greedy]|off" ;;
	esac
	admin_start
	static_rules
}

admin_start() {
	local at
	stop admin
	[ -f "$RUN/admin" ] || return 0
	at=$(<"$RUN/wan_ip"):$(<"$RUN/admin")
	[ "${at##*:}" = 443 ] || at=0.0.0.0:${at##*:}
	spawn admin router "$TOOL" foreign --listen "$at" --name router.lab.test
	await "the router's page" admin_listens
}

admin_listens() { inside router ss -Hltn "sport = :$(<"$RUN/admin")" | grep -q .; }

# filter: somebody further out drops what comes in, whatever the router agreed to.
cmd_filter() {
	case ${1:-} in
	v4 | v6) echo "$1" >>"$RUN/filter" ;;
	off) rm -f "$RUN/filter" ;;
	*) die "filter v4|v6|off" ;;
	esac
	static_rules
}

static_rules() {
	local external internal address
	inside router nft delete table inet byhand 2>/dev/null || true
	inside outer nft flush chain ip nat pre
	{
		echo 'table inet byhand {'
		echo 'chain pre { type nat hook prerouting priority dstnat - 10;'
		if [ -f "$RUN/admin" ] && [ "$(<"$RUN/admin")" != 443 ]; then
			echo "ip daddr $(<"$RUN/wan_ip") tcp dport 443 redirect to :$(<"$RUN/admin")"
		fi
		if [ -f "$RUN/forward" ]; then
			while read -r external internal address; do
				echo "iifname wan tcp dport $external dnat ip to $address:$internal"
			done <"$RUN/forward"
		fi
		if [ -f "$RUN/hairpin" ]; then
			read -r external internal <"$RUN/hairpin"
			echo "iifname lan ip daddr $(<"$RUN/wan_ip") tcp dport $external dnat ip to $(<"$RUN/lan_ip"):$internal"
		fi
		echo '}'
		echo 'chain post { type nat hook postrouting priority srcnat - 10;'
		echo "oifname lan ip saddr $LAN_NET ct status dnat masquerade"
		echo '}'
		echo 'chain filtered { type filter hook forward priority filter - 10;'
		if [ -f "$RUN/filter" ]; then
			sed -e 's/v4/iifname wan ct state new meta nfproto ipv4 drop/' \
				-e 's/v6/iifname wan ct state new meta nfproto ipv6 drop/' "$RUN/filter"
		fi
		printf '}\n}\n'
	} | inside router nft -f -
	# A rule by hand in the home's router needs the accept that miniupnpd's own rules bring along.
	inside router nft -a list chain inet filter forward | grep -q 'ct status dnat' ||
		inside router nft insert rule inet filter forward ct status dnat accept
	[ ! -f "$RUN/admin" ] || inside router nft list chain inet filter input | grep -q 'dport 443' ||
		inside router nft insert rule inet filter input tcp dport 443 accept
	# Somebody who forwards by hand behind a second router of theirs does it in both.
	if [ -f "$RUN/forward" ] && [ "$(cat "$RUN/outer" 2>/dev/null)" = "second router" ]; then
		while read -r external _; do
			inside outer nft add rule ip nat pre iifname wan tcp dport "$external" dnat to "$SECOND_WAN:$external"
		done <"$RUN/forward"
	fi
}
