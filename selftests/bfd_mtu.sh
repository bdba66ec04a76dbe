#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 200
# bfd_mtu.sh - what a tunnel carries: its MTU is found, a host that passes one tunnel and not another
# is told of and reached by the one it passes, and many sessions cost little.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

weft_load
wire 1 2
machine 1
machine 2
known 1 2
trap 'ends; _exit' EXIT

# two tunnels between h1 and h2: gnv0, and instead of it gnv1 at another UDP port
for n in 1 2; do
	peer=$((3 - n))
	host_file $n '"fallback": [{ "tunnel": "gnv1" }]' "\"h$peer\"" \
		", { \"name\": \"gnv1\", \"udp_port\": 7081, \"mtu\": 1400, \"remotes\": [\"h$peer\"],
		     \"monitor\": { \"probe_mtu_s\": 0 } }" \
		"\"table=0, in_port=vm actions=load:ldp=7, load:lin=$n, load:lout=$peer, goto:9\",
		 \"table=0, in_port=gnv0 actions=goto:9\", \"table=0, in_port=gnv1 actions=goto:9\",
		 \"table=9, ldp=7, lout=$n actions=output:lout\",
		 \"table=9, ldp=7, lout=$peer actions=tunnel(dst=h$peer,port=gnv0)\""
done
sed -i 's/"name": "gnv0",/"name": "gnv0", "mtu": 1500,/' "$TMP"/h?.json

mtu() { weft -n h1 -j tunnel show gnv0 192.0.2.2 | jq '.[0].mtu'; }
start 1 2
for pair in '1 2 gnv0' '1 2 gnv1' '2 1 gnv0' '2 1 gnv1'; do
	read -r a b dev <<<"$pair"
	ok "$dev of h$a comes up" wait_until 10 tunnel_is "$a" "$b" up "$dev"
done

# ---- MTU. Outside of a machine's packet are Ethernet 14, Geneve 8 + 20, UDP 8, IPv4 20: 70

ok 'the MTU of 1500 on the wire is found' wait_until 20 matches '^1430$' mtu
ok 'that it is less than the device takes is logged' \
	grep -q 'gnv0 to h2 carries packets of up to 1430 bytes, its device takes 1500' "$TMP/h1.log"
is "$(tunnel 1 2 .mtu.found gnv1)" 0 'no probes where none are wanted'
like "$(weft -n h1 tunnel show gnv0 192.0.2.2)" 'mtu 1430 rtt [0-9]+us' 'weft tunnel show'
# a packet of just that length gets through, one more byte does not
in_ns m1 ping -q -M 'do' -s $((1430 - 28)) -c 1 -W 1 10.0.7.2 >"$TMP/fits"
like "$(cat "$TMP/fits")" ' 0% packet loss' 'a packet of that length arrives'
in_ns m1 ping -q -M 'do' -s $((1431 - 28)) -c 1 -W 0.3 10.0.7.2 >"$TMP/long"
like "$(cat "$TMP/long")" ' 100% packet loss' 'one that is longer does not'
in_ns h1 ip link set u1 mtu 1300
ok 'look again' bfd 1 probe
ok 'a smaller one is found' wait_until 20 matches '^1230$' mtu
in_ns h1 ip link set u1 mtu 1600
for n in 1 2; do ip -n net link set n$n mtu 1600; done
in_ns h2 ip link set u2 mtu 1600
ip -n net link set sw0 mtu 1600
bfd 1 probe >/dev/null
ok 'and a larger one, as much as the device takes' wait_until 20 matches '^1500$' mtu
is "$(tunnel 1 2 .flaps)" 0 'nothing flaps for that'

# ---- one tunnel passes, the other does not

is "$(bfd 1 status | jq -c .partial)" '{}' 'all tunnels pass'
drop_at 2 udp dport 6081
ok 'gnv0 is not let through' wait_until 5 tunnel_is 1 2 down gnv0
is "$(tunnel 1 2 .state gnv1)" up 'gnv1 is'
is "$(bfd 1 status | jq -c .partial)" \
	'{"h2":{"passes":[{"device":"gnv1","type":"geneve"}],"fails":[{"device":"gnv0","type":"geneve"}]}}' \
	'status says which'
ok 'and the log' grep -q 'h2 passes geneve (gnv1) but not geneve (gnv0)' "$TMP/h1.log"
capture net sw0 "$TMP/way" 'udp port 7081'
ok 'machines reach each other' in_ns m1 ping -q -c 1 -W 1 10.0.7.2
capture_stop "$TMP/way"
# tcpdump does not know that this port is Geneve's: by the length of a ping's frame in it
is "$(tcpdump -nr "$TMP/way" 2>/dev/null | grep -c 'UDP, length 126')" 2 'by the other tunnel'
heal 2
ok 'gnv0 is let through again' wait_until 5 tunnel_is 1 2 up gnv0
is "$(bfd 1 status | jq -c .partial)" '{}' 'and that is all'

# ---- what many sessions cost: a hundred of them, at a hundred addresses of h2

batch=$(seq 1 100 | sed 's,.*,addr add 198.51.100.&/24 dev u2,')
ip -n h2 -batch - <<<"$batch"
ip -n h1 addr add 198.51.100.254/24 dev u1
many=$(seq 1 100 | sed 's/.*/"198.51.100.&"/' | paste -sd ,)
for n in 1 2; do kill "${pids[$n]}"; wait "${pids[$n]}"; bfd $n leave >/dev/null; done
weft -n h2 dp del weft0
ip -n h2 -batch - <<<$'link del gnv0\nlink del gnv1'
host_file 1 '"probe_mtu_s": 0' "$many"
start 1
ok 'a hundred sessions' wait_until 10 matches '^100$' eval 'bfd 1 status | jq ".tunnels | length"'
# the other ends: each is a session of its own to h1, from its own address. One process answers for
# all of them, on a machine that may be busy: they ask for 50 packets' patience
n_up() { bfd 1 status | jq '[.tunnels[] | select(.state == "up")] | length'; }
ip netns exec h2 /usr/bin/python3 "$LIB_DIR/py/bfd_peers.py" 198.51.100.254 100 50 >"$TMP/peers.log" 2>&1 &
peers=$!
ok 'are up' wait_until 30 matches '^100$' n_up
pid=$(bfd 1 status | jq .pid)
received() { bfd 1 status | jq '[.tunnels[].received] | add'; }
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
received=$(received)
t=$(now_ms)
before=$(ticks)
sleep 5
used=$(($(ticks) - before)) took=$(($(now_ms) - t))
received=$(($(received) - received)) both=$(($(now_ms) - t))
diag "100 sessions of 100 ms: $((used * 10000 / took)) ms of CPU a second," \
	"$((received * 1000 / both)) packets a second each way"
is "$(n_up) $(bfd 1 status | jq '[.tunnels[].flaps] | add')" '100 0' 'all of them stay up'
kill $peers
wait $peers 2>/dev/null
ok 'and all are down when the other end is gone' wait_until 20 matches '^0$' n_up
is "$(bfd 1 status | jq -c '[.tunnels[] | [.flaps, .local.diagnostic, .detection_us]] | unique')" \
	'[[1,"expired",5000000]]' 'once, and each for lack of packets'
[ "$_failed" = 0 ] || diag "$(tail -n 30 "$TMP/h1.log"; cat "$TMP/peers.log")"
done_testing
