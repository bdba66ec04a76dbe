# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# B7: TCP between two machines of one host
# boot: instr 1 none mirred bridge openvswitch weft
# boot: time 3 none mirred bridge openvswitch openvswitch2 weft
#
#   X: e0 | b DUT c | Y: e0      none: a wire from X to Y
#
# Most of the work is that of the two ends: this tells little about a datapath, but it is what users try first.

tcp_wires() {
	local d i n
	for d in $DUTS; do
		ID=$((ID + 1))
		i=$ID
		IN[$d]=$i
		netns X$i Y$i
		if [ "$(kind "$d")" = none ]; then
			ip link add e0 netns X$i type veth peer name e0 netns Y$i || die wires
		else
			ip -batch - <<-END || die wires
				link add e0 netns X$i type veth peer name b$i
				link add e0 netns Y$i type veth peer name c$i
				link set b$i up
				link set c$i up
			END
			dut "$d" both b$i c$i
		fi
		for n in "X$i 10.9.0.1" "Y$i 10.9.0.2"; do
			ip -n "${n% *}" link set e0 up && ip -n "${n% *}" address add "${n#* }/24" dev e0 || die wires
		done
	done
}

tcp_wires
tcp_rounds TCP
