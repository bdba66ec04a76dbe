#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
# Templates in mode service: packets that wait for a daemon's answer, and their end.
#
#   ns svc: datapath "dp" with ports p1, p2 --- q1, q2, and p3 --- q3, both of them ports
. "$(dirname "$0")/lib.sh"
weft_load
ns_add svc
for i in 1 2 3; do
	veth "svc:p$i" "svc:q$i"
	in_ns svc sysctl -qw net.ipv6.conf.{p,q}$i.disable_ipv6=1
done

in_ns svc "$LIB_DIR/py/pending.py" 2>&1 | sed -u 's/^/# /'
is "${PIPESTATUS[0]}" 0 'packets wait, and go on or are dropped'
done_testing
