#!/bin/sh
# Before the program goes: the service stops. During an upgrade it runs on; the new program ends it when it is ready.
set -e
case $1 in
remove | deconfigure)
	if [ -d /run/systemd/system ]; then
		/usr/bin/latchkey uninstall --packaged
	fi
	;;
esac
