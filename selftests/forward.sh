#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: short
# timeout: 240
# Forwarding, in frames: what every action makes of a packet, byte for byte, in both directions.
#
#   q1 ── p1 [ datapath weft0, namespace sw ] p2 ── q2
#                                             p3 ── q3
. "$(dirname "$0")/lib.sh"
weft_load
ns_add sw
in_ns sw sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for i in 1 2 3; do
	veth "sw:p$i" "sw:q$i"
	in_ns sw ethtool -K q$i tx off txvlan off >/dev/null 2>&1
done

out=$(in_ns sw /usr/bin/python3 "$LIB_DIR/py/forward.py" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all frames are as they should be ($(grep -c '^ok' <<<"$out") cases)"

# Segmentation and checksums left to devices: TCP with both ends' offloads on, through rewrites
ns_add m1 m2
veth sw:t1 m1:eth0,02:00:00:00:00:01,10.1.0.1/24
veth sw:t2 m2:eth0,02:00:00:00:00:02,10.2.0.2/24
ip -n m1 -b - <<-END
	neigh add 10.1.0.9 lladdr 02:00:00:00:00:02 dev eth0
END
ip -n m2 -b - <<-END
	neigh add 10.2.0.9 lladdr 02:00:00:00:00:01 dev eth0
END
w() { weft -n sw "$@"; }
ok 'TCP through address and port rewriting: entries' w txn - <<-END
	add table=0, in_port=1 actions=drop
END
w flow flush >/dev/null
w port add t1 >/dev/null
w port add t2 >/dev/null
w flow load - >/dev/null <<-END
	in_port=t1, ip, tcp actions= set:ip_src=10.2.0.9, set:ip_dst=10.2.0.2, dec_ttl, set:tcp_dst=5201, output:t2
	in_port=t2, ip, tcp actions= set:ip_src=10.1.0.9, set:ip_dst=10.1.0.1, dec_ttl, set:tcp_src=6201, output:t1
END
in_ns m2 iperf3 -s -1 -D --logfile "$TMP/iperf.log"
wait_until 10 matches 5201 in_ns m2 ss -Hltn >/dev/null
ok 'iperf3 through them, segmentation offloaded' in_ns m1 iperf3 -J -t 1 -p 6201 -c 10.1.0.9 --logfile "$TMP/iperf.json"
ok 'data arrived' jq -e '.end.sum_received.bytes > 1000000' "$TMP/iperf.json"
big=$(w -j -s flow show | jq '[.[] | .bytes / ([.packets, 1] | max)] | max | floor')
ok "frames were larger than the wire's ($big bytes a packet counted as segments)" [ "$big" -ge 1000 ]
done_testing
