#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# Fragments through source NAT: put together, translated, and cut again; IPv4 and IPv6, values
# from pools in the kernel and from a daemon.
#
#   red 10.0.1.1, fd01::1  q1 ── p1 ┐           ┌ p3 ── q3  10.0.2.1, fd02::1  outside of red
#   red 10.0.1.2, fd01::2  q2 ── p2 ┤ [ weft0 ] │
#   blue 10.0.1.1, fd01::1 q4 ── p4 ┘           └ p5 ── q5  10.0.2.1, fd02::1  outside of blue
#
# The ends are raw sockets in ns "ends"; then ns m1 and out have stacks, on p6 and p7.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw ends m1 out
for n in sw ends; do in_ns $n sysctl -qw net.ipv6.conf.{all,default}.disable_ipv6=1; done
for i in 1 2 3 4 5; do veth "sw:p$i" "ends:q$i"; done
veth sw:p6 m1:eth0,02:00:00:00:01:06,10.0.1.6/24,fd01::6/64
veth sw:p7 out:eth0,02:00:00:00:02:07,10.0.3.1/24,fd03::1/64
w() { weft -n sw "$@"; }

# snat NUMBER FAMILY PREFIX ICMP REQUEST REPLY VALUES
snat() {
	cat <<-END
		template $1 $7 track=state
		  forward: when=$2|tcp|udp, table=14, ldp=\$ldp, \$proto, $3_src=\$$3_src, $3_dst=\$$3_dst, \$sport, \$dport actions= set:$3_src=@ip, set:l4_src=@port, goto:15
		  reverse: when=$2|tcp|udp, reply, table=11, ldp=\$ldp, \$proto, $3_src=\$$3_dst, $3_dst=@ip, l4_src=\$l4_dst, l4_dst=@port actions= set:$3_dst=\$$3_src, set:l4_dst=\$l4_src, goto:15
		  ping: when=$2|echo, table=14, ldp=\$ldp, $4, icmp_type=$5, $3_src=\$$3_src, $3_dst=\$$3_dst, icmp_id=\$icmp_id actions= set:$3_src=@ip, set:icmp_id=@port, goto:15
		  pong: when=$2|echo, reply, table=11, ldp=\$ldp, $4, icmp_type=$6, $3_src=\$$3_dst, $3_dst=@ip, icmp_id=@port actions= set:$3_dst=\$$3_src, set:icmp_id=\$icmp_id, goto:15
	END
}

# tenant LDP MACHINE1 MACHINE2 OUTSIDE
tenant() {
	local p
	for p in $(printf '%s\n' "${@:2}" | sort -u); do echo "in_port=p$p actions= load:ldp=$1, goto:1"; done
	cat <<-END
		table=14, priority=100, ldp=$1, ip, ip_src=10.0.1.0/24 actions= template:$((10 * $1 + 4))
		table=14, priority=100, ldp=$1, ipv6, ipv6_src=fd01::/64 actions= template:$((10 * $1 + 6))
		table=15, ldp=$1, ip, ip_dst=10.0.1.1 actions= set:eth_dst=02:00:00:00:01:01, output:p$2
		table=15, ldp=$1, ipv6, ipv6_dst=fd01::1 actions= set:eth_dst=02:00:00:00:01:01, output:p$2
		table=15, ldp=$1, ip, ip_dst=10.0.1.2 actions= set:eth_dst=02:00:00:00:01:02, output:p$3
		table=15, ldp=$1, ipv6, ipv6_dst=fd01::2 actions= set:eth_dst=02:00:00:00:01:02, output:p$3
		table=15, ldp=$1, ip, ip_dst=10.0.1.6 actions= set:eth_dst=02:00:00:00:01:06, output:p6
		table=15, ldp=$1, ipv6, ipv6_dst=fd01::6 actions= set:eth_dst=02:00:00:00:01:06, output:p6
		table=15, ldp=$1, ip, ip_dst=10.0.3.1 actions= set:eth_dst=02:00:00:00:02:07, output:p7
		table=15, ldp=$1, ipv6, ipv6_dst=fd03::1 actions= set:eth_dst=02:00:00:00:02:07, output:p7
		table=15, ldp=$1, priority=0, ip actions= dec_ttl, set:eth_dst=02:00:00:00:02:01, output:p$4
		table=15, ldp=$1, priority=0, ipv6 actions= dec_ttl, set:eth_dst=02:00:00:00:02:01, output:p$4
	END
}

set_up() {
	local i ldp values
	w dp add weft0 >/dev/null
	for i in 1 2 3 4 5 6 7; do w port add p$i id $i >/dev/null || bail 'no port'; done
	for ldp in 7 8; do
		for i in 4 6; do
			values='mode=service service=nat pending_timeout=5'
			if [ "$1" = kernel ]; then
				values=pool=${ldp}${i}
				case $i in
				4) w pool add ${ldp}${i} 11.0.1.1:2000-2999 ;;
				6) w pool add ${ldp}${i} '[fd0b::1]:2000-2999' ;;
				esac || bail 'no pool'
			fi
			case $i in
			4) snat ${ldp}${i} ipv4 ip icmp 8 0 "$values" ;;
			6) snat ${ldp}${i} ipv6 ipv6 icmp6 128 129 "$values" ;;
			esac
		done
	done >"$TMP/templates"
	w template add -f "$TMP/templates" >"$TMP/out" 2>&1 || bail "templates: $(cat "$TMP/out")"
	{
		tenant 7 1 2 3
		tenant 8 4 4 5
		for i in 6 7; do echo "in_port=p$i actions= load:ldp=7, goto:1"; done
		for i in 1 2 4 6; do echo "table=2, in_port=p$i actions= goto:14"; done
		for i in 3 5 7; do echo "table=2, in_port=p$i actions= goto:11"; done
		cat <<-END
			table=1, ip actions= defrag, goto:2
			table=1, ipv6 actions= defrag, goto:2
			table=11, priority=0 actions= drop:no_route
			table=14, priority=0 actions= goto:15
		END
	} >"$TMP/flows"
	w flow load "$TMP/flows" >"$TMP/out" 2>&1 || bail "entries: $(cat "$TMP/out")"
}

# cases MODE: those in Python, whose results become this test's
cases() {
	local line end=''
	shopt -s lastpipe
	# each CPU has a flow cache of its own
	in_ns sw taskset -c 0 /usr/bin/python3 "$LIB_DIR/py/fragment.py" "$1" 2>&1 | while read -r line; do
		case $line in
		'ok '*) pass "${line#ok * - }" ;;
		'not ok '*) fail "${line#not ok * - }" ;;
		1..*) end=1 ;;
		'#'*) echo "$line" ;;
		*) diag "$line" ;;
		esac
	done
	shopt -u lastpipe
	[ -n "$end" ] || fail "$1: the cases came to their end"
}

set_up service
like "$(w flow show table=1)" 'ip +actions= defrag, goto:2' 'shown as it was given'
is "$(w -j flow show table=1 | jq -c '.[0].actions')" '["defrag",{"goto":2}]' 'in JSON, too'
cases service
w dp del weft0

set_up kernel
cases kernel

# ---- stacks at both ends ---------------------------------------------------------------------

batch m1 <<-END
	route add 10.0.3.1 dev eth0
	route add fd03::1 dev eth0
	neigh add 10.0.3.1 lladdr 02:00:00:00:02:07 dev eth0
	neigh add fd03::1 lladdr 02:00:00:00:02:07 dev eth0
END
batch out <<-END
	route add 11.0.1.1 dev eth0
	route add fd0b::1 dev eth0
	neigh add 11.0.1.1 lladdr 02:00:00:00:ff:ff dev eth0
	neigh add fd0b::1 lladdr 02:00:00:00:ff:ff dev eth0
END
head -c 3000 /dev/urandom >"$TMP/datagram"
stacks() { # NAME ADDRESS SOCAT-FAMILY
	ok "$1: a large ping" in_ns m1 ping -q -c 3 -i 0.2 -W 2 -s 4000 "$2"
	ok "$1: the largest" in_ns m1 ping -q -c 1 -W 2 -s 65000 "$2"
	in_ns out socat -b 65536 "UDP$3-LISTEN:82,fork,reuseaddr" PIPE &
	wait_until 5 matches ':82 ' in_ns out ss -lun >/dev/null
	in_ns m1 timeout 10 socat -b 65536 -t 1 - "UDP$3:[$2]:82" <"$TMP/datagram" >"$TMP/echo"
	ok "$1: 3 kB of UDP, there and back" cmp "$TMP/datagram" "$TMP/echo"
	kill $!
}
for n in m1 out; do in_ns $n ping -q -c 1 -W 1 10.0.1.1 >/dev/null; done
stacks IPv4 10.0.3.1 4
stacks IPv6 fd03::1 6

# ---- the end of what holds fragments -----------------------------------------------------------

first() { # what makes a queue and does not complete it
	in_ns ends /usr/bin/python3 "$LIB_DIR/py/fragment.py" begin q1
}
held() { in_ns sw awk '/^FRAG:/ && $3 > 0 { n = 1 } END { exit !n }' /proc/net/sockstat; }
ok 'fragments wait' first
ok 'in the namespace' wait_until 5 held
ok 'a datapath goes while they do' w dp del weft0
set_up kernel
ok 'and comes again' first
ip netns del sw
wait_until 10 matches '^0$' sh -c "ip netns list | grep -c '^sw'" >/dev/null
ok 'so does the namespace, and the module' wait_until 20 weft_unload
done_testing
