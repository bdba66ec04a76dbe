#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 400
# agent.sh - weftd: applies a file, changes nothing when nothing changed, waits for devices,
# repairs, reloads, survives being killed.
#
#	m1 ── tap1 [h1: weftd, weft0] gnv0 ═══ u1 ── u2 ═══ gnv0 [h2: weftd, weft0] tap2 ── m2
#	10.0.7.1                       192.0.2.1   192.0.2.2                        10.0.7.2
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 m1 m2 svc
veth h1:u1,192.0.2.1/24 h2:u2,192.0.2.2/24
veth h1:tap1 m1:eth0,02:00:00:00:00:01,10.0.7.1/24
veth h2:tap2 m2:eth0,02:00:00:00:00:02,10.0.7.2/24
ip -n m1 neigh add 10.0.7.2 lladdr 02:00:00:00:00:02 dev eth0
ip -n m2 neigh add 10.0.7.1 lladdr 02:00:00:00:00:01 dev eth0

# host N PEER [MORE-PORTS [MORE-FLOWS]]: the file of a host
host() {
	cat <<-END
		{ "version": 1, "datapath": "weft0",
		  "hosts": { "peer": { "address": "192.0.2.$2" } },
		  "ports": [ { "name": "vm", "device": "tap$1", "lports": [{ "ldp": 7, "lport": $1 }] }
		             ${3:-} ],
		  "tunnels": [ { "name": "gnv0", "remotes": ["peer"] } ],
		  "tables": [ { "id": 0, "name": "ingress", "miss": "drop:no_ldp" }, { "id": 9, "name": "deliver" } ],
		  "flows": [
		    "table=ingress, in_port=vm actions=load:ldp=7, load:lin=$1, load:lout=$2, goto:deliver",
		    "table=ingress, in_port=gnv0 actions=goto:deliver",
		    "table=deliver, ldp=7, lout=$1 actions=output:lout",
		    "table=deliver, ldp=7, lout=$2 actions=tunnel:peer"
		    ${4:-} ] }
	END
}

declare -A pids
start() { # HOST [OPTIONS]
	local h=$1
	shift
	weftd --netns "$h" --no-modprobe --log-level debug "$@" "$TMP/$h.json" 2>>"$TMP/$h.log" &
	pids[$h]=$!
}
ctl() { weftd --netns "$1" --ctl "$2" --ctl-socket "/run/weft/weftd-$1-weft0.sock"; }
state() { ctl "$1" status | jq -r .state; }
applies() { ctl "$1" status | jq .counts.applies; }
flows() { weft -n "$1" flow dump dp weft0 | grep -c actions; }
n_flows_is() { [ "$(flows "$1")" = "$2" ]; }
ports() { weft -n "$1" -j port show dp weft0 2>/dev/null | jq -r '.[].name' | sort | tr '\n' ' '; }
ping_once() { in_ns m1 ping -q -c 1 -W 1 10.0.7.2; }
stop() { kill "-${2:-TERM}" "${pids[$1]}"; wait "${pids[$1]}"; }
waiting() { ctl "$1" status | jq -r '.waiting | keys | join(" ")'; }

# ---- the start

host 1 2 >"$TMP/h1.json"
host 2 1 >"$TMP/h2.json"
ok 'the files are good' weftd --check "$TMP/h1.json"
like "$(weftd --netns h1 --dry-run "$TMP/h1.json")" '^\+ datapath weft0' 'a dry run shows the datapath'
not_ok 'and makes none' weft -n h1 dp show weft0
start h1
start h2
ok 'weftd of h1 applied its file' wait_until 10 matches '^ok$' state h1
ok 'weftd of h2 applied its file' wait_until 10 matches '^ok$' state h2
is "$(flows h1)" 4 'all flow entries are there'
like "$(ip -n h1 -d link show gnv0)" 'geneve.*external' 'the tunnel device is external'
like "$(ip -n h1 link show gnv0)" 'alias weftd:weft0' 'and marked'
ok 'm1 reaches m2' wait_until 10 ping_once
not_ok 'a second weftd refuses to run' weftd --netns h1 --no-modprobe "$TMP/h1.json"

# ---- nothing changes

sleep 2	# it looks a second time after a change
weft -n h1 monitor >"$TMP/monitor" 2>&1 &
monitor=$!
ip -n h1 monitor link address >"$TMP/ipmonitor" 2>&1 &
ip_monitor=$!
sleep 0.5
stop h1
start h1
wait_until 10 matches '^ok$' state h1 >/dev/null
kill -HUP "${pids[h1]}"
wait_until 10 matches '^1$' eval 'ctl h1 status | jq .counts.reloads' >/dev/null
sleep 0.5
is "$(cat "$TMP/monitor")" '' 'a restart and a reload without change change nothing'
is "$(cat "$TMP/ipmonitor")" '' 'nor do they touch devices'
kill $monitor $ip_monitor

# ---- kill -9

# room for what comes while iperf3 waits for a CPU: only the network may lose packets
echo 8388608 | tee /proc/sys/net/core/rmem_max >/proc/sys/net/core/wmem_max
in_ns m2 iperf3 -s -1 -D --logfile "$TMP/iperf.log"
wait_until 10 matches 5201 in_ns m2 ss -Hltn >/dev/null
in_ns m1 iperf3 -J -u -b 2M -l 500 -t 4 -w 2M -c 10.0.7.2 >"$TMP/iperf.json" &
iperf=$!
in_ns m1 ping -q -i 0.05 -c 40 -W 1 10.0.7.2 >"$TMP/ping" &
pinger=$!
for _ in 1 2 3; do
	sleep 0.3
	stop h1 KILL 2>/dev/null
	start h1
done
wait $pinger
like "$(cat "$TMP/ping")" ' 0% packet loss' 'no packet is lost while weftd is killed'
wait $iperf
is "$(jq -c ".end.sum | [.lost_packets, .packets > $(scaled 1000)]" "$TMP/iperf.json")" '[0,true]' \
	'nor one of iperf3'
ok 'and it comes back' wait_until 10 matches '^ok$' state h1

# ---- reload

host 1 2 '' ', "table=20 actions=drop:acl"' >"$TMP/h1.json"
like "$(ctl h1 plan)" '^\+ flow table=20' 'the plan has the new entry'
ok 'reload by the control socket' ctl h1 reload
is "$(flows h1)" 5 'it is there'
echo '{ "version": 1 }' >"$TMP/h1.json"
not_ok 'a bad file is refused' ctl h1 reload
is "$(state h1)" bad_config 'status says so'
is "$(flows h1)" 5 'and all is as before'
ok 'm1 still reaches m2' ping_once
host 1 2 >"$TMP/h1.json"
kill -HUP "${pids[h1]}"
ok 'the good file is taken again' wait_until 10 n_flows_is h1 4

# ---- others

weft -n h1 flow add dp weft0 'table=77 actions=drop:acl'
weft -n h1 flow del dp weft0 'table=9, ldp=7, lout=2' 2>"$TMP/err" || diag "$(cat "$TMP/err")"
ok "a stranger's entry goes and a lost one comes back" wait_until 10 \
	eval '! weft -n h1 flow dump dp weft0 | grep -q table=77 && n_flows_is h1 4'
ok 'which is logged' grep -q 'somebody else' "$TMP/h1.log"

# ---- devices that come and go

host 1 2 ', { "name": "late", "device": "tap9" }, { "name": "byvm", "vm": "vm-77" }' \
	', "in_port=late actions=output:byvm", "in_port=byvm actions=drop:acl"' >"$TMP/h1.json"
ok 'a file with devices that are missing is applied' ctl h1 reload
is "$(flows h1)" 4 'entries of missing ports are held back'
is "$(waiting h1)" 'byvm late' 'status says what is waited for'
ip -n h1 link add tap9 type veth peer name tap9p
ok 'a device is attached when it appears' wait_until 10 matches tap9 ports h1
is "$(flows h1)" 4 'its entry waits for the other port'
ip -n h1 link set tap9p alias weft:vm=vm-77
ok 'so is one by VM id' wait_until 10 matches tap9p ports h1
ok 'and all entries are there' wait_until 10 n_flows_is h1 6
id=$(weft -n h1 -j port show dp weft0 | jq '.[] | select(.name == "tap9p").id')
ip -n h1 link set tap9p name eth77
ok 'a port by VM id survives a rename' wait_until 10 matches eth77 ports h1
is "$(weft -n h1 -j port show dp weft0 | jq '.[] | select(.name == "eth77").id')" "$id" 'with its number'
ip -n h1 link del tap9
ok 'entries go with their ports' wait_until 10 n_flows_is h1 4
ip -n h1 link add tap9 type veth peer name tap9p
ip -n h1 link set tap9p alias vm-77
ok 'and come back with them' wait_until 10 n_flows_is h1 6
ip -n h1 link del tap9

# ---- internal ports

host 1 2 ', { "name": "dns", "type": "internal", "netns": "svc", "mtu": 1400,
	"mac": "02:00:00:00:00:53", "addresses": ["10.0.7.53/24", "2001:db8::53/64"] },
	{ "name": "nons", "type": "internal", "netns": "later" }' >"$TMP/h1.json"
ok 'internal ports' ctl h1 reload
like "$(ip -n svc addr show dns)" 'inet 10.0.7.53/24' 'one is in its namespace with its address'
like "$(ip -n svc addr show dns)" 'inet6 2001:db8::53/64' 'and the other address'
like "$(ip -n svc link show dns)" 'UP.*mtu 1400' 'MTU and state'
like "$(ip -n svc link show dns)" '02:00:00:00:00:53' 'and MAC address'
is "$(waiting h1)" nons 'the other waits for its namespace'
ip netns add later
ok 'and gets there' wait_until 10 ip -n later link show nons
like "$(ctl h1 plan)" 'nothing to do' 'then there is nothing to do'
ip netns del later

# ---- the kernel refuses

host 1 2 '' ', "table=20 actions=drop", "table=21 actions=drop", "table=22 actions=drop"' |
	sed 's/"version": 1,/"version": 1, "max_flows": 5,/' >"$TMP/h1.json"
not_ok 'more entries than the datapath may have are refused' ctl h1 reload
is "$(state h1)" failed 'status says so'
is "$(flows h1)" 4 'no entry was changed'
ok 'm1 reaches m2 all the time' ping_once
host 1 2 '' ', "table=20 actions=drop", "table=21 actions=tunnel(dst=192.0.2.2,port=vm)"' >"$TMP/h1.json"
not_ok 'nor is an entry accepted that the kernel does not like' ctl h1 reload
is "$(flows h1)" 4 'no entry was changed'
ok 'the place and the reason are logged' grep -qE 'h1.json: \$\.flows\[5\]: .*not a tunnel port' "$TMP/h1.log"
host 1 2 >"$TMP/h1.json"
sed -i 's/"version": 1,/"version": 1, "max_flows": 200000,/' "$TMP/h1.json"
ok 'a better file is taken' ctl h1 reload
is "$(state h1)" ok 'and all is well'

# ---- timeouts

host 1 2 '' ', "table=30, hard_timeout=3s actions=drop"' >"$TMP/h1.json"
ctl h1 reload >/dev/null
is "$(flows h1)" 5 'an entry with a timeout'
ok 'expires' wait_until 10 n_flows_is h1 4
sleep 2.5
is "$(flows h1)" 4 'and stays away'
ctl h1 reload >/dev/null
is "$(flows h1)" 5 'until the file is read again'

# ---- many

host 1 2 '' ', { "include": "many.flows" }' >"$TMP/h1.json"
many=$(scaled 20000)
seq 1 $many | awk '{ printf "table=40, priority=%d, reg0=%d actions=load:reg1=%d, goto:41\n", $1 % 8 * 100, $1, $1 }' \
	>"$TMP/many.flows"
weftd --check "$TMP/h1.json" || fail 'check of many'
s=$(date +%s%N)
ok "$many entries" ctl h1 reload
diag "applied in $(( ($(date +%s%N) - s) / 1000000 )) ms"
n=$(weft -n h1 -j dp show weft0 | jq '[.. | .n_flows? // empty] | first')
is "$n" $((many + 4)) 'are all there'
s=$(date +%s%N)
ok 'again' ctl h1 reload
diag "compared in $(( ($(date +%s%N) - s) / 1000000 )) ms"
# entries that weftd is to remove, or to change, go by themselves while it is at it
host 1 2 '' ', { "include": "many.flows" }, { "include": "short.flows" }' >"$TMP/h1.json"
seq 1 200 | awk '{ printf "table=51, hard_timeout=%.2f, reg0=%d actions=drop\n", $1 / 50, $1 }' >"$TMP/short.flows"
ok 'entries that expire soon' ctl h1 reload
seq 1 200 | awk '{ printf "table=50, hard_timeout=%.2f, reg0=%d actions=drop\n", $1 / 50, $1 }' |
	weft -n h1 flow load - >/dev/null
sed -i 's/hard_timeout=[0-9.]*/hard_timeout=500/; s/drop/drop:acl/' "$TMP/short.flows"
ok 'they do so while they are removed and changed' ctl h1 reload
unlike "$(cat "$TMP/h1.log")" 'there is no entry' 'and nobody minds'
is "$(weft -n h1 -j flow show table=50 | jq length)" 0 'these are removed'
is "$(weft -n h1 flow show table=51 | grep -c drop:acl)" 200 'those are changed, or there again'
host 1 2 >"$TMP/h1.json"
ok 'and gone' ctl h1 reload

# ---- the end

stop h1
ok 'forwarding goes on without weftd' ping_once
ok 'apply once' weftd --netns h1 --no-modprobe --once "$TMP/h1.json"
sed -i 's/"tunnels": .*/"tunnels": [],/; /gnv0/d; /tunnel:peer/d; s/\(output:lout"\),/\1/' "$TMP/h1.json"
start h1 --flush-on-exit
wait_until 10 matches '^ok$' state h1 >/dev/null
not_ok 'a tunnel that is not wanted is deleted' ip -n h1 link show gnv0
stop h1
not_ok 'the datapath is removed at the end when asked' weft -n h1 dp show weft0
[ "$_failed" = 0 ] || diag "$(tail -n 80 "$TMP/h1.log")"
done_testing
