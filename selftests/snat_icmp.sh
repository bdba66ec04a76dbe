#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 200
# ICMP errors about connections that source NAT translates, in both directions.
#
#   m1 10.0.1.1 ── [ sw: weft0 ] ── 10.0.2.1 out 10.0.3.254 ── (MTU 1300) ── far 10.0.3.1
#
# The same with IPv6: fd01:: … fd03::. Table 10 has what comes from outside, 11 undoes NAT, 13 has
# what m1 sends, 14 does NAT, 15 delivers.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw m1 out far
veth sw:p1 m1:eth0,02:00:00:00:01:01,10.0.1.1/24,fd01::1/64
veth sw:p3 out:eth0,02:00:00:00:02:01,10.0.2.1/24,fd02::1/64
veth out:eth1,02:00:00:00:03:fe,10.0.3.254/24,fd03::fe/64 far:eth0,02:00:00:00:03:01,10.0.3.1/24,fd03::1/64 1300
batch m1 <<-END
	route add default via 10.0.2.1 dev eth0 onlink
	route add default via fd02::1 dev eth0 onlink
	neigh add 10.0.2.1 lladdr 02:00:00:00:02:01 dev eth0
	neigh add fd02::1 lladdr 02:00:00:00:02:01 dev eth0
END
batch out <<-END
	route add 11.0.1.1/32 dev eth0
	route add fd0b::1/128 dev eth0
	neigh add 11.0.1.1 lladdr 02:00:00:00:ff:ff dev eth0
	neigh add fd0b::1 lladdr 02:00:00:00:ff:ff dev eth0
END
ip -n far route add default via 10.0.3.254
ip -n far route add default via fd03::fe
for n in m1 out far; do # as many errors as we like; checksums as on the wire
	in_ns $n sh -c 'echo 0 >/proc/sys/net/ipv4/icmp_ratelimit
		echo 0 >/proc/sys/net/ipv6/icmp/ratelimit
		echo 1 >/proc/sys/net/ipv4/ip_forward
		echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		for i in eth0 eth1; do ethtool -K $i tx off tso off gso off; done' >/dev/null 2>&1
done
w() { weft -n sw "$@"; }
py() { local ns=$1; shift; in_ns "$ns" /usr/bin/python3 "$LIB_DIR/py/icmp_errors.py" "$@"; }
w dp add weft0 >/dev/null
for i in 1 3; do w port add p$i >/dev/null || bail 'no port'; done
w pool add 3 11.0.1.1:2000-2999 || bail 'no pool'
w pool add 4 '[fd0b::1]:2000-2999' || bail 'no pool'

# snat NUMBER POOL FAMILY PREFIX ICMP REQUEST REPLY
snat() {
	cat <<-END
		template $1 pool=$2 track=state new=600
		  forward: when=$3|tcp|udp, table=14, ldp=\$ldp, \$proto, $4_src=\$$4_src, $4_dst=\$$4_dst, \$sport, \$dport actions= set:$4_src=@ip, set:l4_src=@port, goto:15
		  reverse: when=$3|tcp|udp, reply, table=11, ldp=\$ldp, \$proto, $4_src=\$$4_dst, $4_dst=@ip, l4_src=\$l4_dst, l4_dst=@port actions= set:$4_dst=\$$4_src, set:l4_dst=\$l4_src, goto:15
		  ping: when=$3|echo, table=14, ldp=\$ldp, $5, icmp_type=$6, $4_src=\$$4_src, $4_dst=\$$4_dst, icmp_id=\$icmp_id actions= set:$4_src=@ip, set:icmp_id=@port, goto:15
		  pong: when=$3|echo, reply, table=11, ldp=\$ldp, $5, icmp_type=$7, $4_src=\$$4_dst, $4_dst=@ip, icmp_id=@port actions= set:$4_dst=\$$4_src, set:icmp_id=\$icmp_id, goto:15
	END
}
{ snat 5 3 ipv4 ip icmp 8 0; snat 6 4 ipv6 ipv6 icmp6 128 129; } >"$TMP/snat"
ok 'templates' w template add -f "$TMP/snat"
cat >"$TMP/flows" <<-END
	in_port=p1 actions= load:ldp=7, goto:13
	in_port=p3 actions= load:ldp=7, goto:10
	table=10, ldp=7, icmp actions= related:11, goto:11
	table=10, ldp=7, icmp6 actions= related:11, goto:11
	table=10, priority=0 actions= goto:11
	table=11, priority=10, icmp actions= drop:user1
	table=11, priority=10, icmp6, icmp_type=1 actions= drop:user1
	table=11, priority=0 actions= drop:no_route
	table=13, ldp=7, icmp actions= related:14, goto:14
	table=13, ldp=7, icmp6 actions= related:14, goto:14
	table=13, priority=0 actions= goto:14
	table=14, priority=100, ldp=7, ip, ip_src=10.0.1.0/24 actions= template:5
	table=14, priority=100, ldp=7, ipv6, ipv6_src=fd01::/64 actions= template:6
	table=15, ip, ip_dst=10.0.1.1 actions= set:eth_dst=02:00:00:00:01:01, output:p1
	table=15, ipv6, ipv6_dst=fd01::1 actions= set:eth_dst=02:00:00:00:01:01, output:p1
	table=15, priority=0, ip actions= set:eth_dst=02:00:00:00:02:01, output:p3
	table=15, priority=0, ipv6 actions= set:eth_dst=02:00:00:00:02:01, output:p3
END
ok 'entries' w flow load "$TMP/flows"
not_ok 'only for ICMP' w flow add table=9, ip, ip_proto=17 actions=related:11
like "$(w flow add table=9, ip actions=related:11 2>&1)" 'icmp' 'and it says so'
like "$(w flow show table=10)" 'icmp +actions= related:11, goto:11' 'shown as it was given'

dropped() { w stats drops dp weft0 | awk '$2 == "user1" { n += $3 } END { print n + 0 }'; }

# FAMILY FAR ROUTER MACHINE OUTSIDE
both_ways() {
	local name=$1 far=$2 router=$3 machine=$4 outside=$5 out

	capture m1 eth0 "$TMP/m1.pcap" 'icmp or icmp6'
	capture out eth0 "$TMP/out.pcap" 'icmp or icmp6'
	ok "$name: echo goes through" in_ns m1 ping -c 1 -W 2 "$far"
	out=$(in_ns m1 ping -c 1 -W 2 -t 1 "$far" 2>&1)
	like "$out" "$router.*(Time to live|Hop limit|Time) exceeded|exceeded: Hop limit" "$name: echo: TTL exceeded"
	like "$(py m1 expired udp "$far")" EHOSTUNREACH "$name: UDP: TTL exceeded"
	like "$(py m1 expired tcp "$far")" EHOSTUNREACH "$name: TCP: TTL exceeded"
	is "$(py m1 refused "$far")" ECONNREFUSED "$name: UDP: port unreachable"

	# an answer meets nobody: its sender learns about it
	rm -f "$TMP/go"
	py far answer "$far" 4000 "$TMP/go" >"$TMP/answer" &
	wait_until 5 matches ':4000 ' in_ns far ss -lun >/dev/null
	is "$(py m1 ask "$far" 4000)" sent "$name: m1 asks and is gone"
	touch "$TMP/go"
	wait_until 10 grep -q . "$TMP/answer"
	is "$(cat "$TMP/answer")" ECONNREFUSED "$name: who answers hears of m1's error"

	in_ns m1 ping -c 2 -i 0.2 -W 1 -M 'do' -s 1400 "$far" >/dev/null 2>&1
	like "$(ip -n m1 route get "$far")" 'mtu 1300' "$name: a smaller path MTU is learned"
	ok "$name: and packets of that size pass" in_ns m1 ping -c 1 -W 2 -s 1200 "$far"
	capture_stop "$TMP/m1.pcap"
	capture_stop "$TMP/out.pcap"

	# all sums that there are, those of the packets inside, too
	unlike "$(tcpdump -n -vv -r "$TMP/m1.pcap" 2>&1)" 'bad|wrong|incorrect' "$name: checksums at m1"
	unlike "$(tcpdump -n -vv -r "$TMP/out.pcap" 2>&1)" 'bad|wrong|incorrect' "$name: checksums outside"
	unlike "$(tcpdump -n -vv -r "$TMP/m1.pcap" 2>&1)" "$outside" "$name: m1 sees no outside address"
	unlike "$(tcpdump -n -vv -r "$TMP/out.pcap" 2>&1)" "$machine" "$name: nor the outside that of m1"
}

both_ways IPv4 10.0.3.1 10.0.2.1 10.0.1.1 11.0.1.1
both_ways IPv6 fd03::1 fd02::1 fd01::1 fd0b::1
is "$(dropped)" 0 'no error was lost'

# ---- a router inside, which is no end of the connection ------------------------------------------

# behind_nat NAME FAR ROUTER MACHINE OUTSIDE IP ERROR ERRORS: the router has something against a packet to m1
behind_nat() {
	local name=$1 far=$2 router=$3 machine=$4 outside=$5 port l2
	l2='Ether(src="02:00:00:00:01:fe",dst="02:00:00:00:02:01")'
	send_frame m1 eth0 "$l2/$6(src='$machine',dst='$far')/UDP(sport=2100,dport=4321)"
	wait_until 5 matches "udp_dst=4321" w instance show >/dev/null
	port=$(w -j instance show | jq -r --arg m "$machine" '.[] | select(.fields.udp_dst == 4321 and
		(.fields.ip_src // .fields.ipv6_src) == $m) | .vars.port')
	capture out eth0 "$TMP/behind.pcap" 'icmp or (icmp6 and ip6[40] == 1)'
	send_frame m1 eth0 "$l2/$6(src='$router',dst='$far')/$7/$6(src='$far',dst='$machine')/UDP(sport=4321,dport=2100)/'12345678'" \
		"$l2/$6(src='$router',dst='$far')/$7/$6(src='$far',dst='$machine')/UDP(sport=4322,dport=2100)/'unknown'"
	wait_until 5 matches unreachable tcpdump -n -r "$TMP/behind.pcap" >/dev/null
	capture_stop "$TMP/behind.pcap"
	like "$(tcpdump -n -vv -r "$TMP/behind.pcap" 2>&1)" "$outside > $far: .*unreachable.*" "$name: a router's error comes from outside address"
	like "$(tcpdump -n -vv -r "$TMP/behind.pcap" 2>&1 | tr -d '\n')" "$far.4321 > $outside.$port|$outside udp port $port" "$name: about the packet as it was outside"
	unlike "$(tcpdump -n -vv -r "$TMP/behind.pcap" 2>&1)" 'bad|wrong|incorrect' "$name: checksums"
	unlike "$(tcpdump -n -vv -r "$TMP/behind.pcap" 2>&1)" "$machine|$router" "$name: and nothing of the inside is seen"
}
# what is about nothing known is for the next action; here that forgets it
w flow add table=14,priority=90,ldp=7,icmp,icmp_type=3 actions=drop:user2
w flow add table=14,priority=90,ldp=7,icmp6,icmp_type=1 actions=drop:user2
w flow del table=14,priority=100,ldp=7,ip,ip_src=10.0.1.0/24
w flow add table=14,priority=100,ldp=7,ip,ip_src=10.0.1.1 actions=template:5
w flow del table=14,priority=100,ldp=7,ipv6,ipv6_src=fd01::/64
w flow add table=14,priority=100,ldp=7,ipv6,ipv6_src=fd01::1 actions=template:6
behind_nat IPv4 10.0.3.1 10.0.1.254 10.0.1.1 11.0.1.1 IP 'ICMP(type=3,code=1)'
behind_nat IPv6 fd03::1 fd01::fe fd01::1 fd0b::1 IPv6 'ICMPv6DestUnreach(code=4)'

# errors about nothing that is known, or that nobody can tell what they are about
E='Ether(src="02:00:00:00:02:01",dst="02:00:00:00:ff:ff")'
U='/IP(src="10.0.3.1",dst="11.0.1.1")/ICMP(type=3,code=3)'
U6='/IPv6(src="fd03::1",dst="fd0b::1")/ICMPv6DestUnreach(code=4)'
send_frame out eth0 \
	"$E$U/IP(src='11.0.1.1',dst='10.0.3.1')/UDP(sport=1999,dport=9)" \
	"$E$U" "$E$U/IP(src='11.0.1.1',dst='10.0.3.1',proto=17)" \
	"$E$U/IP(src='11.0.1.1',dst='10.0.3.1')/ICMP(type=3)/IP()" \
	"$E$U6/IPv6(src='fd0b::1',dst='fd03::1')/UDP(sport=1999,dport=9)" \
	"$E$U6" "$E$U6/IPv6(src='fd0b::1',dst='fd03::1',nh=17)" || fail 'send'
ok 'those are dropped by the next action' wait_until 5 matches '^7$' dropped
ok 'and the machine still reaches the outside' in_ns m1 ping -c 1 -W 2 10.0.3.1
done_testing
