#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 300
# l3.sh - logical switches and routers made by weftd --network, in every placement: frames by
# their bytes, the way of each by the counters of the entries that it met.
#
#	vm1 vm3 vm5 ── [h1] ── 192.0.1.0/24 ── core ── 192.0.2.0/24 ── [h2] ── vm2 vm4 vm6
#	                                        │
#	                 vm4b ── [h3] ── 192.0.3.0/24        [r]: a router in a namespace of h3
#
# The machines are ends of wires in one namespace; py/l3.py speaks for all of them.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 core vms r
in_ns vms sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns core sysctl -qw net.ipv4.ip_forward=1
in_ns r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
for i in 1 2 3; do
	veth "h$i:u,192.0.$i.1/24" "core:h$i,192.0.$i.254/24" 1600
	ip -n "h$i" route add default via "192.0.$i.254"
	in_ns "h$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
for wire in h1:vm1 h1:vm3 h1:vm5 h2:vm2 h2:vm4 h2:vm6 h3:vm4b; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done

/usr/bin/python3 "$LIB_DIR/py/l3.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3; do
	ok "the network is good for $h" weftd --network "$TMP/net.json" --host $h --check
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2 h3; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done

out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l3.py" test "$TMP" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all frames are as they should be ($(grep -c '^ok' <<<"$out") cases)"

# a bad network changes nothing
flows() { weft -n h1 flow show | sort | md5sum; }
before=$(flows)
sed 's/02:00:00:00:00:03/02:00:00:00:00:04/' "$TMP/net.json" >"$TMP/bad.json"
cp "$TMP/net.json" "$TMP/good.json"
cp "$TMP/bad.json" "$TMP/net.json"
like "$(weftd --ctl-socket "$TMP/h1.sock" --ctl reload 2>&1)" 'MAC address .* too' 'two ports with one MAC address are refused'
is "$(flows)" "$before" 'and nothing is changed'
cp "$TMP/good.json" "$TMP/net.json"
ok 'the good network is taken again' weftd --ctl-socket "$TMP/h1.sock" --ctl reload
done_testing
