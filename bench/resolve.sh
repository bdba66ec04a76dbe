# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# resolve.sh - networks in which addresses are resolved; sourced by groups B14 and B15.
#
# Hosts are namespaces on one wire, 192.0.2.0/24. The machines of DUT are the namespace YDUT; the one that
# sends has the device DUT there.

daemons=''

# cable NS DEVICE NS2 DEVICE2
cable() {
	ip link add "$2" netns "$1" type veth peer name "$4" netns "$3" &&
		ip -n "$1" link set "$2" up && ip -n "$3" link set "$4" up || die "cable $*"
}

# router DUT: the kernel forwards from the device DUT to what is behind the device far, which has 10.1.0.0/16
router() {
	netns "R$1" "Y$1"
	cable "Y$1" "$1" "R$1" left
	cable "Y$1" far "R$1" right
	ip -n "R$1" link set left address 02:00:00:00:00:99 &&
		ip -n "R$1" address add 10.0.0.254/24 dev left &&
		ip -n "R$1" address add 10.2.0.1/24 dev right &&
		ip -n "R$1" route add 10.1.0.0/16 dev right &&
		ip -n "R$1" neighbour add 10.0.0.1 lladdr $SMAC dev left &&
		ip -n "Y$1" route add local 10.1.0.0/16 dev lo &&
		ip -n "Y$1" route add 10.2.0.0/24 dev far || die "router $1"
	ip netns exec "R$1" sysctl -qw net.ipv4.ip_forward=1
	# neighbours are limited in all namespaces at once; the far end answers ARP and nothing else
	sysctl -qw net.ipv4.neigh.default.gc_thresh{1,2,3}=65536
	ip netns exec "Y$1" sysctl -qw net.ipv4.conf.{all,far}.rp_filter=1
}

# hosts DUT ADDRESSES HERE THERE [MAP]: each with weftd and weft-arpd
hosts() {
	local dut=$1 addresses=$2 host i=0 p n
	shift 2
	./resolve.py network "$addresses" "$@" >"/run/$dut.json" || die network
	netns "C$dut" "Y$dut" "$@"
	ip -n "C$dut" link add name bridge up type bridge || die bridge
	for host; do
		i=$((i + 1))
		cable "$host" u "C$dut" "$host"
		ip -n "C$dut" link set "$host" master bridge && ip -n "$host" address add "192.0.2.$i/24" dev u || die "$host"
	done
	cable "Y$dut" "$dut" "$1" vm
	for p in $(./resolve.py devices "$addresses"); do
		echo "link add $p netns $2 type veth peer name $p netns Y$dut"
	done | ip -batch - || die devices
	for host in "$2" "Y$dut"; do
		./resolve.py devices "$addresses" | sed 's/.*/link set & up/' | ip -n "$host" -batch - || die "$host"
	done
	for host; do
		weftd --netns "$host" --no-modprobe --network "/run/$dut.json" --host "$host" \
			--ctl-socket "/run/$host.sock" 2>"/run/$host.log" &
		daemons+=" $!"
	done
	for host; do
		for ((n = 0; n < 600; n++)); do
			[ "$(arpd "$host" status 2>/dev/null | jq .service.registered)" != true ] || break
			sleep 0.1
		done
		[ $n -lt 600 ] || die "$host: $(cat "/run/$host.log")"
	done
	[ $# = 2 ] || for ((n = 0; n < 600; n++)); do
		[ "$(arpd "$2" status | jq .counters.acknowledged)" -lt "$addresses" ] || break
		[ $n -lt 599 ] || die "the map has not all: $(arpd "$2" status)"
		sleep 0.1
	done
}

arpd() { weft-arpd --ctl-socket "/run/weft/arpd-$1-weft0.sock" --ctl "$2"; }

# gone DUT
gone() {
	local n
	# shellcheck disable=SC2086	# words
	[ -z "$daemons" ] || { kill $daemons; wait $daemons; }
	daemons=''
	for n in "R$1" "C$1" "Y$1" "${1}1" "${1}2" "${1}3"; do
		[ ! -e "/run/netns/$n" ] || ip netns del "$n"
	done
}
