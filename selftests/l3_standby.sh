#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 240
# l3_standby.sh - two hosts that can be the gateway of a router, and have a way outside each: who
# takes over says so outside, in frames, and traffic goes on; back again; and no two at a time.
#
#	m2 m4 ── [h2] ── 192.0.2.0/24 ─┬─ [h1] ── o1 ┐
#	                               └─ [h3] ── o3 ┴ sw (outside) ── out 203.0.113.1, 198.51.100.1
#
#	in (m2 10.0.1.2, m4 10.0.1.4) ── gw 203.0.113.10 ── ext 203.0.113.0/24 (uplink)
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

MAC=02:01:00:00:00:02
weft_load
wire 1 2 3
ns_add m2 m4 outside out
trap 'ends; _exit' EXIT
ip -n outside link add name sw up type bridge mcast_snooping 0
for n in 1 3; do
	veth "h$n:upl" "outside:o$n"
	ip -n outside link set "o$n" master sw
done
veth outside:o0 out:eth0,02:00:00:00:0f:01,203.0.113.1/24,2001:db8:2::1/64
ip -n outside link set o0 master sw
for n in 2 4; do
	veth "h2:m$n" "m$n:eth0,02:00:00:00:01:0$n,10.0.1.$n/24,fd00:1::$n/64"
	batch "m$n" <<-END
		route add default via 10.0.1.1
		route add default via fd00:1::1
		neigh add fd00:1::1 lladdr 02:01:00:00:00:01 dev eth0
	END
done
batch out <<-END
	addr add 198.51.100.1/32 dev lo
	addr add 2001:db8:99::1/128 dev lo
	neigh add 2001:db8:2::10 lladdr $MAC dev eth0
END
cat >"$TMP/net.json" <<-END
	{ "version": 1, "datapath": "weft0", "tunnel": { "name": "gnv0", "mtu": 1400,
	      "monitor": { "interval_ms": 150, "multiplier": 4, "probe_mtu_s": 0 } },
	  "hosts": { "h1": { "address": "192.0.2.1" }, "h2": { "address": "192.0.2.2" },
	             "h3": { "address": "192.0.2.3" } },
	  "switches": { "in": { "ldp": 1 }, "ext": { "ldp": 2 } },
	  "routers": { "gw": { "ldp": 3, "placement": "gateway", "gateway": ["h1", "h3"], "nat": [
	      { "kind": "snat", "inside": "10.0.1.0/24", "outside": "203.0.113.10" },
	      { "kind": "snat", "inside": "fd00:1::/64", "outside": "2001:db8:2::10" },
	      { "kind": "one_to_one", "inside": "10.0.1.4", "outside": "203.0.113.11" },
	      { "kind": "dnat", "inside": "10.0.1.2", "outside": "203.0.113.12",
	        "protocol": "tcp", "outside_port": 80, "inside_port": 8080 },
	      { "kind": "subnet", "inside": "10.0.1.128/30", "outside": "203.0.113.128/30" } ] } },
	  "router_ports": {
	    "gw-in": { "router": "gw", "id": 1, "switch": "in", "lport": 100, "mac": "02:01:00:00:00:01",
	      "addresses": ["10.0.1.1/24", "fd00:1::1/64"] },
	    "gw-ext": { "router": "gw", "id": 2, "switch": "ext", "lport": 100, "mac": "$MAC",
	      "addresses": ["203.0.113.10/24", "2001:db8:2::10/64"] } },
	  "routes": { "out": { "router": "gw", "prefix": "0.0.0.0/0", "via": ["203.0.113.1"] },
	              "out6": { "router": "gw", "prefix": "::/0", "via": ["2001:db8:2::1"] } },
	  "ports": {
	    "m2": { "switch": "in", "lport": 2, "mac": "02:00:00:00:01:02", "host": "h2", "device": "m2",
	      "addresses": ["10.0.1.2", "fd00:1::2"] },
	    "m4": { "switch": "in", "lport": 4, "mac": "02:00:00:00:01:04", "host": "h2", "device": "m4",
	      "addresses": ["10.0.1.4", "fd00:1::4"] },
	    "uplink": { "switch": "ext", "lport": 1, "mac": "02:00:00:00:0f:01", "host": ["h1", "h3"],
	      "device": "upl", "security": false, "addresses": ["203.0.113.1", "2001:db8:2::1"] } } }
END
run() { # N
	weftd --netns "h$1" --no-modprobe --network "$TMP/net.json" --host "h$1" 2>>"$TMP/h$1.log" &
	pids[$1]=$!
}
state() { ctl "$1" status | jq -r .state; }
tunnel_state() { weft -n "h$1" -j tunnel show gnv0 "192.0.2.$2" | jq -r '.[0].state'; }
# at: by which host the switch outside knows the router
at() { bridge -n outside fdb show br sw | sed -n "s/^$MAC dev o\([0-9]\) .*/h\1/p" | paste -sd ' '; }
has_uplink() { weft -n "h$1" -j port show | jq -r '[.[].name] | index("upl") != null'; }
works() { weft -n "h$1" -j flow show | jq -r 'any(.[]; .table == 36)'; }

capture out eth0 "$TMP/first" arp or icmp6
for n in 1 2 3; do run $n; done
for n in 1 2 3; do
	ok "weftd of h$n does its part" wait_until 20 matches '^ok$' state $n || diag "$(cat "$TMP/h$n.log")"
done
for pair in '1 2' '1 3' '2 1' '2 3' '3 1' '3 2'; do
	# shellcheck disable=SC2086
	wait_until 10 matches '^up$' tunnel_state $pair >/dev/null
done
is "$(has_uplink 1) $(has_uplink 3)" 'true false' 'the first of the two has the port outside'

# what out hears of who has an address: "203.0.113.10 mac"
announced() {
	tcpdump -enr "$1" 2>/dev/null | sed -n \
		-e 's/.* \(02[:0-9a-f]*\) > ff:ff:ff:ff:ff:ff,.*Request who-has \([^ ]*\).* tell \([^,]*\),.*/\2 \3 \1/p' \
		-e 's/.* \(02[:0-9a-f]*\) > 33:33:00:00:00:01,.*neighbor advertisement, tgt is \([^,]*\),.*/\2 \2 \1/p' |
		sort | uniq -c | awk '{ print $2, $3, $4, $1 }'
}
# by RFC 5227 an announcement asks for the sender's own address
all_announced() {
	local address
	for address in 203.0.113.10 203.0.113.11 203.0.113.128 203.0.113.129 203.0.113.130 \
		203.0.113.131 2001:db8:2::10; do
		announced "$1" | grep -q "^$address $address $MAC" || return 1
	done
}
ok 'it says outside which addresses it has' wait_until 5 all_announced "$TMP/first" ||
	diag "$(announced "$TMP/first")"
is "$(at)" h1 'so the switch outside knows where it is'
capture_stop "$TMP/first"
ok 'a machine goes out' in_ns m2 ping -c 1 -W 2 198.51.100.1
ok 'and by IPv6' in_ns m2 ping -c 1 -W 2 2001:db8:99::1

# ---- connections, and a ping, that are to live through what follows

# server NS ADDRESS PORT: says who says what; client NS ADDRESS PORT NAME: says what comes by NAME.say
server() {
	in_ns "$1" /usr/bin/python3 - "$2" "$3" <<-'END' &
		import socket, sys
		with socket.create_server((sys.argv[1], int(sys.argv[2]))) as s:
		    peer, who = s.accept()
		    while data := peer.recv(99):
		        peer.sendall(who[0].encode() + b" " + data)
	END
	wait_until 5 matches ":$3 " in_ns "$1" ss -Hltn >/dev/null
}
client() {
	mkfifo "$TMP/$4.say"
	in_ns "$1" /usr/bin/python3 - "$2" "$3" "$TMP/$4.say" >"$TMP/$4" <<-'END' &
		import socket, sys
		with socket.create_connection((sys.argv[1], int(sys.argv[2])), 9) as s, open(sys.argv[3]) as say:
		    for line in say:
		        s.sendall(line.strip().encode())
		        print(s.recv(99).decode(), flush=True)
	END
}
server out 198.51.100.1 7000
server m2 10.0.1.2 8080
client m4 198.51.100.1 7000 own
client out 203.0.113.12 80 dnat
exec 7>"$TMP/own.say" 8>"$TMP/dnat.say"
# talk WORD: both say it, and are heard
talk() {
	echo "$1" >&7
	echo "$1" >&8
	ok "the connection of an address of its own: $1" wait_until 9 matches "^203.0.113.11 $1$" tail -n 1 "$TMP/own"
	ok "the connection from outside to a port: $1" wait_until 9 matches "^203.0.113.1 $1$" tail -n 1 "$TMP/dnat"
}
talk one

# lost FILE: echoes without an answer of a ping every 20 ms
lost() { sed -n 's/\([0-9]*\) packets transmitted, \([0-9]*\) .*received.*/\1 - \2/p' "$1"; }

# ---- h1 is cut off from the others, but not from outside

flows_before=$(works 3)
capture out eth0 "$TMP/over" arp or icmp6
in_ns m2 ping -q -i 0.02 -c 200 -W 1 198.51.100.1 >"$TMP/ping" &
pinger=$!
sleep 0.2
t=$(now_ms)
ip -n net link set n1 down
ok 'the second takes over' wait_until 5 matches '^h3$' at
is "$flows_before $(works 3)" 'false true' 'it does the work of the router now, and did not before'
ok 'it says so for all addresses' wait_until 5 all_announced "$TMP/over" || diag "$(announced "$TMP/over")"
wait $pinger
lost=$(($(lost "$TMP/ping")))
[ $lost -gt 5 ] && [ $lost -le $((75 * ${WEFT_SLOW:-1})) ] && pass "a ping every 20 ms: $lost of 200 are lost" ||
	fail "a ping every 20 ms: $lost of 200 are lost"
capture_stop "$TMP/over"
# by what was heard when: to ask takes long in guests
first=$(tcpdump -ttnr "$TMP/over" 'arp[6:2] = 1 and arp[14:4] = 0xcb00710b' 2>/dev/null |
	awk -F. '{ print $1 substr($2, 1, 3); exit }')
within 1500 "$t" 'which took about a second' "$first"
like "$(tcpdump -vvnr "$TMP/over" 'icmp6 and ip6[40] == 136' 2>/dev/null)" 'Flags \[router, override\]' \
	'of a router'
unlike "$(tcpdump -vvnr "$TMP/over" icmp6 2>/dev/null)" 'bad icmp6 cksum' 'with good checksums'
talk two
ok 'from outside to that address' in_ns out ping -c 1 -W 2 203.0.113.11
ok 'IPv6 goes on' in_ns m2 ping -c 1 -W 2 2001:db8:99::1
ok 'who is cut off gives way' wait_until 5 matches '^false$' has_uplink 1
is "$(works 1)" false 'and does no work'
in_ns out ip neigh flush dev eth0 nud reachable 2>/dev/null
capture out eth0 "$TMP/one" arp
in_ns out busybox arping -q -c 2 -I eth0 203.0.113.11
capture_stop "$TMP/one"
is "$(tcpdump -nr "$TMP/one" arp 2>/dev/null | grep -c Reply)" 2 'two questions outside have two answers'

# ---- back

capture out eth0 "$TMP/back" arp or icmp6
in_ns m2 ping -q -i 0.02 -c 200 -W 1 198.51.100.1 >"$TMP/ping" &
pinger=$!
ip -n net link set n1 up
ok 'the first is back' wait_until 10 matches '^h1$' at
ok 'and says so' wait_until 5 all_announced "$TMP/back"
ok 'the second stands by' wait_until 5 matches '^false false$' eval 'echo "$(has_uplink 3) $(works 3)"'
wait $pinger
lost=$(($(lost "$TMP/ping")))
[ $lost -le $((25 * ${WEFT_SLOW:-1})) ] && pass "of a ping every 20 ms $lost of 200 are lost" ||
	fail "of a ping every 20 ms $lost of 200 are lost"
capture_stop "$TMP/back"
talk three
exec 7>&- 8>&-

# ---- h1 dies, and everything on it; the machines are idle, but for who comes from outside

watcher=$(ctl 1 status | jq .services.bfd.pid)
kill -KILL "${pids[1]}" "$watcher"
wait "${pids[1]}" 2>/dev/null
unset 'pids[1]'
weft -n h1 dp del weft0
ip -n h1 link set upl down
ok 'when it dies the other takes over' wait_until 5 matches '^h3$' at
ok 'who comes from outside first, finds it' in_ns out ping -c 1 -W 2 203.0.113.11

# ---- h3 starts again, while h1 is dead: it knows from the kernel who is down

kill "${pids[3]}"
wait "${pids[3]}"
run 3
ok 'weftd of the second starts again' wait_until 20 matches '^ok$' state 3
is "$(has_uplink 3) $(works 3)" 'true true' 'and goes on'
ok 'a machine goes out' in_ns m2 ping -c 1 -W 2 198.51.100.1

# ---- networks that are refused

refused() { # DESC WANTED FILTER
	jq "$3" "$TMP/net.json" >"$TMP/bad.json"
	like "$(weftd --network "$TMP/bad.json" --host h1 --check 2>&1)" "$2" "$1"
}
refused 'without a monitor' '\$\.routers\.gw\.gateway: .*needs a monitor' 'del(.tunnel.monitor)'
refused 'with a relay' 'without relays' '.hosts.h2.relay = "h1"'
refused 'of a router elsewhere' 'only a router with placement gateway' \
	'.routers.gw.placement = "namespace" | .routers.gw.netns = "x" | del(.routers.gw.nat, .routes) |
	 .router_ports[].device = "x"'
refused 'a host twice' '\$\.ports\.uplink\.host\[1\]: "h1" is there twice' '.ports.uplink.host = ["h1", "h1"]'
refused 'a host that is none' '\$\.ports\.uplink\.host\[1\]: there is no "h9"' '.ports.uplink.host = ["h1", "h9"]'
refused 'nobody' '\$\.routers\.gw\.gateway: of 1 to 8 hosts' '.routers.gw.gateway = []'
done_testing
