# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# openvswitch.sh - Open vSwitch: its kernel datapath filled by hand (l2, flows, masks, tunnels), or
# behind ovs-vswitchd with OpenFlow tables (openflow)

# ovs_port DP DEVICE: its number in the kernel's datapath
ovs_port() {
	ovs-dpctl show "$1" | awk -v p="$2" '$1 == "port" && $3 == p { sub(":", "", $2); print $2 }'
}

# ovs_dp DUT PORT...: a datapath with these ports; sets OVS_P
ovs_dp() {
	local dp=dp$1 p
	shift
	ovs-dpctl add-dp "$dp" && ovs-dpctl add-if "$dp" "$@" || return
	OVS_P=()
	for p; do OVS_P+=("$(ovs_port "$dp" "${p%%,*}")"); done
}

openvswitch_l2() { # DUT IN OUT
	ovs_dp "$@" && ovs-dpctl add-flow "dp$1" \
		"recirc_id(0),in_port(${OVS_P[0]}),eth(dst=$DMAC),eth_type(0x0800),ipv4(frag=no)" "${OVS_P[1]}"
}

openvswitch_both() { # DUT A B
	ovs_dp "$@" || return
	local a=${OVS_P[0]} b=${OVS_P[1]} i
	for i in 1 2; do
		ovs-dpctl add-flow "dp$1" "recirc_id(0),in_port($a),eth(),eth_type(0x0800),ipv4(frag=no)" "$b" &&
			ovs-dpctl add-flow "dp$1" "recirc_id(0),in_port($a),eth(),eth_type(0x0806),arp(op=1/0)" "$b" ||
			return
		a=${OVS_P[1]} b=${OVS_P[0]}
	done
}

# What upcalls leave behind where rules match ports: an exact flow for each tuple
openvswitch_flows() { # DUT IN OUT
	local n
	ovs_dp "$@" || return
	awk -v i="${OVS_P[0]}" -v o="${OVS_P[1]}" -v n="$SPORTS" -v t="$DPORTS" -v s=$SMAC -v d=$DMAC 'BEGIN {
		for (k = 0; k < n; k++) for (m = 0; m < t; m++)
			printf "recirc_id(0),in_port(%d),eth(src=%s,dst=%s),eth_type(0x0800),ipv4(src=10.0.0.1," \
				"dst=10.0.0.2,proto=17,tos=0,ttl=32,frag=no),udp(src=%d,dst=%d) %d\n",
				i, s, d, 1000 + k, 2000 + m, o }' >/run/flows
	ovs-dpctl add-flows "dp$1" /run/flows || return
	n=$(ovs-dpctl show "dp$1" | awk '/flows:/ { print $2 }')
	[ "$n" = "$FLOWS" ] || die "openvswitch has $n flows of $FLOWS"
	rm /run/flows
}

# Masks that packets hit in equal parts: low bits of the source port choose the entry, and a
# source prefix that always matches makes its mask another.  (Masks that no packet hits would cost
# nothing: the kernel moves those with hits to the front.)
openvswitch_masks() { # DUT IN OUT MASKS
	local k m=$4
	ovs_dp "$1" "$2" "$3" || return
	for ((k = 0; k < m; k++)); do
		ovs-dpctl add-flow "dp$1" "recirc_id(0),in_port(${OVS_P[0]}),eth(dst=$DMAC),eth_type(0x0800),\
ipv4(src=10.0.0.1/$(prefix_mask $((k + 1))),proto=17,frag=no),udp(src=$k/$((m - 1)))" "${OVS_P[1]}" || return
	done
}

prefix_mask() {
	local m=$(((0xffffffff << (32 - $1)) & 0xffffffff))
	echo $((m >> 24)).$((m >> 16 & 255)).$((m >> 8 & 255)).$((m & 255))
}

openvswitch_undo() {
	if ovs-dpctl show "dp$1" >/dev/null 2>&1; then ovs-dpctl del-dp "dp$1"
	else ovs_vsctl --if-exists del-br "$1"; fi
}

# ---- tunnels -------------------------------------------------------------------------------

openvswitch_tunnels='geneve gre'

# ovs_tunnel_dp PORT: a datapath with that port and a tunnel port
ovs_tunnel_dp() {
	local dev=genev_sys_6081
	OVS_DST=tp_dst=6081,
	[ "$TUNNEL" = geneve ] || dev=gre_sys OVS_DST=''
	ovs_dp "" "$1" && ovs-dpctl add-if dp "tun,type=$TUNNEL,remote_ip=flow,key=flow" &&
		OVS_P+=("$(ovs_port dp $dev)")
}

ovs_encap() { # LOCAL REMOTE MATCH
	ovs-dpctl add-flow dp "recirc_id(0),in_port(${OVS_P[0]}),$3" \
		"set(tunnel(tun_id=0x5,src=$1,dst=$2,ttl=64,${OVS_DST}flags(df|key))),${OVS_P[1]}"
}

ovs_decap() { # LOCAL REMOTE MATCH
	ovs-dpctl add-flow dp "recirc_id(0),tunnel(tun_id=0x5,src=$2,dst=$1,ttl=64/0,flags(+key)),\
in_port(${OVS_P[1]}),$3" "${OVS_P[0]}"
}

openvswitch_encap() { # DUT IN LOCAL REMOTE
	ovs_tunnel_dp "$2" && ovs_encap "$3" "$4" "eth(dst=$DMAC),eth_type(0x0800),ipv4(frag=no)"
}

openvswitch_decap() { # DUT OUT LOCAL REMOTE
	ovs_tunnel_dp "$2" && ovs_decap "$3" "$4" "eth(dst=$DMAC),eth_type(0x0800),ipv4(frag=no)"
}

openvswitch_tunnel() { # DUT PORT LOCAL REMOTE
	local m
	ovs_tunnel_dp "$2" || return
	for m in '0x0800),ipv4(frag=no)' '0x0806),arp(op=1/0)'; do
		ovs_encap "$3" "$4" "eth(),eth_type($m" && ovs_decap "$3" "$4" "eth(),eth_type($m" || return
	done
}

# ---- ovs-vswitchd --------------------------------------------------------------------------

ovs_vsctl() { ovs-vsctl --db=unix:"$OVS_RUNDIR/db.sock" "$@"; }

# ovs_start: once.  Within 10 s of boot 3.1 takes no handlers for upcalls and loses every miss.
ovs_start() {
	local up
	[ ! -e "$OVS_RUNDIR/ovs-vswitchd.pid" ] || return 0
	while read -r up _ </proc/uptime && [ "${up%.*}" -lt 12 ]; do sleep 1; done
	(
		cd "$OVS_RUNDIR" && ovsdb-tool create conf.db "$OVS/usr/share/openvswitch/vswitch.ovsschema" &&
			ovsdb-server conf.db --remote=punix:db.sock --pidfile --detach --log-file -vconsole:off &&
			ovs_vsctl --no-wait init &&
			"$OVS/usr/lib/openvswitch-switch/ovs-vswitchd" unix:"$OVS_RUNDIR/db.sock" --pidfile --detach \
				--log-file -vconsole:off >/dev/null
	) || return
	ovs_vsctl set Open_vSwitch . other_config:flow-limit=1000000 other_config:max-idle=600000
}

# openvswitch_openflow DUT FILE PORT...: a bridge with these ports, numbered from 1, and the
# OpenFlow entries of a file
openvswitch_openflow() {
	local br=$1 file=$2 n=0 p
	shift 2
	ovs_start && ovs_vsctl add-br "$br" -- set bridge "$br" fail-mode=secure || return
	for p; do
		n=$((n + 1))
		ovs_vsctl add-port "$br" "$p" -- set interface "$p" ofport_request=$n || return
	done
	ovs-ofctl del-flows "$br" && ovs-ofctl add-flows "$br" "$file"
}

# Rules that match ports: one for each source port, then one for each destination port
openvswitch_rules() { # DUT IN OUT
	awk -v s="$SPORTS" -v t="$DPORTS" -v d=$DMAC 'BEGIN {
		print "table=0,in_port=1,dl_dst=" d ",ip,ip_frag=no actions=goto_table:1"
		for (k = 0; k < s; k++) print "table=1,udp,tp_src=" 1000 + k " actions=goto_table:2"
		for (k = 0; k < t; k++) print "table=2,udp,tp_dst=" 2000 + k " actions=output:2" }' >/run/openflow
	openvswitch_openflow "$1" /run/openflow "$2" "$3"
}

openvswitch_purge() { ovs-appctl revalidator/purge; }

# openvswitch_nat DUT IN OUT [FIRST LAST]: what is new is let through by its source port, if these are given
openvswitch_nat() {
	local zone=${1#openvswitch} commit
	commit="ct(commit,zone=${zone:=1},nat(src=$NAT_OUTSIDE:$NAT_PORTS)),output:2"
	{
		cat <<-END
			table=0,ip,ip_frag=no actions=ct(zone=$zone,nat,table=1)
			table=1,in_port=1,ip,ct_state=+trk+est actions=output:2
			table=1,in_port=2,ip,ct_state=+trk+est actions=output:1
		END
		if [ $# -lt 5 ]; then echo "table=1,in_port=1,ip,ct_state=+trk+new actions=$commit"
		else
			seq -f "table=1,in_port=1,tcp,tp_src=%.0f,ct_state=+trk+new actions=$commit" "$4" "$5"
			seq -f "table=1,in_port=1,udp,tp_src=%.0f,ct_state=+trk+new actions=$commit" "$4" "$5"
		fi
	} >/run/openflow
	openvswitch_openflow "$1" /run/openflow "$2" "$3"
}
