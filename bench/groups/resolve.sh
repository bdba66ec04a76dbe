# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B14: the first packet through a router to a next hop whose MAC address is not known
# boot: instr 2 linux weft map
# boot: time 3 linux weft map
#
# A machine sends one packet to each address and waits for it at the other machine: one at a time, or with 64
# under way.  linux: a router that is the kernel, in a namespace, asks the machine itself, by ARP.  weft: the
# machines are on two hosts; weft-arpd of the first asks the one of the second.  map: it asks a map server, a
# third host.  "new": nobody knows.  "again": the same packets once more.  "known to the daemon": the entry is gone,
# the daemon has a row (a machine of this host, or one that was asked for before).
# What the program costs is in all of them.
. ./resolve.sh

number=200
[ -z "$QUICK" ] || number=50
[ "$UNIT" = instr ] || number=100
addresses=$((2 * (ROUNDS + 1) * number))

# a round of one datapath, 0 to warm up: CASE DUT ROUND WINDOW FIRST
packets() {
	local out got us per_s median_us p99_us
	[ "$3" = 0 ] || profile_start
	out=$(ip netns exec "Y$2" flowgen -a "$2" any $number "$4" $((256 + $5))) || die "flowgen $2"
	[ "$3" = 0 ] || profile_stop "$1, window $4" "$2" $number
	eval "$out"
	[ "$3" != 0 ] || return 0
	if [ "$UNIT" = instr ]; then
		row "$1, window $4" "$2" "$3" instr "$(divide "${us}e3" "$got")" $number "$got"
	elif [ "$4" = 1 ]; then
		row "latency, $1" "$2" "$3" ns "$(divide "${median_us}e3" 1)" $number "$got"
	else
		row "packets a second, $1" "$2" "$3" per_s "$per_s" $number "$got"
	fi
}

for d in $DUTS; do
	case $d in
	linux) router $d ;;
	weft) hosts $d $addresses "${d}1" "${d}2" ;;
	map) hosts $d $addresses "${d}1" "${d}2" "${d}3" ;;
	*) die "$d" ;;
	esac
done
first=0
for window in 1 64; do
	for ((r = 0; r <= ROUNDS; r++)); do
		for d in $DUTS; do
			packets new "$d" "$r" $window $first
			packets again "$d" "$r" $window $first
			[ "$d" != linux ] || continue
			weft -n "${d}1" instance cut template=weft-arp >/dev/null || die "cut $d"
			packets 'known to the daemon' "$d" "$r" $window $first
		done
		first=$((first + number))
	done
done
for d in $DUTS; do gone "$d"; done
