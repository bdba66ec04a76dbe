#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 90
# Bad input: each kind has a message of its own, and nothing is changed.
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw
batch sw <<-END
	link add p1 type dummy
	link add p2 type dummy
	link add br0 type bridge
	link add member type dummy
	link set member master br0
	link add gnv0 type geneve external
	link add gnv1 type geneve id 5 remote 192.0.2.9 dstport 7000
END
w() { weft -n sw "$@"; }
w dp add weft0 >/dev/null
w port add p1 id 1 lport 7:1 >/dev/null
w port add gnv0 id 9 type geneve >/dev/null
w flow add 'table=3, priority=5, ip, ip_dst=10.0.0.0/8 actions=output:p1' >/dev/null
w flow add 'table=3, reg0=5 actions=drop' >/dev/null
state() { w dp show; w port show; w flow show; w table show; }
before=$(state)

: >"$TMP/messages"
# refused EXIT REGEX DESC COMMAND...
refused() {
	local rc=$1 re=$2 desc=$3 out
	shift 3
	out=$("$@" 2>&1)
	is $? "$rc" "$desc: exit status"
	like "$out" "$re" "$desc: message"
	head -1 <<<"$out" >>"$TMP/messages"
}
refused 2 "column 10: unknown field 'colour'" 'unknown field' w flow add 'table=3, colour=red actions=drop'
refused 2 "prefix|/33" 'prefix out of range' w flow add 'table=3, ip, ip_dst=10.0.0.0/33 actions=drop'
refused 2 "column .*tcp_dst needs tcp" 'field without its protocol' w flow add 'tcp_dst=80 actions=drop'
refused 2 'column 10: arp_op needs arp' 'filter field without its protocol' w flow del filter 'table=3, arp_op=1'
refused 2 "ldp" 'value too big' w flow add 'ldp=0x1000000 actions=drop'
refused 2 "256" 'missing table' w flow add 'table=256 actions=drop'
refused 2 "256" 'goto a missing table' w flow add 'actions=goto:256'
refused 2 "fly" 'unknown action' w flow add 'actions=fly'
refused 1 "there is an entry with this table, priority and match" 'duplicate entry' \
	w flow add 'table=3, priority=5, ip, ip_dst=10.0.0.0/8 actions=drop'
refused 1 "no entry with this table" 'change of a missing entry' w flow set 'table=4, reg0=1 actions=drop'
refused 1 "no port 77" 'output to a missing port' w flow add 'table=4 actions=output:77'
refused 1 "is a tunnel" 'output to a tunnel' w flow add 'table=4 actions=output:9'
refused 1 "is not a tunnel port" 'tunnel through a plain port' w flow add 'table=4 actions=tunnel(dst=192.0.2.1,port=1)'
refused 2 "id '16777216' is out of range" 'tunnel key of 25 bits' w flow add 'table=4 actions=tunnel:192.0.2.1,16777216'
refused 2 "cannot follow goto" 'an action behind goto' weft -n sw flow add 'table=4 actions=goto:5, drop'
refused 1 "is in a bridge" 'device in a bridge' w port add member
refused 1 "port of this datapath already" 'device that is a port' w port add p1
refused 1 "no such device" 'missing device' w port add nothere
refused 1 "external mode" 'Geneve device that is not external' w port add gnv1 type geneve
refused 1 "not a Geneve device" 'tunnel port on a plain device' w port add p2 type geneve
refused 1 "port 1 is p1" 'port number in use' w port add p2 id 1
refused 1 "ldp 7 lport 1 is at port 1" 'logical port in use' w port add p2 lport 7:1
refused 1 "class fabric" 'class that does not fit' w port add p2 class fabric
refused 1 "datapath with this name" 'datapath that exists' w dp add weft0
refused 1 "no datapath" 'datapath that does not exist' w port add p2 dp other
refused 1 "has 2 entries already" 'limit below what is there' w dp set weft0 max_flows 1
is "$(state)" "$before" 'nothing was changed'
is "$(sort "$TMP/messages" | uniq -d)" '' 'no two of them have the same message'
w dp set weft0 max_flows 2 >/dev/null
refused 1 "limit of 2 entries" 'one entry too many' w flow add 'table=4 actions=drop'
done_testing
