# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# weft.sh - Weft

# weft_dp DUT PORT...: a datapath with these ports; entries come on standard input
weft_dp() {
	local dp=$1 p
	shift
	{
		echo "dp add $dp"
		for p; do echo "port add $p dp $dp"; done
	} | weft -b - && weft flow load dp "$dp" - >/dev/null
}

weft_l2() { # DUT IN OUT
	weft_dp "$@" <<<"in_port=$2, eth_dst=$DMAC, ip actions= output:$3"
}

weft_both() { # DUT A B
	printf 'in_port=%s actions= output:%s\n' "$2" "$3" "$3" "$2" | weft_dp "$@"
}

# Rules that match ports: one for each source port, then one for each destination port
weft_flows() { # DUT IN OUT
	awk -v i="$2" -v o="$3" -v s="$SPORTS" -v t="$DPORTS" -v d=$DMAC 'BEGIN {
		print "in_port=" i ", eth_dst=" d ", ip, ip_frag=no actions= goto:1"
		for (k = 0; k < s; k++) print "table=1, udp, udp_src=" 1000 + k " actions= goto:2"
		for (k = 0; k < t; k++) print "table=2, udp, udp_dst=" 2000 + k " actions= output:" o }' |
		weft_dp "$@"
}

weft_rules() { weft_flows "$@"; }

# The command stays: the guest's clock leaps while the host starts a program, and flows would age
weft_open() {
	coproc WEFT { exec weft -s -j -b -; }
}

weft_close() {
	local in=${WEFT[1]}
	exec {in}>&-
	wait "$WEFT_PID"
}

weft_ask() { # LINE: sets ANSWER
	echo "$1" >&"${WEFT[1]}"
	read -r -t 100 ANSWER <&"${WEFT[0]}" || die "no answer: $1"
}

# weft_cache DUT WHAT: one of the counters of its flow cache
weft_cache() { weft -s -j dp show "$1" | jq ".[0].cache.$2"; }

# Empty the flow cache: lower its limit, wait, and set it back
weft_purge() {
	local limit n
	limit=$(weft -j dp show "$1" | jq '.[0].max_cached') && weft dp set "$1" max_cached 0 || return
	for ((n = 0; n < 200; n++)); do
		[ "$(weft_cache "$1" entries)" != 0 ] || break
		sleep 0.05
	done
	[ "$n" -lt 200 ] && weft dp set "$1" max_cached "$limit"
}

weft_masks() { # DUT IN OUT MASKS
	local k m=$4
	for ((k = 0; k < m; k++)); do
		echo "in_port=$2, eth_dst=$DMAC, udp, ip_frag=no, ip_src=10.0.0.1/$((k + 1)), udp_src=$k/$((m - 1)) actions= output:$3"
	done | weft_dp "$1" "$2" "$3"
}

weft_undo() { weft dp del "$1"; }

weft_tunnel_dp() { # PORT REMOTE
	ip link add g0 type geneve external && ip link set g0 up && weft dp add w &&
		weft port add "$1" && weft port add g0 type geneve remote "$2"
}

weft_encap() { # DUT IN LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" &&
		weft flow add "in_port=$2, eth_dst=$DMAC, ip actions= load:ldp=5, tunnel:$4"
}

weft_decap() { # DUT OUT LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" && weft flow add "in_port=g0, ldp=5, eth_dst=$DMAC, ip actions= output:$2"
}

weft_tunnel() { # DUT PORT LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" && weft flow add "in_port=$2 actions= load:ldp=5, tunnel:$4" &&
		weft flow add "in_port=g0, ldp=5 actions= output:$2"
}
