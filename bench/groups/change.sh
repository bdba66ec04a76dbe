# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B8: flows while entries change that they do not meet
# boot: instr 2 weft
#
# Only what the packets cost is counted: a transaction, time for what it leaves behind, and then a burst
# that is as long as a second's packets shared out among a second's transactions, at 1,000,000 packets a
# second.  "ratio" is the rate beside that of the same bursts without transactions.  "misses" are packets
# that walked the tables, "stale" those of them that had a cached program; both of a round.
#
#   another ldp    1,000 transactions/s: an entry is added and one deleted, in the same table, with the same
#                  mask, of another logical datapath
#   another table  the same in a table that the flows do not come to
#   inserts        100 transactions/s of 1,000 entries each: 5-tuples in the table and logical datapath of
#                  the flows; such a mask is in the table already

weft_change() { # DUT IN OUT: what weft_flows does, in a logical datapath
	awk -v i="$2" -v o="$3" -v s="$SPORTS" -v d=$DMAC 'BEGIN {
		print "in_port=" i ", eth_dst=" d ", ip, ip_frag=no actions= load:ldp=1, goto:1"
		for (k = 0; k < s; k++) print "table=1, ldp=1, udp, udp_src=" 1000 + k " actions= goto:2"
		print "table=2, ldp=1, udp, udp_dst=2000 actions= output:" o
		print "table=1, ldp=2, udp, udp_src=0 actions= drop"
		print "table=9, ldp=1, udp, udp_src=0 actions= drop"
		print "table=1, ldp=1, udp, ip_src=192.0.2.0, ip_dst=192.0.2.0, udp_src=0, udp_dst=0 actions= drop" }' |
		weft_dp "$@"
}

# misses DUT: sets MISSES, STALE
misses() {
	weft_ask "dp show $1"
	[[ $ANSWER =~ '"misses":'([0-9]+),'"stale":'([0-9]+) ]] || die "$ANSWER"
	MISSES=${BASH_REMATCH[1]} STALE=${BASH_REMATCH[2]}
}

# commit DUT WHAT: the next transaction, and a while for what it leaves behind; no forks
commit() {
	local i n line
	CHANGES=$((CHANGES + 1))
	{
		case $2 in
		inserts)
			for ((i = 0; i < 1000; i++)); do
				n=$((CHANGES * 1000 + i))
				echo "add table=1, ldp=1, udp, ip_src=192.0.2.$((n & 255)), ip_dst=192.0.2.$((n >> 8 & 255))," \
					"udp_src=$((n >> 16)), udp_dst=$i actions= drop"
			done
			;;
		*)
			line='table=1, ldp=2'
			[ "$2" = 'another ldp' ] || line='table=9, ldp=1'
			echo "add $line, udp, udp_src=$CHANGES actions= drop"
			echo "del $line, udp, udp_src=$((CHANGES - 1))"
			;;
		esac
	} >/run/change
	weft_ask "txn /run/change dp $1"
	[[ $ANSWER =~ version ]] || die "transaction $CHANGES: $ANSWER"
	pause 0.05
}

# bursts DUT CASE ROUND SIZE WHAT: as many as make COUNT packets; leaves the cost of a packet in COST
bursts() {
	local i n=$((COUNT / $4)) us=0 missed stale before
	counted "${OUT[$1]}" "${STAT[$1]}"
	pg_run "${IN[$1]}" $((FLOWS > 1 ? FLOWS : 1000)) sequence # all are cached
	before=$((COUNTED + SENT))
	misses "$1"
	missed=$MISSES stale=$STALE
	pg_plan "${IN[$1]}" "$4"
	for ((i = 0; i < n; i++)); do
		[ -z "$5" ] || commit "$1" "$5"
		profile_start
		pg_start "${IN[$1]}"
		profile_stop "$2" "$1" "$4"
		us=$((us + USEC))
	done
	counted "${OUT[$1]}" "${STAT[$1]}"
	COST=$(divide $((us * 1000)) $((n * $4)))
	row "$2" "$1" "$3" "$UNIT" "$COST" $((n * $4)) $((COUNTED - before))
	[ -n "$5" ] || return 0
	misses "$1"
	row "misses, $2" "$1" "$3" packets $((MISSES - missed)) 1 1
	row "stale, $2" "$1" "$3" packets $((STALE - stale)) 1 1
}

# compare DUT FLOWS SIZE WHAT: bursts without and with changes
compare() {
	local r alone
	weft_open
	CHANGES=0
	for ((r = 1; r <= ROUNDS; r++)); do
		bursts "$1" "$2, bursts of $3" "$r" "$3" ''
		alone=$COST
		bursts "$1" "$2, $4" "$r" "$3" "$4"
		row "$2, $4" "$1" "$r" ratio "$(divide "$alone" "$COST" 3)" 1 1
	done
	weft_close
}

sizes='1 10000'
[ -z "$QUICK" ] || sizes='1 1000'
for n in $sizes; do
	plan_flows "$n"
	wires veth
	for d in $DUTS; do
		dut "$d" change "${PORT_IN[$d]}" "${PORT_OUT[$d]}"
		case $n in 1) name='1 flow' ;; *) name="$((n / 1000)) k flows" ;; esac
		compare "$d" "$name" 1000 'another ldp'
		compare "$d" "$name" 1000 'another table'
		compare "$d" "$name" 10000 inserts
	done
	unwire
done
