# shellcheck shell=bash
# process.sh: the lab's processes. Each is remembered by its number and the time it started, so that a number
# which the kernel gave away again is never signalled.

die() {
	echo "lab.sh: $*" >&2
	exit 1
}

# inside NS COMMAND...: with the network of a namespace, and nothing else of it.
inside() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$PREFIX$ns" -- "$@"
}

# ipin NS ARGS...: ip(8) in a namespace.
ipin() {
	local ns=$1
	shift
	ip -n "$PREFIX$ns" "$@"
}

# started PID: when it was started, in the kernel's ticks; nothing once it is gone or only waits to be reaped.
started() {
	local stat
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
	read -ra stat <<<"${stat##*) }"
	[ "${stat[0]}" = Z ] || echo "${stat[19]}"
}

# runs NAME: does what was spawned by this name still run?
runs() {
	local pid since
	{ read -r pid since <"$RUN/$1.pid"; } 2>/dev/null || return 1
	[ -n "$since" ] && [ "$(started "$pid")" = "$since" ]
}

# as NS COMMAND...: become COMMAND inside the namespace, with that side's resolv.conf and no lock of ours.
as() {
	local ns=$1 resolv=$RUN/resolv.$1
	shift
	[ -f "$resolv" ] || resolv=
	# shellcheck disable=SC2016
	exec nsenter --net="/run/netns/$PREFIX$ns" -- unshare --mount --propagation private bash -c '
		[ -z "$1" ] || mount --bind "$1" /etc/resolv.conf
		shift
		exec "$@"' as "$resolv" "$@" 9>&-
}

# spawn NAME NS COMMAND...: the same in the background, with what it says in NAME.log.
spawn() {
	local name=$1 ns=$2
	shift 2
	! runs "$name" || die "$name runs already"
	# Every step to the command is an exec, so that $! is the command's own number.
	(as "$ns" setsid "$@") >>"$RUN/$name.log" 2>&1 </dev/null &
	echo "$! $(started $!)" >"$RUN/$name.pid"
}

# stop NAME: ask it to end, insist after three seconds.
stop() {
	local pid _ left=60
	if runs "$1"; then
		read -r pid _ <"$RUN/$1.pid"
		kill -TERM "$pid" 2>/dev/null || true
		while runs "$1" && [ $((left--)) -gt 0 ]; do sleep 0.05; done
		if runs "$1"; then kill -KILL "$pid" 2>/dev/null || true; fi
	fi
	rm -f "$RUN/$1.pid"
}

# await WHAT COMMAND...: until the command is content, for at most ten seconds.
await() {
	local what=$1 left=200
	shift
	until "$@" >/dev/null 2>&1; do
		[ $((left--)) -gt 0 ] || die "$what did not come; see $RUN/*.log"
		sleep 0.05
	done
}

# clear_out NS: end whatever still runs there (it is all ours: nobody else enters), then take the namespace away.
clear_out() {
	local pid left=40
	[ -e "/run/netns/$PREFIX$1" ] || return 0
	for pid in $(ip netns pids "$PREFIX$1"); do kill -TERM "$pid" 2>/dev/null || true; done
	while [ -n "$(ip netns pids "$PREFIX$1")" ] && [ $((left--)) -gt 0 ]; do sleep 0.05; done
	for pid in $(ip netns pids "$PREFIX$1"); do kill -KILL "$pid" 2>/dev/null || true; done
	ip netns del "$PREFIX$1"
}
