#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 90
# Idle and hard timeouts, their events, and cookies.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw m1 m2
veth sw:p1 m1:eth0,10.0.0.1/24
veth sw:p2 m2:eth0,10.0.0.2/24
w() { weft -n sw "$@"; }
unmatched() { ! matches "$@"; }
w dp add weft0 >/dev/null
w port add p1 >/dev/null
w port add p2 >/dev/null
weft -n sw monitor flow --ready >"$TMP/events" 2>&1 &
wait_until 5 grep -q ready "$TMP/events" || bail 'no monitor'

w flow add 'table=5, hard_timeout=0.5, reg0=1 actions=drop' >/dev/null
w flow add 'table=5, idle_timeout=0.5, reg0=2 actions=drop' >/dev/null
w flow add 'table=5, reg0=3 actions=drop' >/dev/null
ok 'unused: gone after the idle timeout' wait_until 5 unmatched 'reg0=(0x)?2' w flow show
ok 'hard timeout' wait_until 5 unmatched 'reg0=(0x)?1' w flow show
is "$(w -j flow show table=5 | jq length)" 1 'one without a timeout stays'
ok 'events say so: idle' wait_until 5 matches 'reg0=(0x)?2.*idle|idle.*reg0=(0x)?2' cat "$TMP/events"
ok 'events say so: hard' wait_until 5 matches 'reg0=(0x)?1.*hard|hard.*reg0=(0x)?1' cat "$TMP/events"

# used: an entry outlives its idle timeout twice in traffic, then goes
idle=$((2 * ${WEFT_SLOW:-1}))
w flow add 'in_port=p2 actions=output:p1' >/dev/null
w flow add "in_port=p1, idle_timeout=$idle actions=output:p2" >/dev/null
in_ns m1 ping -q -i 0.2 -c $((10 * idle)) 10.0.0.2 >"$TMP/ping" 2>&1
like "$(cat "$TMP/ping")" ' 0% packet loss' 'in use it does not expire'
ok 'when it is not used any more it does' wait_until 10 unmatched 'in_port=p1' w flow show

# what a change does not name stays
w flow add 'table=8, cookie=0x55, hard_timeout=500, reg0=1 actions=drop:acl' >/dev/null
w flow set 'table=8, reg0=1 actions=drop:spoof' >/dev/null
like "$(w flow show table=8)" 'cookie=0x55.*hard_timeout=500.*drop:spoof' 'a change keeps cookie and timeouts'

w flow load - >/dev/null <<-END
	table=6, cookie=0x1001, reg0=1 actions=drop
	table=6, cookie=0x1002, reg0=2 actions=drop
	table=6, cookie=0x2001, reg0=3 actions=drop
	table=7, cookie=0x1001, reg0=4 actions=drop
END
is "$(w -j flow show cookie=0x1000/0xf000 | jq length)" 3 'shown by cookie under a mask'
w flow del filter table=6 cookie=0x1000/0xf000 >/dev/null
is "$(w -j flow show table=6 | jq length)" 1 'deleted by table and cookie'
is "$(w -j flow show table=7 | jq length)" 1 'and only these'
done_testing
