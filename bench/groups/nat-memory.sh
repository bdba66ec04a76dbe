# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B13: memory of a connection through source NAT: UDP, established, and cached both ways; 50,000 of them
# boot: instr 1 nft openvswitch weft
#
# Each connection has sent two packets and has had two answers. What there is more than before of what the
# kernel hands out to itself (see B9) is everything: instances with their entries, hash tables, what pools
# keep, programs of the flow cache. openvswitch: ct(nat) behind ovs-vswitchd, with one rule for all of them, so
# that it has no cached flow of each; with such it would be 2 KiB more (B9).

number=50000
[ -z "$QUICK" ] || number=10000

# connections DUT: sets "before", BYTES and "found", how many there are
nat_connections() {
	local n
	settle
	kernel_memory
	before=$BYTES
	# while the cache grows, some are lost from it
	for ((n = 0; n < 10; n++)); do
		pg_run "${IN[$1]}" $number sequence
		nat_answer "$1" $number
		[ "$n" = 0 ] || [ $((ANSWERS * 100)) -lt $((number * 99)) ] || break
	done
	kernel_memory
	found=$ANSWERS
}

# per_connection CASE [FIRST LAST]
per_connection() {
	local d before found name=$1
	shift
	wires veth
	for d in $DUTS; do
		dut "$d" nat "${PORT_IN[$d]}" "${PORT_OUT[$d]}" "$@"
		pg_run "${IN[$d]}" 10
		nat_connections "$d"
		[ $((found * 100)) -ge $((number * 99)) ] || die "$d: $found of $number are there"
		row "$name" "$d" 1 B "$(divide $((BYTES - before)) "$found")" 1 1
	done
	unwire
}

nat_plan 1000-$((1000 + number - 1))
keep nat
plan_flows $number
per_connection 'one rule'
