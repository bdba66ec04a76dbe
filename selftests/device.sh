#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 150
# Devices come, go, are renamed and move; datapaths, namespaces and the module go under traffic.
#
#   m1 ── p1 [ sw: weft0 ] p2 ── m2        int0: internal port, moved into "box"
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw m1 m2 box
w() { weft -n sw "$@"; }
unmatched() { ! matches "$@"; }
wires() {
	veth sw:p1 m1:eth0,02:00:00:00:00:01,10.0.0.1/24
	veth sw:p2 m2:eth0,02:00:00:00:00:02,10.0.0.2/24
}
forward() {
	w dp add weft0 >/dev/null
	w port add p1 id 1 >/dev/null
	w port add p2 id 2 >/dev/null
	w flow load - >/dev/null <<-END
		in_port=1 actions=output:2
		in_port=2 actions=output:1
	END
}
flood() { in_ns m1 ping -q -f -s 1000 10.0.0.2 >"$TMP/flood" 2>&1 & }
pings() { in_ns m1 ping -q -c 2 -i 0.2 -W 2 10.0.0.2; }
wires
forward
weft -n sw monitor port --ready >"$TMP/events" 2>&1 &
wait_until 5 grep -q ready "$TMP/events" || bail 'no monitor'
ok 'forwards' pings

batch sw <<-END
	link set p1 down
	link set p1 name renamed
	link set renamed up
END
wait_until 5 matches 'renamed' w port show >/dev/null
like "$(w port show)" '^1: renamed' 'a renamed device is the same port'
ok 'and forwards' wait_until 10 pings

# removal under traffic
flood
kill_flood=$!
ip -n sw link del renamed
ok 'a device that is unregistered takes its port away' wait_until 5 unmatched '^1:' w port show
ok 'an event says why' wait_until 5 matches 'port.*renamed.*device|device.*renamed' cat "$TMP/events"
kill $kill_flood 2>/dev/null
ok 'entries that output there stay' matches 'output:1' w -N flow show
batch sw <<<'link del p2'
wires
w port add p1 id 1 >/dev/null
w port add p2 id 2 >/dev/null
ok 'and work again with a new device' wait_until 10 pings

# a device that leaves the namespace
ip -n sw link set p2 netns box
ok 'a device that moves away ends its port' wait_until 5 unmatched '^2:' w port show
ok 'an event says why' wait_until 5 matches 'p2.*moved' cat "$TMP/events"
ip -n box link set p2 netns sw
ip -n sw link set p2 up
w port add p2 id 2 >/dev/null
ok 'back again' wait_until 10 pings

# an internal port stays the port wherever its device is
w port add int0 id 3 type internal mac 02:00:00:00:00:03 >/dev/null
ip -n sw link set int0 netns box
batch box <<-END
	addr add 10.0.0.3/24 dev int0
	link set int0 up
END
w flow load - >/dev/null <<-END
	priority=40000, in_port=1, eth_dst=02:00:00:00:00:03 actions=output:3
	priority=40000, in_port=1, arp, arp_tpa=10.0.0.3 actions=output:3
	in_port=3 actions=output:1
END
ok 'an internal device in another namespace is still the port' in_ns m1 ping -q -c 2 -i 0.2 10.0.0.3
like "$(w -j port show int0)" '"netnsid"' 'and shown as elsewhere'
ip netns del box
ok 'it goes with the namespace it is in' wait_until 10 unmatched 'int0' w port show
ok 'the rest forwards' pings
w port add int1 id 4 type internal >/dev/null
ip -n sw link del int1
ok 'ip link del ends an internal port' wait_until 5 unmatched 'int1' w port show
not_ok 'ip link add type weft is refused' ip -n sw link add int2 type weft

# a datapath that is deleted under traffic
flood
f=$!
ok 'a datapath is deleted under traffic' w dp del weft0
kill $f
ok 'its devices are free again' ip -n sw link add br0 type bridge
ok '… for a bridge' ip -n sw link set p1 master br0
ip -n sw link del br0
forward
ok 'a new one forwards' wait_until 10 pings

# namespace exit under traffic
flood
f=$!
ip netns del sw
kill $f 2>/dev/null
ns_add sw
ok 'a namespace with a datapath goes, a new one has none' unmatched . w dp show
ip -n m1 link del eth0 2>/dev/null
ip -n m2 link del eth0 2>/dev/null
wires
forward
ok 'and one can be made in it' wait_until 10 pings

# module
flood
f=$!
ok 'the module is unloaded under traffic' weft_unload
kill $f 2>/dev/null
weft_load
forward
ok 'and loaded again' wait_until 10 pings
done_testing
