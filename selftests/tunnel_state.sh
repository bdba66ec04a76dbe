#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# tunnel_state.sh - what is said of tunnels with TUNNEL_SET: which way packets go at once, also those
# of cached flows, what is refused, what is forgotten, and who hears of it.
#
#	vm ── tap1 [h1] gnv0 (6081), gnv1 (7081) ── u1 ── wire: 192.0.2.2 … .6, fd00::2 … ::6
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 net
veth h1:u1,192.0.2.1/24,fd00::1/64 net:wire
veth h1:tap1 net:vm
for ns in h1 net; do in_ns $ns sysctl -qw net.ipv6.conf.tap1.disable_ipv6=1 net.ipv6.conf.vm.disable_ipv6=1 2>/dev/null; done
for n in 2 3 4 5 6; do
	ip -n h1 neigh add "192.0.2.$n" lladdr "02:00:00:00:01:0$n" dev u1
	ip -n h1 neigh add "fd00::$n" lladdr "02:00:00:00:01:0$n" dev u1
done
ip -n h1 link add gnv0 up type geneve external
ip -n h1 link add gnv1 up type geneve external dstport 7081
weft -n h1 dp add weft0
weft -n h1 port add tap1 id 1
weft -n h1 port add gnv0 id 9 type geneve remote 192.0.2.2
# on one CPU: each has its flow cache
out=$(in_ns h1 taskset -c 0 /usr/bin/python3 "$LIB_DIR/py/tunnel_state.py" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all is as it was said ($(grep -c '^ok' <<<"$out") cases)"

# ---- what users see

w() { weft -n h1 "$@"; }
w monitor tunnel --count 3 --ready >"$TMP/events" 2>&1 &
wait_until 10 grep -q ready "$TMP/events"
w tunnel set gnv0 192.0.2.2 state up
w tunnel set gnv0 192.0.2.2 state down fallback gnv0,192.0.2.3 fallback gnv0,fd00::4
like "$(w tunnel show gnv0 192.0.2.2)" \
	'^gnv0 192.0.2.2: down via gnv0 192.0.2.3 since .* flaps 1 fallback gnv0 192.0.2.3, gnv0 fd00::4$' 'weft tunnel show'
is "$(w -j tunnel show | jq -c '[.[] | [.port, .remote, .state, .via.remote, [.fallbacks[].remote]]]')" \
	'[["gnv0","192.0.2.2","down","192.0.2.3",["192.0.2.3","fd00::4"]]]' 'weft -j tunnel show'
w tunnel set gnv0 192.0.2.2 fallback none
is "$(w -j tunnel show gnv0 192.0.2.2 | jq -c '.[0] | [.state, .via, .fallbacks]')" '["down",null,[]]' 'fallback none'
ok 'weft monitor tells of each' wait_until 5 matches 'fallback gnv0 192.0.2.3' cat "$TMP/events"
like "$(w tunnel set tap1 192.0.2.2 state up 2>&1)" 'not a tunnel port' 'only tunnel ports have remotes'
like "$(w tunnel show gnv0 192.0.2.99 2>&1)" 'nothing is known of this tunnel' 'show of an unknown one says so'
like "$(w tunnel del gnv0 192.0.2.99 2>&1)" 'nothing is known of this tunnel' 'so does del'
done_testing
