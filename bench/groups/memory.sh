# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B9: memory of a cached flow (a 5-tuple) and of a rule that matches a 5-tuple; 100,000 of them
# boot: instr 1 openvswitch weft
#
# By how much there is more of what the kernel hands out to itself: slabs, vmalloc, per-CPU memory; so what
# a slab rounds up is in it, and the hash tables too.  openvswitch's cached flows are those of its kernel
# module; it has its rules in ovs-vswitchd, whose resident memory counts for them.

vswitchd_memory() {
	BYTES=$(($(awk '$1 == "VmRSS:" { print $2 }' "/proc/$(<"$OVS_RUNDIR/ovs-vswitchd.pid")/status") * 1024))
}

# memory_rules BEFORE AFTER: an access list
memory_rules() {
	awk -v n="$number" -v before="$1" -v after="$2" 'BEGIN {
		for (i = 0; i < n; i++) printf "%s,ip_src=10.%d.%d.%d,ip_dst=10.0.0.2,udp_src=%d,udp_dst=2000 %s\n",
			before, i / 65536, i / 256 % 256, i % 256, 1000 + i % 50000, after }'
}

weft_memory() { # DUT IN OUT
	weft_dp "$@" </dev/null && kernel_memory || return
	before=$BYTES
	memory_rules 'udp' "actions= output:$3" | weft flow load dp "$1" - >/dev/null || return
	kernel_memory
	found=$(weft -j dp show "$1" | jq '.[0].n_flows')
}

openvswitch_memory() {
	: >/run/openflow
	openvswitch_openflow "$1" /run/openflow "$2" "$3" && vswitchd_memory || return
	before=$BYTES
	memory_rules 'in_port=1,udp' 'actions=output:2' |
		sed -E 's/ip_(src|dst)/nw_\1/g; s/udp_(src|dst)/tp_\1/g' >/run/openflow
	ovs-ofctl add-flows "$1" /run/openflow || return
	vswitchd_memory
	found=$(ovs-ofctl dump-aggregate "$1" | sed -n 's/.*flow_count=//p')
}

# A program notes the tables that it stands for, so their number matters
weft_cached3() { # DUT IN OUT
	weft_flows "$@" && weft_fill "$1"
}

weft_cached1() {
	weft_l2 "$@" && weft_fill "$1"
}

weft_fill() { # DUT
	local n
	weft_open
	weft_ask "dp show $1"
	kernel_memory
	before=$BYTES
	# While it grows, flows of a bucket that is full push each other out
	for ((n = found = 0; n < 10 && found * 100 < FLOWS * 99; n++)); do
		pg_run "${IN[$1]}" "$FLOWS" sequence
		kernel_memory
		weft_ask "dp show $1"
		[[ $ANSWER =~ '"entries":'([0-9]+) ]] && found=${BASH_REMATCH[1]}
	done
	weft_close
}

openvswitch_cached3() { openvswitch_cached1 "$@"; } # it keeps no tables

openvswitch_cached1() {
	kernel_memory
	before=$BYTES
	openvswitch_flows "$@" || return
	kernel_memory
	found=$FLOWS # openvswitch_flows counts them
}

# per WHAT CASE NUMBER: WHAT sets "before" and "found", and BYTES
per() {
	local d before found
	wires veth
	for d in $DUTS; do
		settle
		dut "$d" "$1" "${PORT_IN[$d]}" "${PORT_OUT[$d]}"
		# a few flows find their bucket full, and go without
		[ $((found * 100)) -ge $(($3 * 99)) ] || die "$found of $3 are there"
		row "$2" "$d" 1 B "$(divide $((BYTES - before)) "$found")" 1 1
	done
	unwire
}

number=100000
[ -z "$QUICK" ] || number=10000
plan_flows $number
# once a boot: memory that has been used is handed out again
per cached1 'a cached flow, 1 table' $FLOWS
per cached3 'a cached flow, 3 tables' $FLOWS
per memory 'a rule' $number
