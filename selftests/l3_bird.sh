#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 180
# l3_bird.sh - addresses of machines that are announced outside: a router in a namespace, where bird
# runs as weft-network(5) says, by the very words of that page.
#
#	m1 ── [h2] ── 192.0.9.0/24 ── [h1] ── left 10.0.1.1 (r) wan ── eth0 192.0.2.1 (peer)
#
# The peer has no route to 10.0.1.0/24 but those that it hears of.
. "$(dirname "$0")/lib.sh"

# tools/deps does not install it, as that would start it on the host
PATH=$PATH:${WEFT_CACHE:-}/bird/usr/sbin
LD_LIBRARY_PATH=${WEFT_CACHE:-}/bird/usr/lib/x86_64-linux-gnu bird --version >/dev/null 2>&1 ||
	skip_all 'no bird: tools/deps unpacks it (package bird2)'
export LD_LIBRARY_PATH=${WEFT_CACHE:-}/bird/usr/lib/x86_64-linux-gnu
page=$LIB_DIR/../Documentation/man/weft-network.5
weft_load
ns_add h1 h2 r m1 peer
veth h1:u,192.0.9.1/24 h2:u,192.0.9.2/24 1600
veth r:wan,192.0.2.2/24 peer:eth0,192.0.2.1/24
veth h2:m1 m1:eth0,02:00:00:00:01:01,10.0.1.10/24
ip -n m1 route add default via 10.0.1.1
in_ns r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
cat >"$TMP/net.json" <<-END
	{ "version": 1, "datapath": "weft0", "tunnel": { "name": "gnv0", "mtu": 1400 },
	  "hosts": { "h1": { "address": "192.0.9.1" }, "h2": { "address": "192.0.9.2" } },
	  "switches": { "in": { "ldp": 1 } },
	  "routers": { "r": { "ldp": 2, "placement": "namespace", "gateway": "h1", "netns": "r" } },
	  "router_ports": { "r-in": { "router": "r", "id": 1, "switch": "in", "lport": 100,
	      "mac": "02:01:00:00:00:01", "addresses": ["10.0.1.1/24"], "device": "left" } },
	  "ports": { "m1": { "switch": "in", "lport": 1, "mac": "02:00:00:00:01:01", "host": "h2",
	      "device": "m1", "addresses": ["10.0.1.10"] } } }
END
for h in h1 h2; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done
ok 'the router reaches the machine' in_ns r ping -c 1 -W 2 10.0.1.10

# the page's example: a route for a machine, and what bird is told
sed -n '/^\.BR bird (8),/,/^\.EE/p' "$page" | sed -n '/^\.EX/,/^\.EE/{/^\./!{s/\\-/-/g;p}}' >"$TMP/example"
route=$(grep '^ip ' "$TMP/example")
grep -v '^ip ' "$TMP/example" >"$TMP/r.conf"
like "$route" '^ip -n r route add 10\.0\.1\.10/32 ' 'the page has a route'
cat >"$TMP/peer.conf" <<-END
	protocol device {}
	protocol kernel { ipv4 { import none; export all; }; }
	protocol bgp { local as 65000; neighbor 192.0.2.2 as 65001; ipv4 { import all; export none; }; }
END
birds() {
	local ns
	for ns; do
		ok "bird of $ns takes its file" bird -p -c "$TMP/$ns.conf"
		in_ns "$ns" bird -f -c "$TMP/$ns.conf" -s "$TMP/$ns.bird" -P "$TMP/$ns.pid" 2>"$TMP/$ns.bird.log" &
	done
}
birds r peer
bgp() { birdc -s "$TMP/$1.bird" show protocols bgp1 | awk '$1 == "bgp1" { print $NF }'; }
ok 'they speak with each other' wait_until 40 matches Established bgp peer ||
	diag "$(birdc -s "$TMP/peer.bird" show protocols all)"
heard() { ip -n peer route show proto bird; }
is "$(heard)" '' 'of no machine at first'
not_ok 'which is not reached from outside' in_ns peer ping -c 1 -W 1 10.0.1.10

$route
ok 'the peer hears of the machine' wait_until 20 matches '^10\.0\.1\.10 via 192\.0\.2\.2 dev eth0' heard
is "$(heard | wc -l)" 1 'and of nothing else'
ok 'and reaches it' in_ns peer ping -c 1 -W 2 10.0.1.10
is "$(in_ns peer busybox traceroute -n -q 1 -w 2 -m 4 10.0.1.10 | awk 'NR > 1 { print $2 }' | xargs)" \
	'192.0.2.2 10.0.1.10' 'by the router'

# it moves: who is outside hears nothing of that
veth h1:m1 m1:eth1,02:00:00:00:01:01
batch m1 <<-END
	link set eth0 down
	addr add 10.0.1.10/24 dev eth1
	route add default via 10.0.1.1 dev eth1
END
echo '{ "ports": { "m1": { "host": "h1" } } }' >"$TMP/patch"
for h in h1 h2; do
	weftd --ctl-socket "$TMP/$h.sock" --ctl change --patch "$TMP/patch" >"$TMP/$h.change" 2>&1 || diag "$(cat "$TMP/$h.change")"
done
capture peer eth0 "$TMP/bgp" tcp port 179
ok 'it moves, and is reached' wait_until 10 in_ns peer ping -c 1 -W 1 10.0.1.10
is "$(heard | wc -l)" 1 'by the same route'
capture_stop "$TMP/bgp"
unlike "$(tcpdump -vnr "$TMP/bgp" 2>/dev/null)" 'Update Message' 'without a word'

${route/ add / del }
unheard() { [ -z "$(heard)" ]; }
ok 'it is withdrawn' wait_until 20 unheard
not_ok 'and not reached any more' in_ns peer ping -c 1 -W 1 10.0.1.10
for ns in r peer; do birdc -s "$TMP/$ns.bird" down >/dev/null; done
done_testing
