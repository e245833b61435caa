#!/usr/bin/env bash
# machine.sh [vm]: the path of a small Debian on which the tests install the house for real. It is put together from
# Debian's packages, once, in the user's cache: root/ is its file system, and with "vm" there are also kernel, initrd
# and disk.img beside it for a whole machine. As root only.
set -euo pipefail
suite=${LATCHKEY_SUITE:-bookworm}
what=${1:-root}
to=${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/latchkey/machine-$suite-1-$what
packages=systemd-sysv,dbus,iproute2
[ "$what" = root ] || packages+=,udev,linux-image-cloud-amd64,initramfs-tools,busybox,zstd

if [ ! -e "$to" ]; then
	mkdir -p "${to%/*}"
	# Made beside and renamed when it is whole, so that nobody uses half of one.
	fresh=$(mktemp -d "$to.XXXXXX")
	log=$(mktemp)
	trap 'rm -rf "$fresh" "$log"' EXIT
	if ! mmdebstrap --variant=minbase --include=$packages --aptopt='APT::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$fresh/root" >"$log" 2>&1 </dev/null; then
		tail -n 5 "$log" >&2
		echo "machine.sh: mmdebstrap could not put a Debian together; it needs Debian's package servers" >&2
		exit 1
	fi
	# Each machine makes its own identity at its first start. The tests speak as root, and wait for nobody to log in.
	: >"$fresh/root/etc/machine-id"
	rm -f "$fresh/root/var/lib/dbus/machine-id" "$fresh/root/etc/resolv.conf"
	echo latchkey-test >"$fresh/root/etc/hostname"
	chroot "$fresh/root" systemctl mask -q getty.target console-getty.service systemd-networkd-wait-online.service apt-daily.timer apt-daily-upgrade.timer
	if [ "$what" = vm ]; then
		cp "$fresh"/root/boot/vmlinuz-* "$fresh/kernel"
		cp "$fresh"/root/boot/initrd.img-* "$fresh/initrd"
		mke2fs -q -t ext4 -L root -d "$fresh/root" "$fresh/disk.img" 3G
		rm -rf "$fresh/root"
	fi
	chmod 755 "$fresh"
	mv -T "$fresh" "$to" 2>/dev/null || [ -e "$to" ]
fi
echo "$to"
