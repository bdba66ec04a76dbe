#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logical switches and routers, in frames (see l3.sh and l3_relay.sh).

  l3.py write FILE     write the network that the tests begin with
  l3.py test DIR       run the cases; DIR has net.json, which hosts h1, h2 and h3 do
  l3.py relay DIR      those with a relay, h4
"""
import copy
import ipaddress
import json
import select
import subprocess
import sys
import time

import frame as f

STAGES = {
    0: "context", 4: "l2_security", 8: "l2_acl_in", 12: "l2_neighbour", 16: "l2_lookup",
    20: "l2_flood", 24: "l2_acl_out", 28: "l2_error", 32: "l3_acl_in", 36: "l3_local", 40: "l3_hint",
    44: "l3_dnat", 48: "l3_policy", 52: "l3_route", 56: "l3_nexthop", 60: "l3_snat",
    64: "l3_acl_out", 68: "l3_resolve", 72: "l3_error", 80: "egress", 84: "physical", 88: "output",
    92: "map"}
L2_TAIL = "l2_acl_in l2_neighbour l2_lookup l2_acl_out egress"
L3 = ("l3_acl_in l3_local l3_hint l3_dnat l3_policy l3_route l3_nexthop l3_snat l3_acl_out "
      "l3_resolve egress")
LEFT, RIGHT, MIDDLE = 220, 230, 225
R1, R2 = "02:01:01:01:01:01", "02:01:01:01:01:02"
MACS = {f"vm{i}": f"02:00:00:00:00:0{i}" for i in range(1, 7)}
IPS = {"vm1": "1.1.1.10", "vm2": "1.1.1.20", "vm3": "1.1.2.20", "vm4": "1.1.2.10"}
IP6S = {"vm1": "2001:db8:1::10", "vm2": "2001:db8:1::20", "vm3": "2001:db8:2::20",
        "vm4": "2001:db8:2::10"}


def machine(name, switch, lport, host, addresses, device=None):
    return {"switch": switch, "lport": lport, "mac": MACS[name], "host": host,
            "device": device or name, "addresses": addresses}


def link(router, number, switch, mac, addresses, lport=100):
    return {"router": router, "id": number, "switch": switch, "lport": lport, "mac": mac,
            "addresses": addresses}


NETWORK = {
    "version": 1, "datapath": "weft0", "tunnel": {"name": "gnv0"},
    "hosts": {f"h{i}": {"address": f"192.0.{i}.1"} for i in (1, 2, 3, 4)},
    "switches": {"left": {"ldp": LEFT}, "right": {"ldp": RIGHT}},
    "routers": {"middle": {"ldp": MIDDLE, "placement": "first-hop"}},
    "router_ports": {
        "middle-left": link("middle", 1, "left", R1, ["1.1.1.1/24", "2001:db8:1::1/64"]),
        "middle-right": link("middle", 2, "right", R2, ["1.1.2.1/24", "2001:db8:2::1/64"])},
    "ports": {
        name: machine(name, switch, lport, host, [IPS[name], IP6S[name]])
        for name, switch, lport, host in (
            ("vm1", "left", 1, "h1"), ("vm2", "left", 2, "h2"), ("vm3", "right", 1, "h1"),
            ("vm4", "right", 2, "h2"))},
    "acls": {},
}


def placed(placement):
    net = copy.deepcopy(NETWORK)
    middle = net["routers"]["middle"]
    middle["placement"] = placement
    if placement in ("gateway", "namespace"):
        middle["gateway"] = "h3"
    if placement == "namespace":
        middle["netns"] = "r"
        net["router_ports"]["middle-left"]["device"] = "left"
        net["router_ports"]["middle-right"]["device"] = "right"
    return net


def packet(src, dst, ip6=False, ttl=64, dport=9, proto=17, router=None, payload=b"weft"):
    """What a machine sends; to a router when that is said."""
    a, b = (IP6S if ip6 else IPS)[src], (IP6S if ip6 else IPS)[dst]
    l4 = f.udp(a, b, 4000, dport, payload) if proto == 17 else f.tcp(a, b, 4000, dport)
    l3 = f.ipv6(a, b, proto, l4, ttl) if ip6 else f.ipv4(a, b, proto, l4, ttl)
    return f.ether(router or MACS[dst], MACS[src], 0x86dd if ip6 else 0x0800, l3)


def routed(frame, src_mac, dst_mac, hops=1):
    """What becomes of it behind so many routers."""
    l3 = bytearray(frame[14:])
    if frame[12:14] == b"\x86\xdd":
        l3[7] -= hops
    else:
        l3[8] -= hops
        l3[10:12] = b"\0\0"
        l3[10:12] = f.checksum(bytes(l3[:20])).to_bytes(2, "big")
    return f.mac(dst_mac) + f.mac(src_mac) + frame[12:14] + bytes(l3)


def error(frame, source, kind, code, rest=0, sender=None, ttl=63):
    """The ICMP error about a frame that its sender gets: from an address, by a router's port."""
    packet_, ip6 = frame[14:], frame[12:14] == b"\x86\xdd"
    head = f.mac(sender) if sender else frame[:6]
    if ip6:
        to = str(ipaddress.ip_address(packet_[8:24]))
        l4 = f.icmpv6(source, to, kind, code, rest, packet_[:1232])
        return frame[6:12] + head + frame[12:14] + f.ipv6(source, to, 58, l4, ttl)
    to = str(ipaddress.ip_address(packet_[12:16]))
    l4 = f.icmp(kind, code, rest, packet_[:548])
    return frame[6:12] + head + frame[12:14] + f.ipv4(source, to, 1, l4, ttl)


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


class Lab(f.Tap):
    def __init__(self, directory, hosts):
        super().__init__()
        self.dir = directory
        self.hosts = hosts
        self.seen = None  # counters that are still true
        self.noisy = False
        self.ports = {name: f.Port(name) for name in (*MACS, "vm4b")}

    def apply(self, net):
        with open(f"{self.dir}/net.json", "w", encoding="utf-8") as file:
            json.dump(net, file)
        out = run("sh", "-c", "".join(
            f"weftd --ctl-socket {self.dir}/{host}.sock --ctl reload & " for host in self.hosts) +
            "wait")
        assert out.count('"ok"') == len(self.hosts), out
        self.seen = None
        self.noisy = any("netns" in router for router in net["routers"].values())

    def counters(self):
        """By host, packets by entry: (logical datapath or 0, table, entry)."""
        out = run("sh", "-c", "set -e; " + "; echo; ".join(
            f"weft -n {host} -j -s flow show" for host in self.hosts))
        decoder, counters = json.JSONDecoder(), {}
        for host in self.hosts:
            entries, end = decoder.raw_decode(out)
            out = out[end:].lstrip()
            counters[host] = {
                (int(str((e.get("match") or {}).get("ldp", 0)), 0), e["table"],
                 json.dumps([e.get("priority"), e.get("match")])): (e.get("packets", 0), e)
                for e in entries}
        return counters

    def gather(self, wait):
        """Frames by port, until nothing has come for a while; first of all one at that port."""
        by_fd = {port.sock.fileno(): name for name, port in self.ports.items()}
        got, patience = {}, 2.0 if wait else 0.15
        while True:
            ready = select.select(list(by_fd), [], [], patience)[0]
            if not ready:
                return got
            for fd in ready:
                name = by_fd[fd]
                got.setdefault(name, []).append(self.ports[name].receive(1))
            patience = 0.03 if not wait or wait in got else 2.0

    def way(self, port, frame, wait=None, count=True):
        """Send a frame: who got what, and on each host the stages it met, by datapath."""
        before = (self.seen or self.counters()) if count else {}
        self.seen = None
        for each in self.ports.values():
            each.drain()
        self.ports[port].send(frame)
        got, ways = self.gather(wait), {}
        self.seen = self.counters() if count else None
        for host in before:
            hit = [key for key, (n, _) in self.seen[host].items()
                   if n > before[host].get(key, (0, 0))[0]]
            met = {}
            for ldp, table, _ in sorted(hit, key=lambda key: key[:2]):
                met.setdefault(ldp, []).append(STAGES[table])
            if met:
                ways[host] = {ldp: " ".join(tables) for ldp, tables in met.items()}
        return got, ways

    def delivered(self, what, port, frame, to, expected, ways=None):
        # a namespace speaks by itself, to all (MLD): what it says may come in between
        for _ in range(5 if self.noisy else 1):
            got, met = self.way(port, frame, to, ways is not None)
            good = got == {to: [expected]}
            if good and ways in (None, met):
                break
        self.ok(good, f"{what}: {port} to {to}",
                f"got {({k: [x.hex() for x in v] for k, v in got.items()})}",
                f"expected {to}: {expected.hex()}", met)
        if ways is not None:
            self.equal(met, ways, f"{what}: {port} to {to}, the stages")

    def lost(self, what, port, frame, last=None):
        """Nobody gets it; last: the host, datapath and stage where it ends."""
        got, met = self.way(port, frame)
        self.ok(not got, f"{what}: nobody gets it",
                {k: [x.hex() for x in v] for k, v in got.items()}, met)
        if last:
            host, ldp, stage = last
            end = met.get(host, {}).get(ldp, "").split(" ")[-1]
            self.equal(end, stage, f"{what}: it ends in {stage} of {ldp} on {host}")
        return met


def ways_of(placement):
    """What a packet from vm1 to vm3 (there: h1) and to vm4 (h2) meets, host by host."""
    src = "l2_security " + L2_TAIL
    early = "l2_security l2_acl_in l2_neighbour l2_lookup egress"
    late = "l2_acl_in l2_neighbour l2_lookup egress"
    if placement in ("first-hop", "last-hop-acl", "last-hop-switch"):
        here = {"h1": {0: "context", LEFT: src, MIDDLE: L3, RIGHT: L2_TAIL + " output"}}
        there = {"h1": {0: "context physical", LEFT: src, MIDDLE: L3, RIGHT: L2_TAIL},
                 "h2": {0: "context", RIGHT: "output"}}
        if placement == "last-hop-acl":
            there["h1"][RIGHT] = late
            there["h2"][RIGHT] = "l2_acl_out egress output"
        elif placement == "last-hop-switch":
            del there["h1"][RIGHT]
            there["h2"][RIGHT] = L2_TAIL + " output"
        return here, there
    edge = {0: "context physical", LEFT: early}
    gateway = {0: "context physical", LEFT: "l2_acl_out egress", MIDDLE: L3, RIGHT: late}
    if placement == "namespace":
        gateway[0] = "context context physical"
        gateway[LEFT] += " output"
        del gateway[MIDDLE]
    last = "l2_acl_out egress output"
    return ({"h1": {0: "context context physical", LEFT: early, RIGHT: last}, "h3": gateway},
            {"h1": edge, "h2": {0: "context", RIGHT: last}, "h3": gateway})


def settle_namespace(lab):
    """Neighbours of the router in a namespace: IPv4's it asks for, IPv6's are told."""
    for dst in ("vm3", "vm4"):
        lab.way("vm1", packet("vm1", dst, router=R1), dst, False)
    for name in ("vm1", "vm2"):
        run("ip", "-n", "r", "neigh", "replace", IP6S[name], "lladdr", MACS[name], "dev", "left")
    for name in ("vm3", "vm4"):
        run("ip", "-n", "r", "neigh", "replace", IP6S[name], "lladdr", MACS[name], "dev", "right")


def test_placement(lab, placement):
    lab.apply(placed(placement))
    here, there = ways_of(placement)
    same = {"h1": {0: "context physical", LEFT: "l2_security " + L2_TAIL},
            "h2": {0: "context", LEFT: "output"}}
    if placement == "namespace":
        settle_namespace(lab)
    for ip6 in (False, True):
        what = f"{placement}, IPv{6 if ip6 else 4}"
        sent = packet("vm1", "vm2", ip6)
        lab.delivered(what, "vm1", sent, "vm2", sent, same)
        for dst, ways in (("vm3", here), ("vm4", there)):
            sent = packet("vm1", dst, ip6, router=R1)
            lab.delivered(what, "vm1", sent, dst, routed(sent, R2, MACS[dst]), ways)
        sent = packet("vm4", "vm1", ip6, router=R2)
        lab.delivered(what, "vm4", sent, "vm1", routed(sent, R1, MACS["vm1"]))


ACLS = [  # where it is denied, and the stage that does so: datapath, stage; by which host
    ({"port": "vm1", "direction": "in"}, LEFT, "l2_acl_in"),
    ({"switch": "left", "direction": "out"}, LEFT, "l2_acl_out"),
    ({"router_port": "middle-left", "direction": "in"}, MIDDLE, "l3_acl_in"),
    ({"router_port": "middle-right", "direction": "out"}, MIDDLE, "l3_acl_out"),
    ({"switch": "right", "direction": "in"}, RIGHT, "l2_acl_in"),
    ({"port": "vm4", "direction": "out"}, RIGHT, "l2_acl_out"),
]


def deny(placement):
    """Each ACL denies a TCP port of its own: 20, 21, …, by IPv4 and IPv6."""
    net = placed(placement)
    for which, (where, _, _) in enumerate(ACLS):
        for match in ("tcp", "tcp6"):
            net["acls"][f"deny-{match}-{which}"] = dict(
                where, priority=10, action="drop", match=f"{match}, tcp_dst={20 + which}")
    return net


def denying_host(placement, which):
    if which == 0:
        return "h1"
    if placement == "gateway":
        return "h2" if which == 5 else "h3"
    if placement == "last-hop-switch":
        return "h1" if which < 4 else "h2"
    return "h2" if placement == "last-hop-acl" and which == 5 else "h1"


def test_acls(lab):
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway"):
        lab.apply(deny(placement))
        sent = packet("vm1", "vm4", proto=6, dport=80, router=R1)
        lab.delivered(f"{placement}, port 80 is not denied", "vm1", sent, "vm4",
                      routed(sent, R2, MACS["vm4"]))
        for which, (_, ldp, stage) in enumerate(ACLS):
            for ip6 in (False, True) if placement == "first-hop" else (False,):
                what = f"{placement}, IPv{6 if ip6 else 4} denied in {stage} of {ldp}"
                sent = packet("vm1", "vm4", ip6, proto=6, dport=20 + which, router=R1)
                met = lab.lost(what, "vm1", sent, (denying_host(placement, which), ldp, stage))
                behind = [h for h in met if "output" in " ".join(met[h].values())]
                lab.equal(behind, [], f"{what}: no host puts it out")


def ask(src, target, sender_ip=None):
    return f.ether("ff:ff:ff:ff:ff:ff", MACS[src], 0x0806, f.arp(
        1, MACS[src], sender_ip or IPS[src], "00:00:00:00:00:00", target))


def link_local(mac):
    raw = f.mac(mac)
    return str(ipaddress.ip_address(
        b"\xfe\x80" + bytes(6) + bytes([raw[0] ^ 2]) + raw[1:3] + b"\xff\xfe" + raw[3:]))


def solicited(address):
    return str(ipaddress.ip_address(
        bytes.fromhex("ff0200000000000000000001ff") + ipaddress.ip_address(address).packed[13:]))


def nd(kind, src, dst, target, mac, flags=0, ttl=255):
    body = ipaddress.ip_address(target).packed
    if mac:
        body += bytes([1 if kind == 135 else 2, 1]) + f.mac(mac)
    return f.ipv6(src, dst, 58, f.icmpv6(src, dst, kind, rest=flags << 24, payload=body), ttl)


def to_group(address):
    return "33:33:" + ipaddress.ip_address(address).packed[12:].hex(":")


def solicit(src, target, ttl=255):
    to = solicited(target)
    return f.ether(to_group(to), MACS[src], 0x86dd, nd(135, IP6S[src], to, target, MACS[src], ttl=ttl))


def probe(src, target):
    """Is the address free?"""
    to = solicited(target)
    return f.ether(to_group(to), MACS[src], 0x86dd, nd(135, "::", to, target, None))


def drops(host, port, *reasons):
    ports = json.loads(run("weft", "-n", host, "-j", "-s", "port", "show"))
    counts = next(p for p in ports if p["name"] == port).get("drops", {})
    return [counts.get(reason, 0) for reason in reasons]


def test_solicitations(lab):
    """The questions of IPv6 hosts, of which a router must also say that it is one."""
    router = "2001:db8:1::1"
    for placement in ("first-hop", "gateway", "namespace"):
        lab.apply(placed(placement))
        lab.delivered(f"{placement}: a solicitation for the router", "vm1", solicit("vm1", router), "vm1", f.ether(
            MACS["vm1"], R1, 0x86dd, nd(136, router, IP6S["vm1"], router, R1, 0xe0)))
    lab.apply(placed("first-hop"))
    ways = {"h1": {0: "context", LEFT: "l2_security l2_acl_in l2_neighbour"}}
    a, b = IP6S["vm1"], IP6S["vm2"]
    lab.delivered("one for a machine of another host", "vm1", solicit("vm1", b), "vm1", f.ether(
        MACS["vm1"], MACS["vm2"], 0x86dd, nd(136, b, a, b, MACS["vm2"], 0x60)), ways)
    sent = f.ether(R1, MACS["vm1"], 0x86dd, nd(135, a, router, router, None))
    lab.delivered("one to the router alone", "vm1", sent, "vm1", f.ether(
        MACS["vm1"], R1, 0x86dd, nd(136, router, a, router, R1, 0xe0)), ways)
    source = link_local(MACS["vm1"])
    sent = f.ether(to_group(solicited(router)), MACS["vm1"], 0x86dd,
                   nd(135, source, solicited(router), router, MACS["vm1"]))
    lab.delivered("one from a link-local address", "vm1", sent, "vm1", f.ether(
        MACS["vm1"], R1, 0x86dd, nd(136, router, source, router, R1, 0xe0)), ways)
    before = drops("h1", "vm1", "bad_l4", "no_neighbour")
    lab.lost("one that has passed a router", "vm1", solicit("vm1", router, 254))
    lab.lost("one for one's own address", "vm1", solicit("vm1", a))
    lab.lost("a probe for one's own address", "vm1", probe("vm1", a))
    after = drops("h1", "vm1", "bad_l4", "no_neighbour")
    lab.equal([y - x for x, y in zip(before, after)], [1, 2], "which are counted")
    sent = solicit("vm1", "2001:db8:1::99")
    lab.delivered("one for an unknown address goes to all", "vm1", sent, "vm2", sent)
    sent = solicit("vm1", link_local(MACS["vm2"]))
    lab.delivered("so does one for a link-local address", "vm1", sent, "vm2", sent)
    net = placed("first-hop")
    net["ports"]["vm1"]["security"] = False
    lab.apply(net)
    for target, mac, flags in ((router, R1, 0xa0), (b, MACS["vm2"], 0x20)):
        lab.delivered(f"{target} is not free, all hear", "vm1", probe("vm1", target), "vm1", f.ether(
            "33:33:00:00:00:01", mac, 0x86dd, nd(136, target, "ff02::1", target, mac, flags)))


def test_questions(lab):
    lab.apply(placed("first-hop"))
    for target, mac in (("1.1.1.1", R1), (IPS["vm2"], MACS["vm2"])):
        answer = f.ether(MACS["vm1"], mac, 0x0806,
                         f.arp(2, mac, target, MACS["vm1"], IPS["vm1"]))
        lab.delivered(f"ARP for {target}", "vm1", ask("vm1", target), "vm1", answer)
    lab.lost("ARP for one's own address", "vm1", ask("vm1", IPS["vm1"]))
    lab.lost("a probe for one's own address", "vm1", ask("vm1", IPS["vm1"], "0.0.0.0"))
    sent = ask("vm1", "1.1.1.99")
    lab.delivered("ARP for an unknown address goes to all", "vm1", sent, "vm2", sent)
    sent = f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(
        IPS["vm1"], "1.1.1.1", 1, f.icmp(8, rest=7, payload=b"hello"), 20))
    lab.delivered("the router is pinged", "vm1", sent, "vm1", f.ether(
        MACS["vm1"], R1, 0x0800,
        f.ipv4("1.1.1.1", IPS["vm1"], 1, f.icmp(0, rest=7, payload=b"hello"), 63)))
    a, b = IP6S["vm1"], "2001:db8:1::1"
    sent = f.ether(R1, MACS["vm1"], 0x86dd, f.ipv6(
        a, b, 58, f.icmpv6(a, b, 128, rest=7, payload=b"hello"), 20))
    lab.delivered("the router is pinged by IPv6", "vm1", sent, "vm1", f.ether(
        MACS["vm1"], R1, 0x86dd,
        f.ipv6(b, a, 58, f.icmpv6(b, a, 129, rest=7, payload=b"hello"), 63)))
    sent = packet("vm1", "vm1", router=R1)
    lab.delivered("a router sends back whence it came", "vm1", sent, "vm1",
                  routed(sent, R1, MACS["vm1"]))
    lab.lost("a switch does not", "vm1", packet("vm1", "vm1"))
    for ip6 in (False, True):
        sent = packet("vm1", "vm4", ip6, ttl=2, router=R1)
        lab.delivered("TTL 2", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
        sent = packet("vm1", "vm4", ip6, ttl=1, router=R1)
        lab.delivered("TTL 1", "vm1", sent, "vm1", error(
            sent, "2001:db8:1::1" if ip6 else "1.1.1.1", 3 if ip6 else 11, 0))


def test_hairpin(lab):
    """Back by the port of entry: a router may, a switch never does."""
    IPS["vm5"] = "1.1.9.50"
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway"):
        net = placed(placement)
        net["router_ports"]["middle-left"]["addresses"].append("1.1.9.1/24")
        net["ports"]["vm5"] = machine("vm5", "left", 5, "h1", [IPS["vm5"]])
        net["ports"]["vm2"]["addresses"].append("1.1.9.20")
        lab.apply(net)
        for dst, there in (("vm5", IPS["vm5"]), ("vm2", "1.1.9.20"), ("vm1", IPS["vm1"])):
            sent = f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(IPS["vm1"], there, 253, b"x" * 26))
            lab.delivered(f"{placement}, a router on a stick", "vm1", sent, dst,
                          routed(sent, R1, MACS[dst]))
        before = drops("h1", "vm1", "in_port", "loop")
        lab.lost(f"{placement}, a switch does not send back", "vm1", packet("vm1", "vm1"))
        after = drops("h1", "vm1", "in_port", "loop")
        lab.equal([y - x for x, y in zip(before, after)], [1, 0], f"{placement}, and counts it")
    # from another host, where the port was until now
    sent = packet("vm1", "vm1")
    before = drops("h1", "gnv0", "loop")
    for port in lab.ports.values():
        port.drain()
    for table, lout in ((88, 1), (20, 65535)):
        run("weft", "-n", "h1", "packet", "inject", "in_port=gnv0", f"table={table}", f"ldp={LEFT}",
            "lin=1", f"lout={lout}", "hex", sent.hex())
    lab.equal({k: [x.hex() for x in v] for k, v in lab.gather(None).items()},
              {"vm5": [sent.hex()]}, "what a machine has sent does not come back from another host")
    lab.equal(drops("h1", "gnv0", "loop")[0] - before[0], 2, "and is counted there")


def test_security(lab):
    lab.apply(placed("first-hop"))
    good = packet("vm1", "vm2")
    spoofed = {
        "MAC address": good[:6] + f.mac(MACS["vm3"]) + good[12:],
        "IPv4 address": f.ether(MACS["vm2"], MACS["vm1"], 0x0800,
                                f.ipv4("1.1.1.77", IPS["vm2"], 253, b"x" * 26)),
        "IPv6 address": f.ether(MACS["vm2"], MACS["vm1"], 0x86dd,
                                f.ipv6("2001:db8:1::77", IP6S["vm2"], 253, b"x" * 26)),
        "address in an ARP answer": f.ether(MACS["vm2"], MACS["vm1"], 0x0806, f.arp(
            2, MACS["vm1"], "1.1.1.1", MACS["vm2"], IPS["vm2"])),
        "address in an advertisement": f.ether(MACS["vm2"], MACS["vm1"], 0x86dd, f.ipv6(
            IP6S["vm1"], IP6S["vm2"], 58, f.icmpv6(
                IP6S["vm1"], IP6S["vm2"], 136, rest=0x60000000, payload=bytes.fromhex(
                    "20010db8000100000000000000000001" "0201020000000001")), 255)),
    }
    for what, sent in spoofed.items():
        met = lab.lost(f"a foreign {what}", "vm1", sent)
        lab.ok("l2_acl_in" not in met["h1"].get(LEFT, ""), f"a foreign {what} ends at the port", met)
    net = placed("first-hop")
    net["ports"]["vm1"]["security"] = False
    lab.apply(net)
    sent = spoofed["IPv4 address"]
    lab.delivered("a port without security", "vm1", sent, "vm2", sent)


def test_broadcast(lab):
    net = placed("first-hop")
    net["ports"]["vm5"] = machine("vm5", "left", 5, "h1", ["1.1.1.50"])
    net["ports"]["vm6"] = machine("vm6", "left", 6, "h2", ["1.1.1.60"])
    sent = packet("vm1", "vm2")
    sent = b"\xff" * 6 + sent[6:]
    for acl in (False, True):
        if acl:
            net["acls"]["not-vm6"] = {"port": "vm6", "direction": "out", "priority": 5,
                                      "match": "udp", "action": "drop"}
        lab.apply(net)
        got, met = lab.way("vm1", sent, "vm2")
        want = {"vm2": [sent], "vm5": [sent], "vm6": [sent]}
        if acl:
            del want["vm6"]
        lab.ok(got == want, f"a broadcast reaches {' '.join(want)}, once each", got.keys(), met)
    unknown = f.mac("02:99:99:99:99:99") + sent[6:]
    lab.lost("an unknown address is dropped", "vm1", unknown)
    net["switches"]["left"]["unknown"] = "flood"
    lab.apply(net)
    got, met = lab.way("vm1", unknown, "vm2")
    lab.ok(got == {"vm2": [unknown], "vm5": [unknown]}, "or flooded, if the switch says so",
           got.keys(), met)


def test_chain(lab):
    """left - middle - right - second - far: two routers, with a static route each way."""
    r3, r4 = "02:01:01:01:01:03", "02:01:01:01:01:04"
    net = placed("first-hop")
    net["switches"]["far"] = {"ldp": 240}
    net["routers"]["second"] = {"ldp": 245}
    net["router_ports"]["second-right"] = link("second", 1, "right", r3,
                                               ["1.1.2.2/24", "2001:db8:2::2/64"], 101)
    net["router_ports"]["second-far"] = link("second", 2, "far", r4,
                                             ["1.1.3.1/24", "2001:db8:3::1/64"])
    net["ports"]["vm6"] = machine("vm6", "far", 6, "h2", ["1.1.3.10", "2001:db8:3::10"])
    net["routes"] = {
        "to-far": {"router": "middle", "prefix": "1.1.3.0/24", "via": ["1.1.2.2"]},
        "to-far-6": {"router": "middle", "prefix": "2001:db8:3::/64", "via": ["2001:db8:2::2"]},
        "back": {"router": "second", "prefix": "1.1.1.0/24", "via": ["1.1.2.1"]},
        "round": {"router": "middle", "prefix": "9.0.0.0/8", "via": ["1.1.2.2"]},
        "and-round": {"router": "second", "prefix": "9.0.0.0/8", "via": ["1.1.2.1"]},
        "hole": {"router": "middle", "prefix": "9.9.0.0/16", "drop": True},
    }
    IPS["vm6"], IP6S["vm6"] = "1.1.3.10", "2001:db8:3::10"
    ways = {"h1": {0: "context physical", LEFT: "l2_security " + L2_TAIL, MIDDLE: L3,
                   RIGHT: L2_TAIL, 245: L3, 240: L2_TAIL}, "h2": {0: "context", 240: "output"}}
    for placement in ("first-hop", "gateway"):
        net["routers"]["second"]["placement"] = placement
        if placement == "gateway":
            net["routers"]["second"]["gateway"] = "h3"
        lab.apply(net)
        for ip6 in (False, True):
            sent = packet("vm1", "vm6", ip6, router=R1)
            lab.delivered(f"two routers, the second: {placement}", "vm1", sent, "vm6",
                          routed(sent, r4, MACS["vm6"], 2),
                          ways if placement == "first-hop" else None)
        sent = packet("vm6", "vm1", router=r4)
        lab.delivered(f"and back, the second: {placement}", "vm6", sent, "vm1",
                      routed(sent, R1, MACS["vm1"], 2))
    net["routers"]["second"] = {"ldp": 245}
    lab.apply(net)
    for dst, stage in (("9.1.1.1", None), ("9.9.1.1", "l3_route")):
        sent = f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(IPS["vm1"], dst, 253, b"x" * 26))
        lab.lost(f"to {dst}", "vm1", sent, stage and ("h1", MIDDLE, stage))


def test_routes(lab):
    """Longest prefix, policy routes above it, several next hops."""
    net = placed("first-hop")
    net["routes"] = {
        "wide": {"router": "middle", "prefix": "10.0.0.0/8", "via": ["1.1.2.10"]},
        "narrow": {"router": "middle", "prefix": "10.1.0.0/16", "via": ["1.1.2.20"]},
        "both": {"router": "middle", "prefix": "20.0.0.0/8", "via": ["1.1.2.10", "1.1.2.20"]},
    }
    net["policy_routes"] = {
        "other": {"router": "middle", "priority": 10, "match": "ip_proto=200, ip",
                  "via": "1.1.2.20"},
        "usual": {"router": "middle", "priority": 20,
                  "match": "ip, ip_proto=200, ip_dst=10.2.0.0/16", "action": "route"},
        "none": {"router": "middle", "priority": 20, "match": "ip, ip_proto=201",
                 "action": "drop"},
    }
    net["ports"]["vm1"]["security"] = False
    lab.apply(net)

    def to(dst, proto=253, src=None):
        return f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(src or IPS["vm1"], dst, proto, b"x" * 26))

    for what, sent, dst in (
            ("10.2.0.1 by the wide route", to("10.2.0.1"), "vm4"),
            ("10.1.0.1 by the narrow route", to("10.1.0.1"), "vm3"),
            ("by a policy route", to("10.0.0.1", 200), "vm3"),
            ("past a policy route", to("10.2.0.1", 200), "vm4"),
            ("the first of two next hops", to("20.0.0.1", src="1.1.1.4"), "vm4"),
            ("the second of two next hops", to("20.0.0.1", src="1.1.1.5"), "vm3")):
        lab.delivered(what, "vm1", sent, dst, routed(sent, R2, MACS[dst]))
    lab.lost("dropped by a policy route", "vm1", to("10.1.0.1", 201), ("h1", MIDDLE, "l3_policy"))


def test_tenants(lab):
    """The same addresses, MAC addresses and names of machines elsewhere."""
    net = placed("first-hop")
    net["switches"]["other"] = {"ldp": 320}
    for name, twin, host in (("vm5", "vm1", "h1"), ("vm6", "vm2", "h2")):
        net["ports"][name] = dict(machine(name, "other", int(name[2]), host, [IPS[twin]]),
                                  mac=MACS[twin])
    lab.apply(net)
    sent = packet("vm1", "vm2")
    lab.delivered("a tenant", "vm1", sent, "vm2", sent)
    lab.delivered("another one, with the same addresses", "vm5", sent, "vm6", sent)
    lab.lost("which has no router", "vm5", packet("vm1", "vm4", router=R1))


def test_move(lab):
    """vm4 moves from h2 to h3: its host changes, nothing logical does."""
    net = placed("first-hop")
    lab.apply(net)
    logical = {k: v[1].get("actions") for k, v in lab.counters()["h1"].items()
             if k[1] < 80 and k[1] != 20}
    net["ports"]["vm4"].update(host="h3", device="vm4b")
    lab.apply(net)
    after = {k: v[1].get("actions") for k, v in lab.counters()["h1"].items()
             if k[1] < 80 and k[1] != 20}
    lab.equal(after, logical, "vm4 moves: the logical stages of h1 stay as they are")
    sent = packet("vm1", "vm4", router=R1)
    lab.delivered("vm4 has moved", "vm1", sent, "vm4b", routed(sent, R2, MACS["vm4"]))


def relayed(placement, hosts):
    net = placed(placement)
    for host in hosts:
        net["hosts"][host]["relay"] = "h4"
    return net


def test_relays(lab):
    """h1 and h2 reach others through h4 only; or h1 does, and h2 and h3 reach each other."""
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway", "namespace"):
        for hosts in (("h1", "h2"), ("h1",)):
            lab.apply(relayed(placement, hosts))
            if placement == "namespace":
                settle_namespace(lab)
            here, there = ways_of(placement)
            there["h4"] = {0: "physical", RIGHT: "context"}
            if "h3" in here:  # to the gateway, and from it
                here["h4"] = {0: "physical physical", LEFT: "context", RIGHT: "context"}
                there["h4"] = here["h4"] if "h2" in hosts else {0: "physical", LEFT: "context"}
            what = f"{placement}, {' and '.join(hosts)} behind a relay"
            for ip6 in (False, True):
                for dst, ways in (("vm3", here), ("vm4", there)):
                    sent = packet("vm1", dst, ip6, router=R1)
                    lab.delivered(what, "vm1", sent, dst, routed(sent, R2, MACS[dst]), ways)
                sent = packet("vm4", "vm1", ip6, router=R2)
                lab.delivered(what, "vm4", sent, "vm1", routed(sent, R1, MACS["vm1"]))
            sent = packet("vm1", "vm2")
            lab.delivered(what, "vm1", sent, "vm2", sent, {
                "h1": {0: "context physical", LEFT: "l2_security " + L2_TAIL},
                "h4": {0: "physical", LEFT: "context"}, "h2": {0: "context", LEFT: "output"}})


def test_relay_copies(lab):
    """Broadcasts by a relay, which has a machine of its own: to each once."""
    net = relayed("first-hop", ("h1", "h2"))
    net["ports"]["vm5"] = machine("vm5", "left", 5, "h1", ["1.1.1.50"])
    net["ports"]["vm6"] = machine("vm6", "left", 6, "h2", ["1.1.1.60"])
    net["ports"]["own"] = dict(machine("vm4", "left", 7, "h3", ["1.1.1.70"], "vm4b"),
                               mac="02:00:00:00:00:07")
    for place in ("h3", "h4"):
        net["ports"]["own"].update(host=place, device="vm4b" if place == "h3" else "vm4c")
        lab.apply(net)
        name = net["ports"]["own"]["device"]
        for src in ("vm1", "vm2"):
            sent = b"\xff" * 6 + packet(src, "vm1" if src == "vm2" else "vm2")[6:]
            got, met = lab.way(src, sent, name)
            want = {port: [sent] for port in ("vm1", "vm2", "vm5", "vm6", name) if port != src}
            lab.ok(got == want, f"a broadcast from {src} reaches {' '.join(want)}, once each",
                   {k: len(v) for k, v in got.items()}, met)


def main(argv):
    if argv[0] == "write":
        with open(argv[1], "w", encoding="utf-8") as file:
            json.dump(placed("first-hop"), file)
        return
    if argv[0] == "relay":
        lab = Lab(argv[1], ("h1", "h2", "h3", "h4"))
        lab.ports["vm4c"] = f.Port("vm4c")
        test_relays(lab)
        test_relay_copies(lab)
        lab.done()
    lab, start = Lab(argv[1], ("h1", "h2", "h3")), time.monotonic()
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway", "namespace"):
        test_placement(lab, placement)
    print(f"# {time.monotonic() - start:.1f} s: placements")
    for test in (test_acls, test_questions, test_solicitations, test_hairpin, test_security, test_broadcast, test_chain,
                 test_routes, test_tenants, test_move):
        test(lab)
        print(f"# {time.monotonic() - start:.1f} s: {test.__name__}")
    lab.apply(placed("first-hop"))
    lab.done()


if __name__ == "__main__":
    main(sys.argv[1:])
