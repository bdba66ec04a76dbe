#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# TCP windows of instances: what is outside of them changes nothing, and is dropped or passes.
#
#   ns nat: datapath "weft0" with ports p1, p2 --- q1, q2
. "$(dirname "$0")/lib.sh"
weft_load
ns_add nat
for i in 1 2; do
	veth "nat:p$i" "nat:q$i"
	in_ns nat sysctl -qw net.ipv6.conf.{p,q}$i.disable_ipv6=1
done
w() { weft -n nat "$@"; }
w dp add weft0 >/dev/null
for i in 1 2; do w port add p$i >/dev/null || bail 'no port'; done

# each CPU has a flow cache of its own
in_ns nat taskset -c 0 /usr/bin/python3 "$LIB_DIR/py/tcp_window.py" 2>&1 | sed -u 's/^/# /'
is "${PIPESTATUS[0]}" 0 'segments are held against the windows of their connection'
done_testing
