#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# STT on the wire: what tshark reads of what we send, what becomes of what others send.
#
#   h: stt0 ── u1 192.0.2.1, fd00:2::1 ══ u2 :x (no addresses: raw frames)
. "$(dirname "$0")/lib.sh"
weft_load -m weft_stt
modprobe -aq sch_ingress cls_matchall act_tunnel_key
ns_add h
ip netns add x
_namespaces+=(x)
in_ns x sysctl -qw net.ipv6.conf.default.disable_ipv6=1
veth h:u1,02:00:00:00:00:01,192.0.2.1/24,fd00:2::1/64 x:u2
ip -n h link add stt0 type stt external remotes 192.0.2.2,fd00:2::2
in_ns h sysctl -qw net.ipv6.conf.stt0.disable_ipv6=1
batch h <<-END
	neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev u1
	neigh add fd00:2::2 lladdr 02:00:00:00:00:02 dev u1
	link set stt0 up mtu 3000
	addr add 10.0.0.1/24 dev stt0
	neigh add 10.0.0.2 lladdr 02:00:00:00:0a:01 dev stt0
END
case $WEFT_GUEST in
*debug*) frames=3000 ;;
*) frames=1000 ;;
esac
for part in wire "fuzz $frames"; do
	# shellcheck disable=SC2086
	out=$(in_ns x /usr/bin/python3 "$LIB_DIR/py/stt_wire.py" $part 2>&1)
	rc=$?
	sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
	is $rc 0 "$part: all is as it should be ($(grep -c '^ok' <<<"$out") cases)"
done

# ---- what we send, by a dissector that is not ours ---------------------------------------------
in_ns h ethtool -K u1 tso off gso off tx off >/dev/null 2>&1
ip -n h route flush cache	# a smaller MTU was learned
ip -n h -6 route flush cache
ip -n h neigh replace 10.0.0.2 lladdr 02:00:00:00:0a:01 dev stt0	# it was down
# a line for each segment; what is of the frame comes with the last
read_as_stt() {
	tshark -r "$TMP/sent.pcap" -o ip.try_heuristic_first:TRUE -o ipv6.try_heuristic_first:TRUE \
		-o stt.check_checksum:TRUE --enable-heuristic stt_ip -T fields -e stt.dport \
		-e stt.pkt_len -e stt.seg_off -e stt.pkt_id -e stt.checksum.status \
		-e stt.context_id -e stt.version -e eth.dst 2>/dev/null
}
for remote in 192.0.2.2 fd00:2::2; do
	case $remote in *:*) local=fd00:2::1 ;; *) local=192.0.2.1 ;; esac
	tc -n h qdisc del dev stt0 clsact 2>/dev/null
	tc -n h qdisc add dev stt0 clsact
	tc -n h filter add dev stt0 egress pref 1 handle 1 matchall action tunnel_key set \
		src_ip $local dst_ip $remote id 287454020 pass
	capture x u2 "$TMP/sent.pcap" tcp port 7471
	in_ns h ping -q -c 1 -W 1 -s 2000 -p 5a 10.0.0.2 >/dev/null
	wait_until 5 [ "$(frames "$TMP/sent.pcap")" -ge 2 ]
	capture_stop "$TMP/sent.pcap"
	read_as_stt >"$TMP/read"
	is "$(cut -f 1-3 "$TMP/read")" \
		"7471	2060	0
7471	2060	$([ $local = 192.0.2.1 ] && echo 1460 || echo 1440)" \
		"$remote: two segments: lengths and offsets"
	is "$(cut -f 4 "$TMP/read" | sort -u | wc -l)" 1 "$remote: one packet id"
	like "$(cut -f 6,7 "$TMP/read")" '0x0*11223344\s0' "$remote: the context id"
	like "$(cut -f 8 "$TMP/read")" '02:00:00:00:0a:01' "$remote: the frame is found"
done
done_testing
