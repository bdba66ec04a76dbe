#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# Very many connections at once to which weft-natd gives addresses and ports, and what the next one
# knows of them. See nat.bash.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/snat.bash"
. "$LIB_DIR/nat.bash"
nat_set_up
n=$(scaled 30000)
# more than one address has ports for
config service 11.0.1.1-11.0.1.3:2000-$((2000 + n / 2)) |
	jq '.nat.slices[0].timeouts += { new: 600, replied: 600 }' >"$TMP/sw.json"
start
ok 'weftd and natd' wait_until 10 natd_ready

# open NUMBER ADDRESSES: so many of m1; at a time what the service's queue and credits are enough for
open() {
	snat_python many.py "$(jq -nc --argjson n "$1" --argjson a "$2" '{ window: 250, addresses: $a,
		senders: [{ ns: "m1", dev: "eth0", mac: "02:00:00:00:01:01", gateway: "02:00:00:00:02:01",
		            ip: "10.0.1.1", number: $n }],
		receiver: { ns: "out", dev: "eth0", ip: "10.0.2.1" }, hosts: { sw: "slice=9" } }')"
}
used() { natd status | jq '.pools[] | select(.name == "public") | .used'; }

# stacks would answer for ports that nobody listens to
for ns in m1 out; do ip -n $ns addr flush dev eth0; done
open "$n" 2
is "$(used)" "$n" 'natd knows all of them'
old=$(natd_pid)
kill -KILL "$old"
ok 'another natd' wait_until 10 eval "natd_ready && [ \$(natd_pid) != $old ]"
is "$(used)" "$n" 'knows them, too'
w instance cut all
ok 'and that they have ended' wait_until 10 matches '^0$' used

# while they are opened natd is killed, twice
kill_natds() {
	local left
	for left in $((n / 6)) $((n / 3)); do
		wait_until 30 eval "[ \$(instances slice=9) -gt $left ]"
		kill -KILL "$(natd_pid)"
		wait_until 10 natd_ready
	done
}
kill_natds &
killer=$!
open $((n / 2)) 1
wait $killer
is "$(ctl status | jq .services.nat.last_signal)" 9 'natd was killed'
is "$(doubled)" '' 'and nothing was given twice'
is "$(used)" $((n / 2)) 'and all is known'
kill $weftd_pid
wait $weftd_pid
[ $_failed = 0 ] || diag "$(tail -n 60 "$TMP/sw.log")"
done_testing
