#!/bin/sh
# PID 1 of dom0. The tool that booted it left its wishes in /xenith: settings, and perhaps commands.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=linux
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /run /tmp /root
mount -t devpts pts /dev/pts
mount -t tmpfs run /run
# Scripts, those of Xen's packages too, expect these; udev would make them.
ln -s /proc/self/fd /dev/fd
ln -s /proc/self/fd/0 /dev/stdin
ln -s /proc/self/fd/1 /dev/stdout
ln -s /proc/self/fd/2 /dev/stderr
hostname dom0
ip link set lo up

. /xenith/settings
modprobe -a xenfs $modules
mount -t xenfs xenfs /proc/xen
if [ -n "$network" ]; then
    for nic in /sys/class/net/e*; do
        [ -e "$nic" ] || continue
        ip addr add 10.0.2.15/24 dev "${nic##*/}"
        ip link set "${nic##*/}" up
        ip route add default via 10.0.2.2
    done
fi

# 'root=/dev/...' on the command line: the rest is that file system's own init, which finds the wishes in /run/xenith.
for word in $(cat /proc/cmdline); do
    case "$word" in root=*) root=${word#root=} ;; esac
done
if [ -n "$root" ]; then
    waited=0
    until [ -b "$root" ] || [ $waited -eq 300 ]; do
        sleep 0.1
        waited=$((waited + 1))
    done
    modprobe -a ext4 crc32c_generic
    if [ -b "$root" ] && mount -t ext4 "$root" /mnt; then
        mkdir -m 700 /run/xenith
        mv /xenith/* /run/xenith/
        for place in proc sys dev run; do
            mount --move /$place /mnt/$place
        done
        exec switch_root /mnt /sbin/init
    fi
    echo "the root file system $root cannot be mounted"
    poweroff -f
fi

# The token marks the frame on the wire, so the commands must not be able to print it.
rm /xenith/settings
cd /root
if [ "$session" = commands ]; then
    port=/dev/ttyS1
    exec 3<>$port
    stty -F $port 115200 raw -echo
    printf '%sB\n' "$token" >&3
    sh /xenith/commands </dev/null >&3 2>&3 3>&-
    printf '%sE%d\n' "$token" $? >&3
    # stty sets the port only once everything is sent.
    stty -F $port raw -echo
else
    dmesg -n 4
    [ -z "$columns" ] || stty columns "$columns" rows "$rows"
    [ -z "$term" ] || export TERM="$term"
    echo
    cd /sys/hypervisor/version 2>/dev/null && below=" on $(cat ../type) $(cat major).$(cat minor)$(cat extra)"
    cd /root
    echo "dom0, Linux $(uname -r)${below:-, no hypervisor below}"
    echo "'exit' powers the machine off; Ctrl-A X ends the emulator."
    setsid cttyhack sh -l
fi
sync
poweroff -f
