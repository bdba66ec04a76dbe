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

weft_tunnels='geneve gre stt'

# A label stands for the logical port in the key of GRE; the others carry its number
weft_tunnel_dp() { # PORT REMOTE
	local kind=$TUNNEL
	[ "$kind" != gre ] || kind=gretap
	ip link add g0 type $kind external && ip link set g0 up && weft dp add w &&
		weft port add "$1" && weft port add g0 type "$TUNNEL" remote "$2" && weft label add 1 lport 5:1
}

weft_encap() { # DUT IN LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" &&
		weft flow add "in_port=$2, eth_dst=$DMAC, ip actions= load:ldp=5, load:lout=1, tunnel:$4"
}

weft_decap() { # DUT OUT LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" && weft flow add "in_port=g0, ldp=5, eth_dst=$DMAC, ip actions= output:$2"
}

weft_tunnel() { # DUT PORT LOCAL REMOTE
	weft_tunnel_dp "$2" "$4" && weft flow add "in_port=$2 actions= load:ldp=5, load:lout=1, tunnel:$4" &&
		weft flow add "in_port=g0, ldp=5 actions= output:$2"
}

# weft_nat DUT IN OUT [FIRST LAST]: source NAT in the kernel; what is new is let through by its source port,
# if these are given
weft_nat() {
	weft_dp "$1" "$2" "$3" </dev/null && weft pool add 1 "$NAT_OUTSIDE:$NAT_PORTS" dp "$1" >/dev/null &&
		weft template add dp "$1" -f - <<-'END' >/dev/null && weft_nat_flows "$@" | weft flow load dp "$1" - >/dev/null
			template 1 snat mode=kernel pool=1 track=state
			  forward: table=2, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport actions= set:ip_src=@ip, set:l4_src=@port, goto:3
			  reverse: reply, table=1, priority=+1, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst, l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:3
		END
}

weft_nat_flows() { # DUT IN OUT [FIRST LAST]
	cat <<-END
		in_port=$2, ip, ip_frag=no actions= load:ldp=1, goto:2
		in_port=$3, ip, ip_frag=no actions= load:ldp=1, goto:1
		table=3, ip, ip_dst=10.0.2.0/24 actions= output:$3
		table=3, ip, ip_dst=10.0.1.0/24 actions= output:$2
	END
	weft_nat_rules "${@:4}"
}

weft_nat_rules() { # [FIRST LAST]
	if [ $# -lt 2 ]; then echo "table=2, priority=10, ldp=1, ip, ip_src=10.0.1.0/24 actions= template:1"
	else
		seq -f "table=2, priority=10, ldp=1, tcp, ip_src=10.0.1.0/24, tcp_src=%.0f actions= template:1" "$1" "$2"
		seq -f "table=2, priority=10, ldp=1, udp, ip_src=10.0.1.0/24, udp_src=%.0f actions= template:1" "$1" "$2"
	fi
}
