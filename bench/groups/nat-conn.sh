# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B11: connections through source NAT, one request each; TCP is opened and closed
# boot: instr 2 none nft openvswitch weft natd
# boot: time 3 none nft openvswitch openvswitch2 weft natd
#
#   X: eth0 | b DUT c | Y: eth0      none: a wire from X to Y
#
# A program does both ends (natgen.c), 64 connections at a time, each from a port of its own. weft: a template
# in mode kernel; natd: in mode service, weft-natd chooses. openvswitch: ct(nat) behind ovs-vswitchd.  nft: a
# router that masquerades by a rule of nftables.
# "one rule": everything from inside is translated.  "rules for ports": what may begin a connection is told by
# its source port, so that openvswitch asks ovs-vswitchd for each connection, as weft does natd.
# "alone": what "none" needs in the same round is taken off, and with it the sockets.

number=1000 window=64
[ -z "$QUICK" ] || number=200
first=10000 # natgen's first port

nat_wires() {
	local d i x y
	for d in $DUTS; do
		ID=$((ID + 1))
		i=$ID
		IN[$d]=X$i OUT[$d]=Y$i
		netns X$i Y$i
		if [ "$(kind "$d")" = none ]; then
			ip link add eth0 netns X$i type veth peer name eth0 netns Y$i || die wires
		else
			ip -batch - <<-END || die wires
				link add eth0 netns X$i type veth peer name b$i
				link add eth0 netns Y$i type veth peer name c$i
				link set b$i up
				link set c$i up
			END
		fi
		PORT_IN[$d]=b$i PORT_OUT[$d]=c$i
		x="ip -n X$i -batch -" y="ip -n Y$i -batch -"
		$x <<-END || die "X$i"
			link set eth0 address $SMAC up
			address add $NAT_INSIDE/24 dev eth0
			route add 10.0.2.0/24 dev eth0
			neighbour add $NAT_SERVER lladdr $DMAC dev eth0
		END
		$y <<-END || die "Y$i"
			link set eth0 address $DMAC up
			address add $NAT_SERVER/24 dev eth0
			route add 10.0.1.0/24 dev eth0
			route add 11.0.1.0/24 dev eth0
			neighbour add $NAT_INSIDE lladdr $SMAC dev eth0
			neighbour add $NAT_OUTSIDE lladdr $SMAC dev eth0
		END
	done
}

# a round of one datapath, 0 to warm up: CASE PROTOCOL DUT ROUND
connections() {
	local out got us
	[ "$4" = 0 ] || profile_start
	out=$(natgen "$2" "${IN[$3]}" "${OUT[$3]}" $NAT_SERVER $number $window $(($4 * number))) || die "natgen $3"
	[ "$4" = 0 ] || profile_stop "$1" "$3" $number
	eval "$out"
	[ "$4" != 0 ] || return 0
	[ "$3" != none ] || none_us=$us
	[ "$3$none_again" = none1 ] || connection_row "$1" "$3" "$4" "$us" "$got"
	[ "$3" = none ] || [ "$none_us" = 0 ] || connection_row "$1, alone" "$3" "$4" \
		"$(awk -v a="$us" -v b="$none_us" 'BEGIN { printf "%.2f", (a > b ? a - b : 1) }')" "$got"
}

# instructions a connection, or connections a second: CASE DUT ROUND MICROSECONDS GOT
connection_row() {
	if [ "$UNIT" = instr ]; then row "$1" "$2" "$3" instr "$(divide "${4}e3" "$5")" $number "$5"
	else row "$1" "$2" "$3" per_s "$(divide "${5}e6" "$4")" $number "$5"; fi
}

# some_rounds NAME [FIRST LAST]
some_rounds() {
	local name=$1 r d protocol none_us=0
	shift
	nat_wires
	for d in $DUTS; do dut "$d" nat "${PORT_IN[$d]}" "${PORT_OUT[$d]}" "$@"; done
	for protocol in tcp udp; do
		for ((r = 0; r <= ROUNDS; r++)); do
			for d in $DUTS; do
				connections "${protocol^^}, $name" $protocol "$d" "$r"
				dut "$d" purge
			done
		done
	done
	for d in $DUTS; do
		dut "$d" undo
		ip netns del "${IN[$d]}" && ip netns del "${OUT[$d]}" || die "$d"
	done
}

# all_rounds NAME [FIRST LAST].  natd last: while any process listens to events of instances, in whatever
# namespace, the kernel makes them for all, and "weft" would pay for what only natd uses.
all_rounds() {
	local all=$DUTS
	DUTS=${all/natd/}
	some_rounds "$@"
	DUTS=$all
	has natd || return 0
	DUTS='none natd' none_again=1
	some_rounds "$@"
	DUTS=$all none_again=''
}

none_again=''
nat_plan 1024-65535
keep nat
all_rounds 'one rule'
all_rounds 'rules for ports' $first $((first + (ROUNDS + 1) * number - 1))
