#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
# bfd.sh - tunnels are watched: they come up, go down within a second, and are used or not.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

weft_load
wire 1 2 3
machine 1
machine 2
known 1 2

for n in 1 2; do
	peer=$((3 - n))
	host_file $n '"interval_ms": 100, "multiplier": 3, "fallback": ["h3"]' "\"h$peer\", \"h3\"" '' \
		"\"table=0, in_port=vm actions=load:ldp=7, load:lin=$n, load:lout=$peer, goto:9\",
		 \"table=0, in_port=gnv0 actions=goto:9\",
		 \"table=9, ldp=7, lout=$n actions=output:lout\",
		 \"table=9, ldp=7, lout=$peer actions=tunnel:h$peer\""
done
# the pool node has no machines: it hands on by logical port
host_file 3 '"interval_ms": 100' '"h1", "h2"' '' \
	'"table=0, in_port=gnv0, ldp=7, lout=1 actions=tunnel:h1",
	 "table=0, in_port=gnv0, ldp=7, lout=2 actions=tunnel:h2"' ''
ok 'the files are good' weftd --check "$TMP/h1.json"
t=$(now_ms)
start 1 2 3
ok 'the tunnel from h1 to h2 comes up' wait_until 10 tunnel_is 1 2 up
within 4000 "$t" 'soon after the start'
for pair in '1 3' '2 1' '2 3' '3 1' '3 2'; do
	# shellcheck disable=SC2086
	ok "and that of h${pair/ / to h}" wait_until 10 tunnel_is $pair up
done
bfd 1 status
cat $TMP/h1.log
done_testing
