#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# The mark stays with a packet: through tunnels, a router's and a middlebox' namespace,
# appliances, and a middlebox in user space; no machine sets it or sees it.
#
#   va 10.1.0.10 ── pa [a] ══ 192.0.2.0/30 ══ [g] ══ 192.0.2.4/30 ══ [b] pb ── vb 10.2.0.10
#                                              │ r1 ▸ r: 10.1.0.1, 10.9.0.1: Linux routes
#                                              │ r2 ◂
#                                              │ m1 ▸ m: 10.9.0.2, 10.2.0.1: nftables filters and translates
#                                              │ m2 ◂
#                                              ├ tap0, svc0: processes
#                                              └── 198.51.100.0/30 ── x: appliances
. "$(dirname "$0")/lib.sh"
weft_load
weft-load -m weft_stt || bail 'cannot load weft_stt.ko'
ns_add a g b va vb r m x
sysctl -qw net.ipv4.conf.default.rp_filter=0
for ns in a g b; do in_ns $ns sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done
for ns in va vb r m x; do in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done
veth a:pa va:qa,02:00:00:00:0a:01,10.1.0.10/24
veth b:pb vb:qb,02:00:00:00:0b:01,10.2.0.10/24
veth a:u0,192.0.2.1/30 g:u1,192.0.2.2/30
veth g:u2,192.0.2.5/30 b:u3,192.0.2.6/30
veth g:u4,198.51.100.1/30 x:u5,198.51.100.2/30
ip -n va route add default via 10.1.0.1
ip -n vb route add default via 10.2.0.1
for ns in a g b; do
	batch $ns <<-END || bail "tunnel devices of $ns"
		link add gnv0 mtu 1400 up type geneve external
		link add gre1 mtu 1400 up type gretap external
		link add stt0 mtu 1400 up type stt external remotes 192.0.2.1,192.0.2.2,192.0.2.5,192.0.2.6,198.51.100.2
	END
	# no packet of the host's own may have a mark: it would be routed by it
	in_ns $ns nft -f - <<-END || bail "nftables of $ns"
		table inet host {
			chain output {
				type filter hook output priority 0;
				meta mark != 0 counter drop
			}
		}
	END
done
# the appliance's TCP is not asked
in_ns x nft -f - <<-END || bail 'nftables of x'
	table ip host {
		chain output {
			type filter hook output priority 0;
			tcp flags & rst == rst drop
		}
	}
END
out=$(/usr/bin/python3 "$LIB_DIR/py/tunnel_marks.py" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "marks are where they should be ($(grep -c '^ok' <<<"$out") cases)"
done_testing
