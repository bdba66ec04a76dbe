# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B6: Geneve, GRE and STT: encapsulation, both ends, and TCP through a tunnel
# boot: instr 2 none flower bridge openvswitch plain weft
# boot: instr 2 none flower bridge weft
# boot: time 3 none flower bridge openvswitch openvswitch2 plain weft
#
# openvswitch.ko turns connection tracking on in every namespace, and all tunnels pay for it; "alone" is
# without it. A datapath has namespaces of its own, as Geneve devices are one per namespace and port:
#
#   encap        a | A: b0 DUT tunnel u0 | d, d drops
#   encap+decap  a | A: b0 DUT tunnel u0 | B: u0 tunnel DUT c0 | d, d drops
#
# Names of cases without a tunnel's are Geneve's. "none" has no tunnel, openvswitch no STT; flower and bridge
# are there for Geneve only. TCP is also measured where the lower device segments TCP and no tunnel's: then
# each frame of Geneve and GRE is cut before it, and STT looks like TCP. "none" there is a wire; "plain" is Weft
# without a tunnel, so that what is above it is the tunnel's.

ALL=$DUTS LOCAL=172.16.0.1 REMOTE=172.16.0.2
suffix=''
has openvswitch || suffix=', alone'

# here NS DUT WHAT ARGUMENT...: dut, in a namespace
here() {
	local ns=$1
	shift
	# shellcheck disable=SC2016
	TUNNEL=$TUNNEL ip netns exec "$ns" bash -c '. ./lib.sh; for f in dut/*.sh; do . "./$f"; done; dut "$@"' sh "$@" ||
		exit 1
}

# tunnel_wires encap|encap+decap
tunnel_wires() {
	local d mac
	IN=() OUT=() STAT=()
	for d in $DUTS; do
		ID=$((ID + 1))
		IN[$d]=a$ID OUT[$d]=d$ID STAT[$d]=rx_packets
		netns A$ID
		ip -batch - <<-END || die wires
			link add a$ID type veth peer name b0 netns A$ID
			link set a$ID up
		END
		if [ "$1" = encap+decap ]; then
			netns B$ID
			ip -batch - <<-END || die wires
				link add u0 netns A$ID type veth peer name u0 netns B$ID
				link add d$ID type veth peer name c0 netns B$ID
				link set d$ID up
			END
			ip -n B$ID -batch - <<-END || die wires
				link set c0 up
				link set u0 up
				address add $REMOTE/24 dev u0
			END
			mac=$(ip netns exec B$ID cat /sys/class/net/u0/address)
		else
			ip link add u0 netns A$ID type veth peer name d$ID && ip link set d$ID up || die wires
			mac=02:00:00:00:00:77
		fi
		ip -n A$ID -batch - <<-END || die wires
			link set b0 up
			link set u0 up
			address add $LOCAL/24 dev u0
			neighbour add $REMOTE lladdr $mac dev u0 nud permanent
		END
		here A$ID "$d" encap b0 $LOCAL $REMOTE
		[ "$1" = encap ] || here B$ID "$d" decap c0 $REMOTE $LOCAL
	done
}

remove() {
	local n
	for n in $(ip netns | awk '{ print $1 }'); do ip netns del "$n"; done
	sleep 1 # namespaces go in the background, and their wires with them
	for n in /sys/class/net/[ad][0-9]*; do ip link del "${n##*/}" 2>/dev/null; done
}

# choose TUNNEL: those DUTS that have it; sets NAME, which is before the names of cases
choose() {
	local d tunnels out=()
	TUNNEL=$1 NAME="${1^^}, "
	[ "$1" != geneve ] || NAME=''
	for d in $ALL; do
		tunnels=$(kind "$d")_tunnels
		case " ${!tunnels-geneve} " in *" $1 "*) out+=("$d") ;; esac
	done
	DUTS=${out[*]}
}

plan_flows 1
for tunnel in geneve gre stt; do
	choose $tunnel
	keep encap
	for kind in encap encap+decap; do
		wanted "$NAME$kind$suffix" || continue
		tunnel_wires $kind
		measure "$NAME$kind$suffix"
		remove
	done
done

# ---- TCP: X | A: b0 DUT tunnel u0 | B: u0 tunnel DUT b0 | Y ---------------------------------

tcp_wires() {
	local d i n
	IN=()
	for d in $DUTS; do
		ID=$((ID + 1))
		i=$ID
		IN[$d]=$i
		netns A$i B$i X$i Y$i
		ip -batch - <<-END || die wires
			link add e0 netns X$i mtu 1400 type veth peer name b0 netns A$i
			link add e0 netns Y$i mtu 1400 type veth peer name b0 netns B$i
			link add u0 netns A$i type veth peer name u0 netns B$i
		END
		for n in "X e0 10.9.0.1" "Y e0 10.9.0.2" "A u0 $LOCAL" "B u0 $REMOTE"; do
			# shellcheck disable=SC2086
			set -- $n
			ip -n "$1$i" link set "$2" up && ip -n "$1$i" address add "$3/24" dev "$2" || die wires
		done
		ip -n A$i link set b0 up && ip -n B$i link set b0 up || die wires
		here A$i "$d" tunnel b0 $LOCAL $REMOTE
		here B$i "$d" tunnel b0 $REMOTE $LOCAL
	done
}

# plain_tcp: the lower devices segment TCP, but nothing that is in a tunnel
plain_tcp() {
	local d n
	for d in $DUTS; do
		for n in "A${IN[$d]}" "B${IN[$d]}"; do
			ip netns exec "$n" ethtool -K u0 tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off \
				tx-gre-segmentation off tx-gre-csum-segmentation off >/dev/null || die ethtool
		done
	done
}

DUTS=$ALL
if [ "$UNIT" = ns ] || has openvswitch || ! has flower; then # not twice
	for tunnel in geneve gre stt; do
		choose $tunnel
		keep tunnel
		if wanted "${NAME}TCP"; then
			tcp_wires
			tcp_rounds "${NAME}TCP"
			remove
		fi
		if wanted "${NAME}TCP, plain TCP below"; then
			tcp_wires
			plain_tcp
			tcp_rounds "${NAME}TCP" 'plain TCP below'
			remove
		fi
	done
fi
