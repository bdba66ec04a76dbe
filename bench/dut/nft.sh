# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# nft.sh - a router that masquerades by a rule of nftables, in a namespace of its own

# nft_nat DUT IN OUT [FIRST LAST]: towards the client it has the server's MAC address, and vice versa,
# so that both ends are set up as beside a switch
nft_nat() {
	local ns=R$1 ports=''
	[ $# -lt 5 ] || ports="th sport { $(seq -s , "$4" "$5") }"
	netns "$ns"
	ip link set "$2" netns "$ns" && ip link set "$3" netns "$ns" && ip -n "$ns" -batch - <<-END || return
		link set $2 address $DMAC up
		link set $3 address $SMAC up
		address add 10.0.1.254/24 dev $2
		address add $NAT_OUTSIDE/32 dev $3
		route add 10.0.2.0/24 dev $3
		neighbour add $NAT_INSIDE lladdr $SMAC dev $2
		neighbour add $NAT_SERVER lladdr $DMAC dev $3
	END
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 \
		"net.ipv4.conf.$2.rp_filter=0" "net.ipv4.conf.$3.rp_filter=0" &&
		ip netns exec "$ns" nft -f - <<-END
			table ip nat {
				chain post {
					type nat hook postrouting priority srcnat
					oifname $3 meta l4proto { tcp, udp } $ports masquerade to :$NAT_PORTS
				}
			}
		END
}

nft_purge() { :; }

nft_undo() { ip netns del "R$1"; }
