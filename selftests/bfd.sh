#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 240
# bfd.sh - tunnels are watched from inside: they come up, go down within a second, what is meant for
# them goes another way, and nobody but the other end has a say in it.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

weft_load
wire 1 2 3
machine 1
machine 2
known 1 2
trap 'ends; _exit' EXIT

# host N [MORE-FLOWS]: N and its peer of 1 and 2, h3 is the pool node
host() {
	local n=$1 peer=$((3 - $1))
	host_file "$n" '"interval_ms": 150, "multiplier": 4, "fallback": ["h3", { "host": "h3" }], "probe_mtu_s": 0' \
		"\"h$peer\", \"h3\"" '' \
		"\"table=0, in_port=vm actions=load:ldp=7, load:lin=$n, load:lout=$peer, goto:9\",
		 \"table=0, in_port=gnv0 actions=goto:9\",
		 \"table=9, ldp=7, lout=$n actions=output:lout\",
		 \"table=9, ldp=7, lout=$peer actions=tunnel:h$peer\" ${2:-}"
}
host 1
host 2
# the pool node has no machines: it hands on by logical port
host_file 3 '"interval_ms": 150, "multiplier": 4, "probe_mtu_s": 0' '"h1", "h2"' '' \
	'"table=0, in_port=gnv0, ldp=7, lout=1 actions=tunnel:h1",
	 "table=0, in_port=gnv0, ldp=7, lout=2 actions=tunnel:h2"' ''

# state N PEER: what the kernel of a host has
state() { weft -n "h$1" -j tunnel show gnv0 "192.0.2.$2" | jq -r ".[0].${3:-state}"; }
state_is() { [ "$(state "$1" "$2")" = "$3" ]; }
flaps() { for n in 1 2 3; do bfd $n status | jq '[.tunnels[].flaps] | add'; done | paste -sd ' '; }
ping_once() { in_ns m1 ping -q -c 1 -W 1 10.0.7.2; }

# way DESC WANTED: between which hosts a ping's frames go: "1>2 2>1"
way() {
	local file=$TMP/way
	capture net sw0 "$file" udp port 6081
	in_ns m1 ping -q -c 1 -W 1 10.0.7.2 >/dev/null
	wait_until 2 matches 'echo reply' tcpdump -nr "$file" >/dev/null
	capture_stop "$file"
	is "$(tcpdump -nr "$file" 2>/dev/null | grep ICMP |
		sed 's/.* 192\.0\.2\.\([0-9]\).* > 192\.0\.2\.\([0-9]\)\.6081.*/\1>\2/' | paste -sd ' ')" "$2" "$1"
}

# ---- up

t=$(now_ms)
start 1 2 3
for pair in '1 2' '1 3' '2 1' '2 3' '3 1' '3 2'; do
	# shellcheck disable=SC2086
	ok "the tunnel of h${pair/ / to h} comes up" wait_until 10 state_is $pair up
done
within 10000 "$t" 'all soon after the start'
is "$(bfd 1 status | jq -c '.discarded')" '{}' 'nothing was discarded'
is "$(tunnel 1 2 '[.local.state, .peer.state, .detection_us, .interval_us] | @json')" \
	'["up","up",600000,150000]' 'intervals are as configured'
like "$(weft -n h1 tunnel show)" '^gnv0 192.0.2.2: up since .* fallback gnv0 192.0.2.3$' 'weft tunnel show'
way 'frames go straight' '1>2 2>1'

# ---- cut

flaps=$(flaps)
in_ns m1 ping -q -i 0.02 -c 200 -W 1 10.0.7.2 >"$TMP/ping" &
pinger=$!
sleep 0.3
drop_at 1 ip saddr 192.0.2.2
t=$(now_ms)
drop_at 2 ip saddr 192.0.2.1
ok 'h1 finds that the way to h2 is cut' wait_until 3 state_is 1 2 down
within 1000 "$t" 'within a second' "$(changed 1 2)"
ok 'so does h2' wait_until 3 state_is 2 1 down
is "$(state 1 2 via.remote)" 192.0.2.3 'the pool node is used instead'
is "$(state 1 2 diag)" expired 'for lack of packets'
is "$(state 1 3)" up 'the way to the pool node is up'
wait $pinger
lost=$(sed -n 's/\([0-9]*\) packets transmitted, \([0-9]*\) .*received.*/\1 - \2/p' "$TMP/ping")
[ $((lost)) -le $((55 * ${WEFT_SLOW:-1})) ] && pass "a ping every 20 ms: $((lost)) are lost" ||
	fail "a ping every 20 ms: $((lost)) of 200 are lost"
way 'frames go by the pool node' '1>3 3>2 2>3 3>1'

# ---- one that is cached is void at once, and only that

in_ns m1 ping -q -i 0.01 -c 20 10.0.7.2 >/dev/null
weft -n h1 tunnel set gnv0 192.0.2.2 state up
capture net sw0 "$TMP/void" udp port 6081
in_ns m1 ping -q -c 1 -W 0.2 10.0.7.2 >/dev/null
capture_stop "$TMP/void"
like "$(tcpdump -nr "$TMP/void" 2>/dev/null | grep ICMP)" '192.0.2.1.* > 192.0.2.2.6081: .*echo request' \
	'what is said takes effect with the next packet'
weft -n h1 tunnel set gnv0 192.0.2.2 state down

# ---- back

heal 1
heal 2
ok 'the tunnel comes back' wait_until 5 tunnel_is 1 2 up
ok 'for both' wait_until 5 tunnel_is 2 1 up
ok 'and is used' wait_until 3 state_is 1 2 up
way 'frames go straight again' '1>2 2>1'
is "$(tunnel 1 2 .flaps) $(state 2 1 flaps)" '1 1' 'one flap is counted'

# ---- one direction only

drop_at 2 ip saddr 192.0.2.1
ok 'h1 hears h2, but not the other way round: h2 is down' wait_until 3 tunnel_is 2 1 down
ok 'and so is h1' wait_until 3 tunnel_is 1 2 down
is "$(tunnel 2 1 .local.diagnostic) $(tunnel 1 2 .local.diagnostic)" 'expired neighbor' 'each knows why'
way 'both directions go by the pool node' '1>3 3>2 2>3 3>1'
heal 2
ok 'up again' wait_until 5 tunnel_is 1 2 up

# ---- a tunnel port that is made again: the kernel has forgotten, and is told again

drop_at 1 ip saddr 192.0.2.2
ok 'the way to h2 is cut again' wait_until 3 state_is 1 2 down
ip -n h1 link del gnv0
ok 'the device goes; weftd makes it anew, and the kernel hears that the tunnel is down' \
	wait_until 8 state_is 1 2 down
is "$(state 1 2 via.remote)" 192.0.2.3 'and what to use instead'
heal 1
for pair in '1 2' '2 1' '1 3'; do
	# shellcheck disable=SC2086
	ok "h${pair/ / and h} are up" wait_until 5 tunnel_is $pair up
done

# ---- everything is cut: there is nothing to lose

drop_at 1 ip saddr 192.0.2.0/24
ok 'h1 is alone' wait_until 3 tunnel_is 1 3 down
ok 'all its tunnels are down' wait_until 3 tunnel_is 1 2 down
is "$(state 1 2 via)" null 'there is no way around'
capture net sw0 "$TMP/alone" udp port 6081
in_ns m1 ping -q -c 1 -W 0.3 10.0.7.2 >/dev/null
capture_stop "$TMP/alone"
like "$(tcpdump -nr "$TMP/alone" 2>/dev/null | grep ICMP)" '192.0.2.1.* > 192.0.2.2.6081: .*echo request' 'the tunnel is used all the same'
heal 1
for pair in '1 2' '1 3' '2 1'; do
	# shellcheck disable=SC2086
	ok "h${pair/ / and h} find each other" wait_until 5 tunnel_is $pair up
done

# ---- a wire that is down

t=$(now_ms)
ip -n net link set n2 down
ok 'the wire of h2 is pulled' wait_until 3 tunnel_is 1 2 down
within 1000 "$t" 'h1 knows within a second' "$(changed 1 2)"
ip -n net link set n2 up
ok 'and is put back' wait_until 8 tunnel_is 1 2 up
ok 'h2 finds the pool node' wait_until 8 tunnel_is 2 3 up
ok 'and the pool node h2' wait_until 8 tunnel_is 3 2 up

# ---- weftd is busy, killed, started again: nobody notices

flaps=$(flaps)
pid=$(bfd 1 status | jq .pid)
host 1 ', { "include": "many.flows" }'
seq 1 "$(scaled 20000)" | awk '{ printf "table=40, priority=%d, reg0=%d actions=load:reg1=%d, goto:41\n", $1 % 8 * 100, $1, $1 }' \
	>"$TMP/many.flows"
ok 'weftd loads many entries' ctl 1 reload
host 1
ok 'and removes them' ctl 1 reload
is "$(flaps)" "$flaps" 'no tunnel flaps meanwhile'
kill -KILL "${pids[1]}"
sleep 1
is "$(bfd 1 status | jq '[.weftd, .pid == '"$pid"'] | @json' -r)" '[false,true]' 'without weftd, tunnels are watched'
is "$(flaps)" "$flaps" 'none flaps'
start 1
ok 'the bfdd of the next weftd takes over' wait_until 10 eval "[ \"\$(bfd 1 status | jq .pid)\" != $pid ]"
sleep 1
is "$(flaps)" "$flaps" 'which nobody notices'
is "$(tunnel 1 2 .state)" up 'the tunnel is up'

# ---- bfdd is killed

kill -STOP "${pids[1]}" # nobody starts another one
kill -KILL "$(bfd 1 status | jq .pid)"
t=$(now_ms)
ok 'a bfdd that is killed is missed' wait_until 3 tunnel_is 2 1 down
within 1000 "$t" 'within a second' "$(changed 2 1)"
is "$(state 1 2)" up 'its own kernel goes on as before'
ok 'machines still reach each other' ping_once
kill -CONT "${pids[1]}"
ok 'another one is started' wait_until 5 tunnel_is 2 1 up
ok 'and all is well' wait_until 5 tunnel_is 1 2 up

# ---- a bfdd that is asked to leave is no failure

flaps=$(bfd 2 status | jq '[.tunnels[].flaps] | add')
kill -STOP "${pids[1]}"
bfd 1 leave >/dev/null
ok 'a bfdd leaves: the other end does not watch' wait_until 3 tunnel_is 2 1 unwatched
is "$(weft -n h1 -j tunnel show)" '[]' 'its kernel knows nothing of tunnels'
way 'frames go straight' '1>2 2>1'
kill -CONT "${pids[1]}"
ok 'it is back' wait_until 5 tunnel_is 2 1 up
is "$(bfd 2 status | jq '[.tunnels[].flaps] | add')" "$flaps" 'that was no flap'

# ---- forgeries

ok 'all is up' wait_until 5 tunnel_is 1 2 up
ok 'everywhere' wait_until 5 tunnel_is 1 3 up
# the others may have spoken to the bfdd that has left
before=$(bfd 1 status | jq -c .discarded)
discarded() {
	bfd 1 status | jq -c --argjson before "$before" \
		'.discarded | with_entries(.value -= ($before[.key] // 0) | select(.value != 0))'
}
flaps=$(flaps)
mine=$(tunnel 1 2 .local.discriminator)
theirs=$(tunnel 1 2 .peer.discriminator)
# as the frames of h2 look: from a machine of h2, and from one of h1 itself
in_ns m2 /usr/bin/python3 "$LIB_DIR/py/bfd.py" frame eth0 "$theirs" "$mine"
in_ns m1 /usr/bin/python3 "$LIB_DIR/py/bfd.py" frame eth0 "$theirs" "$mine"
is "$(discarded)" '{}' 'what machines send never gets to bfdd'
# h3 is a remote, but not h2
in_ns h3 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" "$mine"
is "$(discarded)" '{"wrong_source":1}' 'another host cannot speak for h2'
in_ns h3 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" 12345
is "$(discarded)" '{"unknown_session":1,"wrong_source":1}' 'nor make up sessions'
in_ns h2 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" "$mine" ttl=254
in_ns h2 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" "$mine" auth
in_ns h2 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" "$mine" version
is "$(discarded)" '{"version":1,"authentication":1,"unknown_session":1,"wrong_source":1,"ttl":1}' \
	'what is not right is counted'
ip -n h3 addr add 192.0.2.9/24 dev u3
in_ns h3 /usr/bin/python3 "$LIB_DIR/py/bfd.py" geneve 192.0.2.1 "$theirs" "$mine" from=192.0.2.9
like "$(weft -n h1 stats drops)" 'tunnel_remote 1 gnv0=1' 'and a stranger is dropped by the kernel'
is "$(flaps)" "$flaps" 'no tunnel has flapped'
is "$(tunnel 1 2 .state)" up 'all are up'

[ "$_failed" = 0 ] || for n in 1 2 3; do diag "$(tail -n 40 "$TMP/h$n.log")"; done
done_testing
