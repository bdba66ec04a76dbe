# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# mirred.sh - tc: everything to the other device

mirred_l2() { # DUT IN OUT
	tc qdisc add dev "$2" clsact &&
		tc filter add dev "$2" ingress matchall action mirred egress redirect dev "$3"
}

mirred_both() {
	mirred_l2 "$1" "$2" "$3" && mirred_l2 "$1" "$3" "$2"
}

mirred_undo() { :; }
