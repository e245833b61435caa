#!/bin/sh
# Before the new program is unpacked: the one that runs stays beside it, so that there is a way back.
set -e
case $1 in
install | upgrade)
	# One that lies there already is the last that worked: an upgrade was cut short.
	if [ -f /usr/bin/latchkey ] && [ ! -L /usr/bin/latchkey ] && [ ! -e /usr/bin/.latchkey.before ]; then
		ln /usr/bin/latchkey /usr/bin/.latchkey.before
	fi
	;;
esac
