#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What logical routers answer to packets that they do not forward (see l3_errors.sh).

  l3_errors.py write FILE       write the network
  l3_errors.py test DIR         run the cases; DIR has net.json, which hosts h1, h2 and h3 do
  l3_errors.py serve ADDRESS    take 300 kB by TCP
  l3_errors.py send ADDRESS     send them
"""
import hashlib
import json
import random
import socket
import sys
import time

import frame as f
import l3
from l3 import IPS, IP6S, LEFT, MACS, MIDDLE, R1, R2, error, packet

MTU = 1400
R3, R4 = "02:01:01:01:01:03", "02:01:01:01:01:04"
ROUTER, SECOND = ("1.1.1.1", "2001:db8:1::1"), ("1.1.2.2", "2001:db8:2::2")
IPS.update(vm5="1.1.1.30", vm6="1.1.3.10")
IP6S.update(vm5="2001:db8:1::30", vm6="2001:db8:3::10")
EXCEEDED, NET, HOST, PORT, ADMIN = (  # type and code, of ICMP and ICMPv6
    ((11, 0), (3, 0)), ((3, 0), (1, 0)), ((3, 1), (1, 3)), ((3, 3), (1, 4)), ((3, 13), (1, 1)))


def network(placement):
    net = l3.placed(placement)
    net["tunnel"]["mtu"] = MTU
    net["switches"]["far"] = {"ldp": 240}
    net["routers"]["second"] = {"ldp": 245}
    net["router_ports"]["second-right"] = l3.link("second", 1, "right", R3,
                                                  ["1.1.2.2/24", "2001:db8:2::2/64"], 101)
    net["router_ports"]["second-far"] = l3.link("second", 2, "far", R4,
                                                ["1.1.3.1/24", "2001:db8:3::1/64"])
    for name, switch, number, host in (("vm5", "left", 5, "h1"), ("vm6", "far", 6, "h2")):
        net["ports"][name] = l3.machine(name, switch, number, host, [IPS[name], IP6S[name]])
    for name, switch, number, host in (("m1", "left", 1, "h1"), ("m2", "far", 2, "h2"),
                                       ("m3", "left", 3, "h2")):
        subnet = 1 if switch == "left" else 3
        net["ports"][name] = {
            "switch": switch, "lport": 50 + number, "mac": f"02:00:00:00:01:0{number}",
            "host": host, "device": name,
            "addresses": [f"1.1.{subnet}.5{number}", f"2001:db8:{subnet}::5{number}"]}
    net["routes"] = {
        "to-far": {"router": "middle", "prefix": "1.1.3.0/24", "via": ["1.1.2.2"]},
        "to-far-6": {"router": "middle", "prefix": "2001:db8:3::/64", "via": ["2001:db8:2::2"]},
        "back": {"router": "second", "prefix": "1.1.1.0/24", "via": ["1.1.2.1"]},
        "back-6": {"router": "second", "prefix": "2001:db8:1::/64", "via": ["2001:db8:2::1"]}}
    return net


def to(dst, ip6, ttl=64, proto=253, payload=b"x" * 26, df=False, frag=0):
    """From vm1, by the router, to any address."""
    l3_ = f.ipv6(IP6S["vm1"], dst, proto, payload, ttl) if ip6 else f.ipv4(
        IPS["vm1"], dst, proto, payload, ttl, frag=frag or (0x4000 if df else 0), ident=7)
    return f.ether(R1, MACS["vm1"], 0x86dd if ip6 else 0x0800, l3_)


def answered(lab, what, sent, source, kind, quoted=None, **more):
    """vm1 gets an ICMP error; kind: its type and code, of both families."""
    ip6 = sent[12:14] == b"\x86\xdd"
    lab.delivered(f"{what}, IPv{6 if ip6 else 4}", "vm1", sent, "vm1",
                  error(quoted or sent, source[ip6], *kind[ip6], **more))


def spent(frame):
    """With a TTL one less, as one router further on has it."""
    return frame[:12] + l3.routed(frame, R1, R1)[12:]


def test_ttl(lab):
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway"):
        lab.apply(network(placement))
        for ip6 in (False, True):
            for ttl in (0, 1):
                answered(lab, f"{placement}: TTL {ttl}", packet(
                    "vm1", "vm4", ip6, ttl=ttl, router=R1), ROUTER, EXCEEDED)
            sent = packet("vm1", "vm6", ip6, ttl=2, router=R1)
            answered(lab, f"{placement}: TTL 2, two routers", sent, SECOND, EXCEEDED,
                     spent(sent), ttl=62)
            sent = packet("vm1", "vm6", ip6, ttl=3, router=R1)
            lab.delivered(f"{placement}: TTL 3, two routers", "vm1", sent, "vm6",
                          l3.routed(sent, R4, MACS["vm6"], 2))
            sent = packet("vm1", "vm4", ip6, ttl=2, router=R1)
            lab.delivered(f"{placement}: TTL 2", "vm1", sent, "vm4",
                          l3.routed(sent, R2, MACS["vm4"]))
    lab.apply(network("first-hop"))
    _, met = lab.way("vm1", packet("vm1", "vm4", ttl=1, router=R1), "vm1")
    lab.equal(met["h1"].get(MIDDLE), "l3_acl_in l3_local l3_route l3_nexthop l3_snat l3_acl_out "
              "l3_resolve l3_error egress", "TTL 1: the stages of the router")
    lab.ok("h2" not in met, "TTL 1: it goes no further", met)


def test_silence(lab):
    """Nobody answers to errors, later fragments, groups."""
    quoted = f.ipv4("1.1.2.10", IPS["vm1"], 17, f.udp("1.1.2.10", IPS["vm1"], 1, 2))
    for what, sent in (
            ("an error", to("1.1.2.10", False, 1, 1, f.icmp(3, 3, payload=quoted))),
            ("a later fragment", to("1.1.2.10", False, 1, 17, frag=0x2001)),
            ("an error, IPv6", to("2001:db8:2::10", True, 1, 58, f.icmpv6(
                IP6S["vm1"], "2001:db8:2::10", 1, 4, payload=quoted))),
            ("what is sent to a group", to("224.1.2.3", False, 1)),
            ("what is sent to a group, IPv6", to("ff05::3", True, 1)),
            ("an error that has no route", to("77.1.1.1", False, 9, 1, f.icmp(11, payload=quoted))),
            ("RST for the router", f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(
                IPS["vm1"], "1.1.1.1", 6, f.tcp(IPS["vm1"], "1.1.1.1", 1, 2, 4)))),
            ("an echo reply for the router", f.ether(R1, MACS["vm1"], 0x0800, f.ipv4(
                IPS["vm1"], "1.1.1.1", 1, f.icmp(0))))):
        lab.lost(f"no answer to {what}", "vm1", sent)
    sent = to("1.1.2.10", False, 1, 17, b"\x01\x02\x03\x04\x00\x1e\x00\x00" + b"x" * 16, frag=0x2000)
    answered(lab, "a first fragment", sent, ROUTER, EXCEEDED)


def test_unreachable(lab):
    for ip6 in (False, True):
        answered(lab, "no route", to("2001:db8:77::1" if ip6 else "77.1.1.1", ip6), ROUTER, NET)
        sent = to("2001:db8:2::99" if ip6 else "1.1.2.99", ip6)
        answered(lab, "no neighbour", sent, ROUTER, HOST, spent(sent))
        a, b = (IP6S if ip6 else IPS)["vm1"], ROUTER[ip6]
        answered(lab, "UDP for the router", to(b, ip6, 1, 17, f.udp(a, b, 7, 33434)), ROUTER, PORT)
        sent = to(b, ip6, 64, 6, f.tcp(a, b, 7, 22, 2, seq=99))
        rst = f.tcp(b, a, 22, 7, 20, ack=100, window=0)
        lab.delivered(f"TCP for the router, IPv{6 if ip6 else 4}", "vm1", sent, "vm1", f.ether(
            MACS["vm1"], R1, 0x86dd if ip6 else 0x0800,
            f.ipv6(b, a, 6, rst, 63) if ip6 else f.ipv4(b, a, 6, rst, 63)))


def test_acls(lab):
    """Who says no says so. A switch speaks as who was meant; what it says is routed, or not."""
    places = (({"port": "vm1", "direction": "in"}, False, 64),
              ({"switch": "left", "direction": "out"}, False, 64),
              ({"router_port": "middle-left", "direction": "in"}, True, 63),
              ({"router_port": "middle-right", "direction": "out"}, True, 63),
              ({"switch": "right", "direction": "in"}, False, 63),
              ({"port": "vm4", "direction": "out"}, False, 63))
    for placement in ("first-hop", "last-hop-acl", "last-hop-switch", "gateway"):
        net = network(placement)
        for which, (where, _, _) in enumerate(places):
            for match in ("udp", "udp6"):
                net["acls"][f"no-{match}-{which}"] = dict(
                    where, priority=10, action="reject", match=f"{match}, udp_dst={20 + which}")
        lab.apply(net)
        for which, (where, router, ttl) in enumerate(places):
            for ip6 in (False, True):
                sent = packet("vm1", "vm4", ip6, dport=20 + which, router=R1)
                quoted = spent(sent) if which > 2 else sent
                source = ROUTER if router else (IPS["vm4"], IP6S["vm4"])
                answered(lab, f"{placement}: prohibited by {' '.join(where.values())}", sent,
                         source, ADMIN, quoted, ttl=ttl)


def reassembled(frames):
    """The payload, and the longest packet."""
    parts = {}
    for frame in frames:
        word = int.from_bytes(frame[20:22], "big")
        parts[(word & 0x1fff) * 8] = frame[34:14 + int.from_bytes(frame[16:18], "big")]
    data = b"".join(parts[key] for key in sorted(parts))
    return data, max(len(frame) - 14 for frame in frames)


def test_too_big(lab):
    kind = ((3, 4), (2, 0))
    for placement in ("first-hop", "last-hop-switch", "gateway"):
        lab.apply(network(placement))
        for ip6 in (False, True):
            head = 40 if ip6 else 20
            for dst in ("vm4", "vm3", "vm6"):
                address = (IP6S if ip6 else IPS)[dst]
                for more in (-1, 0):
                    sent = to(address, ip6, payload=bytes(MTU - head + more), df=True)
                    mac, hops = (R4, 2) if dst == "vm6" else (R2, 1)
                    lab.delivered(f"{placement}: {MTU + more} bytes, IPv{6 if ip6 else 4}", "vm1",
                                  sent, dst, l3.routed(sent, mac, MACS[dst], hops))
                sent = to(address, ip6, payload=bytes(MTU - head + 1), df=True)
                what = f"{placement}: one byte too much for {dst}"
                if placement == "gateway":  # too much for the tunnel to the gateway already
                    answered(lab, what, sent, (IPS[dst], IP6S[dst]), kind, rest=MTU, ttl=64)
                else:
                    answered(lab, what, sent, ROUTER, kind, spent(sent), rest=MTU)
        data = random.Random(1).randbytes(1480)
        for frag in (0, 0x2000 | 185):  # the latter: one of a longer packet
            sent = to(IPS["vm4"], False, payload=data, frag=frag)
            got, _ = lab.way("vm1", sent, "vm4", False)
            back, longest = reassembled(got.get("vm4", [b"\0" * 40]))
            lab.ok(back == data and longest <= MTU and len(got["vm4"]) == 2 and len(got) == 1,
                   f"{placement}: what may be cut arrives in fragments (offset {frag & 0x1fff})", got)
            lab.equal([int.from_bytes(x[20:22], "big") for x in got["vm4"]],
                      [0x2000 | frag, frag + 172], f"{placement}: of the places that they should have")
            lab.equal({x[18:20] for x in got["vm4"]}, {b"\0\7"}, f"{placement}: of one packet")


def test_too_big_switched(lab):
    """The sender is told by the switch, as if the receiver did, but only of tunnels."""
    lab.apply(network("first-hop"))
    for ip6 in (False, True):
        head = 40 if ip6 else 20
        for dst in ("vm2", "vm5"):
            address = (IP6S if ip6 else IPS)[dst]
            sent = f.mac(MACS[dst]) + to(address, ip6, payload=bytes(1500 - head), df=True)[6:]
            if dst == "vm5":
                lab.delivered("1500 bytes to a machine of this host", "vm1", sent, dst, sent)
                continue
            answered(lab, "1500 bytes for a tunnel", sent, (IPS[dst], IP6S[dst]),
                     ((3, 4), (2, 0)), rest=MTU, ttl=64)
            sent = f.mac(MACS[dst]) + to(address, ip6, payload=bytes(MTU - head), df=True)[6:]
            lab.delivered(f"{MTU} bytes for a tunnel", "vm1", sent, dst, sent)


def test_rate(lab):
    """1000 a second, and 100 at once."""
    lab.apply(network("first-hop"))
    sent, began = packet("vm1", "vm4", ttl=1, router=R1), time.monotonic()

    def drops():
        text = json.loads(l3.run("weft", "-n", "h1", "-j", "-s", "port", "show"))
        port = next(p for p in text if p["name"] == "vm1")
        return {k: port["drops"].get(k, 0) for k in ("rate", "rejected")}

    before = drops()
    for _ in range(2000):
        lab.ports["vm1"].send(sent)
    took = time.monotonic() - began
    got, after = lab.gather("vm1"), drops()
    rejected, rate = (after[k] - before[k] for k in ("rejected", "rate"))
    lab.equal(rejected + rate, 2000, "a scan: all are counted")
    lab.equal(len(got["vm1"]), rejected, "a scan: answers, as the counter says")
    lab.ok(100 <= rejected <= 102 + 1000 * took, "a scan: no more than may be",
           f"{rejected} in {took} s")


def content():
    return random.Random(5).randbytes(300000)


def serve(address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 5001), family=family) as server:
        peer, _ = server.accept()
        with peer:
            got = b""
            while data := peer.recv(1 << 16):
                got += data
            peer.sendall(hashlib.sha256(got).digest())


def send(address):
    with socket.create_connection((address, 5001), 10) as peer:
        peer.sendall(content())
        peer.shutdown(socket.SHUT_WR)
        sys.exit(peer.recv(32) != hashlib.sha256(content()).digest())


def main(argv):
    if argv[0] == "write":
        with open(argv[1], "w", encoding="utf-8") as file:
            json.dump(network("first-hop"), file)
    elif argv[0] == "serve":
        serve(argv[1])
    elif argv[0] == "send":
        send(argv[1])
    else:
        lab = l3.Lab(argv[1], ("h1", "h2", "h3"))
        for test in (test_ttl, test_silence, test_unreachable, test_acls, test_too_big,
                     test_too_big_switched, test_rate):
            test(lab)
        lab.done()


if __name__ == "__main__":
    main(sys.argv[1:])
