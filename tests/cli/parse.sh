#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# weft flow parse: the usual form of entries, and where it says that the error is.
# shellcheck source=tests/cli/tap.bash
. "$(dirname "$0")/tap.bash"

# What is printed can be read again and is printed the same.
good()
{
	local text

	run weft flow parse "$1"
	is "good: $1" "$status$err" 0
	text=$out
	run weft flow parse "$text"
	is "and again: $text" "$status $out" "0 $text"
}

good 'actions=drop'
good 'table=12, priority=100, ldp=7, lin=3, ip, ip_dst=10.0.2.0/24, tcp, tcp_dst=80 actions=set:eth_src=02:00:00:00:00:02, load:lout=5, dec_ttl, goto:20'
good 'table=255,priority=0,actions=output:1'
good 'cookie=0x1234567890abcdef, idle_timeout=30, hard_timeout=1.5 actions=output:lout'
good 'in_port=1, vlan_vid=10, vlan_pcp=3 actions=pop_vlan, output:in_port'
good 'tcp6, ipv6_src=2001:db8::/32, tcp_flags=+syn-ack actions=drop:acl'
good 'arp, arp_op=1, arp_tpa=10.0.0.1 actions=service:arp'
good 'table=3 actions=tunnel(dst=192.0.2.1,id=7,port=2,direct=1)'
good 'nd_ns, nd_target=fe80::1 actions=move:reg0[0..15]->lout, resubmit:3, output:lout'
good 'ip, ip_frag=yes actions=load:ldp=7, defrag, goto:3'
good 'table=11, ldp=7, icmp actions=related:11, related:14, drop:no_route'
good 'ip, ip_frag=later actions=clone(load:reg1=1, output:2), push_vlan, output:3'
good 'tcp, tcp_dst=23 actions=clone(reject:tcp_rst, output:in_port), reject, set:eth_src=02:00:00:00:00:02, goto:20'
good 'ip actions=reject:port, reject:host, reject:net, reject:admin, output:1'
good 'ip actions=reject:ttl, set:ip_src=10.0.0.1, goto:5'
good 'actions=check_ttl:76, check_mtu:1400->77, reject:too_big, output:in_port'
good 'nd_ns, nd_target=fd00::1 actions=advertise:02:00:00:00:00:01/router, output:in_port'
good 'nd_ns actions=clone(advertise:02:00:00:00:00:01, set:nd_tll=02:00:00:00:00:02, output:1), drop'
good 'mark=0x80000000/0x80000000 actions=set:mark=0/0xff, drop:user15'
good 'reg0=0x10/0xf0, reg15=1, stage=15 actions=tunnel:192.0.2.1'
good 'tun_id=7, tun_src=192.0.2.1 actions=tunnel:2001:db8::1'

run weft flow parse table=1, ip actions=drop
first=$out
run weft flow parse 'table=1, ip actions=drop'
is "words need no quotes" "$out" "$first"
run weft flow parse 'table=1 ip actions=drop'
is "blanks part words too" "$out" "$first"
run weft flow parse actions=drop
like "an entry has its defaults" "$status$out" "0*table=0, priority=32768*actions= drop"

# COLUMN WIDTH TEXT: the error is marked there
bad()
{
	local column=$1 width=$2 text=$3 mark

	run weft flow parse "$text"
	is "bad: $text: status" "$status" 2
	like "bad: $text: column" "$err" "weft: entry: column $column: *"
	mark=$(printf '%*s^%s' $((column - 1)) '' "$(printf '%*s' $((width - 1)) '' | tr ' ' '~')")
	is "bad: $text: mark" "$(tail -n 2 <<<"$err")" "  $text
  $mark"
}

bad 1 8 'nonsense=1 actions=drop'
bad 5 6 'ip, ip_dts=10.0.0.1 actions=drop'
bad 7 3 'table=256 actions=drop'
bad 12 8 'ip, ip_dst=10.0.0.x actions=drop'
bad 21 4 'table=1, ip actions=fall'
bad 13 3 'tcp actions=xyz, drop'

run weft flow parse 'tcp_dst=80 actions=drop'
is "a field without its header" "$status" 2
run weft flow parse 'ip, actions=goto:1, drop'
is "goto is the last action" "$status" 2
run weft flow parse 'ip, actions=drop:table_miss'
is "a reason of the datapath's own" "$status" 2
run weft flow parse 'ip, actions=output:nosuchport'
is "a port by name that is not there" "$status" 2
run weft flow parse 'ip, actions=clone(drop'
is "a parenthesis that is not closed" "$status" 2
run weft flow parse $'ip,\tip_dts=1 actions=drop'
is "a tab does not shift the mark" "$(tail -n 1 <<<"$err")" $'     \t^~~~~~'

finish
