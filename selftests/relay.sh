#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# relay.sh - which way frames go between hosts: straight, by an extender with a router, by a pool
# node, and mixtures. The result for machines is the same each time.
#
#	vm1 (220) vm3 (230) ── [h1] ┐             ┌ [h3: extender] ── x (220) router y (230)
#	vm2 (220) vm4 (230) ── [h2] ┤ sw0 (net)   ┤
#	                            └─────────────┴ [h4: pool node]
#
# RELAY_IP=6: the same with IPv6, of machines and router, and below the tunnels.
. "$(dirname "$0")/lib.sh"
. "$LIB_DIR/bfd.bash"
export RELAY_IP=${RELAY_IP:-4}
[ "$RELAY_IP" = 4 ] && hosts=192.0.2. net=10.1. colons=. prefix=24 || hosts=fd00:2:: net=fd01: colons=:: prefix=64

weft_load
wire 1 2 3 4
ns_add vm1 vm2 vm3 vm4 router
ip -n net link set sw0 promisc on
for n in 1 2 3 4; do
	[ "$RELAY_IP" = 4 ] || ip -n h$n addr add "$hosts$n/64" dev u$n nodad
	in_ns h$n sysctl -qw net.ipv6.conf.default.disable_ipv6=1
	weft -n h$n dp add weft0
	ip -n h$n link add gnv0 up type geneve external
	remotes=()
	for peer in 1 2 3 4; do [ $peer = $n ] || remotes+=(remote "$hosts$peer"); done
	weft -n h$n port add gnv0 id 9 type geneve "${remotes[@]}"
done
for v in vm1 vm2 vm3 vm4 $([ "$RELAY_IP" = 6 ] || echo router); do
	in_ns $v sysctl -qw net.ipv6.conf.default.disable_ipv6=1 net.ipv6.conf.all.disable_ipv6=1
done
veth h1:vm1 vm1:eth0
veth h2:vm2 vm2:eth0
veth h1:vm3 vm3:eth0
veth h2:vm4 vm4:eth0
veth h3:x "router:x,02:01:01:01:01:01,${net}1${colons}253/$prefix"
veth h3:y "router:y,02:01:01:01:01:02,${net}2${colons}253/$prefix"
weft -n h1 port add vm1 id 1 lport 220:1
weft -n h1 port add vm3 id 3 lport 230:1
weft -n h2 port add vm2 id 2 lport 220:2
weft -n h2 port add vm4 id 4 lport 230:2
weft -n h3 port add x id 1 lport 220:9
weft -n h3 port add y id 2 lport 230:9
in_ns router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
for n in 1 2; do
	ip -n router neigh add "${net}1$colons${n}0" lladdr "02:00:00:00:00:0$n" dev x
	ip -n router neigh add "${net}2$colons${n}0" lladdr "02:00:00:00:00:0$((n + 2))" dev y
done

out=$(/usr/bin/python3 "$LIB_DIR/py/relay.py" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all frames are where they should be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
