#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Templates in mode kernel: source NAT of a host's machines, its life, its limits.
#
#   m1 10.0.1.1, m2 10.0.1.2 ── [ sw: weft0 ] ── out 10.0.2.1
#
# Table 0 says who it is, 11 undoes NAT, 14 does it, 15 delivers.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw m1 m2 out
veth sw:p1 m1:eth0,02:00:00:00:01:01,10.0.1.1/24
veth sw:p2 m2:eth0,02:00:00:00:01:02,10.0.1.2/24
veth sw:p3 out:eth0,02:00:00:00:02:01,10.0.2.1/24
ip -n m1 route add 10.0.2.0/24 dev eth0
ip -n m2 route add 10.0.2.0/24 dev eth0
ip -n out route add 11.0.1.0/24 dev eth0
ip -n out route add 10.0.1.0/24 dev eth0
for n in m1 m2; do ip -n $n neigh add 10.0.2.1 lladdr 02:00:00:00:02:01 dev eth0; done
ip -n out neigh add 11.0.1.1 lladdr 02:00:00:00:ff:ff dev eth0
w() { weft -n sw "$@"; }
w dp add weft0 >/dev/null
for i in 1 2 3; do w port add p$i >/dev/null || bail 'no port'; done

snat() { # NAME=VALUE...
	cat <<-END
		template 5 snat mode=kernel pool=3 slice=9 track=state $*
		  forward: table=14, priority=+1, ldp=\$ldp, \$proto, ip_src=\$ip_src, ip_dst=\$ip_dst, \$sport, \$dport actions= set:ip_src=@ip, set:l4_src=@port, goto:15
		  reverse: reply, table=11, priority=+1, ldp=\$ldp, \$proto, ip_src=\$ip_dst, ip_dst=@ip, l4_src=\$l4_dst, l4_dst=@port actions= set:ip_dst=\$ip_src, set:l4_dst=\$l4_src, goto:15
		  ping: when=ipv4|echo, table=14, priority=+1, ldp=\$ldp, ip, icmp, icmp_type=8, ip_src=\$ip_src, ip_dst=\$ip_dst, icmp_id=\$icmp_id actions= set:ip_src=@ip, set:icmp_id=@port, goto:15
		  pong: when=ipv4|echo, reply, table=11, priority=+1, ldp=\$ldp, ip, icmp, icmp_type=0, ip_src=\$ip_dst, ip_dst=@ip, icmp_id=@port actions= set:ip_dst=\$ip_src, set:icmp_id=\$icmp_id, goto:15
		  fail: drop:pool_exhausted for 1s
	END
}

flows() {
	cat <<-END
		in_port=p1, ip actions= load:ldp=7, goto:14
		in_port=p2, ip actions= load:ldp=7, goto:14
		in_port=p3, ip actions= load:ldp=7, goto:11
		table=11, priority=0 actions= drop:no_route
		table=14, priority=100, ldp=7, ip, ip_src=10.0.1.0/24, ip_dst=10.0.2.0/24 actions= template:5
		table=15, ip, ip_dst=10.0.2.1 actions= set:eth_dst=02:00:00:00:02:01, output:p3
		table=15, ip, ip_dst=10.0.1.1 actions= set:eth_dst=02:00:00:00:01:01, output:p1
		table=15, ip, ip_dst=10.0.1.2 actions= set:eth_dst=02:00:00:00:01:02, output:p2
	END
}

instances() { w -j instance show "$@" | jq length; }

ok 'a pool' w pool add 3 11.0.1.1:2000-2999
snat >"$TMP/snat"
ok 'a template' w template add -f "$TMP/snat"
flows >"$TMP/flows"
ok 'entries that name it' w flow load "$TMP/flows"

capture out eth0 "$TMP/out.pcap" ip
ok 'ping through NAT' in_ns m1 ping -c 3 -i 0.2 -W 2 10.0.2.1
capture_stop "$TMP/out.pcap"
is "$(frames "$TMP/out.pcap" 'icmp[0] == 8 and src host 11.0.1.1')" 3 'the other side sees the address of the pool'
is "$(frames "$TMP/out.pcap" 'src net 10.0.1.0/24')" 0 'and not the machine'
is "$(instances template=5)" 1 'one instance'
is "$(w -s -j template show 5 | jq '.[0].created')" 1 'made once'

echo hello >"$TMP/hello"
in_ns out socat -u TCP-LISTEN:80,fork,reuseaddr "OPEN:$TMP/got,creat,append" &
wait_until 5 matches ':80 ' in_ns out ss -ltn >/dev/null
ok 'TCP through NAT' in_ns m1 timeout 10 socat -u "FILE:$TMP/hello" TCP:10.0.2.1:80
ok 'all of it arrived' wait_until 5 grep -q hello "$TMP/got"
ok 'its instance is closing' wait_until 5 matches 'clos' w instance show template=5
is "$(w -j instance show template=5 | jq '[.[] | select(.fields.ip_proto == 6)][0].slice')" 9 'with its slice'
ok 'and m2, too' in_ns m2 timeout 10 socat -u "FILE:$TMP/hello" TCP:10.0.2.1:80

# checksums are right in whatever the stack offloads, and as the wire has it
in_ns m1 ethtool -K eth0 tx off tso off gso off >/dev/null 2>&1
ok 'without offloads' in_ns m1 timeout 10 socat -u "FILE:$TMP/hello" TCP:10.0.2.1:80

not_ok 'a template that entries name stays' w template del 5
like "$(w template del 5 2>&1)" 'named by' 'and it says why'
# what is exported can come back
n=$(instances)
was=$(w -j instance show template=5 | jq -cS 'map([.fields, .vars, .state]) | sort')
w instance export slice=9 >"$TMP/export.json"
like "$(w instance import "$TMP/export.json" 2>&1)" 'there is such an instance' 'what is there is not imported'
w -j monitor instance --ready >"$TMP/events" 2>&1 &
wait_until 5 grep -q ready "$TMP/events" || bail 'no monitor'
ok 'cut' w instance cut slice=9
ok 'each is told of' wait_until 5 matches "^$n\$" grep -c instance_del "$TMP/events"
ok 'import' w instance import "$TMP/export.json"
is "$(w -j instance show template=5 | jq -cS 'map([.fields, .vars, .state]) | sort')" "$was" 'all are back as they were'
ok 'cut again' w instance cut slice=9
is "$(instances)" 0 'all are gone'

# one port for two: the second is refused, until the first has gone
w flow flush >/dev/null
w template del 5 || fail 'template del'
w pool set 3 +11.0.1.1:5000-5000 -11.0.1.1:2000-2999 || fail 'pool set'
idle=$((2 * ${WEFT_SLOW:-1}))
snat new=$idle replied=$idle >"$TMP/snat"
w template add -f "$TMP/snat" || fail 'template add'
w flow load "$TMP/flows" >/dev/null
ok 'the one port' in_ns m1 ping -c 1 -W 2 10.0.2.1
not_ok 'none is left for the other' in_ns m2 ping -c 1 -W 1 10.0.2.1
like "$(w -s dp show weft0)" 'pool_exhausted' 'dropped with its reason'
ok 'after the idle timeout it has it' wait_until 10 in_ns m2 ping -c 1 -W 1 10.0.2.1
ok 'and everything ends' wait_until 10 matches '^0$' instances

# two connections for each machine, and 64 for each switch
limits='limit=2:ldp+ip_src limit=$reg1:ldp'
w flow flush >/dev/null
w template del 5 || fail 'template del'
w pool set 3 +11.0.1.1:2000-2999 || fail 'pool set'
like "$(snat limit=2:ldp+l4_src | w template add -f - 2>&1)" 'only metadata, Ethernet and IP fields' 'what cannot be counted by'
like "$(w template add 6 mode=service service=x fallback=continue a: table=14, ldp='$ldp' actions=drop 2>&1)" \
	'packets that wait for a service cannot continue' 'who waits cannot go on'
snat "$limits" >"$TMP/snat"
ok 'a template with limits' w template add -f "$TMP/snat"
is "$(w template show 5 | grep -cF " $limits fallback=drop")" 1 'is shown as it is written'
sed 's/load:ldp=7/&, load:reg1=64/' "$TMP/flows" | w flow load - >/dev/null
for i in 1 2; do in_ns m1 ping -q -c 1 -W 2 10.0.2.1 >/dev/null || fail "ping $i"; done
not_ok 'a third one is refused' in_ns m1 ping -q -c 1 -W 1 10.0.2.1
is "$(instances ip_src=10.0.1.1)" 2 'it has two'
is "$(w -j -s template show 5 | jq -c '.[0].refused')" '{"limit_template":1}' 'and counted'
like "$(w -s dp show weft0)" 'instance_limit' 'dropped with its reason'
ok 'another machine has its own' in_ns m2 ping -q -c 1 -W 2 10.0.2.1
is "$(w -j instance show ip_src=10.0.1.2 | jq -c '.[0].fields | [.ldp, .ip_src, .reg1]')" '[7,"10.0.1.2","0x40"]' 'what it counts by is shown'
w instance export >"$TMP/export.json"
w instance cut slice=9
ok 'what was cut can be imported' w instance import "$TMP/export.json"
not_ok 'and counts' in_ns m1 ping -q -c 1 -W 1 10.0.2.1
w instance cut ip_src=10.0.1.1
ok 'cut, it has room' in_ns m1 ping -q -c 1 -W 2 10.0.2.1
w flow flush >/dev/null
sed 's/load:ldp=7/&, load:reg1=1/' "$TMP/flows" | w flow load - >/dev/null
w instance cut ip_src=10.0.1.1
not_ok 'the switch may have fewer' in_ns m1 ping -q -c 1 -W 1 10.0.2.1
done_testing
