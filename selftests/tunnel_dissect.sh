#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 180
# What a dissector that is not ours reads of every field at its limits, in Geneve, GRE and STT.
#
#   q1 ── p1 [ h1: weft0 ] gnv0, gre1, gre6, stt0 ── u1 192.0.2.1, fd00:2::1 ══ u2 192.0.2.2, fd00:2::2 (x)
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null || skip_all 'no tshark'
weft_load
weft-load -m weft_stt || bail 'cannot load weft_stt.ko'
ns_add h1 x
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=1
veth h1:p1 h1:q1
in_ns h1 sysctl -qw net.ipv6.conf.default.disable_ipv6=0
veth h1:u1,192.0.2.1/24,fd00:2::1/64 x:u2,02:00:00:00:0c:02,192.0.2.2/24,fd00:2::2/64
batch h1 <<-END || bail 'tunnel devices'
	neigh add 192.0.2.2 lladdr 02:00:00:00:0c:02 dev u1
	neigh add fd00:2::2 lladdr 02:00:00:00:0c:02 dev u1
	link add gnv0 mtu 1400 up type geneve external
	link add gre1 mtu 1400 up type gretap external
	link add gre6 mtu 1400 up type ip6gretap external
	link add stt0 mtu 1400 up type stt external remotes 192.0.2.2,fd00:2::2
END
# nobody there is to answer
in_ns x nft -f - <<-END || bail 'nftables of x'
	table inet host {
		chain output {
			type filter hook output priority 0;
			meta l4proto { icmp, tcp } drop
			icmpv6 type { 1, 2, 3, 4 } drop
		}
	}
END
capture x u2 "$TMP/wire" -s 400 '(ip src 192.0.2.1 or ip6 src fd00:2::1) and not icmp6'
in_ns h1 /usr/bin/python3 "$LIB_DIR/py/tunnel_dissect.py" send "$TMP/cases" || bail 'cannot send'
cases=$(wc -l <"$TMP/cases")
ok "all $cases packets are on the wire" wait_until 10 matches "^$cases\$" frames "$TMP/wire"
capture_stop "$TMP/wire"
/usr/bin/python3 "$LIB_DIR/py/tunnel_dissect.py" calm "$TMP/wire" || bail 'cannot read what was captured'
tshark -r "$TMP/wire" -T json -o ip.try_heuristic_first:TRUE >"$TMP/json" 2>"$TMP/tshark.log" || diag "$(cat "$TMP/tshark.log")"
out=$(/usr/bin/python3 "$LIB_DIR/py/tunnel_dissect.py" compare "$TMP/cases" "$TMP/json" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "tshark reads what was meant ($(grep -c '^ok' <<<"$out") packets)"
done_testing
