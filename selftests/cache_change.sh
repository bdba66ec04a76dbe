#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# Flow cache: no packet is done by a program from before a change; other programs stay.
#
#   q1 ── p1 [ h1: weft0 ] p2 ── q2
#                          p3 ── q3
#                          p4 ── q4
#                          gnv0 ── u1 192.0.2.1 ══ u2 192.0.2.2, 192.0.2.3 (x)
. "$(dirname "$0")/lib.sh"
weft_load
ns_add h1 x
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
for i in 1 2 3 4; do veth "h1:p$i" "h1:q$i"; done
veth h1:u1,192.0.2.1/24 x:u2,192.0.2.2/24,192.0.2.3/24
ip -n h1 link add gnv0 up type geneve external
out=$(in_ns h1 /usr/bin/python3 "$LIB_DIR/py/cache_change.py" x 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "programs are void when they have to be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
