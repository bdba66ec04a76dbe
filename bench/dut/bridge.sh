# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# bridge.sh - the kernel's learning switch

bridge_both() { # DUT A B
	ip -batch - <<-END
		link add $1 type bridge mcast_snooping 0
		link set $2 master $1
		link set $3 master $1
		link set $1 up
	END
}

bridge_l2() { # DUT IN OUT
	bridge_both "$1" "$2" "$3" && bridge fdb add $DMAC dev "$3" master static
}

bridge_undo() { ip link del "$1"; }

bridge_tunnel() { # DUT PORT LOCAL REMOTE
	ip -batch - <<-END
		link add g0 type geneve id 5 remote $4 ttl 64
		link set g0 up
		link add br0 type bridge mcast_snooping 0
		link set $2 master br0
		link set g0 master br0
		link set br0 up
	END
}

bridge_encap() { # DUT IN LOCAL REMOTE
	bridge_tunnel "$@" && bridge fdb add $DMAC dev g0 master static
}

bridge_decap() { # DUT OUT LOCAL REMOTE
	bridge_tunnel "$@" && bridge fdb add $DMAC dev "$2" master static
}
