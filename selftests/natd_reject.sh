#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# TCP to a mapping that has gone: RST where the rule says "reject", silence where it does not.
# See nat.bash.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
. "$LIB_DIR/nat.bash"
nat_set_up
# only what is sent here is to be seen
for ns in m1 out; do ip -n $ns addr flush dev eth0; done

# section MODE REJECT: its configuration; REJECT is a priority, or null. An answer leaves by the port by
# which the packet came, which no entry does that names the port.
section() {
	config "$1" 11.0.1.1:2000-2999 | jq --argjson reject "$2" '
		.nat.slices[0].ldp = 7 |
		.flows += ["ip, ip_dst=10.0.2.1", "ipv6, ipv6_dst=fd00:2::1" |
			"table=deliver, priority=40000, in_port=p3, \(.) actions=set:eth_dst=02:00:00:00:02:01, output:in_port"] |
		.nat.slices[0].rules |= map(. + { priority: 100 } + if $reject then { reject: $reject } else {} end)'
}
refusals() { w flow show table=11 | grep -c reject; }

section kernel null >"$TMP/sw.json"
start
ok 'weftd starts' wait_until 10 matches '^ok$' state
for mode in kernel service; do
	section $mode null >"$TMP/sw.json"
	ok "$mode: without the member" reload
	[ $mode = kernel ] || wait_until 10 natd_ready
	is "$(refusals)" 0 "$mode: no entry"
	snat_python natd_reject.py "$mode, without" silent
	section $mode 10 >"$TMP/sw.json"
	ok "$mode: with the member" reload
	[ $mode = kernel ] || wait_until 10 natd_ready
	# ports 2000 to 2999 are eight blocks
	is "$(refusals)" 16 "$mode: entries for both families"
	snat_python natd_reject.py "$mode" answers
	ok "$mode: the same file again" reload
	is "$(refusals)" 16 "$mode: changes nothing"
done
section service null >"$TMP/sw.json"
ok 'without it again' reload
is "$(refusals)" 0 'the entries go'
kill $weftd_pid
wait $weftd_pid
[ $_failed = 0 ] || diag "$(tail -n 40 "$TMP/sw.log")"
done_testing
