#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 90
# STT ports: context and mark travel between datapaths, and only remotes of the port are heard.
#
#   m1 ── p1 [ h1: weft0 ] stt0 ── u1 192.0.2.1, fd00:2::1 ══ u2 192.0.2.2, fd00:2::2 ── stt0 [ h2: weft0 ] p2 ── m2
. "$(dirname "$0")/lib.sh"
weft_load
weft_load -m weft_stt
ns_add h1 h2 m1 m2
veth h1:u1,192.0.2.1/24,fd00:2::1/64 h2:u2,192.0.2.2/24,fd00:2::2/64
for h in 1 2; do
	veth h$h:p$h m$h:eth0,02:00:00:00:00:0$h,10.0.0.$h/24
	ip -n h$h link add stt0 type stt external
	ip -n h$h link set stt0 up mtu 1500
	weft -n h$h dp add weft0 >/dev/null
	weft -n h$h port add p$h id 1 >/dev/null
done
remotes() { ip -n "$1" -j -d link show stt0 | jq -c '.[0].linkinfo.info_data.remotes'; }
w1() { weft -n h1 "$@"; }
w2() { weft -n h2 "$@"; }
pings() { in_ns m1 ping -q -c "${1:-3}" -i 0.1 -W 1 -s "${2:-56}" 10.0.0.2; }
# ways REMOTE-OF-H1 REMOTE-OF-H2: what m1 sends has context and mark, which h2 asks for
ways() {
	w1 flow replace - >/dev/null <<-END
		table=0, in_port=p1 actions=load:ldp=0xabcdef, load:lin=0x7ffe, load:lout=0x8001, load:stage=9, load:mark=5, tunnel:$1
		table=0, in_port=stt0, ldp=7, lin=0, lout=3, stage=0, mark=0 actions=output:p1
	END
	w2 flow replace - >/dev/null <<-END
		table=0, in_port=stt0, ldp=0xabcdef, lin=0x7ffe, lout=0x8001, stage=9, mark=5 actions=output:p2
		table=0, in_port=p2 actions=load:ldp=7, load:lout=3, tunnel:$2
	END
}

# ---- the port ----------------------------------------------------------------------------------
out=$(w1 port add stt0 2>&1)
like "$out" 'makes a port of its own type' 'an STT device is no plain port'
out=$(w1 port add stt0 type geneve 2>&1)
like "$out" 'not a Geneve device' 'nor a Geneve one'
out=$(w1 port add u1 type stt 2>&1)
like "$out" 'not an STT device' 'and another device is no STT one'
out=$(w1 port add stt0 type stt opt 0=0x104:1:4 2>&1)
like "$out" 'only a Geneve port has this' 'it has no options'
out=$(w1 port add stt0 type stt class vif 2>&1)
like "$out" 'a tunnel port is of class fabric' 'and is of class fabric'
ok 'it is added' w1 port add stt0 id 2 type stt remote 192.0.2.2 remote fd00:2::2
like "$(w1 port show stt0)" 'type stt class fabric' 'and shown'
is "$(remotes h1)" '["192.0.2.2","fd00:2::2"]' 'its remotes are those of the device'
w2 port add stt0 id 2 type stt remote 192.0.2.1 remote fd00:2::1 >/dev/null

# ---- what is carried ---------------------------------------------------------------------------
ways 192.0.2.2 192.0.2.1
ok 'context and mark arrive' pings
ok '… with large frames' pings 3 20000
ways fd00:2::2 fd00:2::1
ok '… over IPv6' pings
ways 192.0.2.2 192.0.2.1
in_ns m2 iperf3 -s -D -1 >/dev/null
wait_until 5 matches 5201 in_ns m2 ss -Htln >/dev/null
ok 'TCP streams between the machines' timeout 60 ip netns exec m1 iperf3 -c 10.0.0.2 -n "$(scaled 100)M"

loads='load:ldp=0xabcdef, load:lin=0x7ffe, load:lout=0x8001, load:stage=9, load:mark=13'
w1 flow add "table=0, priority=40000, in_port=p1, icmp actions= $loads, tunnel:192.0.2.2" >/dev/null
ok 'a bit of the mark that the header has no room for stays behind' pings 1
w1 flow del 'table=0, priority=40000, in_port=p1, icmp' >/dev/null
ok 'others are' pings

# ---- who is heard ------------------------------------------------------------------------------
w2 port set stt0 remote 192.0.2.9 >/dev/null
is "$(remotes h2)" '["192.0.2.9"]' 'a port that gets other remotes tells the device'
not_ok 'a host that is no remote any more is not heard' pings 1
ok '… which the device counts' matches 'rx_refused: [1-9]' in_ns h2 ethtool -S stt0
# the device may be told otherwise; the port still asks
ip -n h2 link set stt0 type stt remotes 192.0.2.1
not_ok 'not even when the device would let it in' pings 1
like "$(w2 stats drops)" 'tunnel_remote [1-9]' '… which the port counts'
w2 port set stt0 remote 192.0.2.1 >/dev/null
ok 'a remote again' pings
w2 port del stt0 >/dev/null
is "$(remotes h2)" '[]' 'without the port the device hears nobody'
w2 port add stt0 id 2 type stt remote 192.0.2.1 >/dev/null
ok 'the port is back' pings

# ---- end ---------------------------------------------------------------------------------------
ip netns exec m1 ping -q -f -s 1000 10.0.0.2 >/dev/null 2>&1 &
flood=$!
ip -n h2 link del stt0
unseen() { ! w2 port show 2>&1 | grep -q stt0; }
ok 'a device that is deleted takes the port away' wait_until 5 unseen
ok 'both modules are unloaded under traffic' weft_unload
kill $flood 2>/dev/null
done_testing
