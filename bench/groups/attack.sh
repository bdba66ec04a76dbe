# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B5: what a flow keeps beside packets with random headers; rules with 32 masks
# boot: instr 2 none openvswitch weft
# boot: time 3 none openvswitch openvswitch2 weft
#
# The rules are a list of what is allowed, by source (any, /16, /24, /32), destination (any, /32) and port
# (any, source, destination, both), in all ways to put these together: 32 masks; any-any-any is the last rule
# and drops.  The flow matches the first one.  The attacker's addresses and ports are random: every packet of his
# is the first of a flow, and but for one in 20,000 all are dropped.  openvswitch has the same rules behind
# ovs-vswitchd.
#
# Both come in by the same device.  The attacker sends at a fixed rate, as he does not care what
# becomes of it; the flow sends as fast as the rest of the CPU lets it, and counted are those of its packets that
# came out, a second.  One CPU does all: generates, forwards, and runs ovs-vswitchd when the scheduler
# lets it; openvswitch loses the misses for which there is no room on their way to it.  Instructions: a
# second is 1,000,000,000 of them.  What sending costs is the same for all and is in it; "none" is the rate
# without a switch.

weft_attack() { # DUT IN OUT
	attack_rules ', ' "actions= output:$3" "actions= drop" | weft_dp "$@"
}

openvswitch_attack() {
	attack_rules , actions=output:2 actions=drop | sed -E 's/ip_(src|dst)/nw_\1/g; s/udp_(src|dst)/tp_\1/g' \
		>/run/openflow
	openvswitch_openflow "$1" /run/openflow "$2" "$3"
}

none_attack() { :; }

attack_rules() { # COMMA ALLOW DROP
	local s d p match n=32
	for s in 10.0.0.1/32 10.0.0.0/24 10.0.0.0/16 ''; do
		for d in 10.0.0.2 ''; do
			for p in both src dst ''; do
				match=priority=$n$1$([ -z "$s$d$p" ] && echo ip || echo udp)
				match+=${s:+$1ip_src=$s}${d:+$1ip_dst=$d}
				case $p in src | both) match+=$1udp_src=1000 ;; esac
				case $p in dst | both) match+=$1udp_dst=2000 ;; esac
				[ -n "$s$d$p" ] && echo "$match $2" || echo "$match $3"
				n=$((n - 1))
			done
		done
	done
}

# last USEC PACKETS: sets LAST, how many packets will last for half a second, if that many lasted so long
last() { LAST=$(($2 * 500000 / ($1 + 1) + 100)); }

# under CASE DUT ROUND RATE
under() {
	local pid before line
	if [ "$4" != 0 ]; then
		coproc ATTACK { exec attack "${IN[$2]}" "$4"; }
		pid=$ATTACK_PID
		read -r line <&"${ATTACK[0]}" || die attack
	fi
	# until things are as they stay: openvswitch's flows and masks are there
	pg_run "${IN[$2]}" 500
	last "$USEC" 500
	pg_run "${IN[$2]}" "$LAST"
	last "$USEC" "$LAST"
	counted "${OUT[$2]}" "${STAT[$2]}"
	before=$COUNTED
	profile_start
	pg_run "${IN[$2]}" "$LAST"
	profile_stop "$1" "$2" "$LAST"
	counted "${OUT[$2]}" "${STAT[$2]}"
	row "$1" "$2" "$3" per_s "$(divide $(((COUNTED - before) * 1000000)) "$USEC")" 1 1
	[ "$4" != 0 ] || return 0
	kill "$pid"
	read -r line <&"${ATTACK[0]}"
	wait "$pid"
	eval "$line"
	row "$1, sent by the attacker" "$2" "$3" per_s "$(divide $((sent * 1000000)) "$us")" 1 1
}

plan_flows 1
rates='0 1000 5000 20000'
# by time a round takes a second and more
[ "$UNIT" = instr ] || rates='0 5000 20000' ROUNDS=7
[ -z "$QUICK" ] || rates=20000
wires veth
for d in $DUTS; do
	dut "$d" attack "${PORT_IN[$d]}" "${PORT_OUT[$d]}"
	pg_run "${IN[$d]}" 10
done
for rate in $rates; do
	for ((r = 1; r <= ROUNDS; r++)); do
		for d in $DUTS; do
			name="attack of $((rate / 1000)) k/s"
			[ "$rate" != 0 ] || name='no attack'
			under "$name" "$d" "$r" "$rate"
			[ "$(kind "$d")" != openvswitch ] || dut "$d" purge
		done
	done
done
unwire
