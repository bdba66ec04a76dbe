#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 90
# Geneve ports: what is on the wire, and what is accepted from it, byte for byte.
#
#   q1 ── p1 [ h1: weft0 ] gnv0 ── u1 192.0.2.1, fd00:2::1 ══ u2 192.0.2.2, 192.0.2.3, fd00:2::2 (x)
#                svc0: internal port
. "$(dirname "$0")/lib.sh"
weft_load
ns_add h1 x
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
veth h1:p1 h1:q1
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=0
veth h1:u1,192.0.2.1/24,fd00:2::1/64 x:u2,192.0.2.2/24,192.0.2.3/24,fd00:2::2/64
ip -n h1 link add gnv0 up type geneve external
out=$(in_ns h1 /usr/bin/python3 "$LIB_DIR/py/tunnel.py" x 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all packets are as they should be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
