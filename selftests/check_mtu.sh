#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 60
# check_mtu.sh - of several limits on a packet's way the shortest counts, whichever comes first.
#
#   m1 10.0.0.1 ── p1 [ weft0 ] p2 ── m2 10.0.0.2
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw m1 m2
veth sw:p1 m1:eth0,02:00:00:00:00:01,10.0.0.1/24
veth sw:p2 m2:eth0,02:00:00:00:00:02,10.0.0.2/24
w() { weft -n sw "$@"; }
w dp add weft0 >/dev/null
w port add p1 id 1 >/dev/null
w port add p2 id 2 >/dev/null
w flow add 'in_port=2 actions=output:1'
w flow add 'priority=0, in_port=1 actions=output:2'

# longest PING-SIZE LIMIT...: of the IP packets that m2 gets
longest() {
	local size=$1 limits='' n
	shift
	for n; do limits+="check_mtu:$n->9, "; done
	w flow del 'priority=9, in_port=1, ip' 2>/dev/null
	w flow add "priority=9, in_port=1, ip actions=${limits}output:2"
	capture m2 eth0 "$TMP/frames" ip src 10.0.0.1
	in_ns m1 ping -q -c 1 -W 2 -M dont -s "$size" 10.0.0.2 >/dev/null || echo lost
	capture_stop "$TMP/frames"
	tcpdump -nevr "$TMP/frames" 2>/dev/null | sed -n 's/.*length \([0-9]*\))$/\1/p' | sort -n | tail -n 1
}
is "$(longest 1400)" 1428 'without a limit'
is "$(longest 1400 600)" 596 'one limit: fragments of 576 bytes and a header'
is "$(longest 1400 1000 600)" 596 'the shorter one behind'
is "$(longest 1400 600 1000)" 596 'and before'
is "$(longest 1400 1428 600 2000)" 596 'and between'
done_testing
