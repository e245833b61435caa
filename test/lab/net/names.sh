# shellcheck shell=bash
# names.sh: DNS. knot holds the root and every zone, named is the provider's resolver with its cache.

names_make() {
	mkdir -p "$RUN/knot" "$RUN/zones" "$RUN/named"
	knot_conf >"$RUN/knot.conf"
	zones
	named_conf >"$RUN/named.conf"
	printf '. 3600 NS ns1.lab.test.\nns1.lab.test. 3600 A %s\n' "$NAMES" >"$RUN/named/root.hints"
	: >"$RUN/named/rebind"
	local side
	for side in inet lan desk roam router; do
		printf 'nameserver %s\noptions timeout:2 attempts:2\n' "$RESOLVER" >"$RUN/resolv.$side"
	done
}

# home.test and its key are the household's own; the other zones belong to providers, and their stubs change them.
knot_conf() {
	cat <<-EOF
	server:
	    rundir: $RUN/knot
	    listen: [ $NAMES@53, $NAMES6@53 ]
	log:
	  - target: stderr
	    any: info
	database:
	    storage: $RUN/knot
	key:
	  - id: $HOME_KEY
	    algorithm: $TSIG_ALG
	    secret: $HOME_SECRET
	  - id: $STUB_KEY
	    algorithm: $TSIG_ALG
	    secret: $STUB_SECRET
	acl:
	  - id: household
	    key: [ $HOME_KEY, $STUB_KEY ]
	    action: [ update, transfer ]
	  - id: provider
	    key: $STUB_KEY
	    action: [ update, transfer ]
	template:
	  - id: default
	    storage: $RUN/zones
	    file: "%s.zone"
	    zonefile-sync: -1
	    zonefile-load: whole
	    journal-content: none
	zone:
	  - domain: .
	    file: root.zone
	  - domain: test
	  - domain: lab.test
	  - domain: other.test
	  - domain: home.test
	    acl: household
	EOF
	local zone
	for zone in cloud.test dyn.test duckdns.org; do
		printf '  - domain: %s\n    acl: provider\n' $zone
	done
	printf '  - domain: cloudflare.com\n'
}

# zone NAME NS: its head; the records come on stdin. Negative answers live five seconds, the last number of SOA.
zone() {
	{
		echo "$1. 60 SOA $2. hostmaster.lab.test. 1 3600 600 86400 5"
		echo "$1. 60 NS $2."
		cat
	} >"$RUN/zones/${3:-$1}.zone"
}

zones() {
	zone '' ns1.lab.test root <<-EOF
	test. 3600 NS ns1.lab.test.
	duckdns.org. 3600 NS ns1.duckdns.org.
	ns1.duckdns.org. 3600 A $NAMES
	cloudflare.com. 3600 NS ns1.lab.test.
	ns1.lab.test. 3600 A $NAMES
	EOF
	zone test ns1.lab.test <<-EOF
	lab.test. 3600 NS ns1.lab.test.
	home.test. 3600 NS ns1.lab.test.
	other.test. 3600 NS ns1.lab.test.
	dyn.test. 3600 NS ns1.lab.test.
	cloud.test. 3600 NS ada.ns.cloudflare.com.
	ns1.lab.test. 3600 A $NAMES
	EOF
	zone lab.test ns1.lab.test <<-EOF
	ns1.lab.test. 3600 A $NAMES
	ns1.lab.test. 3600 AAAA $NAMES6
	acme.lab.test. 3600 A $ACME
	resolver.lab.test. 3600 A $RESOLVER
	echo.lab.test. 3600 A $ECHO
	echo.lab.test. 3600 AAAA $ECHO6
	check.lab.test. 3600 A $ECHO
	whoami.lab.test. 3600 NS echo.lab.test.
	EOF
	zone home.test ns1.lab.test </dev/null
	zone other.test ns1.lab.test </dev/null
	zone cloud.test ada.ns.cloudflare.com </dev/null
	zone dyn.test ns1.lab.test <<<"members.dyn.test. 3600 A $DYNDNS"
	zone duckdns.org ns1.duckdns.org <<-EOF
	ns1.duckdns.org. 3600 A $NAMES
	www.duckdns.org. 3600 A $DUCKDNS
	EOF
	zone cloudflare.com ns1.lab.test <<-EOF
	ada.ns.cloudflare.com. 3600 A $NAMES
	api.cloudflare.com. 3600 A $CLOUDFLARE
	EOF
}

named_conf() {
	cat <<-EOF
	options {
	  directory "$RUN/named";
	  pid-file "$RUN/named/self";
	  session-keyfile "$RUN/named/session.key";
	  managed-keys-directory "$RUN/named";
	  listen-on { $RESOLVER; };
	  listen-on-v6 { none; };
	  query-source address $WAN_GW;
	  recursion yes;
	  allow-query { any; };
	  allow-recursion { any; };
	  dnssec-validation no;
	  empty-zones-enable no;
	  minimal-responses yes;
	  max-cache-size 16m;
	  include "$RUN/named/rebind";
	};
	controls { };
	zone "." { type hint; file "root.hints"; };
	EOF
}

names_start() {
	spawn knot inet knotd -c "$RUN/knot.conf"
	# Over TCP, since the first lost UDP packet would cost a second.
	await "the authoritative server" inside inet kdig +tcp +short +time=1 +retry=0 "@$NAMES" home.test SOA
	resolver_start
}

resolver_start() {
	spawn named inet named -g -4 -c "$RUN/named.conf"
	await "the resolver" resolver_answers
}

resolver_answers() {
	[ "$(inside roam dig +tcp +short +time=1 +tries=1 "@$RESOLVER" acme.lab.test)" = "$ACME" ]
}

# rebind on: the resolver hides answers with private addresses, as many do against DNS rebinding.
cmd_rebind() {
	case ${1:-} in
	on) echo 'deny-answer-addresses { 10.0.0.0/8; 172.16.0.0/12; 192.168.0.0/16; };' >"$RUN/named/rebind" ;;
	off) : >"$RUN/named/rebind" ;;
	*) die "rebind on|off" ;;
	esac
	stop named
	resolver_start
}

# names off: the authoritative server answers nobody, and forgets nothing meanwhile.
cmd_names() {
	local pid _
	read -r pid _ <"$RUN/knot.pid"
	runs knot || die "the authoritative server is not there"
	case ${1:-} in
	off)
		kill -STOP "$pid"
		# Its threads stop one after the other, and one of them might answer yet.
		while grep -q '^State:[[:space:]][^T]' "/proc/$pid"/task/*/status; do sleep 0.01; done
		;;
	on) kill -CONT "$pid" ;;
	*) die "names on|off" ;;
	esac
}
