# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B10: 10 to 1,000,000 rules
# boot: instr 1 flower weft
# boot: time 2 flower weft
#
# Rules are 5-tuples, all of one mask, and packets meet them in random order.  No packet is a hit: Weft's flow
# cache may hold nothing, so each packet walks the tables; flower has no cache.  (openvswitch would ask
# ovs-vswitchd: B4.)  All numbers of rules are there at the same time and take turns.
#
# "load": weftd is told of 200,000 rules more while packets of another flow pass, 5,000 a second; a round in
# which one of them is lost does not count.

# flower takes minutes and gigabytes for the last one
numbers='10 1000 100000 1000000'
[ -z "$QUICK" ] || numbers='10 1000'

plan_rules() {
	case $1 in
	10) SPORTS=5 DPORTS=2 ;;
	1000) SPORTS=500 DPORTS=2 ;;
	100000) SPORTS=1000 DPORTS=100 ;;
	1000000) SPORTS=1000 DPORTS=1000 ;;
	esac
}

weft_scale() { # DUT IN OUT
	local from step=$((100000 / DPORTS))
	weft_dp "$@" <<<"in_port=$2, eth_dst=$DMAC, ip, ip_frag=no actions= goto:1" || return
	# in parts: the command has all that it loads in memory
	for ((from = 0; from < SPORTS; from += step)); do
		awk -v o="$3" -v k="$from" -v s="$SPORTS" -v n="$step" -v t="$DPORTS" 'BEGIN {
			for (end = k + n < s ? k + n : s; k < end; k++) for (m = 0; m < t; m++)
				print "table=1, udp, ip_src=10.0.0.1, ip_dst=10.0.0.2, udp_src=" 1000 + k \
					", udp_dst=" 2000 + m " actions= output:" o }' |
			weft flow load dp "$1" - >/dev/null || return
	done
	weft dp set "$1" max_cached 0
}

flower_scale() { flower_flows "$@"; }

name_of() {
	case $1 in
	10) echo 10 ;;
	1000000) echo 1 M ;;
	*) echo $(($1 / 1000)) k ;;
	esac
}

kinds=$DUTS
declare -A RULES WHO AT
all='' one_k='' million=''
for n in $numbers; do
	plan_rules "$n"
	for k in $kinds; do
		[ "$k.$n" != flower.1000000 ] || continue
		DUTS=$k.$n
		wires veth
		"${k}_scale" "w$ID" "${PORT_IN[$DUTS]}" "${PORT_OUT[$DUTS]}" || die "$DUTS"
		AT[$DUTS]=${IN[$DUTS]} WHO[$DUTS]=${OUT[$DUTS]} RULES[$DUTS]=$n
		all+=" $DUTS"
	done
done
for ((r = 0; r <= ROUNDS; r++)); do # the first is to warm up
	for d in $all; do
		plan_rules "${RULES[$d]}"
		counted "${WHO[$d]}" rx_packets
		before=$COUNTED
		profile_start
		pg_run "${AT[$d]}" "$COUNT"
		case="a miss, $(name_of "${RULES[$d]}") rules"
		profile_stop "$case" "${d%.*}" "$COUNT"
		[ "$r" != 0 ] || continue
		counted "${WHO[$d]}" rx_packets
		cost=$(divide $((USEC * 1000)) "$COUNT")
		row "$case" "${d%.*}" "$r" "$UNIT" "$cost" "$COUNT" $((COUNTED - before))
		case $d in
		weft.1000) one_k=$cost ;;
		weft.1000000) row "a miss, 1 M rules beside 1 k" weft "$r" ratio "$(divide "$cost" "$one_k" 3)" 1 1 ;;
		esac
	done
done
ID_WAS=$ID
DUTS=$kinds
for ((n = 1; n <= ID_WAS; n++)); do
	! weft dp show "w$n" >/dev/null 2>&1 || weft dp del "w$n"
	ip link del "a$n"
	ip link del "d$n"
done

# ---- 200,000 rules through weftd -----------------------------------------------------------

# host NUMBER: what weftd is to do; the first entry is that of the flow
host() {
	awk -v n="$1" -v i="${PORT_IN[weft]}" -v o="${PORT_OUT[weft]}" -v d=$DMAC 'BEGIN {
		print "{ \"version\": 1, \"datapath\": \"load\","
		print "\"ports\": [{ \"name\": \"in\", \"device\": \"" i "\" }, { \"name\": \"out\", \"device\": \"" o "\" }],"
		print "\"tables\": [{ \"id\": 0, \"name\": \"first\" }, { \"id\": 1, \"name\": \"list\" }],"
		print "\"flows\": [\"table=first, in_port=in, eth_dst=" d ", ip actions=output:out\""
		for (k = 0; k < n; k++)
			printf ",\"table=list, udp, ip_src=10.%d.%d.%d, ip_dst=10.0.0.2, udp_src=%d, udp_dst=2000 actions=output:out\"\n",
				k / 65536, k / 256 % 256, k % 256, 1000 + k % 50000
		print "] }" }'
}

# load ROUND NUMBER
load() {
	local before start end pid n
	weftd --once /run/host.small >/dev/null 2>&1 || die weftd
	counted "${OUT[weft]}" "${STAT[weft]}"
	before=$COUNTED
	PG_DELAY=200000 pg_plan "${IN[weft]}" 0
	echo start >$PKTGEN/pgctrl &
	pid=$!
	until counted "${OUT[weft]}" "${STAT[weft]}" && [ "$COUNTED" != "$before" ]; do pause 0.01; done
	start=${EPOCHREALTIME/./}
	weftd --once /run/host.large >/run/weftd.log 2>&1 || die "weftd: $(tail -n 3 /run/weftd.log)"
	end=${EPOCHREALTIME/./}
	echo stop >$PKTGEN/pgctrl
	wait "$pid"
	SENT=$(sed -n 's/.*pkts-sofar: \([0-9]*\).*/\1/p' "$PKTGEN/${IN[weft]}")
	for ((n = 0; n < 200; n++)); do # the last ones may be under way
		counted "${OUT[weft]}" "${STAT[weft]}"
		[ $((COUNTED - before)) != "$SENT" ] || break
		pause 0.01
	done
	[ $((COUNTED - before)) = "$SENT" ] || { weft -s dp show load; cat /proc/net/softnet_stat; }
	row "load, $(name_of "$2") rules" weft "$1" s "$(divide $((end - start)) 1000000 2)" "$SENT" $((COUNTED - before))
}

if [ "$UNIT" = ns ] && has weft; then
	number=200000
	[ -z "$QUICK" ] || number=20000
	DUTS=weft
	plan_flows 1
	wires veth
	host 0 >/run/host.small
	host $number >/run/host.large
	for ((r = 1; r <= (ROUNDS + 4) / 5; r++)); do load "$r" $number; done
	weft dp del load
fi
