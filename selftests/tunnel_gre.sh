#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# GRE ports over IPv4 and IPv6: what is on the wire, and what is accepted from it, byte for
# byte; labels, and masks of the mark.
#
#   q1 ── p1 [ h1: weft0 ] gre1 ── u1 192.0.2.1, fd00:2::1 ══ u2 192.0.2.2, 192.0.2.3, fd00:2::2 (x)
#                          gre6
. "$(dirname "$0")/lib.sh"
weft_load
ns_add h1 x
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
veth h1:p1 h1:q1
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=0
veth h1:u1,192.0.2.1/24,fd00:2::1/64 x:u2,192.0.2.2/24,192.0.2.3/24,fd00:2::2/64
ip -n h1 link add gre1 mtu 1458 up type gretap external || bail 'no gretap device'
ip -n h1 link add gre6 mtu 1438 up type ip6gretap external || bail 'no ip6gretap device'
ip -n h1 link add fixed type gretap remote 192.0.2.2 local 192.0.2.1
out=$(in_ns h1 /usr/bin/python3 "$LIB_DIR/py/tunnel_gre.py" x 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all packets are as they should be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
