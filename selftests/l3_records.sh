#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# group: long
# timeout: 240
# l3_records.sh - the way of a packet record by record: which entries it meets on which host, in
# every placement of the router, by IPv4 and IPv6; what it becomes where one of them denies it. And
# machines with a stack of their own: duplicate address detection, IPv6 autoconfiguration.
#
#	vm1 vm3 vm5 ── [h1] ── 192.0.1.0/24 ── core ── 192.0.2.0/24 ── [h2] ── vm2 vm4 vm6
#	                                        │
#	                 vm4b ── [h3] ── 192.0.3.0/24        [r]: a router in a namespace of h3
. "$(dirname "$0")/lib.sh"

weft_load
ns_add h1 h2 h3 core vms r
in_ns vms sysctl -qw net.ipv6.conf.default.disable_ipv6=1
in_ns core sysctl -qw net.ipv4.ip_forward=1
in_ns r sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	echo 1 >/proc/sys/net/ipv4/conf/default/arp_accept'
for i in 1 2 3; do
	veth "h$i:u,192.0.$i.1/24" "core:h$i,192.0.$i.254/24" 1600
	ip -n "h$i" route add default via "192.0.$i.254"
	in_ns "h$i" sysctl -qw net.ipv6.conf.default.disable_ipv6=1
done
for wire in h1:vm1 h1:vm3 h1:vm5 h2:vm2 h2:vm4 h2:vm6 h3:vm4b; do
	veth "$wire" "vms:${wire#*:}"
	in_ns vms ethtool -K "${wire#*:}" tx off txvlan off >/dev/null 2>&1
done

/usr/bin/python3 "$LIB_DIR/py/l3.py" write "$TMP/net.json" || bail 'no network'
for h in h1 h2 h3; do
	weftd --netns $h --no-modprobe --network "$TMP/net.json" --host $h \
		--ctl-socket "$TMP/$h.sock" 2>"$TMP/$h.log" &
done
state() { weftd --ctl-socket "$TMP/$1.sock" --ctl status | jq -r .state; }
for h in h1 h2 h3; do
	ok "weftd of $h does its part" wait_until 20 matches '^ok$' state $h || diag "$(cat "$TMP/$h.log")"
done
out=$(in_ns vms /usr/bin/python3 "$LIB_DIR/py/l3_records.py" "$TMP" 2>&1)
rc=$?
sed 's/^\(not \)*ok/# &/; /^[^#]/s/^/# /' <<<"$out"
is $rc 0 "all packets meet their records ($(grep -c '^ok' <<<"$out") cases)"

# ---- machines with a stack of their own: duplicate addresses, autoconfiguration

# vm1 and vm5 of h1, vm2 of h2: in one switch that floods; vm5 is a router of the tenant's own
mac() { printf '02:00:00:00:00:0%d' "$1"; }
cat >"$TMP/net.json" <<END
{ "version": 1, "datapath": "weft0", "tunnel": {"name": "gnv0"},
  "hosts": {"h1": {"address": "192.0.1.1"}, "h2": {"address": "192.0.2.1"}, "h3": {"address": "192.0.3.1"}},
  "switches": {"left": {"ldp": 220}},
  "ports": {
    "vm1": {"switch": "left", "lport": 1, "mac": "$(mac 1)", "host": "h1", "device": "vm1"},
    "vm2": {"switch": "left", "lport": 2, "mac": "$(mac 2)", "host": "h2", "device": "vm2"},
    "vm5": {"switch": "left", "lport": 5, "mac": "$(mac 5)", "host": "h1", "device": "vm5"} } }
END
for h in h1 h2; do
	ok "weftd of $h reads another network" weftd --ctl-socket "$TMP/$h.sock" --ctl reload
done
ns_add m1 m2 m5
for i in 1 2 5; do
	in_ns m$i sh -c 'cd /proc/sys/net/ipv6/conf; for i in default all; do
		echo 1 >$i/accept_dad; echo 1 >$i/accept_ra; echo 1 >$i/autoconf; echo 3 >$i/router_solicitations
	done'
	ip -n vms link set vm$i down
	ip -n vms link set vm$i address "$(mac $i)" netns m$i
	in_ns m$i sysctl -qw "net.ipv6.conf.vm$i.disable_ipv6=0"
	ip -n m$i link set vm$i up
done
address() { ip -n "m$1" -6 address show dev "vm$1" scope "$2"; }
usable() { address "$1" link | grep 'inet6 fe80' | grep -qv tentative; }
for i in 1 2 5; do
	ok "vm$i has its link-local address, which nobody else has" wait_until 10 usable $i
done
ip -n m1 address add 2001:db8:9::9/64 dev vm1
held() { address "$1" global | grep "$2" | grep -qvE 'tentative|dadfailed'; }
ok 'vm1 gets an address' wait_until 10 held 1 2001:db8:9::9
ip -n m2 address add 2001:db8:9::9/64 dev vm2
failed() { address 2 global | grep -q dadfailed; }
ok 'on another host the same address is found to be a duplicate' wait_until 10 failed
ok 'vm1 still has it' held 1 2001:db8:9::9
ip -n m2 address add 2001:db8:9::2/64 dev vm2
ok 'another one is good' wait_until 10 held 2 2001:db8:9::2
ok 'and is found by solicitation' in_ns m1 ping -q -c 1 -W 2 2001:db8:9::2

# router advertisements of one machine, from which the others make addresses
advertise() {
	in_ns m5 /usr/bin/python3 - <<-END
		import sys
		sys.path.insert(0, "$LIB_DIR/py")
		import frame as f
		source = "fe80::ff:fe00:5"
		prefix = bytes([3, 4, 64, 0xc0]) + (3600).to_bytes(4, "big") * 2 + bytes(4) + bytes.fromhex("fd000005") + bytes(12)
		icmp = f.icmpv6(source, "ff02::1", 134, rest=0x40000708, payload=bytes(8) + prefix)
		f.Port("vm5").send(f.ether("33:33:00:00:00:01", "$(mac 5)", 0x86dd, f.ipv6(source, "ff02::1", 58, icmp, 255)))
	END
}
advertise || diag 'no advertisement'
for i in 1 2; do
	ok "vm$i makes an address of an advertisement" wait_until 10 held $i fd00:5
done
to=$(address 2 global | sed -n 's/.*inet6 \(fd00:5[^/]*\).*/\1/p')
ok 'by which it is reached' in_ns m1 ping -q -c 1 -W 2 "$to"
done_testing
