# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B4: every packet begins a flow (a new 5-tuple), through rules that match ports
# boot: instr 2 none openvswitch weft
# boot: time 3 none openvswitch openvswitch2 weft
#
# A program sends one packet for each flow and waits for it: one at a time, or with 64 under
# way. "first" are packets of new flows; "again" the same packets once more, so what the program
# costs is in both. openvswitch: behind ovs-vswitchd, with OpenFlow rules of the same matches.
# In time, system calls of the program are most of it: "alone" are the flows a second of the datapath alone, what
# "none" needs for a flow taken off in the same round.
# "burst": pktgen sends the packets of new flows, which openvswitch would lose.

number=2000 # flows a round: ovs-vswitchd begins to give up above 10,000
[ -z "$QUICK" ] || number=1000
first=0
keep rules

# a round of one datapath: WHICH DUT ROUND WINDOW
new_flows() {
	local got us per_s median_us p99_us out
	out=$(flowgen "${IN[$2]}" "${OUT[$2]}" $number "$4" $first) || die "flowgen $2"
	eval "$out"
	if [ "$UNIT" = instr ]; then
		row "$1, window $4" "$2" "$3" instr "$(per_flow "$us" "$got")" $number "$got"
	elif [ "$4" = 1 ]; then
		row "latency, $1" "$2" "$3" ns "$(per_flow "$median_us" 1)" $number "$got"
		row "latency, $1, 99th of 100" "$2" "$3" ns "$(per_flow "$p99_us" 1)" $number "$got"
	else
		row "flows a second, $1" "$2" "$3" per_s "$per_s" $number "$got"
		if [ "$1" = first ]; then
			[ "$2" != none ] || none_us=$us
			[ "$2" = none ] || row "flows a second, first, alone" "$2" "$3" per_s \
				"$(awk -v us="$us" -v none="$none_us" -v n="$got" \
					'BEGIN { printf "%.1f", n * 1e6 / (us > none ? us - none : 1) }')" $number "$got"
		fi
	fi
}

per_flow() { awk -v us="$1" -v n="$2" 'BEGIN { printf "%.1f", us * 1000 / n }'; }

burst_from=$((ROUNDS * number / 1000 * 2)) burst=$((COUNT / 997))
SPORTS=1000 DPORTS=$((burst_from + ROUNDS * burst))
wires veth
for d in $DUTS; do dut "$d" rules "${PORT_IN[$d]}" "${PORT_OUT[$d]}"; done
windows='1 64'
for window in $windows; do
	for ((r = 1; r <= ROUNDS; r++)); do
		for d in $DUTS; do
			new_flows first "$d" "$r" "$window"
			new_flows again "$d" "$r" "$window"
			dut "$d" purge
		done
		first=$((first + number))
	done
done

if ! has openvswitch || [ "$UNIT" = instr ]; then
	all=$DUTS
	DUTS=${DUTS//openvswitch/}
	SPORTS=997 DPORTS=$burst # 997 and numbers below have no common factor
	for ((r = 1; r <= ROUNDS; r++)); do
		for d in $DUTS; do
			counted "${OUT[$d]}" "${STAT[$d]}"
			before=$COUNTED
			profile_start
			PG_DPORT=$((2000 + burst_from + (r - 1) * burst)) pg_run "${IN[$d]}" $((997 * burst)) sequence
			profile_stop 'first, burst' "$d" $((997 * burst))
			counted "${OUT[$d]}" "${STAT[$d]}"
			row "first, burst" "$d" "$r" "$UNIT" \
				"$(per_flow "$USEC" $((997 * burst)))" $((997 * burst)) $((COUNTED - before))
		done
	done
	DUTS=$all
fi
unwire
