#!/bin/sh
# After unpacking: the program makes its user, its folders and its key, and starts; or, over an older one, backs up,
# tries itself on a copy of the data, and goes back to the old program and the old data where that fails.
set -e
# The package's own, whatever else bears the name.
latchkey=/usr/bin/latchkey
case $1 in
configure)
	if [ -d /run/systemd/system ]; then
		$latchkey install --packaged
	else
		# A disk image is being made: its first start starts the house.
		systemd-sysusers latchkey.conf
		systemctl enable latchkey.service latchkey.socket latchkey-https.socket latchkey-http.socket
	fi
	;;
abort-upgrade | abort-remove | abort-deconfigure)
	# Nothing changed. What prerm stopped goes on.
	rm -f /usr/bin/.latchkey.before
	if [ -d /run/systemd/system ]; then
		systemctl daemon-reload
		systemctl enable --now latchkey.socket latchkey-https.socket latchkey-http.socket latchkey.service || true
	fi
	;;
esac
