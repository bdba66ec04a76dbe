# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B12: one established UDP connection through source NAT
# boot: instr 2 nft openvswitch weft
# boot: time 5 nft openvswitch openvswitch2 weft
#
#   pktgen a | b DUT c | d     10.0.1.1:1000 -> 10.0.2.1:2000, seen as 11.0.1.1:5000
#
# weft: a template in mode kernel, with state.  openvswitch: ct(nat) behind ovs-vswitchd.  nft: a router with
# a rule of nftables, in a namespace.  One answer has come before the packets are counted, so the connection is
# established.

PG_SRC=10.0.1.1 PG_DST=10.0.2.1
OUTSIDE=11.0.1.1 OUTSIDE_PORT=5000

weft_nat() { # DUT IN OUT
	weft_dp "$@" </dev/null && weft pool add 1 dp "$1" $OUTSIDE:$OUTSIDE_PORT-$OUTSIDE_PORT &&
		weft template add dp "$1" -f - <<-'END' &&
			template 1 snat mode=kernel pool=1 track=state
			  forward: table=2, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport actions= set:ip_src=@ip, set:l4_src=@port, goto:3
			  reverse: reply, table=1, priority=+1, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst, l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:3
		END
		weft flow load dp "$1" - >/dev/null <<-END
			in_port=$2, ip, ip_frag=no actions= load:ldp=1, goto:2
			in_port=$3, ip, ip_frag=no actions= load:ldp=1, goto:1
			table=2, priority=10, ldp=1, ip, ip_src=10.0.1.0/24 actions= template:1
			table=3, ip, ip_dst=10.0.2.0/24 actions= output:$3
			table=3, ip, ip_dst=10.0.1.0/24 actions= output:$2
		END
}

openvswitch_nat() {
	cat >/run/openflow <<-END
		table=0,ip,ip_frag=no actions=ct(zone=1,nat,table=1)
		table=1,in_port=1,ip,ct_state=+trk+new actions=ct(commit,zone=1,nat(src=$OUTSIDE:$OUTSIDE_PORT)),output:2
		table=1,in_port=1,ip,ct_state=+trk+est actions=output:2
		table=1,in_port=2,ip,ct_state=+trk+est actions=output:1
	END
	openvswitch_openflow "$1" /run/openflow "$2" "$3"
}

nft_nat() {
	local ns=R$1
	netns "$ns"
	ip link set "$2" netns "$ns" && ip link set "$3" netns "$ns" && ip -n "$ns" -batch - <<-END || return
		link set $2 address $DMAC up
		link set $3 up
		address add 10.0.1.254/24 dev $2
		address add 10.0.2.254/24 dev $3
		neighbour add 10.0.1.1 lladdr $SMAC dev $2
		neighbour add 10.0.2.1 lladdr 02:00:00:00:00:02 dev $3
		route add 11.0.1.0/24 dev $2
	END
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		"net.ipv4.conf.$2.rp_filter=0" "net.ipv4.conf.$3.rp_filter=0" &&
		ip netns exec "$ns" nft -f - <<-END
			table ip nat {
				chain post {
					type nat hook postrouting priority srcnat
					oifname $3 snat to $OUTSIDE:$OUTSIDE_PORT
				}
			}
		END
}

nft_undo() { ip netns del "R$1"; }

# answer DUT: from the other side to what the machine looks like
answer() {
	/usr/bin/python3 - "${OUT[$1]}" $OUTSIDE_PORT $DMAC <<-'END'
		import socket, struct, sys
		dev, port, mac = sys.argv[1], int(sys.argv[2]), bytes.fromhex(sys.argv[3].replace(':', ''))
		try:
		    with open(f'/run/mac.{dev}', encoding='ascii') as f:
		        mac = bytes.fromhex(f.read().strip().replace(':', ''))
		except FileNotFoundError:
		    pass
		udp = struct.pack('>HHHH', 2000, port, 8 + 18, 0) + bytes(18)
		ip = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + bytes([10, 0, 2, 1, 11, 0, 1, 1])
		s = sum(struct.unpack('>10H', ip))
		s = (s & 0xffff) + (s >> 16)
		ip = ip[:10] + struct.pack('>H', ~((s & 0xffff) + (s >> 16)) & 0xffff) + ip[12:]
		sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		sock.bind((dev, 0))
		sock.send(mac + bytes.fromhex('020000000002') + b'\x08\0' + ip + udp)
	END
}

keep nat
! has nft || modprobe -a nf_tables nft_chain_nat nft_nat || die nft
plan_flows 1
wires veth
for d in $DUTS; do
	if [ "$(kind "$d")" = nft ]; then cat "/sys/class/net/${PORT_OUT[$d]}/address" >"/run/mac.${OUT[$d]}"; fi
	dut "$d" nat "${PORT_IN[$d]}" "${PORT_OUT[$d]}"
done
for d in $DUTS; do
	pg_run "${IN[$d]}" 10 # the connection begins
	counted "${IN[$d]}" rx_packets
	before=$COUNTED
	answer "$d"
	for ((n = 0; n < 100 && COUNTED == before; n++)); do
		pause 0.05
		counted "${IN[$d]}" rx_packets
	done
	[ "$COUNTED" -gt "$before" ] || die "$d: the answer does not come through"
done
measure 'UDP'
unwire
