# A short look around the host, for a run without a terminal and without commands.
show() {
    echo "--- $1"
    shift
    "$@" 2>&1 | sed 's/^/    /'
    echo
}
show "uname -a" uname -a
show "/sys/hypervisor" sh -c 'cd /sys/hypervisor && for f in type version/major version/minor version/extra properties/capabilities properties/features compilation/compiler uuid; do [ -e $f ] && echo "$f: $(cat $f)"; done'
show "the kernel about its hypervisor" sh -c 'dmesg | grep -iE "xen|hypervisor" | grep -v "pirq=" | head -n 40'
show "/proc/cmdline" cat /proc/cmdline
show "/proc/meminfo" head -n 5 /proc/meminfo
show "/proc/interrupts" cat /proc/interrupts
show "/proc/xen" ls /proc/xen
show "uptime" cat /proc/uptime
