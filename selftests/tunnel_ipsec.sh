#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# timeout: 120
# Tunnels under IPsec: GRE and Geneve through ESP with static keys, over IPv4 and IPv6. On the wire is nothing but ESP, the mark arrives, and clear packets do not.
#
#   ma 10.0.0.1 ── pa [a] 192.0.2.1, fd00:2::1 ══ 192.0.2.2, fd00:2::2 [b] pb ── mb 10.0.0.2
. "$(dirname "$0")/lib.sh"
weft_load
ns_add a b ma mb
for ns in ma mb; do in_ns $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1; done
veth a:u1,192.0.2.1/24,fd00:2::1/64 b:u2,192.0.2.2/24,fd00:2::2/64
in_ns a sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns b sysctl -qw net.ipv6.conf.default.disable_ipv6=1
veth a:pa ma:eth0,02:00:00:00:00:01,10.0.0.1/24
veth b:pb mb:eth0,02:00:00:00:00:02,10.0.0.2/24
ip -n ma link set eth0 mtu 1300
ip -n mb link set eth0 mtu 1300

# states HOST: both directions of both families; the same keys at both ends
states() {
	batch "$1" <<-END || skip_all 'this kernel has no ESP'
		xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x100 mode transport reqid 1 aead rfc4106(gcm(aes)) 0x000102030405060708090a0b0c0d0e0f10111213 128
		xfrm state add src 192.0.2.2 dst 192.0.2.1 proto esp spi 0x200 mode transport reqid 1 aead rfc4106(gcm(aes)) 0x101112131415161718191a1b1c1d1e1f20212223 128
		xfrm state add src fd00:2::1 dst fd00:2::2 proto esp spi 0x300 mode transport reqid 1 aead rfc4106(gcm(aes)) 0x202122232425262728292a2b2c2d2e2f30313233 128
		xfrm state add src fd00:2::2 dst fd00:2::1 proto esp spi 0x400 mode transport reqid 1 aead rfc4106(gcm(aes)) 0x303132333435363738393a3b3c3d3e3f40414243 128
		xfrm state add src fd00:2::1 dst fd00:2::2 proto esp spi 0x500 mode tunnel reqid 2 aead rfc4106(gcm(aes)) 0x404142434445464748494a4b4c4d4e4f50515253 128
		xfrm state add src fd00:2::2 dst fd00:2::1 proto esp spi 0x600 mode tunnel reqid 2 aead rfc4106(gcm(aes)) 0x505152535455565758595a5b5c5d5e5f60616263 128
	END
}

# policies HOST OWN OTHER SOURCE MODE REQID: GRE, and Geneve (UDP port 6081), only under ESP.  An
# ip6gretap device in external mode asks before it knows its own address: SOURCE is any, and the
# state has to be found without it, which takes tunnel mode.
policies() {
	batch "$1" <<-END || bail "policies of $1"
		xfrm policy add src $4 dst $3 proto gre dir out tmpl src $2 dst $3 proto esp mode $5 reqid $6
		xfrm policy add src $3 dst $2 proto gre dir in tmpl src $3 dst $2 proto esp mode $5 reqid $6
		xfrm policy add src $2 dst $3 proto udp dport 6081 dir out tmpl src $2 dst $3 proto esp mode transport reqid 1
		xfrm policy add src $3 dst $2 proto udp dport 6081 dir in tmpl src $3 dst $2 proto esp mode transport reqid 1
	END
}

ports() { # HOST OWN-LPORT REMOTE4 REMOTE6
	batch "$1" <<-END || bail "devices of $1"
		link add gre4 mtu 1400 up type gretap external
		link add gre6 mtu 1380 up type ip6gretap external
		link add gnv0 mtu 1380 up type geneve external
	END
	weft -n "$1" -b - <<-END || bail "ports of $1"
		dp add weft0
		port add p$1 lport 7:$2
		port add gre4 type gre remote $3
		port add gre6 type gre remote $4
		port add gnv0 type geneve remote $3 remote $4
		label add 1 lport 7:1
		label add 2 lport 7:2
	END
}

# through PORT REMOTE-OF-A REMOTE-OF-B: the machines' packets have a mark, and only such arrive
through() {
	weft -n a flow replace - >/dev/null <<-END
		in_port=pa actions=load:ldp=7, load:lout=2, load:mark=0x80000001, tunnel(dst=$2, port=$1)
		in_port=$1, mark=0x80000002 actions=output:lout
	END
	weft -n b flow replace - >/dev/null <<-END
		in_port=pb actions=load:ldp=7, load:lout=1, load:mark=0x80000002, tunnel(dst=$3, port=$1)
		in_port=$1, mark=0x80000001 actions=output:lout
	END
}

states a
states b
ports a 1 192.0.2.2 fd00:2::2
ports b 2 192.0.2.1 fd00:2::1
for f in 'gre4 192.0.2.2 192.0.2.1' 'gre6 fd00:2::2 fd00:2::1' 'gnv0 192.0.2.2 192.0.2.1' 'gnv0 fd00:2::2 fd00:2::1'; do
	# shellcheck disable=SC2086
	through $f
	ok "without IPsec: $f" wait_until 5 in_ns ma ping -q -c 1 -W 1 10.0.0.2
done
policies a 192.0.2.1 192.0.2.2 192.0.2.1 transport 1
policies a fd00:2::1 fd00:2::2 ::/0 tunnel 2
through gre4 192.0.2.2 192.0.2.1
not_ok 'clear GRE is refused by the one that has a policy' in_ns ma ping -q -c 2 -i 0.2 -W 1 10.0.0.2
policies b 192.0.2.2 192.0.2.1 192.0.2.2 transport 1
policies b fd00:2::2 fd00:2::1 ::/0 tunnel 2
for f in 'gre4 192.0.2.2 192.0.2.1' 'gre6 fd00:2::2 fd00:2::1' 'gnv0 192.0.2.2 192.0.2.1' 'gnv0 fd00:2::2 fd00:2::1'; do
	# shellcheck disable=SC2086
	through $f
	capture a u1 "$TMP/wire" -Q out
	ok "under IPsec: $f" wait_until 5 in_ns ma ping -q -c 1 -W 1 10.0.0.2
	ok '… full frames, too' in_ns ma ping -q -c 2 -i 0.2 -W 2 -s 1272 -M "do" 10.0.0.2
	capture_stop "$TMP/wire"
	is "$(frames "$TMP/wire" 'ip proto 47 or ip6 proto 47 or udp')" 0 '… and nothing of it in the clear'
	[ "$(frames "$TMP/wire" 'ip proto 50 or ip6 proto 50')" -ge 3 ]
	is $? 0 '… but all of it in ESP'
done
not_ok 'a frame that would be too long is not sent' in_ns ma ping -q -c 1 -W 1 -s 1300 -M "do" 10.0.0.2
in_ns mb iperf3 -s -1 -D --logfile "$TMP/iperf.log"
wait_until 10 matches 5201 in_ns mb ss -Hltn >/dev/null
through gre4 192.0.2.2 192.0.2.1
ok 'TCP with segmentation offload, through GRE and ESP' \
	in_ns ma iperf3 -c 10.0.0.2 -n "$(scaled 4)M"
is "$(ip -n b -s xfrm state | grep -c 'failed')" 6 'states are there'
unlike "$(ip -n b -s xfrm state)" 'replay-window [1-9]|replay [1-9]|failed [1-9]' 'and nothing failed'
done_testing
