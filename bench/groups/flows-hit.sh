# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B2: many concurrent 5-tuples through rules that match ports; 32 masks that are all in use
# boot: instr 2 flower openvswitch weft
# boot: time 3 flower openvswitch openvswitch2 weft
# openvswitch: an exact flow for each 5-tuple in its kernel table, as upcalls leave them

sizes='1000 10000 100000' masks=32
[ "$UNIT" = ns ] || sizes='1000 10000'
[ -z "$QUICK" ] || sizes=1000
for n in $sizes; do
	plan_flows "$n"
	wires veth
	for d in $DUTS; do dut "$d" flows "${PORT_IN[$d]}" "${PORT_OUT[$d]}"; done
	measure "$((n / 1000)) k 5-tuples"
	unwire
done

plan_flows 10000
[ -z "$QUICK" ] || plan_flows 1000
keep masks
wires veth
for d in $DUTS; do dut "$d" masks "${PORT_IN[$d]}" "${PORT_OUT[$d]}" $masks; done
[ "$UNIT" = instr ] || sleep 5 # openvswitch sorts its masks by use, every 4 s
measure "$masks masks"
unwire
