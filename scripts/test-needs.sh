#!/usr/bin/env bash
# test-needs.sh [machine]: what the tests want beyond Go and Node. On Debian, as root, it is installed;
# elsewhere it is named, and the tests that want it count as skipped.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

declare -A package=(
	[chromium]=chromium       # the story
	[certutil]=libnss3-tools  # the story and the lab: a browser that trusts a root
	[gcc]="gcc libc6-dev"     # the race detector
	[shellcheck]=shellcheck   # the lint of the scripts
	[strace]=strace           # the power cuts
	[age]=age [zstd]=zstd [openssl]=openssl # a backup, read by other tools than ours
	[sshd]=openssh-server [apache2]=apache2 [nginx]="nginx-light libnginx-mod-http-dav-ext" # the places for backups
)
# The lab: a router, DNS and tools to ask them. It needs root, so that others do without.
if [ "$(id -u)" -eq 0 ]; then
	package+=(
		[ip]=iproute2 [ss]=iproute2 [nsenter]=util-linux [flock]=util-linux [curl]=curl
		[nft]=nftables [conntrack]=conntrack [miniupnpd]="miniupnpd miniupnpd-nftables" [upnpc]=miniupnpc [natpmpc]=natpmpc
		[knotd]=knot [kdig]=knot-dnsutils [knsupdate]=knot-dnsutils [named]=bind9 [dig]=bind9-dnsutils
	)
	package+=([mkfs.btrfs]=btrfs-progs [mkfs.ext4]=e2fsprogs) # disks for backups
	# The machines that the house is installed on for real.
	package+=([mmdebstrap]=mmdebstrap [unshare]=util-linux [mke2fs]=e2fsprogs)
	# "machine": one with a processor, a kernel and a disk of its own, too.
	[ "${1:-}" != machine ] || package+=([qemu-system-x86_64]=qemu-system-x86 [debugfs]=e2fsprogs)
fi

# The certificate authority of the lab is built from its source, once.
pebble() {
	[ "$(id -u)" -ne 0 ] || scripts/pebble.sh >/dev/null ||
		echo "pebble could not be built; the lab counts as skipped"
}

# So is the S3 server of the targets.
versitygw() {
	scripts/versitygw.sh >/dev/null || echo "versitygw could not be built; the targets' S3 counts as skipped"
}

# Some of these are services, which Debian starts and enables. The tests start their own, with their own files: none of
# those that were not here before may run.
declare -A services=([miniupnpd]=miniupnpd [knot]=knotd [named]=named [ssh]=sshd [apache2]=apache2 [nginx]=nginx)

# here COMMAND: whether it is installed; servers lie where only root looks.
here() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null; }

install_quietly() {
	local policy=/usr/sbin/policy-rc.d fresh=() name code
	for name in "${!services[@]}"; do
		here "${services[$name]}" || fresh+=("$name.service")
	done
	if [ ! -e $policy ]; then
		# invoke-rc.d asks it whether it may; 101 says that it may not.
		printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	apt-get update -q && apt-get -o DPkg::Lock::Timeout=300 install -q -y --no-install-recommends "$@"
	code=$?
	if [ ${#fresh[@]} -gt 0 ] && command -v systemctl >/dev/null; then
		systemctl disable "${fresh[@]}"
	fi
	return $code
}

missing=()
for command in "${!package[@]}"; do
	here "$command" && continue
	case $command in
	chromium) command -v chromium-browser google-chrome google-chrome-stable >/dev/null && continue ;;
	esac
	missing+=("$command")
done
if [ ${#missing[@]} -eq 0 ]; then
	pebble
	versitygw
	exit 0
fi

wanted=()
for command in "${missing[@]}"; do
	# shellcheck disable=SC2206
	wanted+=(${package[$command]})
done

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
	echo "installing for the tests: ${wanted[*]}"
	log=$(mktemp)
	export DEBIAN_FRONTEND=noninteractive
	if install_quietly "${wanted[@]}" >"$log" 2>&1 </dev/null; then
		rm -f "$log"
		pebble
		versitygw
		exit 0
	fi
	tail -n 3 "$log"
	rm -f "$log"
	echo "apt-get could not install them; what wants them counts as skipped"
	exit 0
fi
echo "missing for the tests: ${missing[*]}; what wants them counts as skipped (Debian, as root: apt-get install ${wanted[*]})"
