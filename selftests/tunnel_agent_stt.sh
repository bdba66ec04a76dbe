#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# tunnel_agent_stt.sh - weftd makes STT tunnels: the device, its port, whom it believes; watches them,
# uses Geneve where STT is not let through, and says so. From a host's own file, and from a network.
#
#	m1 ── tap1 [h1: weftd] stt0, gnv0 ── u1 ── sw0 (net) ── u2 ── stt0, gnv0 [h2: weftd] tap2 ── m2
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"

weft_load
weft_load -m weft_stt
wire 1 2
machine 1
machine 2
known 1 2
trap 'ends; _exit' EXIT

MONITOR='"interval_ms": 200, "multiplier": 4, "probe_mtu_s": 0'
# host N [TCP-PORT [REMOTES]]: the file of a host
host() {
	local n=$1 peer=$((3 - $1))
	cat >"$TMP/h$n.json" <<-END
		{ "version": 1, "datapath": "weft0",
		  "hosts": { $(hosts) },
		  "ports": [ { "name": "vm", "device": "tap$n", "lports": [{ "ldp": 7, "lport": $n }] } ],
		  "tunnels": [ { "name": "stt0", "type": "stt" ${2:+, \"tcp_port\": $2}, "remotes": [ ${3-"\"h$peer\""} ],
		                 "monitor": { $MONITOR, "fallback": [ { "tunnel": "gnv0" } ] } },
		               { "name": "gnv0", "remotes": [ "h$peer" ], "monitor": { $MONITOR } } ],
		  "flows": [ "table=0, in_port=vm actions=load:ldp=7, load:lin=$n, load:lout=$peer, tunnel(dst=h$peer,port=stt0)",
		             "table=0, in_port=stt0 actions=output:lout", "table=0, in_port=gnv0 actions=output:lout" ] }
	END
}
info() { ip -n "h$1" -j -d link show stt0 | jq -c ".[0].linkinfo.info_data.$2"; }
state() { ctl "$1" status | jq -r .state; }
reload() { # N: and wait until it is done
	local n
	n=$(ctl "$1" status | jq .counts.reloads)
	kill -HUP "${pids[$1]}"
	wait_until 10 matches "^$((n + 1))\$" eval "ctl $1 status | jq .counts.reloads" >/dev/null
	wait_until 10 matches '^ok$' state "$1" >/dev/null
}
ping_once() { in_ns m1 ping -q -c 1 -W 1 10.0.7.2; }
refused() { in_ns "h$1" ethtool -S stt0 | sed -n 's/^ *rx_refused: //p'; }

# by PROTOCOL PORT DESC: machines reach each other in packets of that kind, there and back; those of BFD
# are shorter
by() {
	capture net sw0 "$TMP/by" "$1 dst port $2 and greater 160"
	ok "$3" ping_once
	capture_stop "$TMP/by"
	is "$(tcpdump -nr "$TMP/by" 2>/dev/null | wc -l)" 2 "… by $1 port $2"
}

# ---- the device

host 1
host 2
ok 'the file is good' weftd --check "$TMP/h1.json"
like "$(weftd --netns h1 --dry-run "$TMP/h1.json")" '^\+ device stt0 stt external tcp_port 7471' 'a dry run shows the device'
start 1 2
for n in 1 2; do ok "weftd of h$n applied its file" wait_until 10 matches '^ok$' state $n; done
is "$(info 1 port) $(info 1 remotes)" '7471 ["192.0.2.2"]' 'the device believes the remotes of the port'
for dev in stt0 gnv0; do
	ok "$dev comes up" wait_until 10 tunnel_is 1 2 up $dev
	ok "at both ends" wait_until 10 tunnel_is 2 1 up $dev
done
by tcp 7471 'machines reach each other'

weft -n h1 monitor >"$TMP/monitor" 2>&1 &
monitor=$!
ip -n h1 monitor link >"$TMP/ipmonitor" 2>&1 &
ip_monitor=$!
reload 1
is "$(grep -v '^tunnel' "$TMP/monitor")$(cat "$TMP/ipmonitor")" '' 'a reload changes nothing'
kill $monitor $ip_monitor

# ---- STT is not let through

flaps=$(tunnel 1 2 .flaps gnv0)
for n in 1 2; do
	in_ns h$n nft -f - <<-END
		table ip cut {
			chain out {
				type filter hook output priority 0;
				tcp dport 7471 drop
			}
		}
	END
done
ok 'STT is not let through: the tunnel is down' wait_until 3 tunnel_is 1 2 down stt0
ok '… for h2, too' wait_until 3 tunnel_is 2 1 down stt0
is "$(tunnel 1 2 '[.state, .flaps] | @json' gnv0)" "[\"up\",$flaps]" 'Geneve is'
ok 'the log says so' grep -q 'h2 passes geneve (gnv0) but not stt (stt0)' "$TMP/h1.log"
is "$(bfd 1 status | jq -c .partial)" \
	'{"h2":{"passes":[{"device":"gnv0","type":"geneve"}],"fails":[{"device":"stt0","type":"stt"}]}}' 'and the status'
by udp 6081 'machines reach each other all the same'
heal 1
heal 2
ok 'STT is let through again' wait_until 5 tunnel_is 1 2 up stt0
ok '… for h2, too' wait_until 5 tunnel_is 2 1 up stt0
by tcp 7471 'and is used'

# ---- whom it believes

host 2 '' ''
reload 2
is "$(info 2 remotes)" '[]' 'a file without remotes: the device believes nobody'
before=$(refused 2)
not_ok 'what h1 sends does not arrive' ping_once
ok '… and is counted' [ "$(refused 2)" -gt "$before" ]
host 2
reload 2
is "$(info 2 remotes)" '["192.0.2.1"]' 'and h1 again'
ok 'both are up' wait_until 5 tunnel_is 1 2 up stt0
ip -n h2 link del stt0
ok 'a device that somebody deletes is made again' wait_until 10 matches '"192.0.2.1"' info 2 remotes
ok '… and comes up' wait_until 8 tunnel_is 1 2 up stt0
ok '… at both ends' wait_until 8 tunnel_is 2 1 up stt0
by tcp 7471 'machines reach each other'

# ---- another port

for n in 1 2; do
	host $n 7472
	reload $n
	is "$(info $n port)" 7472 "another port: h$n has another device"
done
ok 'it comes up' wait_until 8 tunnel_is 1 2 up stt0
ok 'at both ends' wait_until 8 tunnel_is 2 1 up stt0
by tcp 7472 'machines reach each other'
in_ns h1 /usr/bin/python3 -c 'import socket, time
s = socket.socket(); s.bind(("", 7473)); s.listen(); print("bound", flush=True); time.sleep(60)' >"$TMP/bound" &
wait_until 10 grep -q bound "$TMP/bound"
host 1 7473
kill -HUP "${pids[1]}"
ok 'a port that somebody has is told of' wait_until 5 grep -q 'somebody has TCP port 7473' "$TMP/h1.log"
host 1 7472
reload 1
ok 'the other one comes back' wait_until 8 tunnel_is 1 2 up stt0

# ---- a network

ends
for n in 1 2; do
	wait "${pids[$n]}" 2>/dev/null
	weft -n h$n dp del weft0
	ip -n h$n link del stt0
	ip -n h$n link del gnv0
done
cat >"$TMP/net.json" <<-END
	{ "version": 1, "datapath": "weft0",
	  "tunnel": { "name": "stt0", "type": "stt", "tcp_port": 7474,
	              "monitor": { $MONITOR, "fallback": [ "h2" ] } },
	  "hosts": { "h1": { "address": "192.0.2.1" }, "h2": { "address": "192.0.2.2" } },
	  "switches": { "s": { "ldp": 7 } },
	  "ports": { "p1": { "switch": "s", "lport": 1, "mac": "02:00:00:00:00:01", "addresses": ["10.0.7.1"], "host": "h1", "device": "tap1" },
	             "p2": { "switch": "s", "lport": 2, "mac": "02:00:00:00:00:02", "addresses": ["10.0.7.2"], "host": "h2", "device": "tap2" } } }
END
for n in 1 2; do
	weftd --netns h$n --no-modprobe --network "$TMP/net.json" --host h$n 2>>"$TMP/h$n.log" &
	pids[$n]=$!
done
for n in 1 2; do ok "weftd of h$n does its part of a network" wait_until 10 matches '^ok$' state $n; done
is "$(info 1 port) $(info 1 remotes)" '7474 ["192.0.2.2"]' 'with the device'
ok 'which is watched' wait_until 10 tunnel_is 1 2 up stt0
ok 'by both' wait_until 10 tunnel_is 2 1 up stt0
by tcp 7474 'machines reach each other'
sed 's/"tcp_port"/"udp_port"/' "$TMP/net.json" >"$TMP/bad.json"
like "$(weftd --check --network "$TMP/bad.json" --host h1 2>&1)" 'tunnel.udp_port: not of a tunnel of type stt' \
	'a UDP port of an STT tunnel is refused'
[ "$_failed" = 0 ] || for n in 1 2; do diag "$(tail -n 40 "$TMP/h$n.log")"; done
done_testing
