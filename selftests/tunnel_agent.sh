#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# weftd makes GRE tunnels, labels and masks as a file says, and changes nothing without need.
#
#	m1 ── tap1 [h1: weftd] gre4, gre6 ═══ u1 ── u2 ═══ gre4, gre6 [h2: weftd] tap2 ── m2
#	10.0.7.1               192.0.2.1, fd00:2::1  192.0.2.2, fd00:2::2              10.0.7.2
. "$(dirname "$0")/lib.sh"
weft_load
ns_add h1 h2 m1 m2
veth h1:u1,192.0.2.1/24,fd00:2::1/64 h2:u2,192.0.2.2/24,fd00:2::2/64
veth h1:tap1 m1:eth0,02:00:00:00:00:01,10.0.7.1/24
veth h2:tap2 m2:eth0,02:00:00:00:00:02,10.0.7.2/24
ip -n m1 neigh add 10.0.7.2 lladdr 02:00:00:00:00:02 dev eth0
ip -n m2 neigh add 10.0.7.1 lladdr 02:00:00:00:00:01 dev eth0

# host N PEER TUNNEL LABEL-OF-2 [MEMBERS-OF-GRE4]: the file of a host
host() {
	cat <<-END
		{ "version": 1, "datapath": "weft0",
		  "hosts": { "peer4": { "address": "192.0.2.$2" }, "peer6": { "address": "fd00:2::$2" } },
		  "ports": [ { "name": "vm", "device": "tap$1", "lports": [{ "ldp": 7, "lport": $1 }] } ],
		  "tunnels": [ { "name": "gre4", "type": "gre", "mtu": 1458, "remotes": ["peer4"] ${5:-} },
		               { "name": "gre6", "type": "gre", "underlay": "ipv6", "mtu": 1438, "remotes": ["peer6"] } ],
		  "labels": [ { "id": $4, "ldp": 7, "lport": 2 }, { "id": 1, "ldp": 7, "lport": 1 } ],
		  "flows": [
		    "in_port=vm actions=load:ldp=7, load:lout=$2, load:mark=0x80000003, tunnel(dst=peer${3#gre}, port=$3)",
		    "in_port=$3, mark=0x80000000/0x80000000 actions=output:lout" ] }
	END
}
declare -A pids
start() {
	weftd --netns "$1" --no-modprobe --log-level debug "$TMP/$1.json" 2>>"$TMP/$1.log" &
	pids[$1]=$!
}
ctl() { weftd --netns "$1" --ctl "$2" --ctl-socket "/run/weft/weftd-$1-weft0.sock"; }
state() { ctl "$1" status | jq -r .state; }
reloads() { ctl "$1" status | jq .counts.reloads; }
reload() {
	local n
	n=$(reloads "$1")
	kill -HUP "${pids[$1]}"
	wait_until 10 matches "^$((n + 1))\$" reloads "$1" >/dev/null
	wait_until 10 matches '^ok$' state "$1" >/dev/null
}
ping_once() { in_ns m1 ping -q -c 1 -W 1 10.0.7.2; }
port() { weft -n h1 port show "$1" dp weft0; }

host 1 2 gre4 2 >"$TMP/h1.json"
host 2 1 gre4 2 >"$TMP/h2.json"
ok 'the file is good' weftd --check "$TMP/h1.json"
like "$(weftd --netns h1 --dry-run "$TMP/h1.json")" '^\+ label 2 lport 7:2' 'a dry run shows the labels'
like "$(weftd --netns h1 --dry-run "$TMP/h1.json")" '^\+ device gre6 ip6gretap external' '… and the devices'
start h1
start h2
ok 'weftd of h1 applied its file' wait_until 10 matches '^ok$' state h1
ok 'weftd of h2 applied its file' wait_until 10 matches '^ok$' state h2
like "$(ip -n h1 -d link show gre4)" 'mtu 1458.*alias weftd:weft0.*gretap external|mtu 1458' 'gre4 is there, with its MTU'
like "$(ip -n h1 -d link show gre4 | tr '\n' ' ')" 'gretap external' '… and external'
like "$(ip -n h1 -d link show gre6 | tr '\n' ' ')" 'ip6gretap external' 'and gre6'
is "$(weft -n h1 label show dp weft0)" $'1 lport 7:1\n2 lport 7:2' 'the labels'
ok 'm1 reaches m2 over IPv4' wait_until 10 ping_once

weft -n h1 monitor >"$TMP/monitor" 2>&1 &
monitor=$!
ip -n h1 monitor link >"$TMP/ipmonitor" 2>&1 &
ip_monitor=$!
wait_until 5 test -e "$TMP/monitor"
reload h1
kill -TERM "${pids[h1]}"
wait "${pids[h1]}"
start h1
wait_until 10 matches '^ok$' state h1 >/dev/null
is "$(cat "$TMP/monitor")" '' 'a reload and a restart change nothing'
is "$(cat "$TMP/ipmonitor")" '' '… nor any device'
kill $monitor $ip_monitor

weft -n h1 label del 2 dp weft0
ok 'a label that somebody takes away comes back' wait_until 10 matches '2 lport 7:2' weft -n h1 label show dp weft0

host 1 2 gre6 22 ', "mark": "0x80000001"' >"$TMP/h1.json"
host 2 1 gre6 22 >"$TMP/h2.json"
reload h1
reload h2
is "$(weft -n h1 label show dp weft0)" $'1 lport 7:1\n22 lport 7:2' 'another label for the same port'
like "$(port gre4)" ' mark 0x80000001( |$)' 'a mask'
ok 'm1 reaches m2 over IPv6' wait_until 10 ping_once
host 1 2 gre6 22 >"$TMP/h1.json"
reload h1
unlike "$(port gre4)" ' mark ' 'and no mask again'
host 1 2 gre6 22 ', "mark": "0x80000005"' >"$TMP/h1.json"
like "$(weftd --check "$TMP/h1.json" 2>&1)" 'tunnels\[0\].mark: .*0xc0000003' 'a mask that GRE has no room for is refused'
done_testing
