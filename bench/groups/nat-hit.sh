# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B12: one established UDP connection through source NAT
# boot: instr 2 none nft openvswitch weft
# boot: time 5 none nft openvswitch openvswitch2 weft
#
#   pktgen a | b DUT c | d     10.0.1.1:1000 -> 10.0.2.1:2000, seen as 11.0.1.1:5000
#
# weft: a template in mode kernel, with state.  openvswitch: ct(nat) behind ovs-vswitchd.  nft: a router that
# masquerades by a rule of nftables, in a namespace.  Answers have come before packets are counted, so
# the connection is established.

nat_plan 5000-5000
keep nat
plan_flows 1
wires veth
for d in $DUTS; do dut "$d" nat "${PORT_IN[$d]}" "${PORT_OUT[$d]}"; done
for d in $DUTS; do
	[ "$(kind "$d")" != none ] || continue
	pg_run "${IN[$d]}" 10 # the connection begins
	nat_answer "$d" 10
	[ "$ANSWERS" = 10 ] || die "$d: $ANSWERS of 10 answers came through"
done
measure UDP
unwire
