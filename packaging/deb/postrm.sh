#!/bin/sh
# After the program is gone. The passwords of a household are nobody's to delete in passing: neither removing nor
# purging the package does. Without /etc/latchkey they could be opened only by a backup and its recovery kit.
set -e
case $1 in
remove | purge)
	rm -f /usr/bin/.latchkey.before
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
	fi
	# Nothing but empty folders goes.
	for folder in /var/lib/latchkey-upgrade /var/lib/latchkey /etc/latchkey; do
		[ ! -d $folder ] || rmdir --ignore-fail-on-non-empty $folder
	done
	if [ "$1" = purge ] && [ -d /var/lib/latchkey ]; then
		echo "latchkey: the household's data is still in /var/lib/latchkey, and its key in /etc/latchkey."
		echo "latchkey: if nobody needs it any more: rm -r /var/lib/latchkey /var/lib/latchkey-upgrade /etc/latchkey"
	fi
	;;
abort-install | abort-upgrade)
	# The new program never came.
	rm -f /usr/bin/.latchkey.before
	;;
esac
