#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 120
# l3_external.sh - a logical router on a gateway, its port toward the outside, and NAT there.
#
#	m1 ── [h2] ── 192.0.9.0/24 ── [h1] ── uplink ── out 192.0.2.1, 198.51.100.1
#	                     m4 ────── [h1]
#
#	in (m1 10.0.1.10, m4 10.0.1.11) ── gw ── ext 192.0.2.0/24 (uplink)
#
# Outside nobody has a route to 10.0.1.0/24.
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 m1 m4 out
veth h1:u,192.0.9.1/24 h2:u,192.0.9.2/24 1600
veth h1:upl out:eth0,02:00:00:00:0f:01,192.0.2.1/24,2001:db8:2::1/64
veth h1:m4 m4:eth0,02:00:00:00:01:04,10.0.1.11/24,fd00:1::11/64
veth h2:m1 m1:eth0,02:00:00:00:01:01,10.0.1.10/24,fd00:1::10/64
for m in m1 m4; do
	batch $m <<-END
		route add default via 10.0.1.1
		route add default via fd00:1::1
	END
done
batch out <<-END
	addr add 198.51.100.1/32 dev lo
	addr add 2001:db8:99::1/128 dev lo
END
cat >"$TMP/net.json" <<-END
	{ "version": 1, "datapath": "weft0", "tunnel": { "name": "gnv0", "mtu": 1400 },
	  "hosts": { "h1": { "address": "192.0.9.1" }, "h2": { "address": "192.0.9.2" } },
	  "switches": { "in": { "ldp": 1 }, "ext": { "ldp": 2 } },
	  "routers": { "gw": { "ldp": 3, "placement": "gateway", "gateway": "h1", "nat": [
	      { "kind": "snat", "inside": "10.0.1.0/24", "outside": "192.0.2.10" },
	      { "kind": "snat", "inside": "fd00:1::/64", "outside": "2001:db8:2::10" },
	      { "kind": "one_to_one", "inside": "10.0.1.11", "outside": "192.0.2.11" },
	      { "kind": "one_to_one", "inside": "fd00:1::11", "outside": "2001:db8:2::11" },
	      { "kind": "dnat", "inside": "10.0.1.10", "outside": "192.0.2.12",
	        "protocol": "tcp", "outside_port": 80, "inside_port": 8080 } ] } },
	  "router_ports": {
	    "gw-in": { "router": "gw", "id": 1, "switch": "in", "lport": 100, "mac": "02:01:00:00:00:01",
	      "addresses": ["10.0.1.1/24", "fd00:1::1/64"] },
	    "gw-ext": { "router": "gw", "id": 2, "switch": "ext", "lport": 100, "mac": "02:01:00:00:00:02",
	      "addresses": ["192.0.2.10/24", "2001:db8:2::10/64"] } },
	  "routes": { "out": { "router": "gw", "prefix": "0.0.0.0/0", "via": ["192.0.2.1"] },
	              "out6": { "router": "gw", "prefix": "::/0", "via": ["2001:db8:2::1"] } },
	  "ports": {
	    "m1": { "switch": "in", "lport": 1, "mac": "02:00:00:00:01:01", "host": "h2", "device": "m1",
	      "addresses": ["10.0.1.10", "fd00:1::10"] },
	    "m4": { "switch": "in", "lport": 4, "mac": "02:00:00:00:01:04", "host": "h1", "device": "m4",
	      "addresses": ["10.0.1.11", "fd00:1::11"] },
	    "uplink": { "switch": "ext", "lport": 1, "mac": "02:00:00:00:0f:01", "host": "h1", "device": "upl",
	      "security": false, "addresses": ["192.0.2.1", "2001:db8:2::1"] } } }
END
for h in h1 h2; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done

# server NS ADDRESS PORT: tells who connects, once; client NS ADDRESS PORT: prints what it is told
server() {
	in_ns "$1" /usr/bin/python3 - "$2" "$3" <<-'END' &
		import socket, sys
		family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		with socket.create_server((sys.argv[1], int(sys.argv[2])), family=family) as s:
		    peer, who = s.accept()
		    peer.sendall(who[0].encode())
	END
	wait_until 5 matches ":$3 " in_ns "$1" ss -Hltn >/dev/null
}
client() {
	in_ns "$1" timeout 5 /usr/bin/python3 - "$2" "$3" <<-'END' 2>&1 | tail -n 1
		import socket, sys
		with socket.create_connection((sys.argv[1], int(sys.argv[2])), 4) as s:
		    print(s.recv(99).decode())
	END
}
# talk FROM TO ADDRESS PORT LISTEN-ADDRESS LISTEN-PORT: as who FROM appears there
talk() {
	server "$2" "$5" "$6"
	client "$1" "$3" "$4"
}

is "$(talk m1 out 198.51.100.1 7000 198.51.100.1 7000)" 192.0.2.10 'a machine goes out by the address of the router'
is "$(talk m4 out 198.51.100.1 7001 198.51.100.1 7001)" 192.0.2.11 'one with an address of its own by that'
is "$(talk m1 out 2001:db8:99::1 7002 2001:db8:99::1 7002)" 2001:db8:2::10 'and by IPv6'
is "$(talk m4 out 2001:db8:99::1 7004 2001:db8:99::1 7004)" 2001:db8:2::11 'and by that of IPv6'
is "$(talk out m4 192.0.2.11 7003 10.0.1.11 7003)" 192.0.2.1 'from outside to an address of its own'
is "$(talk out m1 192.0.2.12 80 10.0.1.10 8080)" 192.0.2.1 'from outside to a port, which is another inside'
like "$(client out 192.0.2.12 81)" refused 'another port is refused'
like "$(client out 192.0.2.10 80)" refused 'so is the router itself'
is "$(ip -n out neigh show dev eth0 192.0.2.11 | grep -o 'lladdr [^ ]*')" 'lladdr 02:01:00:00:00:02' \
	'the router answers for the address that it translates'
is "$(ip -n out neigh show dev eth0 2001:db8:2::11 | grep -o 'lladdr [^ ]* router')" \
	'lladdr 02:01:00:00:00:02 router' 'of IPv6, too'
ok 'echo, translated' in_ns m1 ping -c 1 -W 2 198.51.100.1
ok 'in fragments' in_ns m1 ping -c 1 -W 2 -s 3000 -M dont 198.51.100.1
ok 'echo from outside' in_ns out ping -c 1 -W 2 192.0.2.11
ok 'the router is pinged from outside' in_ns out ping -c 1 -W 2 192.0.2.10
unlike "$(in_ns out ping -c 1 -W 1 192.0.2.12)" ' 0% packet loss' 'an address with one port is not'
refused() {
	in_ns "$1" /usr/bin/python3 - "$2" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		s.settimeout(3)
		s.connect((sys.argv[1], 9))
		s.send(b"?")
		try:
		    s.recv(9)
		except ConnectionRefusedError:
		    sys.exit(0)
		sys.exit(1)
	END
}
ok 'an error from outside finds who it is for' refused m1 198.51.100.1
ok 'an error from inside, too' refused out 192.0.2.11
is "$(in_ns m1 busybox traceroute -n -q 1 -w 2 -m 4 198.51.100.1 | awk 'NR > 1 { print $2 }' | xargs)" \
	'10.0.1.1 198.51.100.1' 'traceroute goes through the translation'
like "$(in_ns out ping -c 1 -W 2 -t 1 192.0.2.11)" 'From 192.0.2.10 .*Time to live exceeded' \
	'time exceeded, to who asks from outside'
unlike "$(weft -n h2 template show)" snat 'only the gateway translates'
is "$(weft -n h1 -j template show | jq length)" 7 'the gateway has the templates'
done_testing
