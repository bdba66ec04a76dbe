# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B1: one flow, forwarded by its destination MAC address; 64 bytes of UDP
# boot: instr 2 none mirred flower bridge openvswitch weft
# boot: time 3 none mirred flower bridge openvswitch openvswitch2 weft

plan_flows 1
topologies=veth
[ "$UNIT" = instr ] || topologies='veth dummy'
for topology in $topologies; do
	wires "$topology"
	for d in $DUTS; do dut "$d" l2 "${PORT_IN[$d]}" "${PORT_OUT[$d]}"; done
	measure "$topology"
	unwire
done
