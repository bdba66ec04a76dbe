#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 400
# l3_arp.sh - routers that do not know the machines behind them: weft-arpd asks, map servers
# answer. By the cases AT-50 to AT-63, in frames on the machines' wires and between the hosts.
#
#	vm1 vm3 vm5 ── [h1] ── 192.0.1.0/24 ── core ── 192.0.2.0/24 ── [h2] ── vm2 vm4 vm6
#	                                        │
#	                 vm4b ── [h3] ── 192.0.3.0/24
#
# py/l3_arp.py speaks for all machines, and listens at the hosts' uplinks.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 core vms
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

/usr/bin/python3 "$LIB_DIR/py/l3_arp.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3; do
	ok "the network is good for $h" weftd --network "$TMP/net.json" --host $h --check
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r '.state + " " + .services.arp.state'; }
for h in h1 h2 h3; do
	ok "weftd of $h does its part, and has its daemon" wait_until 20 matches '^ok running$' state $h ||
		diag "$(cat "$TMP/$h.log")"
done
pid=$(weftd --ctl-socket "$TMP/h1.sock" --ctl status | jq .services.arp.pid)
is "$(awk '/^CapEff/ { print $2 }' "/proc/$pid/status")" 0000000000001000 'it has CAP_NET_ADMIN alone'
unlike "$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")" '^0$' 'and is not root'

in_ns vms /usr/bin/python3 "$LIB_DIR/py/l3_arp.py" test "$TMP" 2>&1 |
	sed -u 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /'
rc=${PIPESTATUS[0]}
is "$rc" 0 'all frames are as they should be'
[ "$rc" = 0 ] || for h in h1 h2 h3; do diag "$(tail -5 "$TMP/$h.log")"; done
done_testing
