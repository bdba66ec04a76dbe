#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 180
# A flood of connections up to each limit: those that are established are not harmed.
#
#   ns nat: datapath "weft0" with ports p1, p2, p3 --- q1, q2, q3
. "$(dirname "$0")/lib.sh"
weft_load
ns_add nat
for i in 1 2 3; do
	veth "nat:p$i" "nat:q$i"
	in_ns nat sysctl -qw net.ipv6.conf.{p,q}$i.disable_ipv6=1
done
w() { weft -n nat "$@"; }
w dp add weft0 >/dev/null
for i in 1 2 3; do w port add p$i >/dev/null || bail 'no port'; done

in_ns nat /usr/bin/python3 "$LIB_DIR/py/flood.py" 2>&1 | sed -u 's/^/# /'
is "${PIPESTATUS[0]}" 0 'established connections are not harmed by a flood'
done_testing
