#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 400
# l3_outside.sh - AT-63: machines outside that are not in the network's file. The active gateway asks
# for them by its way outside, and hears answers by that alone; and it answers, not who stands by.
#
#	m2 v2 ── [h2] ── 192.0.2.0/24 ─┬─ [h1] ── upl ── o1
#	                               ├─── v1
#	                               └─ [h3] ── upl ── o3
#
#	in (m2 10.0.1.2) ── gw 203.0.113.10 ── ext 203.0.113.0/24 (upl, v1, v2)
#
# py/l3_outside.py speaks for all machines, and for those outside at o1 and o3.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

weft_load
wire 1 2 3
ns_add all
in_ns all sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for wire in h2:m2 h2:v2 h1:v1; do veth "$wire" "all:${wire#*:}"; done
for n in 1 3; do veth "h$n:upl" "all:o$n"; done
/usr/bin/python3 "$LIB_DIR/py/l3_outside.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3; do
	ok "the network is good for $h" weftd --network "$TMP/net.json" --host $h --check
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
	pids[${h#h}]=$!
done
trap 'ends; _exit' EXIT
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r '.state + " " + .services.arp.state'; }
for h in h1 h2 h3; do
	ok "weftd of $h does its part, and has its daemon" wait_until 20 matches '^ok running$' state $h ||
		diag "$(cat "$TMP/$h.log")"
done
tunnel_state() { weft -n "h$1" -j tunnel show gnv0 "192.0.2.$2" | jq -r '.[0].state'; }
for pair in '1 2' '1 3' '2 1' '2 3' '3 1' '3 2'; do
	# shellcheck disable=SC2086
	ok "a tunnel is up: $pair" wait_until 10 matches '^up$' tunnel_state $pair
done

in_ns all /usr/bin/python3 "$LIB_DIR/py/l3_outside.py" test "$TMP" 2>&1 |
	sed -u 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /'
rc=${PIPESTATUS[0]}
is "$rc" 0 'all frames are as they should be'
[ "$rc" = 0 ] || for h in h1 h2 h3; do diag "$(tail -5 "$TMP/$h.log")"; done
done_testing
