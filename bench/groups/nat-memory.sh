# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B13: memory of a connection through source NAT: UDP, established, and cached both ways; 50,000 of them
# boot: instr 1 nft openvswitch weft
#
# Each connection has sent two packets and has had two answers. What there is more than before of what the
# kernel hands out to itself (see B9) is everything: instances with their entries, hash tables, what pools
# keep, programs of the flow cache. openvswitch: ct(nat) behind ovs-vswitchd, in whose memory is nothing that
# counts here; "rules for ports": as in B11, when it has cached flows for each connection
# (10,000 of them).

number=50000
[ -z "$QUICK" ] || number=10000

# connections DUT: sets "before", BYTES and "found", how many there are
nat_connections() {
	local n
	settle
	kernel_memory
	before=$BYTES
	# ovs-vswitchd loses packets when they are many
	for ((n = 0; n < 10; n++)); do
		PG_DELAY=$delay pg_run "${IN[$1]}" $number sequence
		PG_DELAY=$delay nat_answer "$1" $number
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
delay=0
per_connection 'one rule'
DUTS=${DUTS/nft/}
! has openvswitch || { delay=100000 number=10000; plan_flows $number; }
per_connection 'rules for ports' 1000 $((1000 + number - 1))
