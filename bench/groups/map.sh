# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B15: questions to a map server, which answers in its datapath
# boot: instr 2 none map daemon
# boot: time 3 none map daemon
#
# Questions for 1,000 addresses come in a tunnel, and answers go back in it, 64 under way.  map: a
# map server.  "walked": it may keep no programs of flows, as if each question were the first of its kind.
# daemon: the same questions to the weft-arpd of a host that has these machines.  none: a wire that
# sends back the questions.  "alone": what that needs in the same round is taken off, and with it
# the program that asks.
. ./resolve.sh

addresses=1000 window=64
number=$COUNT
[ "$UNIT" = instr ] || number=$((COUNT / 4))
declare -A QUESTION OFFSET

# question DUT HOST STAGE: the question that comes to a host's uplink when a packet for the first address is sent
question() {
	local pid n
	ip netns exec "$2" env WEFT_TOP="$WEFT_TOP" ./resolve.py question u 60 "$3" >/run/question 2>/run/listens &
	pid=$!
	for ((n = 0; n < 600; n++)); do
		! grep -q listening /run/listens || break
		sleep 0.1
	done
	ip netns exec "Y$1" flowgen -a "$1" any 1 1 256 >/dev/null || die "flowgen $1"
	wait $pid || die "no question to $2"
	read -r "QUESTION[$1]" "OFFSET[$1]" </run/question
}

# a round of one datapath, 0 to warm up: CASE DUT ROUND
questions() {
	local out got us
	[ "$3" = 0 ] || profile_start
	out=$(ip netns exec "C$2" askgen "${IN[$2]}" "${QUESTION[$2]}" "${OFFSET[$2]}" 10.1.1.0 $addresses \
		"$number" $window) || die "askgen $2"
	[ "$3" = 0 ] || profile_stop "$1" "$2" "$number"
	eval "$out"
	[ "$3" != 0 ] || return 0
	[ "$2" != none ] || none_us=$us
	question_row "$1" "$2" "$3" "$us" "$got"
	[ "$2" = none ] || question_row "$1, alone" "$2" "$3" \
		"$(awk -v a="$us" -v b="$none_us" 'BEGIN { printf "%.2f", (a > b ? a - b : 1) }')" "$got"
}

# instructions a question, or questions a second: CASE DUT ROUND MICROSECONDS GOT
question_row() {
	if [ "$UNIT" = instr ]; then row "$1" "$2" "$3" instr "$(divide "${4}e3" "$5")" "$number" "$5"
	else row "$1" "$2" "$3" per_s "$(divide "${5}e6" "$4")" "$number" "$5"; fi
}

for d in $DUTS; do
	case $d in
	none) # sends back what comes
		netns Cnone Rnone
		cable Cnone none1 Rnone u
		tc -n Rnone qdisc add dev u clsact && tc -n Rnone filter add dev u ingress matchall \
			action mirred egress redirect dev u || die none
		IN[none]=none1
		;;
	map)
		hosts map $addresses map1 map2 map3
		question map map3 4
		IN[map]=map3
		;;
	daemon)
		hosts daemon $addresses daemon1 daemon2
		question daemon daemon2 3
		IN[daemon]=daemon2
		;;
	*) die "$d" ;;
	esac
	[ "$d" = none ] || {
		# who asked stays known, though it does not answer any more
		mac=$(ip -j -n "${d}1" link show u | jq -r '.[0].address')
		ip -n "${IN[$d]}" neighbour replace 192.0.2.1 lladdr "$mac" dev u nud permanent || die neighbour
		for n in 1 2 3; do
			[ "$d$n" = "${IN[$d]}" ] || ip -n "C$d" link set "$d$n" down 2>/dev/null
		done
		QUESTION[none]=${QUESTION[$d]} OFFSET[none]=${OFFSET[$d]}
	}
done
none_us=0
for name in 'a question' 'a question, walked'; do
	if [ "$name" != 'a question' ]; then
		has map || continue
		DUTS=${DUTS/daemon/}
		weft -n map3 dp set weft0 max_cached 0 || die max_cached
	fi
	for ((r = 0; r <= ROUNDS; r++)); do
		for d in $DUTS; do questions "$name" "$d" $r; done
	done
done
for d in map daemon none; do gone $d; done
