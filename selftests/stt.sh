#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 240
# STT devices: how they are made, what they own, and what they carry over good and bad networks.
#
#   h1: stt0 10.0.0.1 ── u1 192.0.2.1, fd00:2::1 ══ [ r: w1 br0 w2 ] ══ u2 192.0.2.2, fd00:2::2 ── stt0 10.0.0.2 :h2
#                                                (tc gives the tunnel metadata)
. "$(dirname "$0")/lib.sh"
weft_load -m weft_stt
modprobe -aq sch_ingress cls_matchall cls_flower act_tunnel_key act_gact sch_netem
ns_add h1 h2 r
count() { in_ns "$1" ethtool -S stt0 | awk -v n="$2:" '$1 == n { print $2 }'; }
counted() { [ "$(count "$1" "$2")" -gt "${3:-0}" ]; }
mtu() { ip -n "$1" -j link show stt0 | jq '.[0].mtu'; }
# send NS FAMILY ID: let all that leaves stt0 go to the other host
send() {
	local to=2 net=192.0.2.
	[ "$1" = h1 ] || to=1
	[ "$2" = 4 ] || net=fd00:2::
	tc -n "$1" qdisc del dev stt0 clsact 2>/dev/null
	tc -n "$1" qdisc add dev stt0 clsact
	tc -n "$1" filter add dev stt0 egress pref 1 handle 1 matchall action tunnel_key set \
		src_ip $net$((3 - to)) dst_ip $net$to id "$3" pass
}
pings() { in_ns h1 ping -q -c "${2:-3}" -i 0.05 -W 2 -s "${1:-56}" 10.0.0.2; }
stream() {
	in_ns h2 iperf3 -s -D -1 -I "$TMP/iperf3.pid" >/dev/null
	wait_until 5 matches 5201 in_ns h2 ss -Htln >/dev/null
	timeout 60 ip netns exec h1 iperf3 -c 10.0.0.2 -n "$(scaled "${1:-50}")M" "${@:2}"
}

# ---- making ------------------------------------------------------------------------------------
veth h1:u1,192.0.2.1/24,fd00:2::1/64 r:w1
veth h2:u2,192.0.2.2/24,fd00:2::2/64 r:w2
batch r <<-END
	link add br0 up type bridge
	link set w1 master br0 mtu 9000
	link set w2 master br0 mtu 9000
END
ok 'ip link knows the type' ip -n h1 link add stt0 type stt external
is "$(ip -n h1 -j -d link show stt0 | jq -c '.[0].linkinfo')" \
	'{"info_kind":"stt","info_data":{"external":true,"port":7471,"remotes":[]}}' \
	'the device is external, has port 7471 and accepts nothing'
ip -n h1 link del stt0
ok 'so does an ip that was not taught, without options' \
	env IP_LIB_DIR=/nowhere ip -n h1 link add stt0 type stt
ip -n h1 link set stt0 mtu 1500
ip -n h1 link set stt0 type stt remotes 192.0.2.2
is "$(mtu h1)" 1500 'an MTU that is set before there are remotes stays'
out=$(ip -n h1 link add stt1 type stt 2>&1)
like "$out" 'the TCP port is in use' 'a port has one device'
ok 'another port has another' ip -n h1 link add stt1 type stt dstport 7472
like "$(ip -n h1 -d link show stt1)" 'stt external dstport 7472 remotes none' 'and is shown'
out=$(ip -n h1 link set stt1 type stt dstport 7473 2>&1)
like "$out" 'cannot be changed' 'a port is for good'
out=$(ip -n h1 link set stt1 type stt remotes 224.0.0.1 2>&1)
like "$out" 'not the address of a tunnel endpoint' 'a group is no remote'
out=$(ip -n h1 link set stt1 type stt remotes ::ffff:192.0.2.7 2>&1)
like "$out" 'not the address of a tunnel endpoint' 'nor is a mapped address'
out=$(ip -n h1 link set stt1 type stt remotes 192.0.2.7,fd00::1,192.0.2.7 2>&1)
like "$out" 'in the list twice' 'nor one that is there twice'
ip -n h1 link set stt1 type stt remotes fd00:2::9,192.0.2.7
like "$(ip -n h1 -d link show stt1)" 'remotes 192.0.2.7,fd00:2::9 ' 'remotes are replaced'
ip -n h1 link set stt1 type stt remotes none
like "$(ip -n h1 -d link show stt1)" 'remotes none' '… by none'
ip -n h1 link del stt1

# ---- the port ----------------------------------------------------------------------------------
listen() { timeout 10 ip netns exec "$1" socat -u "TCP$2-LISTEN:7471,reuseaddr${3:-}" STDOUT; }
out=$(listen h1 4 2>&1)
like "$out" 'Address already in use' 'no process can have the port'
out=$(listen h1 6 ,ipv6only=1 2>&1)
like "$out" 'Address already in use' '… of IPv6 either'
is "$(in_ns h1 ss -Htln | wc -l)" 0 'and nobody listens there'
ip -n h1 link del stt0
ip netns exec h1 socat -u TCP4-LISTEN:7471,bind=192.0.2.1 STDOUT &
listener=$!
wait_until 5 matches 7471 in_ns h1 ss -Htln >/dev/null
out=$(ip -n h1 link add stt0 type stt 2>&1)
like "$out" 'the TCP port is in use' 'a port that a process has is refused'
kill $listener
wait $listener 2>/dev/null
ok 'when the process is gone it is free' wait_until 5 ip -n h1 link add stt0 type stt
ip -n h1 link del stt0

# ---- both families -----------------------------------------------------------------------------
for h in 1 2; do
	ip -n h$h link add stt0 type stt external remotes 192.0.2.$((3 - h)),fd00:2::$((3 - h))
	batch h$h <<-END
		addr add 10.0.0.$h/24 dev stt0
		link set stt0 up
	END
	send h$h 4 7
done
ok 'pings over IPv4' pings
ok 'large ones too' pings 20000
ok 'TCP streams' stream
is "$(count h1 tx_too_long) $(count h2 rx_header) $(count h2 rx_checksum)" '0 0 0' 'nothing was refused'
send h1 6 7
ok 'one way over IPv6' pings 20000
send h2 6 7
ok 'pings over IPv6' pings 20000
ok 'TCP streams over IPv6' stream
send h1 4 7
send h2 4 7

# ---- MTU ---------------------------------------------------------------------------------------
is "$(mtu h1)" 1408 'the MTU is what fits into one segment to each remote'
ip -n h1 link set stt0 type stt remotes 192.0.2.2
is "$(mtu h1)" 1428 '… and follows the remotes'
ip -n h1 link set u1 mtu 9000
is "$(mtu h1)" 8928 '… and the device below'
ok 'it can be set' ip -n h1 link set stt0 mtu 1500
ip -n h1 link set u1 mtu 1600
is "$(mtu h1)" 1500 '… and then stays'
ip -n h1 link set u1 mtu 1500
for h in h1 h2; do ip -n $h link set stt0 mtu 65439; done
is "$(mtu h1)" 65439 'up to almost 64 KiB'
not_ok 'but not beyond' ip -n h1 link set stt0 mtu 65440
ok 'frames of almost 64 KiB pass' pings 65411
is "$(count h1 tx_too_long)" 0 'none was too long'
for h in h1 h2; do ip -n $h link set stt0 mtu 9000; done
ok 'TCP streams at 9000' stream

# ---- what the device below does not do ---------------------------------------------------------
for off in 'tso off gso off' 'tx off' 'gro on' 'tx off sg off' ; do
	for h in 1 2; do
		# shellcheck disable=SC2086
		in_ns h$h ethtool -K u$h $off >/dev/null 2>&1
	done
	ok "large pings with $off" pings 60000
	ok "TCP streams with $off" stream 20
done
ok 'segments were put together' counted h2 reassembled
for h in 1 2; do in_ns h$h ethtool -K u$h tso off gso off tx on sg on gro off >/dev/null 2>&1; done
capture h2 u2 "$TMP/mtu.pcap" tcp port 7471
capture h2 stt0 "$TMP/inner.pcap" -c 2000
pings 30000 >/dev/null
stream 5 >/dev/null
capture_stop "$TMP/mtu.pcap"
capture_stop "$TMP/inner.pcap"
is "$(frames "$TMP/mtu.pcap" greater 1515)" 0 'no segment is longer than the route allows'
ok '… many are as long' [ "$(frames "$TMP/mtu.pcap" greater 1514)" -gt 20 ]
ok 'TCP of the receiver gets what can be cut' \
	[ "$(frames "$TMP/inner.pcap" tcp and greater 20000)" -gt 0 ]
for h in 1 2; do in_ns h$h ethtool -K u$h tso on gso on >/dev/null 2>&1; done

# ---- bad networks ------------------------------------------------------------------------------
# what happens between the hosts, to segments: the sender's device has cut the frames
netem() {
	in_ns h1 ethtool -K u1 tso off gso off >/dev/null
	tc -n r qdisc replace dev w2 root netem limit 20000 "$@"
}
if netem delay 2ms 2ms; then
	ok 'pings of 30000 bytes, reordered' in_ns h1 ping -q -c 40 -i 0.02 -s 30000 -W 5 10.0.0.2
	is "$(count h2 reassembly_evicted)" 0 'nothing had to go'
	netem duplicate 40% delay 1ms 1ms
	before=$(count h2 reassembly_duplicate) given_up=$(count h2 reassembly_timeout)
	out=$(in_ns h1 ping -c 40 -i 0.02 -s 30000 -W 5 10.0.0.2 2>&1)
	like "$out" ' 40 received' 'duplicated and reordered'
	unlike "$out" 'DUP!' 'none comes twice'
	ok 'duplicates are counted' counted h2 reassembly_duplicate "$before"
	is "$(count h2 reassembly_timeout)" "$given_up" 'and leave nothing behind'
	netem loss 2%
	in_ns h1 ping -q -c 60 -i 0.02 -s 30000 -W 1 10.0.0.2 >"$TMP/loss"
	ok 'frames that lost a segment are given up' wait_until 5 counted h2 reassembly_timeout \
		"$given_up"
	ok 'TCP streams all the same' stream 2
	netem loss 0.2% duplicate 1% delay 1ms 1ms
	ok 'and with everything at once' stream 2 -P 4
	tc -n r qdisc del dev w2 root
	in_ns h1 ethtool -K u1 tso on gso on >/dev/null
else
	skip 'a bad network' 'no netem'
fi
ok 'afterwards all is well' pings 20000 20

# ---- VLAN --------------------------------------------------------------------------------------
for h in 1 2; do
	ip -n h$h link add v5 link stt0 type vlan id 5 egress-qos-map 0:3
	batch h$h <<-END
		addr add 10.0.5.$h/24 dev v5
		link set v5 up
	END
done
capture h2 u2 "$TMP/vlan.pcap" tcp port 7471
ok 'a tagged frame passes' in_ns h1 ping -q -c 2 -i 0.1 -W 2 10.0.5.2
capture_stop "$TMP/vlan.pcap"
like "$(tshark -r "$TMP/vlan.pcap" -o ip.try_heuristic_first:TRUE --enable-heuristic stt_ip \
	-T fields -e stt.vlan.v -e stt.vlan.id -e stt.vlan.pcp 2>/dev/null)" \
	'^1\s5\s3$' 'its tag is in the STT header'

# ---- firewalls ---------------------------------------------------------------------------------
if in_ns h2 nft add table inet f && in_ns h2 nft -f - <<-END
	table inet f {
		chain in {
			type filter hook input priority 0;
			tcp dport 7471 ct state invalid counter drop
			tcp dport 7471 ct state new counter drop
			tcp dport 7471 ct state untracked counter accept
		}
		chain out {
			type filter hook output priority 0;
			tcp dport 7471 ct state invalid counter drop
			tcp dport 7471 ct state new counter drop
		}
	}
END
then
	ok 'a connection tracker does not mind' pings 20000
	ok '… as it does not see them' matches 'untracked counter packets [1-9]' \
		in_ns h2 nft list table inet f
	in_ns h2 nft insert rule inet f in tcp dport 7471 drop
	not_ok 'input rules are obeyed' pings 56 1
	in_ns h2 nft delete table inet f
else
	skip 'firewall' 'no nftables'
fi

# ---- not sent ----------------------------------------------------------------------------------
before=$(count h1 tx_no_metadata)
tc -n h1 qdisc del dev stt0 clsact
not_ok 'without metadata nothing is sent' pings 56 1
ok '… which is counted' counted h1 tx_no_metadata "$before"
send h1 4 7
ip -n h1 route add blackhole 192.0.2.2
not_ok 'without a route nothing is sent' pings 56 1
ok '… which is counted' counted h1 tx_no_route
ip -n h1 route replace 192.0.2.2 dev stt0
not_ok 'through itself nothing is sent' pings 56 1
ok '… which is counted' counted h1 tx_loop
ip -n h1 route del 192.0.2.2 dev stt0
ok 'then all is well again' pings

# ---- not received ------------------------------------------------------------------------------
received() { ip -n h2 -s -j link show stt0 | jq '.[0].stats64.rx.packets'; }
before=$(received)
ip -n h2 addr del 192.0.2.2/24 dev u2
not_ok 'an address that is gone hears nothing' pings 56 2
is "$(received)" "$before" '… though a moment ago it did'
ip -n h2 addr add 192.0.2.2/24 dev u2
ok 'it is back' pings
done_testing
