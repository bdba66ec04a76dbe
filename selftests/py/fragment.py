#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fragment.py kernel|service - fragments through NAT, frame by frame; output is TAP.
   fragment.py begin IF - send a packet but for its last fragment

Run by fragment.sh in namespace sw, on what it sets up there.
"""
import ipaddress
import itertools
import json
import struct
import subprocess
import sys
import time

import frame
from genl import attr, nest, u32
from service import N, Member, integer
from snatlab import SLOW, inside

TAP = frame.Tap()
UDP, FRAGMENT = 17, 44
RED, RED2, OUT, BLUE, BLUE_OUT = 1, 2, 3, 4, 5  # ports, and sockets
MACHINE, MACHINE2 = {4: "10.0.1.1", 6: "fd01::1"}, {4: "10.0.1.2", 6: "fd01::2"}
FAR, POOLED = {4: "10.0.2.1", 6: "fd02::1"}, {4: "11.0.1.1", 6: "fd0b::1"}
TYPE = {4: 0x800, 6: 0x86DD}
ROUTER = "02:00:00:00:ff:ff"
MACS = {RED: "02:00:00:00:01:01", RED2: "02:00:00:00:01:02", BLUE: "02:00:00:00:01:01",
        OUT: "02:00:00:00:02:01", BLUE_OUT: "02:00:00:00:02:01"}



def cut(family, src, dst, l4, ident, size=1000, df=False, proto=UDP, options=b""):
    """The IP packets of one that is sent in fragments of so many bytes of data"""
    pieces = []
    for at in range(0, len(l4), size):
        data, more = l4[at:at + size], at + size < len(l4)
        if family == 4:
            pieces.append(frame.ipv4(src, dst, proto, data, ident=ident, options=options,
                                     frag=at // 8 | more << 13 | df << 14))
        else:
            head = struct.pack("!BBHI", proto, 0, at | more, ident)
            pieces.append(frame.ipv6(src, dst, FRAGMENT, head + data))
    return pieces


class Piece:
    """A frame that came out, as a fragment"""

    def __init__(self, data):
        self.frame, ip = data, data[14:]
        self.family = ip[0] >> 4
        self.options, self.df = b"", False
        if self.family == 4:
            head = (ip[0] & 15) * 4
            length, self.ident, bits = struct.unpack("!HHH", ip[2:8])
            self.df, self.more, self.at = bool(bits & 0x4000), bool(bits & 0x2000), bits % 8192 * 8
            self.proto, src, dst = ip[9], ip[12:16], ip[16:20]
            self.options, self.ttl = ip[20:head], ip[8]
            self.good = frame.checksum(ip[:head]) == 0
        else:
            head, length = 48, 40 + struct.unpack("!H", ip[4:6])[0]
            src, dst, self.ttl = ip[8:24], ip[24:40], ip[7]
            self.good = ip[6] == FRAGMENT
            self.proto, _, bits, self.ident = struct.unpack("!BBHI", ip[40:48])
            self.more, self.at = bool(bits & 1), bits & ~7
        self.src, self.dst = str(ipaddress.ip_address(src)), str(ipaddress.ip_address(dst))
        self.length, self.data = length, ip[head:length]

    def same(self):
        return self.src, self.dst, self.proto, self.ident


class Whole:
    """What a receiver makes of pieces in the order in which they came; .bad says why it would not"""

    def __init__(self, pieces):
        self.pieces, self.l4, self.bad = pieces, b"", []
        if not pieces:
            self.bad = ["nothing came"]
            return
        first = pieces[0]
        self.src, self.dst, self.proto, self.ident = first.same()
        for p in pieces:
            if p.same() != first.same() or not p.good:
                self.bad.append("headers differ, or are wrong")
            if p.at != len(self.l4) or p.more != (p is not pieces[-1]):
                self.bad.append(f"at {p.at} more {p.more}, expected {len(self.l4)}")
            self.l4 += p.data
        self.sport, self.dport = struct.unpack("!HH", self.l4[:4])
        self.payload = self.l4[8:]
        proto = frame.pseudo(self.src, self.dst, self.proto, len(self.l4))
        if frame.checksum(self.l4, proto if self.proto in (UDP, 58) else 0):
            self.bad.append("checksum of the payload")

    def longest(self):
        return max((p.length for p in self.pieces), default=0)

    def __repr__(self):
        if not self.pieces:
            return "nothing"
        return (f"{self.src}:{self.sport} > {self.dst}:{self.dport} id {self.ident} "
                f"{[(p.at, p.length, p.df) for p in self.pieces]} {self.bad}")


class Lab:
    def __init__(self, mode):
        self.wires = {i: inside("ends", frame.Port, f"q{i}") for i in MACS}
        self.daemon = None
        self.next_port = 2000
        self.upcalls = []
        if mode == "service":
            self.daemon = Member()
            self.daemon.service("new", "nat", "weft0", credits=1000)

    def serve(self):
        """What the daemon has been asked, it answers"""
        if not self.daemon:
            return
        self.daemon.drain(0)
        while self.daemon.packets:
            p = self.daemon.packets.pop(0)
            self.upcalls.append(p[N.packet.data])
            ip = ipaddress.ip_address(POOLED[integer(p[N.packet.template]) % 10]).packed
            self.daemon.request(N.cmd["instance-new"], attr(N.instance.dp, "weft0") +
                                u32(N.instance.pending, integer(p[N.packet.pending])) +
                                nest(N.instance.vars, attr(N.vars.ip, ip),
                                     attr(N.vars.port, self.next_port.to_bytes(2, "big"))))
            self.next_port += 1

    def send(self, port, *packets, vlan=None):
        for p in packets:
            self.wires[port].send(frame.ether(ROUTER, MACS[port], TYPE[p[0] >> 4], p, vlan))

    def see(self, port, seconds=3):
        """The next packet that comes out, in pieces"""
        pieces, end = [], time.monotonic() + seconds * SLOW
        while time.monotonic() < end and not (pieces and not pieces[-1].more):
            self.serve()
            data = self.wires[port].receive(0.02, lambda f: f[12:14] in (b"\x08\0", b"\x86\xdd"))
            if data:
                pieces.append(Piece(data))
        return Whole(pieces)

    def nothing(self, what, *ports):
        """Nothing more has come out anywhere"""
        extra = []
        self.settle()
        for port in ports or self.wires:
            extra += self.wires[port].receive_all(0.001)
        TAP.ok(not extra, what, *(f.hex() for f in extra))

    def settle(self):
        """What was sent has been seen by the datapath: so has a packet behind it"""
        for port in (RED, RED2, BLUE):
            self.send(port, frame.ipv4("10.9.9.9", FAR[4], UDP, frame.udp("10.9.9.9", FAR[4], 9, 9)))
        for port, count in ((OUT, 2), (BLUE_OUT, 1)):
            for _ in range(count):
                held = []
                while (data := self.wires[port].receive(3 * SLOW)) and data[26:30] != b"\x0a\x09\x09\x09":
                    held.append(data)
                if held or not data:
                    TAP.ok(False, "only what is asked for comes out", *(f.hex() for f in held))

    def drops(self, port, reason):
        for p in ask("port", "show", f"p{port}"):
            return p.get("drops", {}).get(reason, 0)


def weft(*args):
    done = subprocess.run(["weft", *args], text=True, capture_output=True, check=False)
    if done.returncode:
        print(f"# weft {' '.join(args)}: {done.stderr}", flush=True)
    return done.stdout


def ask(*args):
    return json.loads(weft("-s", "-j", *args))


def sysctl(name, value):
    with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as f:
        f.write(str(value))


def data(length, seed=b"weft"):
    return bytes(itertools.islice(itertools.cycle(seed + bytes(range(251))), length))


def datagram(family, sport, payload, src=None, dport=53):
    return frame.udp(src or MACHINE[family], FAR[family], sport, dport, payload)


def digest(payload):
    return f"{len(payload)} bytes, sum {frame.checksum(payload)}, {payload[:8]!r}"


def arrives(what, seen, family, payload, size, **more):
    """A packet of one of red's or blue's machines is outside, translated and cut as it was"""
    head = 20 if family == 4 else 48
    problems = list(seen.bad)
    if seen.pieces:
        for name, got, want in (
                ("addresses", (seen.src, seen.dst), (POOLED[family], FAR[family])),
                ("payload", digest(seen.payload), digest(payload)),
                ("TTL", {p.ttl for p in seen.pieces}, {63}),
                ("port", 2000 <= seen.sport < 3000, True),
                *((k, getattr(seen, k), v) for k, v in more.items())):
            if got != want:
                problems.append(f"{name}: {got}, expected {want}")
        if seen.longest() > head + size:
            problems.append(f"a fragment of {seen.longest()} bytes, none was longer than {head + size}")
    return TAP.ok(not problems, what, *problems, seen)


# ---- cases ---------------------------------------------------------------------------------

def there_and_back(f, v):
    payload = data(3000)
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1000, payload), 77))
    seen = LAB.see(OUT)
    arrives(f"{v}: a datagram of 3 kB", seen, f, payload, 1000, dport=53)
    if not seen.pieces:
        return
    TAP.equal([p.at for p in seen.pieces], [0, 1000, 2000, 3000], f"{v}: and no fragment more than came")
    TAP.ok(all(p.frame[:6] == frame.mac(MACS[OUT]) for p in seen.pieces), f"{v}: MACs")
    reply = frame.udp(FAR[f], POOLED[f], 53, seen.sport, data(2500, b"back"))
    LAB.send(OUT, *cut(f, FAR[f], POOLED[f], reply, 78))
    back = LAB.see(RED)
    TAP.equal((back.bad, back.pieces and (back.src, back.dst, back.dport, back.payload)),
              ([], (FAR[f], MACHINE[f], 1000, data(2500, b"back"))), f"{v}: and back")
    LAB.send(RED, cut(f, MACHINE[f], FAR[f], datagram(f, 1000, b"short"), 79, 4000)[0])
    if f == 4:
        seen = LAB.see(OUT)
        TAP.equal((seen.bad, seen.payload), ([], b"short"), f"{v}: one that is no fragment")
    else:
        arrives(f"{v}: an atomic fragment", LAB.see(OUT), f, b"short", 1000)
    echo = frame.icmp(8, 0, 4242 << 16 | 1, payload) if f == 4 else \
        frame.icmpv6(MACHINE[f], FAR[f], 128, 0, 4242 << 16 | 1, payload)
    proto = 1 if f == 4 else 58
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], echo, 80, 512, proto=proto))
    seen = LAB.see(OUT)
    TAP.equal((seen.bad, seen.pieces and (seen.src, seen.payload, seen.longest())),
              ([], (POOLED[f], payload, 512 + (20 if f == 4 else 48))), f"{v}: an echo")
    if not seen.pieces:
        return
    ident = struct.unpack("!H", seen.l4[4:6])[0]
    echo = frame.icmp(0, 0, ident << 16 | 1, payload) if f == 4 else \
        frame.icmpv6(FAR[f], POOLED[f], 129, 0, ident << 16 | 1, payload)
    LAB.send(OUT, *cut(f, FAR[f], POOLED[f], echo, 81, 512, proto=proto))
    back = LAB.see(RED)
    TAP.equal((back.bad, back.pieces and (back.dst, back.l4[4:6], back.payload)),
              ([], (MACHINE[f], struct.pack("!H", 4242), payload)), f"{v}: its answer")
    LAB.nothing(f"{v}: nothing else")


def order(f, v):
    payload, bad = data(2900), []
    for n, way in enumerate(itertools.permutations(range(3))):
        pieces = cut(f, MACHINE[f], FAR[f], datagram(f, 1001, payload), 100 + n)
        LAB.send(RED, *(pieces[i] for i in way))
        seen = LAB.see(OUT)
        if seen.bad or seen.payload != payload or seen.longest() > 1048:
            bad.append(f"{way}: {seen}")
    TAP.ok(not bad, f"{v}: in any order", *bad)
    pieces = cut(f, MACHINE[f], FAR[f], datagram(f, 1001, payload), 110)
    before = LAB.drops(RED, "fragment")
    LAB.send(RED, pieces[0], pieces[0], pieces[1], pieces[1], pieces[2])
    arrives(f"{v}: doubled ones", LAB.see(OUT), f, payload, 1000)
    if f == 4:  # of IPv6 the kernel does not tell
        TAP.equal(LAB.drops(RED, "fragment") - before, 2, f"{v}: are counted")
    LAB.nothing(f"{v}: and come out once")


def overlap(f, v):
    payload = data(2900)
    a, b, c = cut(f, MACHINE[f], FAR[f], datagram(f, 1002, payload), 120)
    other = cut(f, MACHINE[f], FAR[f], datagram(f, 1002, data(2900, b"evil")), 120, 992)[1]
    before = LAB.drops(RED, "fragment")
    LAB.send(RED, a, other, b, c)
    LAB.nothing(f"{v}: fragments that overlap make no packet", OUT)
    TAP.ok(LAB.drops(RED, "fragment") > before, f"{v}: and are counted")


def missing(f, v):
    sysctl(*(("ipv4/ipfrag_time", 1) if f == 4 else ("netfilter/nf_conntrack_frag6_timeout", 1)))
    payload = data(2900)
    a, b, c = cut(f, MACHINE[f], FAR[f], datagram(f, 1003, payload), 130)
    before = waiting()
    LAB.send(RED, a, c)
    LAB.settle()
    if f == 4:
        TAP.ok(waiting() > before, f"{v}: one is missing: the others wait")
        end = time.monotonic() + 5 * SLOW
        while waiting() > before and time.monotonic() < end:
            time.sleep(0.05)
        TAP.ok(waiting() <= before, f"{v}: and are given up")
    else:
        time.sleep(1.5)     # of IPv6 the kernel does not tell what waits
    LAB.send(RED, b)
    LAB.nothing(f"{v}: nothing goes on, nobody is told")
    sysctl(*(("ipv4/ipfrag_time", 30) if f == 4 else ("netfilter/nf_conntrack_frag6_timeout", 60)))
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1003, payload), 131))
    arrives(f"{v}: the next packet does", LAB.see(OUT), f, payload, 1000)


def waiting():
    """Bytes of fragments of IPv4 in the namespace"""
    with open("/proc/net/sockstat", encoding="ascii") as stat:
        return next(int(line.split()[4]) for line in stat if line.startswith("FRAG:"))


def tenants(f, v):
    """Equal addresses, ports and identifications"""
    red, blue = data(2900, b"red"), data(2900, b"blue")
    r, b = (cut(f, MACHINE[f], FAR[f], datagram(f, 1004, p), 140) for p in (red, blue))
    LAB.send(RED, r[0])
    LAB.send(BLUE, b[0], b[2])
    LAB.send(RED, r[2], r[1])
    LAB.send(BLUE, b[1])
    arrives(f"{v}: two tenants, all the same: red's", LAB.see(OUT), f, red, 1000)
    arrives(f"{v}: two tenants, all the same: blue's", LAB.see(BLUE_OUT), f, blue, 1000)
    LAB.send(RED, r[0])
    LAB.send(BLUE, b[1], b[2])
    LAB.nothing(f"{v}: one does not complete another's")


def identifications(f, v):
    """Machines behind one address"""
    payload, seen = data(2900), []
    for port, src in ((RED, MACHINE), (RED2, MACHINE2)):
        l4 = datagram(f, 1005, payload, src[f])
        LAB.send(port, *cut(f, src[f], FAR[f], l4, 150))
        seen.append(LAB.see(OUT))
        arrives(f"{v}: machine {port} behind the address", seen[-1], f, payload, 1000)
    TAP.ok(seen[0].pieces and seen[1].pieces and seen[0].ident != seen[1].ident,
           f"{v}: packets with one identification leave with two", *seen)


def lengths(f, v):
    """MTU of the way out, and DF"""
    payload = data(2900)
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1006, payload), 159))
    arrives(f"{v}: a connection", LAB.see(OUT), f, payload, 1000)
    subprocess.run(["ip", "link", "set", "p3", "mtu", "900"], check=True)
    before = LAB.drops(RED, "mtu")
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1006, payload), 160))
    if f == 4:
        seen = LAB.see(OUT)
        arrives(f"{v}: a smaller MTU: smaller fragments", seen, f, payload, 880)
        TAP.ok(not any(p.df for p in seen.pieces), f"{v}: without DF")
        LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1006, payload), 161, df=True))
    LAB.nothing(f"{v}: what must not be cut is not")
    TAP.equal(LAB.drops(RED, "mtu") - before, 1, f"{v}: and is counted")
    subprocess.run(["ip", "link", "set", "p3", "mtu", "1500"], check=True)
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1006, payload), 162, 800, df=f == 4))
    seen = LAB.see(OUT)
    arrives(f"{v}: fragments do not grow", seen, f, payload, 800)
    TAP.ok(all(p.df == (f == 4) for p in seen.pieces), f"{v}: and keep DF, if they had it")
    before = LAB.drops(RED, "fragment")
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1006, data(4000)), 163, 16))
    LAB.nothing(f"{v}: too many fragments make no packet")
    TAP.equal(LAB.drops(RED, "fragment") - before, 1, f"{v}: and are counted")


def options():
    """Those that belong into each fragment, and those that do not"""
    security, route = b"\x82\x04ab", b"\x07\x07\x04\0\0\0\0"
    payload, opts = data(1900), security + route + b"\0"
    LAB.send(RED, *cut(4, MACHINE[4], FAR[4], datagram(4, 1007, payload), 170, options=opts))
    seen = LAB.see(OUT)
    TAP.equal((seen.bad, [p.options for p in seen.pieces]),
              ([], [opts, security + b"\1" * 7 + b"\0"]), "IPv4: options")


def tags():
    """A VLAN tag on the way in and on the way out"""
    payload = data(1900)
    weft("flow", "add", "table=15, priority=10, ldp=7, ip, ip_src=10.0.1.1 actions= "
         "set:vlan_vid=6, output:p3")
    weft("flow", "add", "table=14, priority=200, vlan_vid=5 actions= goto:15")
    LAB.send(RED, *cut(4, MACHINE[4], FAR[4], datagram(4, 1008, payload), 180), vlan=5)
    frames = [LAB.wires[OUT].receive(3 * SLOW) or b"" for _ in range(2)]
    seen = Whole([Piece(x[:12] + x[16:]) for x in frames if len(x) > 60])
    TAP.equal((seen.bad, [x[12:18] for x in frames], seen.payload == payload, seen.ident),
              ([], [b"\x81\0\0\x06\x08\0"] * 2, True, 180), "tagged frames: each fragment has the tag, "
              "and the identification that it had, as no address changes")
    weft("flow", "del", "table=14, priority=200, vlan_vid=5")
    weft("flow", "del", "table=15, priority=10, ldp=7, ip, ip_src=10.0.1.1")


def copies():
    """To two ports"""
    payload = data(1900)
    weft("flow", "add", "table=14, priority=200, ip, udp, udp_src=1009 actions= output:p2, output:p3")
    LAB.send(RED, *cut(4, MACHINE[4], FAR[4], datagram(4, 1009, payload), 190))
    TAP.equal([(s.bad, s.pieces and s.payload) for s in (LAB.see(RED2), LAB.see(OUT))],
              [([], payload)] * 2, "a packet to two ports: fragments to each")
    weft("flow", "del", "table=14, priority=200, ip, udp, udp_src=1009")


def cached(f, v):
    """Programs for fragments are kept; with what was loaded, what they make walks"""
    payload = data(2900)
    counts = []
    for n in range(3):
        LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1010, payload), 200 + n))
        arrives(f"{v}: packet {n + 1} of a connection", LAB.see(OUT), f, payload, 1000)
        c = ask("dp", "show", "weft0")[0]["cache"]
        counts.append((c["hits"], c["misses"]))
    TAP.equal((counts[2][0] - counts[1][0], counts[2][1] - counts[1][1]), (3, 0),
              f"{v}: fragments are done by cached programs")


def cached_whole():
    """What begins as if it had come as one is known to the cache, too"""
    entry = "in_port=p1 actions="
    weft("flow", "set", f"{entry} defrag, load:ldp=7, goto:1")
    for f in (4, 6):
        payload, counts = data(2900), []
        for n in range(3):
            LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1014, payload), 210 + n))
            arrives(f"IPv{f}: defrag before anything else, packet {n + 1}", LAB.see(OUT), f, payload, 1000)
            c = ask("dp", "show", "weft0")[0]["cache"]
            counts.append((c["hits"], c["misses"]))
        TAP.equal((counts[2][0] - counts[1][0], counts[2][1] - counts[1][1]), (4, 0),
                  f"IPv{f}: what three fragments make is a hit, too")
    weft("flow", "set", f"{entry} load:ldp=7, goto:1")


def flood():
    """One port sends what never makes a packet"""
    payload = data(2900)
    for f in (4, 6):
        before = LAB.drops(BLUE, "no_memory")
        for n in range(1500):
            LAB.send(BLUE, cut(f, MACHINE[f], FAR[f], datagram(f, 1011, payload), 300 + n)[0])
        LAB.settle()
        TAP.ok(LAB.drops(BLUE, "no_memory") > before, f"IPv{f}: a port has no more than its share")
        LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1012, payload), 299))
        arrives(f"IPv{f}: others' packets go on", LAB.see(OUT), f, payload, 1000)


def one_question(f, v):
    """In mode service, the packet waits as it is, and leaves in fragments"""
    payload, n = data(2900), len(LAB.upcalls)
    LAB.send(RED, *cut(f, MACHINE[f], FAR[f], datagram(f, 1013, payload), 400))
    arrives(f"{v}: a packet that waited", LAB.see(OUT), f, payload, 1000)
    head = 14 + (20 if f == 4 else 40)
    TAP.equal([u[head:] == datagram(f, 1013, payload) for u in LAB.upcalls[n:]], [True],
              f"{v}: the daemon is asked once, with all of it")


def begin(name):
    port = frame.Port(name)
    for f in (4, 6):
        for p in cut(f, MACHINE[f], FAR[f], datagram(f, 1, data(2900)), 9)[:2]:
            port.send(frame.ether(ROUTER, MACS[RED], TYPE[f], p))


def main():
    for f in (4, 6):
        for case in (there_and_back, order, overlap, missing, tenants, identifications, lengths,
                     cached) + (one_question,) * (LAB.daemon is not None):
            print(f"# {case.__name__}", flush=True)
            case(f, f"{sys.argv[1]}: IPv{f}")
    if not LAB.daemon:
        for case in (options, tags, copies, cached_whole, flood):
            print(f"# {case.__name__}", flush=True)
            case()
    TAP.done()


if sys.argv[1] == "begin":
    begin(sys.argv[2])
else:
    LAB = Lab(sys.argv[1])
    main()
