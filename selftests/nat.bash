# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# nat.bash - NAT by weftd's rules, for natd*.sh; sourced behind lib.sh.
#
#   m1 10.0.1.1, m2 10.0.1.2 ── [ sw: weftd, weft0 ] ── out 10.0.2.1
#
# Table 0 says who it is, 11 undoes NAT, 14 does it, 15 delivers.

# nat_set_up: machines, and the neighbours that they need
nat_set_up() {
	weft_load
	ns_add sw m1 m2 out
	veth sw:p1 m1:eth0,02:00:00:00:01:01,10.0.1.1/24,fd00:1::1/64
	veth sw:p2 m2:eth0,02:00:00:00:01:02,10.0.1.2/24,fd00:1::2/64
	veth sw:p3 out:eth0,02:00:00:00:02:01,10.0.2.1/24,fd00:2::1/64
	for n in m1 m2; do
		ip -n $n route add 10.0.2.0/24 dev eth0
		ip -n $n route add 11.0.0.0/8 dev eth0
		ip -n $n -6 route add fd00:2::/64 dev eth0
		ip -n $n neigh add 10.0.2.1 lladdr 02:00:00:00:02:01 dev eth0
		ip -n $n neigh add fd00:2::1 lladdr 02:00:00:00:02:01 dev eth0
	done
	ip -n out route add 11.0.0.0/8 dev eth0
	ip -n out -6 route add fd00:11::/64 dev eth0
	for a in 11.0.1.1 11.0.1.2 11.0.9.9 11.0.5.5 11.0.6.1 11.0.6.2; do
		ip -n out neigh add $a lladdr 02:00:00:00:ff:ff dev eth0
	done
	ip -n out neigh add fd00:11::1 lladdr 02:00:00:00:ff:ff dev eth0
}

w() { weft -n sw "$@"; }
# libweft's words, and the numbers that weftd chose
instances() { w -j instance show "$@" | jq length; }
template_id() { w -j template show | jq -r --arg n "$1" '.[] | select(.name == $n) | .id'; }

# config MODE RANGE MORE-RULES MORE-FLOWS: a slice with snat of m1 and m2
config() {
	cat <<-END
		{ "version": 1, "datapath": "weft0",
		  "ports": [ { "name": "p1", "device": "p1" }, { "name": "p2", "device": "p2" },
		             { "name": "p3", "device": "p3" } ],
		  "tables": [ { "id": 11, "name": "unnat", "miss": "goto:15" },
		              { "id": 14, "name": "nat", "miss": "goto:15" }, { "id": 15, "name": "deliver" } ],
		  "nat": {
		    "pools": [ { "name": "public", "ranges": ["$2"] },
		               { "name": "public6", "ranges": ["[fd00:11::1]:2000-2999"] } ],
		    "slices": [ {
		      "id": 9, "long_id": "00112233-4455-6677-8899-aabbccddeeff", "form": "middlebox",
		      "tables": { "nat": "nat", "nat_next": "deliver", "unnat": "unnat", "unnat_next": "deliver" },
		      "timeouts": { "new": 2, "replied": 4, "tcp_closing": 3, "fail": 1 },
		      "rules": [
		        { "name": "snat", "kind": "snat", "mode": "$1", "source": "10.0.1.0/24", "pool": "public" },
		        { "name": "snat6", "kind": "snat", "mode": "$1", "source": "fd00:1::/64", "pool": "public6" }
		        ${3:-} ] } ] },
		  "flows": [
		    "in_port=p1 actions=defrag, load:ldp=7, goto:nat", "in_port=p2 actions=defrag, load:ldp=7, goto:nat",
		    "in_port=p3 actions=defrag, load:ldp=7, goto:unnat",
		    "table=nat, priority=100, ldp=7, ip, ip_src=10.0.1.0/24, ip_dst=10.0.2.0/24 actions=template:snat",
		    "table=nat, priority=100, ldp=7, ipv6, ipv6_src=fd00:1::/64, ipv6_dst=fd00:2::/64 actions=template:snat6",
		    "table=deliver, ip, ip_dst=10.0.2.1 actions=set:eth_dst=02:00:00:00:02:01, output:p3",
		    "table=deliver, ip, ip_dst=10.0.1.1 actions=set:eth_dst=02:00:00:00:01:01, output:p1",
		    "table=deliver, ip, ip_dst=10.0.1.2 actions=set:eth_dst=02:00:00:00:01:02, output:p2",
		    "table=deliver, ipv6, ipv6_dst=fd00:2::1 actions=set:eth_dst=02:00:00:00:02:01, output:p3",
		    "table=deliver, ipv6, ipv6_dst=fd00:1::1 actions=set:eth_dst=02:00:00:00:01:01, output:p1",
		    "table=deliver, ipv6, ipv6_dst=fd00:1::2 actions=set:eth_dst=02:00:00:00:01:02, output:p2"
		    ${4:-} ] }
	END
}

weftd_pid=''
start() {
	weftd --netns sw --no-modprobe --log-level debug "$TMP/sw.json" >/dev/null 2>>"$TMP/sw.log" &
	weftd_pid=$!
}
ctl() { weftd --netns sw --ctl "$1" --ctl-socket /run/weft/weftd-sw-weft0.sock; }
state() { ctl status | jq -r .state; }
reload() { ctl reload >/dev/null; }
natd() { weft-natd --netns sw --ctl "$1"; }
natd_pid() { natd status 2>/dev/null | jq .pid; }
natd_ready() { [ "$(natd status 2>/dev/null | jq .service.registered)" = true ]; }
# pairs that two instances of one protocol have
doubled() {
	w -j instance show | jq -r '.[] | select(.vars.port) |
		"\(.fields.ip_proto // "echo") \(.vars.ip) \(.vars.port)"' | sort | uniq -d
}
