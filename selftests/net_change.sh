#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 120
# net_change.sh - objects of a network come, change and go while it works: who is concerned sees it
# at once, nobody else sees anything; what is refused changes nothing.
#
#	m1 ── vm1 ┐                                  ┌ vm2 ── m2	switch left, 10.0.1.0/24
#	m3 ── vm3 ┤ [h1] ── 192.0.2.0/24 ─────── [h2]
#	m4 ── vm4 ┘                                	switch right, 10.0.2.0/24: by a change
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 m1 m2 m3 m4
veth h1:u,192.0.2.1/24 h2:u,192.0.2.2/24 1600
for wire in h1:1:10.0.1.1 h2:2:10.0.1.2 h1:3:10.0.1.3 h1:4:10.0.2.4; do
	IFS=: read -r host i address <<<"$wire"
	in_ns "$host" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	in_ns "m$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	veth "$host:vm$i" "m$i:eth0,02:00:00:00:00:0$i,$address/24"
	ip -n "m$i" route add default via "${address%.*}.254"
done

vm() { # NAME SWITCH HOST ADDRESS
	printf '"%s": {"switch": "%s", "lport": %d, "mac": "02:00:00:00:00:0%d", "addresses": ["%s"], ' \
		"$1" "$2" "${1#vm}" "${1#vm}" "$4"
	printf '"host": "%s", "device": "%s"}' "$3" "$1"
}
cat >"$TMP/net.json" <<END
{ "comment": "the file", "version": 1, "datapath": "weft0", "max_flows": 120, "tunnel": {"name": "gnv0"},
  "hosts": {"h1": {"address": "192.0.2.1"}, "h2": {"address": "192.0.2.2"}},
  "switches": {"left": {"ldp": 1}},
  "ports": {$(vm vm1 left h1 10.0.1.1), $(vm vm2 left h2 10.0.1.2)} }
END
for h in h1 h2; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
ctl() { # HOST COMMAND [OPTION...]
	local h=$1
	shift
	weftd --ctl-socket "$TMP/$h.sock" --ctl "$@"
}
state() { ctl "$1" status | jq -r .state; }
applies() { ctl "$1" status | jq .counts.applies; }
for h in h1 h2; do
	ok "weftd of $h does its part" wait_until 10 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
	ok '… and finds nothing more to do' wait_until 10 matches '^2$' applies $h
done

# both hosts are told; the answer of h1
change() {
	echo "$1" >"$TMP/patch"
	ctl h2 change --patch "$TMP/patch" >/dev/null 2>&1
	ctl h1 change <"$TMP/patch" 2>&1
}
sent() { jq -c '[.flows.added, .flows.changed, .flows.removed]' <<<"$1"; }
flows() { weft -n h1 flow show | sort; }
reaches() { in_ns "$1" ping -q -c 1 -W 1 "$2"; }
void() { weft -n h1 -j stats | jq '[.. | .stale? // empty] | add'; }
misses() { weft -n h1 -j stats | jq '[.. | objects | select(has("stale")) | .misses] | add'; }

ok 'm1 reaches m2' wait_until 5 reaches m1 10.0.1.2
not_ok 'm3 has no port yet' reaches m3 10.0.1.2
flows >"$TMP/before"
env --default-signal=INT ip netns exec m1 ping -q -i 0.02 10.0.1.2 >"$TMP/ping" &
ping=$!

# ---- a port comes, changes, goes

wait_until 5 matches '^[1-9]' misses >/dev/null
sleep 1.2	# ARP of the machines is settled
voided=$(void) missed=$(misses)
answer=$(change "{\"ports\": {$(vm vm3 left h1 10.0.1.3)}}")
is "$(sent "$answer")" '[12,2,0]' 'a port is added: 12 entries of its own, and the two of broadcasts'
is "$(jq -c '[.ok, .changed, .ports.added, .ports.waiting]' <<<"$answer")" '[true,true,1,0]' 'the answer says so'
is "$(($(flows | wc -l) - $(wc -l <"$TMP/before")))" 12 'the kernel has them'
sleep 0.2	# the flow of m1 goes on
is "$(void)" "$voided" 'no program of the flow that goes on is void'
is "$(misses)" "$missed" 'nobody walked again'
ok 'm3 reaches m2' reaches m3 10.0.1.2
ok 'm2 reaches m3' reaches m2 10.0.1.3
ok 'm1 reaches m3' reaches m1 10.0.1.3

answer=$(change '{"ports": {"vm3": {"addresses": ["10.0.1.33"]}}}')
is "$(sent "$answer")" '[5,0,5]' 'another address: what speaks of it is sent'
not_ok 'm3 is not reached by its old address' reaches m3 10.0.1.2
ip -n m3 address del 10.0.1.3/24 dev eth0
ip -n m3 address add 10.0.1.33/24 dev eth0
ok 'but by the new one' reaches m2 10.0.1.33

change '{"acls": {"no-ping": {"port": "vm3", "direction": "in", "priority": 5, "match": "icmp", "action": "drop"}}}' >/dev/null
not_ok 'an ACL denies' reaches m3 10.0.1.2
change '{"acls": {"no-ping": {"action": "allow"}}}' >/dev/null
ok 'and, changed, allows' reaches m3 10.0.1.2
like "$(change '{"ports": {"vm3": null}}')" 'acls.no-ping.port: there is no "vm3"' 'a port whose ACL stays stays'
ok '… and works' reaches m3 10.0.1.2
answer=$(change '{"ports": {"vm3": null}, "acls": {"no-ping": null}}')
is "$(sent "$answer")" '[0,2,13]' 'both go'
not_ok 'm3 reaches nobody' reaches m3 10.0.1.2
flows >"$TMP/after"
ok 'the kernel has what it had' cmp "$TMP/before" "$TMP/after"

# ---- a switch, a router, its ports, a machine: at once

change "{\"switches\": {\"right\": {\"ldp\": 2}}, \"routers\": {\"r\": {\"ldp\": 3}},
	\"router_ports\": {
	  \"rl\": {\"router\": \"r\", \"id\": 1, \"switch\": \"left\", \"lport\": 100, \"mac\": \"02:01:00:00:00:01\", \"addresses\": [\"10.0.1.254/24\"]},
	  \"rr\": {\"router\": \"r\", \"id\": 2, \"switch\": \"right\", \"lport\": 100, \"mac\": \"02:01:00:00:00:02\", \"addresses\": [\"10.0.2.254/24\"]}},
	\"ports\": {$(vm vm4 right h1 10.0.2.4)}}" >/dev/null
ok 'm4 reaches m2 through the router' reaches m4 10.0.1.2
ok 'm2 reaches m4' reaches m2 10.0.2.4
change '{"routes": {"no-m2": {"router": "r", "prefix": "10.0.1.2/32", "drop": true}}}' >/dev/null
not_ok 'a route drops' reaches m4 10.0.1.2
change '{"routes": {"no-m2": null}}' >/dev/null
ok 'and is gone' reaches m4 10.0.1.2

# ---- what is refused changes nothing

flows >"$TMP/before"
ctl h1 network >"$TMP/network"
many() { # more ports than max_flows allows
	for i in {11..49}; do
		printf '%s"vm%d": {"switch": "left", "lport": %d, "mac": "02:00:00:00:01:%d", "addresses": ["10.0.1.%d"]}' \
			"$comma" $i $i $i $i
		comma=', '
	done
}
while IFS='|' read -r patch why; do
	like "$(change "$patch")" "$why" "refused: $why"
done <<END
{"ports": {$(vm vm3 left h1 10.0.1.3), "vm5": {"switch": "left", "lport": 0}}}|ports.vm5.lport: 0 is not in 1…32767
{"ports": {$(vm vm3 left h1 10.0.1.1)}}|address 10.0.1.1 is that of .*vm1 too
{"ports": {"vm9": null}}|ports.vm9: there is none
{"tunnel": {"name": "gnv1"}}|tunnel: a change is of objects
{"acls": {"a": {"switch": "left", "direction": "in", "priority": 1, "action": "drop"}, "b": {"switch": "left", "direction": "in", "priority": 1, "action": "allow"}}}|has table, priority and match of
{"ports": {$(vm vm3 left h1 10.0.1.3), $(many)}}|over the limit of 120 entries
[1]|a change is an object
nonsense|'\[' or '\{' expected
END
flows >"$TMP/after"
ok 'no entry is another' cmp "$TMP/before" "$TMP/after"
ctl h1 network >"$TMP/after"
ok 'nor is the network' cmp "$TMP/network" "$TMP/after"
is "$(state h1)" ok 'weftd is content'
is "$(weft -n h1 -j port show | jq -r '.[].name' | sort | paste -sd' ')" 'gnv0 vm1 vm4' 'no port was left'

# ---- a device that comes later; somebody else's hand

ip -n h1 link set vm3 down
ip -n h1 link set vm3 name other
answer=$(change "{\"ports\": {$(vm vm3 left h1 10.0.1.33)}}")
is "$(jq -c '[.ok, .ports.added, .ports.waiting]' <<<"$answer")" '[true,0,1]' 'a port may wait for its device'
ip -n h1 link set other name vm3
ip -n h1 link set vm3 up
ok 'and works when that is there' wait_until 5 reaches m3 10.0.1.2
settled() { ctl h1 status | jq -e '.state == "ok" and .last_apply.changed == false'; }
wait_until 10 settled >/dev/null
weft -n h1 flow del "$(weft -n h1 flow show table=80, ldp=1, lout=3 | sed 's/cookie=[^,]*, //; s/ *actions=.*//')"
change '{"ports": {"vm3": {"lport": 33}}}' >/dev/null
ok 'a change of what somebody else removed is made' reaches m3 10.0.1.2
change '{"ports": {"vm3": null}}' >/dev/null

# ---- the flow all this went by

kill -INT $ping
wait $ping
like "$(cat "$TMP/ping")" ' 0% packet loss' 'm1 lost no packet of its flow'

# ---- the network in force, and the file

is "$(ctl h1 status | jq .counts.changes)" 11 'changes are counted'
is "$(ctl h1 network | jq -r .comment)" 'the file' 'the network in force can be seen'
cp "$TMP/net.json" "$TMP/file.json"
ctl h1 network >"$TMP/net.json"
is "$(sent "$(ctl h1 reload)")" '[0,0,0]' 'read as a file it is what is there'
is "$(ctl h1 status | jq .counts.changes)" 0 'and is the file now'
change "{\"ports\": {$(vm vm3 left h1 10.0.1.33)}}" >/dev/null
cp "$TMP/file.json" "$TMP/net.json"
ok 'the file is read again' ctl h1 reload
like "$(cat "$TMP/h1.log")" '1 changes to the network are gone' 'what was changed is gone, and weftd says so'
not_ok 'with the port' reaches m3 10.0.1.2
ok 'm1 reaches m2' reaches m1 10.0.1.2
done_testing
