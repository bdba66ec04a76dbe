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
#
# INNER=6: machines, router and middlebox speak IPv6: 10.N.0.M is fd01:N::M; OUTER=6: tunnels go
# over IPv6: 192.0.2.N is fd00:2::N, 198.51.100.N is fd00:3::N.
. "$(dirname "$0")/lib.sh"
export INNER=${INNER:-4} OUTER=${OUTER:-4}
inner() { [ "$INNER" = 4 ] && echo "10.$1.0.$2${3-/24}" || echo "fd01:$1::$2${3-/64}"; }
outer() { # N LEN: of hosts; x N: of the appliances' wire
	case $OUTER$1 in
	4x) echo "198.51.100.$2/30" ;;
	4*) echo "192.0.2.$1/30" ;;
	6x) echo "fd00:3::$2/64" ;;
	*) echo "fd00:2::$1/126" ;;
	esac
}
weft_load
weft-load -m weft_stt || bail 'cannot load weft_stt.ko'
ns_add a g b va vb r m x
sysctl -qw net.ipv4.conf.default.rp_filter=0
if [ "$OUTER" = 4 ]; then
	for ns in a g b x; do in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; done
fi
[ "$INNER" = 6 ] || for ns in va vb r m; do in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1; done
veth "a:u0,$(outer 1)" "g:u1,$(outer 2)"
veth "g:u2,$(outer 5)" "b:u3,$(outer 6)"
veth "g:u4,$(outer x 1)" "x:u5,$(outer x 2)"
for ns in a g b; do in_ns $ns sysctl -qw net.ipv6.conf.default.disable_ipv6=1; done
veth a:pa "va:qa,02:00:00:00:0a:01,$(inner 1 10)"
veth b:pb "vb:qb,02:00:00:00:0b:01,$(inner 2 10)"
ip -n va route add default via "$(inner 1 1 '')"
ip -n vb route add default via "$(inner 2 1 '')"
# reports of multicast listeners would be packets that no case has sent
[ "$INNER" = 4 ] || for ns in va vb r m; do
	in_ns $ns nft -f - <<-END || bail "nftables of $ns"
		table ip6 quiet {
			chain output {
				type filter hook output priority 0;
				icmpv6 type mld2-listener-report drop
			}
		}
	END
done
gre=gretap
remotes=192.0.2.1,192.0.2.2,192.0.2.5,192.0.2.6,198.51.100.2
if [ "$OUTER" = 6 ]; then
	gre=ip6gretap
	remotes=fd00:2::1,fd00:2::2,fd00:2::5,fd00:2::6,fd00:3::2
fi
for ns in a g b; do
	batch $ns <<-END || bail "tunnel devices of $ns"
		link add gnv0 mtu 1400 up type geneve external
		link add gre1 mtu 1400 up type $gre external
		link add stt0 mtu 1400 up type stt external remotes $remotes
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
	table inet host {
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
