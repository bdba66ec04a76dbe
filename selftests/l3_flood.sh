#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# l3_flood.sh - what is said to all of a switch reaches routers in namespaces, too: R3-5 and AT-65,
# in frames at the router's devices.
#
#	vm1 vm3 vm5 ── [h1] ───────┐                    [h4]: the relay, of some
#	vm2 vm4 vm6 ── [h2] ────── core ── [h3] ── vm4b        [r]: a router in a namespace of h3
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 h4 core vms r r2 r6
for ns in vms r r2; do in_ns $ns sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done
in_ns core sysctl -qw net.ipv4.ip_forward=1
for ns in r r2 r6; do in_ns $ns sysctl -qw net.ipv4.ip_forward=1; done
in_ns r6 sysctl -qw net.ipv6.conf.all.forwarding=1
for i in 1 2 3 4; do
	veth "h$i:u,192.0.$i.1/24" "core:h$i,192.0.$i.254/24" 1600
	ip -n "h$i" route add default via "192.0.$i.254"
	in_ns "h$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
for wire in h1:vm1 h1:vm3 h1:vm5 h2:vm2 h2:vm4 h2:vm6 h3:vm4b; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done

/usr/bin/python3 "$LIB_DIR/py/l3_flood.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3 h4; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2 h3 h4; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done
out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l3_flood.py" test "$TMP" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all frames are as they should be ($(grep -c '^ok' <<<"$out") cases)"
[ $rc = 0 ] || for h in h1 h2 h3 h4; do diag "$(tail -5 "$TMP/$h.log")"; done
done_testing
