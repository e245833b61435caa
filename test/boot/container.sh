#!/usr/bin/env bash
# container.sh BASE DIR CGROUP: starts the machine whose file system is BASE with DIR/upper over it: systemd as the first
# process of namespaces of its own, with a network that leads nowhere. Ends when it is switched off. CGROUP is a folder of
# the host's that it may divide further.
set -euo pipefail
base=$1 dir=$2 cgroup=$3

if [ "${4:-}" != inside ]; then
	mkdir -p "$dir/upper" "$dir/work" "$dir/root"
	echo $$ >"$cgroup/cgroup.procs"
	exec unshare --mount --propagation private --pid --net --ipc --uts --cgroup --fork --kill-child "$0" "$@" inside
fi

mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$dir/root"
cd "$dir/root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755,nosuid tmpfs dev
for node in null zero full random urandom tty; do
	touch dev/$node
	mount --bind /dev/$node dev/$node
done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
mount -t tmpfs -o mode=755,nosuid,nodev tmpfs run
# Each start is a start of its own, as the kernel would say.
cp /proc/sys/kernel/random/uuid run/boot_id
mount --bind run/boot_id proc/sys/kernel/random/boot_id
hostname latchkey-test
ip link set lo up
# A wire to a router that never answers: the house has an address at home, as any has.
ip link add home0 type veth peer name wall0
ip address add 192.168.77.2/24 dev home0
ip link set home0 up
ip link set wall0 up
ip route add default via 192.168.77.1

mkdir -p .outside
pivot_root . .outside
cd /
umount -l .outside
rmdir .outside
# What is mounted in one place shows in the namespaces of the services; systemd leaves that to whoever starts a container.
mount --make-rshared /
# "container" tells systemd that devices and clocks are not its own to set.
exec env -i container=latchkey-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --show-status=0 </dev/null
