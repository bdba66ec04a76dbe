#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 240
# Transactions under traffic: each packet sees the old entries or the new ones, never some of each.
#
#   q1 ── p1 [ datapath weft0 ] p2 ── q2
#
# Three tables write a number each into a packet (source port, destination port, TTL). A
# transaction changes all three numbers; packets in which they differ have seen a mixture.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw
for i in 1 2; do
	veth "sw:p$i" "sw:q$i"
	in_ns sw sysctl -qw net.ipv6.conf.{p,q}$i.disable_ipv6=1
done
w() { weft -n sw "$@"; }
w dp add weft0 >/dev/null
w port add p1 >/dev/null
w port add p2 >/dev/null

# entries VERB N: the chain that writes N
entries() {
	cat <<-END
		$1 table=0, in_port=p1, udp actions= set:udp_src=$2, goto:1
		$1 table=1, udp actions= set:udp_dst=$2, goto:2
		$1 table=2, udp actions= set:ip_ttl=$2, output:p2
	END
}
entries add 1 | w txn - >/dev/null || bail 'cannot add the first entries'
for n in 1 2 3 4; do entries set $n >"$TMP/set$n"; done
# the same by deletion and addition, so that no table has an entry without the other
{ entries del 4 | sed 's/actions.*//'; entries add 5; } >"$TMP/swap5"
{ entries del 5 | sed 's/actions.*//'; entries add 1; } >"$TMP/swap1"

in_ns sw /usr/bin/python3 "$LIB_DIR/py/mixture.py" q1 q2 "$TMP/stop" >"$TMP/mixture" 2>&1 &
reader=$!
wait_until 10 grep -q ready "$TMP/mixture" || bail "$(cat "$TMP/mixture")"
commits=0
for _ in $(seq 25); do
	for f in set2 set3 set4 swap5 swap1; do
		w txn "$TMP/$f" >/dev/null || fail "transaction $f"
		commits=$((commits + 1))
	done
done
touch "$TMP/stop"
wait $reader
is $? 0 "every packet saw one version ($commits commits, $(tail -1 "$TMP/mixture"))"
diag "$(tail -5 "$TMP/mixture")"

version() { w -j dp show | jq .[0].version; }
before=$(version)
shows=$(w flow show)
{ entries set 9; echo 'add table=0, in_port=p1, udp actions=drop'; } >"$TMP/bad"
not_ok 'a transaction with a change that is refused is refused' w txn "$TMP/bad"
like "$(w txn "$TMP/bad" 2>&1)" 'line 4|:4:|change 3' 'the message names the change'
is "$(w flow show)" "$shows" 'and changed nothing'
is "$(version)" "$before" 'not even the version'
{ entries set 9; echo 'add table=0, nonsense=1 actions=drop'; } >"$TMP/bad"
not_ok 'one that cannot be read is refused' w txn "$TMP/bad"
is "$(w flow show)" "$shows" 'and changed nothing either'

# a socket that closes takes its transaction with it: killed in the middle
seq 50000 | sed 's/.*/add table=9, reg0=& actions=drop/' >"$TMP/many"
for delay in 0.02 0.05 0.1 0.2; do
	timeout -s KILL $delay ip netns exec sw weft txn "$TMP/many" >/dev/null 2>&1
	n=$(w -j flow show table=9 | jq length)
	ok "killed after $delay s: nothing or everything ($n entries)" [ "$n" = 0 -o "$n" = 50000 ]
	w flow del filter table=9 >/dev/null
done
done_testing
