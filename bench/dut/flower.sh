# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# flower.sh - tc's flow classifier

flower_l2() { # DUT IN OUT
	tc qdisc add dev "$2" clsact &&
		tc filter add dev "$2" ingress protocol ip flower dst_mac $DMAC \
			action mirred egress redirect dev "$3"
}

flower_both() { # DUT A B: all that comes in at one leaves by the other
	local a=$2 b=$3 i
	for i in 1 2; do
		tc qdisc add dev "$a" clsact &&
			tc filter add dev "$a" ingress prio 1 protocol ip flower action mirred egress redirect dev "$b" &&
			tc filter add dev "$a" ingress prio 2 protocol arp flower action mirred egress redirect dev "$b" ||
			return
		a=$3 b=$2
	done
}

flower_flows() { # DUT IN OUT: an entry for each tuple
	tc qdisc add dev "$2" clsact || return
	awk -v i="$2" -v o="$3" -v s="$SPORTS" -v t="$DPORTS" -v d=$DMAC 'BEGIN {
		for (k = 0; k < s; k++) for (m = 0; m < t; m++) {
			print "filter add dev " i " ingress protocol ip pref 1 flower dst_mac " d \
				" src_ip 10.0.0.1 dst_ip 10.0.0.2 ip_proto udp src_port " 1000 + k \
				" dst_port " 2000 + m " action mirred egress redirect dev " o } }' >/run/flower
	split -l 5000 /run/flower /run/flower. # one batch is one message buffer
	local f
	for f in /run/flower.*; do tc -b "$f" || return; done
	rm -f /run/flower*
}

flower_undo() { :; }

flower_encap() { # DUT IN LOCAL REMOTE
	ip link add g0 type geneve external && ip link set g0 up && tc qdisc add dev "$2" clsact &&
		tc filter add dev "$2" ingress protocol ip flower dst_mac $DMAC \
			action tunnel_key set id 5 src_ip "$3" dst_ip "$4" dst_port 6081 ttl 64 \
			action mirred egress redirect dev g0
}

flower_decap() { # DUT OUT LOCAL REMOTE
	ip link add g0 type geneve external && ip link set g0 up && tc qdisc add dev g0 clsact &&
		tc filter add dev g0 ingress protocol ip flower dst_mac $DMAC enc_key_id 5 \
			action tunnel_key unset action mirred egress redirect dev "$2"
}

flower_tunnel() { # DUT PORT LOCAL REMOTE: both directions
	ip link add g0 type geneve external && ip link set g0 up &&
		tc qdisc add dev "$2" clsact && tc qdisc add dev g0 clsact &&
		tc filter add dev "$2" ingress matchall \
			action tunnel_key set id 5 src_ip "$3" dst_ip "$4" dst_port 6081 ttl 64 \
			action mirred egress redirect dev g0 &&
		tc filter add dev g0 ingress matchall action tunnel_key unset \
			action mirred egress redirect dev "$2"
}
