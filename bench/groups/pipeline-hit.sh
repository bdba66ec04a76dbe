# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B3: switch, router, switch: the twelve tables of examples/demo, one flow
# boot: instr 2 openvswitch weft
# boot: time 3 openvswitch openvswitch2 weft
# openvswitch: the same entries as OpenFlow, behind ovs-vswitchd; the packets meet its kernel cache

DEMO=../examples/demo
PG_SMAC=02:00:00:00:01:11 PG_DMAC=02:00:00:00:01:01 PG_SRC=10.0.1.11 PG_DST=10.0.2.12

# entries IN OUT: tenant red, its machines 1 and 2 here; tables by number
entries() {
	{
		echo "table=context, in_port=$1 actions= load:ldp=1, load:lin=11, goto:acl_in"
		grep -v '^#' $DEMO/red.flows
		echo "table=deliver, ldp=2, lout=12 actions= output:$2"
	} | sed -E "$(jq -r '.tables[] | "s/(table=|goto:)\(.name)\\b/\\1\(.id)/g"' $DEMO/host1.json)"
}

# openflow: the same in the words of ovs-ofctl
openflow() {
	sed -E '
		s/load:ldp=([0-9]+)/load:\1->NXM_NX_REG0[]/g; s/load:lin=([0-9]+)/load:\1->NXM_NX_REG1[]/g
		s/load:lout=([0-9]+)/load:\1->NXM_NX_REG2[]/g
		s/\bldp=/reg0=/; s/\blin=/reg1=/; s/\blout=/reg2=/
		s/set:eth_src=/mod_dl_src:/g; s/set:eth_dst=/mod_dl_dst:/g; s/set:ip_ttl=/mod_nw_ttl:/
		s/set:(arp_sha|arp_spa|icmp_type|arp_op)=([^, ]+)/set_field:\2->\1/g
		s/move:eth_src->eth_dst/move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]/
		s/move:arp_sha->arp_tha/move:NXM_NX_ARP_SHA[]->NXM_NX_ARP_THA[]/
		s/move:arp_spa->arp_tpa/move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]/
		s/move:ip_src->reg0/move:NXM_OF_IP_SRC[]->NXM_NX_REG3[]/
		s/move:ip_dst->ip_src/move:NXM_OF_IP_DST[]->NXM_OF_IP_SRC[]/
		s/move:reg0->ip_dst/move:NXM_NX_REG3[]->NXM_OF_IP_DST[]/
		s/eth_src=/dl_src=/; s/eth_dst=/dl_dst=/; s/ip_src=/nw_src=/; s/ip_dst=/nw_dst=/; s/tcp_dst=/tp_dst=/
		s/goto:/goto_table:/; s/drop:[a-z_]+/drop/; s/output:in_port/in_port/
		s/  +/ /g; s/actions= /actions=/'
}

openvswitch_pipeline() { # DUT IN OUT
	entries 1 2 | openflow >/run/openflow
	openvswitch_openflow "$1" /run/openflow "$2" "$3"
}

weft_pipeline() { entries "$2" "$3" | weft_dp "$@"; }

plan_flows 1
wires veth
for d in $DUTS; do
	dut "$d" pipeline "${PORT_IN[$d]}" "${PORT_OUT[$d]}"
	pg_run "${IN[$d]}" 1 # which ovs-vswitchd answers with a flow for the kernel
done
sleep 2
measure '12 tables'
unwire
