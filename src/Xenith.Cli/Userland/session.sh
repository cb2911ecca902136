#!/bin/sh
# Runs the commands of the tool that booted this root file system, by the same protocol as the small userland's init script.
. /run/xenith/settings
# The token marks the frame on the wire, so the commands must not be able to print it.
rm /run/xenith/settings
[ "$session" = commands ] || exit 0
export HOME=/root TERM=linux
cd /root
systemctl is-system-running --wait >/dev/null
port=/dev/ttyS1
exec 3<>$port
stty -F $port 115200 raw -echo
printf '%sB\n' "$token" >&3
sh /run/xenith/commands </dev/null >&3 2>&3 3>&-
printf '%sE%d\n' "$token" $? >&3
# stty sets the port only once everything is sent.
stty -F $port raw -echo
systemctl poweroff
