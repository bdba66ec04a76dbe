#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 300
# l3_errors.sh - what a logical router says of packets that it does not forward: time exceeded,
# unreachable, prohibited, too big; frames by their bytes, and what machines make of it.
#
#	vm1 vm3 vm5 m1 ── [h1] ── 192.0.1.0/24 ── core ── 192.0.2.0/24 ── [h2] ── vm2 vm4 vm6 m2 m3
#	                                           │
#	                                  192.0.3.0/24 ── [h3]
#
#	left (vm1 vm2 vm5 m1 m3) ── middle ── right (vm3 vm4) ── second ── far (vm6 m2)
#
# Tunnels take 1400 bytes, machines send 1500.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 core vms m1 m2 m3
in_ns vms sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns core sysctl -qw net.ipv4.ip_forward=1
for i in 1 2 3; do
	veth "h$i:u,192.0.$i.1/24" "core:h$i,192.0.$i.254/24" 1600
	ip -n "h$i" route add default via "192.0.$i.254"
	in_ns "h$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
for wire in h1:vm1 h1:vm3 h1:vm5 h2:vm2 h2:vm4 h2:vm6 h3:vm4b; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done
# machine HOST MACHINE NET NUMBER: one with a stack of its own
machine() {
	veth "$1:$2" "$2:eth0,02:00:00:00:01:0$4,1.1.$3.5$4/24,2001:db8:$3::5$4/64"
	batch "$2" <<-END
		route add default via 1.1.$3.1
		route add default via 2001:db8:$3::1
	END
}
machine h1 m1 1 1
machine h2 m2 3 2
machine h2 m3 1 3

/usr/bin/python3 "$LIB_DIR/py/l3_errors.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2 h3; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done

# the machines
hops() { in_ns m1 busybox "$1" -n -q 1 -w 2 -m 5 "$2" | awk 'NR > 1 { print $2 }' | xargs; }
is "$(hops traceroute 1.1.3.52)" '1.1.1.1 1.1.2.2 1.1.3.52' 'traceroute shows both routers'
is "$(hops traceroute6 2001:db8:3::52)" '2001:db8:1::1 2001:db8:2::2 2001:db8:3::52' 'so does traceroute6'
ok 'the router is pinged' in_ns m1 ping -c 1 -W 2 1.1.1.1
ok 'so is its far side, by IPv6' in_ns m1 ping -c 1 -W 2 2001:db8:2::1
ok 'the second router is pinged' in_ns m1 ping -c 1 -W 2 1.1.3.1
neighbour() { ip -n "$1" neigh show dev eth0 "$2" | grep -oE 'lladdr [^ ]*( router)?'; }
is "$(neighbour m1 2001:db8:1::1)" 'lladdr 02:01:01:01:01:01 router' 'a machine knows its router, and that it is one'
is "$(neighbour m2 2001:db8:3::1)" 'lladdr 02:01:01:01:01:04 router' 'so does one of another host'
like "$(in_ns m1 ping -c 1 -W 2 77.1.1.1)" 'From 1.1.1.1 .*Net Unreachable' 'no route: ping says so'
like "$(in_ns m1 ping -c 1 -W 2 2001:db8:77::1)" 'From 2001:db8:1::1 .*No route' 'and of IPv6'
like "$(in_ns m1 ping -c 1 -W 2 1.1.3.99)" 'From 1.1.2.2 .*Host Unreachable' 'no such machine: ping says so'
like "$(in_ns m1 ping -M "do" -s 1400 -c 1 -W 2 1.1.3.52)" 'mtu ?= ?1400' 'too big: ping says so'
ok 'in fragments it arrives' in_ns m1 ping -M dont -s 3000 -c 1 -W 2 1.1.3.52

# transfer MACHINE ADDRESS: what m1 sends by TCP arrives as it was
transfer() {
	local log=$TMP/transfer.$1
	in_ns "$1" /usr/bin/python3 "$LIB_DIR/py/l3_errors.py" serve "$2" >"$log" &
	wait_until 5 in_ns m1 /usr/bin/python3 "$LIB_DIR/py/l3_errors.py" send "$2"
}
for to in 'm2 1.1.3.52 routed' 'm2 2001:db8:3::52 routed,_IPv6' 'm3 1.1.1.53 switched' \
	'm3 2001:db8:1::53 switched,_IPv6'; do
	set -- $to
	ip -n m1 route flush cache
	ip -n m1 -6 route flush cache
	ok "TCP finds the tunnel's MTU, ${3/_/ }" transfer "$1" "$2"
	like "$(ip -n m1 route get "$2")" 'mtu 1400' "and m1 knows it, ${3/_/ }"
done

out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l3_errors.py" test "$TMP" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all frames are as they should be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
