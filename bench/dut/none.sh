# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# none.sh - no switch: what the generator and the wire cost

none_l2() { :; }

none_rules() { :; }

none_purge() { :; }

none_nat() { :; }

none_undo() { :; }

none_tunnels='geneve gre stt'

none_encap() { # DUT IN LOCAL REMOTE: no tunnel either
	tc qdisc add dev "$2" clsact &&
		tc filter add dev "$2" ingress matchall action mirred egress redirect dev u0
}

none_decap() {
	tc qdisc add dev u0 clsact &&
		tc filter add dev u0 ingress matchall action mirred egress redirect dev "$2"
}

none_tunnel() { # DUT PORT LOCAL REMOTE: no tunnel, both directions
	none_encap "$@" && none_decap "$@"
}
