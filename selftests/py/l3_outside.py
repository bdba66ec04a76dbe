#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Machines outside that are not in the file: AT-63, in frames (see l3_outside.sh).

  l3_outside.py write FILE  write the network
  l3_outside.py test DIR    run the cases; DIR has net.json, which hosts h1, h2 and h3 do
"""
import json
import os
import sys
import time

import frame as f
from l3 import nd, routed, run, solicited, to_group

INNER, OUTER = "02:01:00:00:00:01", "02:01:00:00:00:02"  # of the router
MAC = {"m2": "02:00:00:00:01:02", "v1": "02:00:00:00:02:01", "v2": "02:00:00:00:02:02"}
OUT, MOVED = "02:00:00:00:0f:20", "02:00:00:00:0f:21"
ALL, NONE, ALL_NODES = "ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "33:33:00:00:00:01"
TRIES = 2
TIMES = {"try_ms": 1000, "tries": TRIES, "negative_ms": 10000, "revalidate_ms": 60000}


def network(**times):
    return {
        "version": 1, "datapath": "weft0",
        "tunnel": {"name": "gnv0", "monitor": {"interval_ms": 150, "multiplier": 4, "probe_mtu_s": 0}},
        "hosts": {f"h{n}": {"address": f"192.0.2.{n}"} for n in (1, 2, 3)},
        "resolution": {"by": "arpd", "times": dict(TIMES, **times)},
        "switches": {"in": {"ldp": 1}, "ext": {"ldp": 2}},
        "routers": {"gw": {"ldp": 3, "placement": "gateway", "gateway": ["h1", "h3"], "nat": [
            {"kind": "one_to_one", "inside": "10.0.1.4", "outside": "203.0.113.11"},
            {"kind": "one_to_one", "inside": "fd00:1::4", "outside": "2001:db8:2::11"}]}},
        "router_ports": {
            "gw-in": {"router": "gw", "id": 1, "switch": "in", "lport": 100, "mac": INNER,
                      "addresses": ["10.0.1.1/24", "fd00:1::1/64"]},
            "gw-ext": {"router": "gw", "id": 2, "switch": "ext", "lport": 100, "mac": OUTER,
                       "addresses": ["203.0.113.10/24", "2001:db8:2::10/64"]}},
        "routes": {
            "out": {"router": "gw", "prefix": "0.0.0.0/0", "via": ["203.0.113.1"]},
            "out6": {"router": "gw", "prefix": "::/0", "via": ["2001:db8:2::1"]}},
        "ports": {
            "m2": {"switch": "in", "lport": 2, "mac": MAC["m2"], "host": "h2", "device": "m2",
                   "addresses": ["10.0.1.2", "fd00:1::2"]},
            "v1": {"switch": "ext", "lport": 2, "mac": MAC["v1"], "host": "h1", "device": "v1",
                   "security": False},
            "v2": {"switch": "ext", "lport": 3, "mac": MAC["v2"], "host": "h2", "device": "v2",
                   "security": False, "addresses": [Ip4.inside, Ip6.inside]},
            "upl": {"switch": "ext", "lport": 1, "outside": True, "host": ["h1", "h3"],
                    "device": "upl"}}}


class Ip4:
    ip6, name = False, "IPv4"
    router, translated = "203.0.113.10", "203.0.113.11"
    machine, silent, other, late = (f"203.0.113.{n}" for n in (20, 23, 24, 25))
    way, far, asker = "203.0.113.1", "198.51.100.1", "203.0.113.1"
    inside = "203.0.113.30"
    own, inner = "10.0.1.2", "10.0.1.1"

    @staticmethod
    def packet(dst, ttl=64):
        return f.ether(INNER, MAC["m2"], 0x800, f.ipv4(
            Ip4.own, dst, 17, f.udp(Ip4.own, dst, 4000, 9, b"weft"), ttl))

    @staticmethod
    def question(target, to=None):
        return f.ether(to or ALL, OUTER, 0x806, f.arp(1, OUTER, Ip4.router, NONE, target))

    @staticmethod
    def answer(target, mac, to=OUTER):
        return f.ether(to, mac, 0x806, f.arp(2, mac, target, OUTER, Ip4.router))

    @staticmethod
    def announcements(target, mac):
        """By RFC 5227, and as some say it in an answer."""
        return [f.ether(ALL, mac, 0x806, f.arp(1, mac, target, NONE, target)),
                f.ether(ALL, mac, 0x806, f.arp(2, mac, target, mac, target))]

    @staticmethod
    def ask(target):
        return f.ether(ALL, OUT, 0x806, f.arp(1, OUT, Ip4.asker, NONE, target))

    @staticmethod
    def answered(target):
        return f.ether(OUT, OUTER, 0x806, f.arp(2, OUTER, target, OUT, Ip4.asker))

    @staticmethod
    def neighbour(name, target):
        """A machine inside asks for one outside, which answers."""
        mac = MAC[name]
        return (f.ether(ALL, mac, 0x806, f.arp(1, mac, Ip4.inside, NONE, target)),
                f.ether(mac, OUT, 0x806, f.arp(2, OUT, target, mac, Ip4.inside)))

    @staticmethod
    def unreachable(packet):
        return f.ether(MAC["m2"], INNER, 0x800, f.ipv4(Ip4.inner, Ip4.own, 1, f.icmp(
            3, 1, payload=routed(packet, OUTER, OUT)[14:]), 63))


class Ip6:
    ip6, name = True, "IPv6"
    router, translated = "2001:db8:2::10", "2001:db8:2::11"
    machine, silent, other, late = (f"2001:db8:2::{n}" for n in (20, 23, 24, 25))
    way, far, asker = "2001:db8:2::1", "2001:db8:99::1", "2001:db8:2::1"
    inside = "2001:db8:2::30"
    own, inner = "fd00:1::2", "fd00:1::1"

    @staticmethod
    def packet(dst, ttl=64):
        return f.ether(INNER, MAC["m2"], 0x86dd, f.ipv6(
            Ip6.own, dst, 17, f.udp(Ip6.own, dst, 4000, 9, b"weft"), ttl))

    @staticmethod
    def question(target, to=None):
        group = solicited(target)
        return f.ether(to or to_group(group), OUTER, 0x86dd,
                       nd(135, Ip6.router, target if to else group, target, OUTER))

    @staticmethod
    def answer(target, mac, to=OUTER, ttl=255, flags=0x60, option=True):
        return f.ether(to, mac, 0x86dd,
                       nd(136, target, Ip6.router, target, mac if option else None, flags, ttl))

    @staticmethod
    def announcements(target, mac, flags=0x20):
        return [f.ether(ALL_NODES, mac, 0x86dd, nd(136, target, "ff02::1", target, mac, flags))]

    @staticmethod
    def ask(target):
        group = solicited(target)
        return f.ether(to_group(group), OUT, 0x86dd, nd(135, Ip6.asker, group, target, OUT))

    @staticmethod
    def answered(target):
        return f.ether(OUT, OUTER, 0x86dd, nd(136, target, Ip6.asker, target, OUTER, 0xe0))

    @staticmethod
    def neighbour(name, target):
        mac, group = MAC[name], solicited(target)
        return (f.ether(to_group(group), mac, 0x86dd, nd(135, Ip6.inside, group, target, mac)),
                f.ether(mac, OUT, 0x86dd, nd(136, target, Ip6.inside, target, OUT, 0x60)))

    @staticmethod
    def unreachable(packet):
        return f.ether(MAC["m2"], INNER, 0x86dd, f.ipv6(Ip6.inner, Ip6.own, 58, f.icmpv6(
            Ip6.inner, Ip6.own, 1, 3, payload=routed(packet, OUTER, OUT)[14:]), 63))


def is_question(frame):
    """Of the router, about others: not an announcement."""
    if frame[6:12] != f.mac(OUTER):
        return False
    if frame[12:14] == b"\x08\x06":
        return frame[20:22] == b"\0\1" and frame[28:32] != frame[38:42]
    return frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 135


def text(frames):
    return [frame.hex() for frame in frames]


class Lab(f.Tap):
    def __init__(self, directory):
        super().__init__()
        self.dir = directory
        self.ports = {name: f.Port(name) for name in (*MAC, "o1", "o3")}
        self.at = "o1"  # where the active gateway is

    def apply(self, net):
        with open(f"{self.dir}/net.json", "w", encoding="utf-8") as file:
            json.dump(net, file)
        out = run("sh", "-c", "".join(f"weftd --ctl-socket {self.dir}/{host}.sock --ctl reload & "
                                      for host in ("h1", "h2", "h3")) + "wait")
        assert out.count('"ok"') == 3, out

    def send(self, port, *frames):
        for frame in frames:
            self.ports[port].send(frame)

    def settle(self):
        for port in self.ports.values():
            port.drain()

    def comes(self, what, expected, port=None, seconds=8):
        """A frame comes, and no question before it."""
        port, before = self.ports[port or self.at], []
        while (frame := port.receive(seconds)) not in (expected, None):
            before.append(frame)
        self.ok(frame and not any(map(is_question, before)), what, f"expected {expected.hex()}",
                f"before it: {text(before)}")

    def heard(self, port, expected, seconds=12):
        end = time.monotonic() + seconds * float(os.environ.get("WEFT_SLOW", "1"))
        while time.monotonic() < end:
            if self.ports[port].receive(1) == expected:
                return True
        return False

    def asked(self, what, expected):
        self.ok(self.heard(self.at, expected), what, f"expected {expected.hex()}", rows())

    def looks(self, ip, what):
        """The gateway asks the machine that it knows, and does so after what others said."""
        self.asked(f"{ip.name}: {what} makes the gateway look", ip.question(ip.machine, OUT))
        self.equal(rows().get(ip.machine), OUT, f"{ip.name}: and is not believed")
        self.send(self.at, ip.answer(ip.machine, OUT))

    def until(self, what, test_, seconds=8):
        end = time.monotonic() + seconds * float(os.environ.get("WEFT_SLOW", "1"))
        while not (good := test_()) and time.monotonic() < end:
            time.sleep(0.03)
        return self.ok(good, what, rows())

    def quiet(self, what, want=is_question, ports=None):
        time.sleep(0.4)
        got = {name: text(self.ports[name].receive_all(0, want)) for name in ports or self.ports}
        self.ok(not any(got.values()), what, got)

    def meet(self, ip, target, mac=OUT):
        """A machine outside becomes known."""
        self.send("m2", ip.packet(target))
        self.comes(f"{ip.name}: {target} is asked for", ip.question(target))
        self.send(self.at, ip.answer(target, mac))
        self.goes(f"{ip.name}: and reached", ip, target, mac, send=False)

    def goes(self, what, ip, dst, mac, send=True):
        if send:
            self.send("m2", ip.packet(dst))
        self.comes(what, routed(ip.packet(dst), OUTER, mac))


def test_reached(lab, ip):
    lab.settle()
    first, second = ip.packet(ip.machine), ip.packet(ip.machine, 60)
    lab.send("m2", first, second)
    lab.comes(f"{ip.name}: the gateway asks outside, by its own addresses", ip.question(ip.machine))
    lab.quiet(f"{ip.name}: once, and nowhere else")
    lab.send("o1", ip.answer(ip.machine, OUT))
    for frame, which in ((first, "first"), (second, "second")):
        lab.comes(f"{ip.name}: when it is answered, the {which} packet goes there",
                  routed(frame, OUTER, OUT))
    lab.goes(f"{ip.name}: the next one at once", ip, ip.machine, OUT)
    lab.send("m2", ip.packet(ip.far))
    lab.comes(f"{ip.name}: a router outside is asked for in the same way", ip.question(ip.way))
    lab.send("o1", ip.answer(ip.way, MOVED))
    lab.comes(f"{ip.name}: and gets what is for behind it",
              routed(ip.packet(ip.far), OUTER, MOVED))


def rows(host="h1"):
    found = json.loads(run("weft-arpd", "--ctl-socket", f"/run/weft/arpd-{host}-weft0.sock",
                           "--ctl", "rows"))["rows"]
    return {row["address"]: row.get("mac", row["state"]) for row in found}


def test_moves(lab, ip):
    for old, new in ((OUT, MOVED), (MOVED, OUT)):
        for announcement in ip.announcements(ip.machine, new):
            lab.send("o1", announcement)
            lab.until(f"{ip.name}: it is announced to be {new}", lambda n=new: rows().get(ip.machine) == n)
            lab.goes(f"{ip.name}: and gets packets there", ip, ip.machine, new)
            lab.send("o1", ip.answer(ip.machine, old))
            lab.until(f"{ip.name}: by an answer, too", lambda o=old: rows().get(ip.machine) == o)
            lab.goes(f"{ip.name}: and gets packets there", ip, ip.machine, old)
        lab.send("o1", ip.answer(ip.machine, new))
        lab.until(f"{ip.name}: it is {new} now", lambda n=new: rows().get(ip.machine) == n)


def test_forged(lab, ip):
    """By machines of the network, also of the same switch, here and through a tunnel."""
    lab.settle()
    for port in ("v1", "m2", "v2"):
        lab.send(port, ip.answer(ip.machine, MAC[port]), *ip.announcements(ip.machine, MAC[port]))
    lab.looks(ip, "what others say")
    for frame in ip.announcements(ip.machine, MAC["v2"]):  # as if it had come in by that port
        run("weft", "-n", "h2", "packet", "inject", "in_port=gnv0", "ldp=2", "lin=1", "lout=65535",
            "stage=1", "actions=tunnel:192.0.2.1", "hex", frame.hex())
    lab.looks(ip, "what comes by a tunnel")
    lab.settle()
    lab.goes(f"{ip.name}: and it does not believe them", ip, ip.machine, OUT)
    lab.send("m2", ip.packet(ip.other))
    lab.comes(f"{ip.name}: another one is asked for", ip.question(ip.other))
    for port in ("v1", "m2", "v2"):
        lab.send(port, ip.answer(ip.other, MAC[port]), *ip.announcements(ip.other, MAC[port]))
    lab.until(f"{ip.name}: others answer, which is nothing", lambda: rows().get(ip.other) == "asking")
    lab.send("o1", ip.answer(ip.other, MOVED))
    lab.goes(f"{ip.name}: and it does", ip, ip.other, MOVED, send=False)
    lab.send("o1", ip.answer(ip.silent, OUT), *ip.announcements(ip.silent, OUT))
    lab.send("o1", ip.answer(ip.other, OUT))  # after it
    lab.until(f"{ip.name}: an answer is heard", lambda: rows().get(ip.other) == OUT)
    lab.ok(ip.silent not in rows(), f"{ip.name}: one that nobody asked for is not", rows())


def test_inside(lab, ip):
    """What the daemon of another host says, nobody outside can change."""
    lab.settle()
    lab.send("m2", ip.packet(ip.inside))
    expected = routed(ip.packet(ip.inside), OUTER, MAC["v2"])
    lab.ok(lab.heard("v2", expected), f"{ip.name}: a machine of the switch on another host")
    lab.settle()
    lab.send("o1", *ip.announcements(ip.inside, OUT), ip.answer(ip.inside, OUT))
    lab.send("o1", ip.answer(ip.other, MOVED))  # after them
    lab.until(f"{ip.name}: answers from outside are heard", lambda: rows().get(ip.other) == MOVED)
    lab.send("m2", ip.packet(ip.inside))
    lab.ok(lab.heard("v2", expected), f"{ip.name}: is not believed to be outside")


def test_far(lab):
    """RFC 4861, 7.1.2 and 7.2.5: from farther away, or a second choice."""
    lab.send("o1", Ip6.answer(Ip6.machine, MOVED, ttl=254), Ip6.answer(Ip6.machine, MOVED, flags=0x40))
    lab.send("o1", Ip6.answer(Ip6.other, OUT))  # after them
    lab.until("advertisements are heard", lambda: rows().get(Ip6.other) == OUT)
    lab.equal(rows().get(Ip6.machine), OUT, "but not from far away, nor those that do not override")


def test_silent(lab, ip):
    lab.settle()
    lab.send("m2", ip.packet(ip.silent))
    for i in range(TRIES):
        lab.comes(f"{ip.name}: nobody answers: question {i + 1}", ip.question(ip.silent))
    lab.comes(f"{ip.name}: the sender is told", ip.unreachable(ip.packet(ip.silent)), "m2")
    lab.send("m2", ip.packet(ip.silent))
    lab.comes(f"{ip.name}: and again", ip.unreachable(ip.packet(ip.silent)), "m2")
    lab.quiet(f"{ip.name}: without another question")
    lab.send("o1", *ip.announcements(ip.silent, OUT))
    lab.until(f"{ip.name}: then it comes", lambda: rows().get(ip.silent) == OUT)
    lab.goes(f"{ip.name}: and is reached", ip, ip.silent, OUT)


def test_looks(lab, ip):
    """The gateway looks at what is in use, by asking the one that has it."""
    lab.apply(network(revalidate_ms=800, age_ms=800))
    lab.asked(f"{ip.name}: it looks", ip.question(ip.machine, OUT))
    lab.send("o1", *([ip.answer(ip.machine, OUT, option=False)] if ip.ip6 else
                     [ip.answer(ip.machine, OUT)]))
    lab.asked(f"{ip.name}: is answered, and looks again", ip.question(ip.machine, OUT))
    lab.until(f"{ip.name}: who is silent is lost", lambda: ip.machine not in rows(), 15)
    lab.settle()
    lab.apply(network())
    lab.meet(ip, ip.machine, MOVED)


def test_questions(lab, ip, active, standby):
    """Those from outside about the router are answered by the active gateway alone."""
    for address in (ip.router, ip.translated):
        lab.settle()
        lab.send(active, ip.ask(address))
        lab.comes(f"{ip.name}: {address} is the router's, at {active}", ip.answered(address), active)
        lab.send(standby, ip.ask(address))
        lab.quiet(f"{ip.name}: nothing is said at {standby}", None, [standby])


def distributed(placement, here=True, relay=False, **times):
    """The router works where packets come from: m2's on h2, the way outside is on h1."""
    net = network(**times)
    net["routers"]["gw"] = {"ldp": 3, "placement": placement}
    net["ports"]["upl"]["host"] = "h1"
    if relay:
        net["hosts"]["h2"]["relay"] = "h3"
    if not here:  # then nothing of that switch is on h2
        del net["ports"]["v2"]
    return net


def anew(lab, net):
    """With daemons that know nothing."""
    lab.apply({k: v for k, v in net.items() if k != "resolution"})
    lab.apply(net)
    for host in ("h1", "h2", "h3"):
        lab.until(f"the daemon of {host} runs", lambda h=host: "running" == json.loads(run(
            "weftd", "--ctl-socket", f"{lab.dir}/{h}.sock", "--ctl", "status"))["services"]["arp"]["state"])
    lab.until("and knows nothing", lambda: not any(
        address in found for found in (rows(), rows("h2")) for address in (Ip4.machine, Ip6.machine)))


def test_distributed(lab, placement, here, relay):
    """Only the host with the way outside can ask there; daemons of others ask it."""
    anew(lab, distributed(placement, here, relay))
    for ip in (Ip4, Ip6):
        what = (f"AT-63, {placement}{'' if here else ', the switch is not there'}"
                f"{', by a relay' if relay else ''}, {ip.name}")
        lab.settle()
        first, second = ip.packet(ip.machine), ip.packet(ip.machine, 60)
        lab.send("m2", first, second)
        lab.comes(f"{what}: the host with the way outside asks", ip.question(ip.machine))
        lab.quiet(f"{what}: once, and nowhere else")
        lab.send("o1", ip.answer(ip.machine, OUT))
        for frame, which in ((first, "first"), (second, "second")):
            lab.comes(f"{what}: then the {which} packet goes there", routed(frame, OUTER, OUT))
        lab.goes(f"{what}: the next one at once", ip, ip.machine, OUT)
        lab.equal(rows("h2").get(ip.machine), OUT, f"{what}: known at the first hop")
        back = f.ether(OUTER, OUT, *((0x86dd, f.ipv6(ip.machine, ip.own, 253, b"x" * 26)) if ip.ip6 else
                                     (0x0800, f.ipv4(ip.machine, ip.own, 253, b"x" * 26))))
        lab.send("o1", back)
        lab.comes(f"{what}: and answers", routed(back, INNER, MAC["m2"]), "m2")
        lab.send("o1", *ip.announcements(ip.machine, MOVED))
        lab.until(f"{what}: who asked hears of a change", lambda i=ip: rows("h2").get(i.machine) == MOVED)
        lab.goes(f"{what}: and sends there", ip, ip.machine, MOVED)
        lab.settle()
        lab.send("m2", ip.packet(ip.silent))
        for i in range(TRIES):
            lab.comes(f"{what}: nobody answers: question {i + 1}", ip.question(ip.silent))
        lab.comes(f"{what}: the sender is told", ip.unreachable(ip.packet(ip.silent)), "m2", 20)
        lab.send("o1", *ip.announcements(ip.silent, OUT))
        lab.until(f"{what}: then it comes", lambda i=ip: rows("h2").get(i.silent) == OUT)
        lab.goes(f"{what}: and is reached", ip, ip.silent, OUT)
        if here:
            lab.settle()
            lab.send("m2", ip.packet(ip.inside))
            lab.ok(lab.heard("v2", routed(ip.packet(ip.inside), OUTER, MAC["v2"])),
                   f"{what}: a machine of the switch")
            lab.quiet(f"{what}: for which nobody asks outside")
            asked, answered = ip.neighbour("v2", ip.other)
            lab.send("v2", asked)
            lab.comes(f"{what}: it asks for one outside itself", asked)
            lab.quiet(f"{what}: which machines on other hosts do not hear", lambda frame: True, ["v1"])
            lab.send("o1", answered)
            lab.comes(f"{what}: and is answered", answered, "v2")


def test_distributed_lost(lab):
    """What is in use elsewhere is looked at; what is lost is forgotten there, too."""
    anew(lab, distributed("first-hop", revalidate_ms=800, age_ms=1600))
    for ip in (Ip4, Ip6):
        lab.settle()
        lab.meet(ip, ip.machine)
        for which in ("", ", and again"):
            lab.asked(f"AT-63, {ip.name}: it is looked at for others{which}",
                      ip.question(ip.machine, OUT))
            lab.send("o1", ip.answer(ip.machine, OUT))
        for host in ("h1", "h2"):
            lab.until(f"AT-63, {ip.name}: lost at {host}", lambda h=host, i=ip: i.machine not in rows(h), 20)


def test_takeover(lab):
    run("ip", "-n", "net", "link", "set", "n1", "down")
    for frame in Ip4.announcements(Ip4.router, OUTER)[:1] + Ip6.announcements(
            Ip6.router, OUTER, 0xa0):
        lab.ok(lab.heard("o3", frame), "the second takes over, and says so", frame.hex())
    lab.until("the first gives way",
              lambda: "upl" not in run("weft", "-n", "h1", "-j", "port", "show"))
    lab.at = "o3"
    for ip in (Ip4, Ip6):
        lab.settle()
        lab.meet(ip, ip.machine)
        lab.goes(f"{ip.name}: the second knows then", ip, ip.machine, OUT)
        lab.quiet(f"{ip.name}: and the first does not ask", ports=["o1"])
        test_questions(lab, ip, "o3", "o1")


def test_file(lab):
    """Without the daemon nothing is asked."""
    net = network()
    del net["resolution"]
    lab.apply(net)
    for ip in (Ip4, Ip6):
        lab.settle()
        lab.send("m2", ip.packet(ip.late))
        lab.comes(f"{ip.name}: by the file alone: unreachable", ip.unreachable(ip.packet(ip.late)), "m2")
        lab.quiet(f"{ip.name}: and not asked for")


def test(directory):
    lab = Lab(directory)
    for ip in (Ip4, Ip6):
        test_reached(lab, ip)
        test_moves(lab, ip)
        test_forged(lab, ip)
        test_silent(lab, ip)
        test_questions(lab, ip, "o1", "o3")
        test_inside(lab, ip)
        if ip.ip6:
            test_far(lab)
        test_looks(lab, ip)
    for placement, here, relay in (
            ("first-hop", True, False), ("last-hop-acl", True, False), ("last-hop-switch", True, False),
            ("last-hop-switch", False, False), ("last-hop-switch", False, True)):
        test_distributed(lab, placement, here, relay)
    test_distributed_lost(lab)
    lab.apply(network())
    test_takeover(lab)
    test_file(lab)
    lab.done()


if __name__ == "__main__":
    if sys.argv[1] == "write":
        with open(sys.argv[2], "w", encoding="utf-8") as out_file:
            json.dump(network(), out_file)
    else:
        test(sys.argv[2])
