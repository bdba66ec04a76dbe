#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 120
# STT devices, routes, namespaces and the module go while frames of 64 KiB are on their way.
#
#   h1: stt0 10.0.0.1 ── u1 192.0.2.1 ══ [ r: w1 br0 w2 ] ══ u2 192.0.2.2 ── stt0 10.0.0.2 :h2
#                                                               box: another namespace
. "$(dirname "$0")/lib.sh"
weft_load -m weft_stt
modprobe -aq sch_ingress cls_matchall act_tunnel_key sch_netem
ns_add h1 h2 r box
ip -n r link add br0 up type bridge
gone() { ! ip -n "$1" link show "$2" >/dev/null 2>&1; }
device() {
	ip -n "h$1" link add stt0 type stt external remotes 192.0.2.$((3 - $1))
	batch "h$1" <<-END
		addr add 10.0.0.$1/24 dev stt0
		link set stt0 up mtu 40000
	END
	tc -n "h$1" qdisc replace dev stt0 clsact
	tc -n "h$1" filter replace dev stt0 egress pref 1 handle 1 matchall action tunnel_key set \
		src_ip "192.0.2.$1" dst_ip 192.0.2.$((3 - $1)) id 7 pass
	# the other end still knows the address of the one before
	ip -n "h$((3 - $1))" neigh flush dev stt0 2>/dev/null
}
pings() { in_ns h1 ping -q -c 2 -i 0.1 -W 2 -s 30000 10.0.0.2; }
wires() {
	ip -n r link del w1 2>/dev/null
	ip -n r link del w2 2>/dev/null
	veth h1:u1,192.0.2.1/24 r:w1
	veth h2:u2,192.0.2.2/24 r:w2
	ip -n r link set w1 master br0
	ip -n r link set w2 master br0
}
# traffic: TCP, and large pings whose segments come in any order, so that some always wait
traffic() {
	in_ns h1 ethtool -K u1 tso off gso off >/dev/null 2>&1
	tc -n r qdisc replace dev w2 root netem limit 5000 delay 1ms 1ms loss 0.5% 2>/dev/null
	ip netns exec h1 ping -q -f -s 30000 10.0.0.2 >/dev/null 2>&1 &
	flood=$!
	ip netns exec h2 iperf3 -s -1 >/dev/null 2>&1 &
	server=$!
	wait_until 5 matches 5201 in_ns h2 ss -Htln >/dev/null
	timeout 60 ip netns exec h1 iperf3 -c 10.0.0.2 -t 60 >/dev/null 2>&1 &
	client=$!
	wait_until 5 moving >/dev/null
}
moving() { [ "$(cat_stat h2 rx_packets)" -gt "${seen:-50}" ]; }
cat_stat() { in_ns "$1" cat /sys/class/net/stt0/statistics/"$2" 2>/dev/null || echo 0; }
quiet() {
	kill $flood $server $client 2>/dev/null
	wait $flood $server $client 2>/dev/null
	tc -n r qdisc del dev w2 root 2>/dev/null
}
wires
device 1
device 2
ok 'frames pass' wait_until 10 pings

traffic
for _ in 1 2 3; do
	ip -n h2 link set stt0 down
	ip -n h2 link set stt0 up
	ip -n h1 link set stt0 down
	ip -n h1 link set stt0 up
done
quiet
ok 'devices go down and up under traffic' wait_until 10 pings

traffic
for i in 1 2 3; do
	ip -n h1 link set stt0 type stt remotes 192.0.2.$((i + 10))
	ip -n h1 link set stt0 type stt remotes 192.0.2.2
	ip -n h1 link set stt0 mtu $((1000 * i))
done
ip -n h1 link set stt0 mtu 40000
quiet
ok 'remotes and MTU change under traffic' wait_until 10 pings

traffic
for _ in 1 2 3; do
	ip -n h1 route replace 192.0.2.2 dev u1 mtu 600
	ip -n h1 route replace unreachable 192.0.2.2
	ip -n h1 route del 192.0.2.2
done
quiet
ok 'routes go under traffic' wait_until 10 pings

traffic
ip -n h1 link set stt0 netns box
ok 'a device moves into another namespace' ip -n box link show stt0
batch box <<-END
	addr add 10.0.0.1/24 dev stt0
	link set stt0 up
END
tc -n box qdisc replace dev stt0 clsact
tc -n box filter replace dev stt0 egress pref 1 handle 1 matchall action tunnel_key set \
	src_ip 192.0.2.1 dst_ip 192.0.2.2 id 7 pass
quiet
ok '… and still sends by the first' in_ns box ping -q -c 2 -i 0.1 -W 2 -s 30000 10.0.0.2
ok 'whose port it keeps' matches 'in use' ip -n h1 link add stt0 type stt
ip -n box link del stt0
device 1
ok 'until it goes' wait_until 10 pings

traffic
ip -n h2 link del stt0
quiet
device 2
ok 'a device is deleted under traffic' wait_until 10 pings

traffic
ip -n h1 link del u1
quiet
wires
ok 'the wire is deleted under traffic' wait_until 10 pings

ip -n h1 link set stt0 netns box
ip netns del box
ns_add box
device 1
ok 'the namespace goes in which the device is' wait_until 10 pings
ip -n h1 link set stt0 netns box
ip netns del h1
ok 'the namespace of its outer packets goes, and the device with it' wait_until 10 gone box stt0
ns_add h1
wires
device 1
ok 'and all can be made again' wait_until 10 pings

traffic
ip netns del h2
quiet
ns_add h2
wires
device 2
ok 'a namespace goes under traffic' wait_until 10 pings

traffic
ok 'the module is unloaded under traffic' weft_unload
quiet
ok 'and no device is left' gone h1 stt0
weft_load -m weft_stt
device 1
device 2
ok 'and loaded again' wait_until 10 pings
done_testing
