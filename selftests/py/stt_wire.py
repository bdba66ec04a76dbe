#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Segments made by hand, for an STT device in the namespace "h"; stt_wire.sh shows the rest.

  stt_wire.py wire          what comes in, byte for byte
  stt_wire.py fuzz N        N damaged frames
"""
import ctypes
import json
import os
import random
import struct
import subprocess
import sys
import time

import frame as f

CLONE_NEWNET = 0x40000000
PORT = 7471
HOST_MAC = "02:00:00:00:00:01"
PEER_MAC = "02:00:00:00:00:02"
INNER = "02:00:00:00:0a:01", "02:00:00:00:0a:02"
VERIFIED, PARTIAL, IPV4, TCP = 1, 2, 4, 8
ACK_PSH = 0x18


def host(*command):
    return subprocess.run(["ip", "netns", "exec", "h", *command], check=True, text=True,
                          capture_output=True).stdout


def counters():
    words = [line.split(": ") for line in host("ethtool", "-S", "stt0").splitlines()[1:]]
    return {name.strip(): int(value) for name, value in words}


class Counted:
    """Which counters rise by how much in a block: all that the test does is accounted for."""

    def __init__(self, tap, what, **expected):
        self.tap, self.what, self.expected = tap, what, expected

    def __enter__(self):
        self.before = counters()

    def __exit__(self, kind, *_):
        if kind:
            return
        end = time.monotonic() + 5
        while True:
            now = counters()
            rise = {n: now[n] - self.before[n] for n in now if now[n] != self.before[n]
                    and not n.startswith("tx_")}
            if rise == self.expected or time.monotonic() > end:
                break
            time.sleep(0.05)
        self.tap.equal(rise, self.expected, f"{self.what}: counters")


def inner(payload=b"x" * 40, proto=0x88b5):
    return f.ether(INNER[0], INNER[1], proto, payload)


def stt(data, flags=0, l4=0, mss=0, vlan=0, context=0x1122334455667788, version=0):
    return struct.pack("!BBBBHHQH", version, flags, l4, 0, mss, vlan, context, 0) + data


def segment(data, offset=0, length=None, ident=1, src="192.0.2.2", dst="192.0.2.1", sport=5000,
            flags=ACK_PSH, tos=0, spoil=0, dport=PORT):
    length = len(data) if length is None else length
    body = f.tcp(src, dst, sport, dport, flags, data, length << 16 | offset, ident)
    if spoil:
        body = body[:-1] + bytes([body[-1] ^ spoil])
    if ":" in src:
        return f.ether(HOST_MAC, PEER_MAC, 0x86dd, f.ipv6(src, dst, 6, body, tclass=tos))
    return f.ether(HOST_MAC, PEER_MAC, 0x800, f.ipv4(src, dst, 6, body, tos=tos))


def cut(data, size, **more):
    return [segment(data[i:i + size], i, len(data), **more) for i in range(0, len(data), size)]


class Lab:
    def __init__(self):
        self.tap = f.Tap()
        self.wire = f.Port("u2")
        self.out = None

    def watch(self):
        """A socket on stt0, opened in the other namespace."""
        libc = ctypes.CDLL(None)
        mine = os.open("/proc/self/ns/net", os.O_RDONLY)
        theirs = os.open("/run/netns/h", os.O_RDONLY)
        libc.setns(theirs, CLONE_NEWNET)
        self.out = f.Port("stt0")
        libc.setns(mine, CLONE_NEWNET)

    def send(self, *frames):
        for one in frames:
            self.wire.send(one)

    def expect(self, what, frames, *want, **rise):
        """Send; of stt0 come just the frames wanted."""
        self.out.drain()
        with Counted(self.tap, what, **rise):
            self.send(*frames)
            got = [self.out.receive(5, self.ours) for _ in want]
        got += self.out.receive_all(0.05, self.ours)
        self.tap.equal([g and g.hex() for g in got], [w.hex() for w in want], what)

    @staticmethod
    def ours(data):
        return data[6:12] == f.mac(INNER[1])


def wire(lab):
    one = inner()
    plain = stt(one)
    big = inner(bytes(i * 7 & 0xFF for i in range(30000)))
    whole = stt(big)

    lab.expect("a frame in one segment", [segment(plain)], one)
    lab.expect("over IPv6", [segment(plain, src="fd00:2::2", dst="fd00:2::1")], one)
    lab.expect("a TCP header with options is as good",
               [with_options(plain)], one)
    parts = cut(whole, 1400)
    lab.expect("22 segments", parts, big, reassembled=1)
    lab.expect("… backwards", cut(whole, 1400, ident=2)[::-1], big, reassembled=1)
    lab.expect("… over IPv6", cut(whole, 1400, src="fd00:2::2", dst="fd00:2::1"), big,
               reassembled=1)
    twice = [p for p in cut(whole, 1400, ident=3) for _ in (0, 1)]
    lab.expect("… each twice", twice, big, reassembled=1, reassembly_duplicate=22)
    overlap = [segment(whole[i:i + 1440], i, len(whole), ident=4)
               for i in range(0, len(whole), 1400)]
    lab.expect("… that overlap", overlap, big, reassembled=1, reassembly_overlap=21)
    mixed = [p for pair in zip(cut(whole, 1400, ident=5), cut(whole, 1400, ident=6),
                               cut(whole, 1400, ident=5, sport=5001)) for p in pair]
    lab.expect("three frames interleaved", mixed, big, big, big, reassembled=3)
    lab.expect("one that lost a segment is given up", cut(whole, 1400, ident=7)[1:],
               reassembly_timeout=1)
    shorts = [segment(whole[i:i + 20], i, len(whole), ident=8) for i in range(0, 5600, 20)]
    lab.expect("one of too many segments is given up", shorts, reassembly_segments=1,
               reassembly_timeout=1)

    lab.expect("from no remote", [segment(plain, src="192.0.2.9")], rx_refused=1)
    lab.expect("from no remote, IPv6", [segment(plain, src="fd00:2::9", dst="fd00:2::1")],
               rx_refused=1)
    lab.expect("wrong checksum", [segment(plain, spoil=1)], rx_checksum=1)
    for flag, name in (2, "SYN"), (4, "RST"), (1, "FIN"):
        lab.expect(name, [segment(plain, flags=flag)], rx_malformed=1)
    lab.expect("no answer from TCP", [segment(b"", length=0, flags=2)], rx_malformed=1)
    lab.tap.equal(len(lab.wire.receive_all(0.2, lambda d: d[23:24] == b"\6" and
                                           d[12:14] == b"\x08\0")), 0,
                  "the host's TCP answers none of them")
    lab.expect("longer than it says", [segment(plain, length=len(plain) - 1)], rx_malformed=1)
    lab.expect("past the end", [segment(plain, offset=1, length=len(plain))], rx_malformed=1)
    lab.expect("no room for a frame", [segment(plain[:31])], rx_malformed=1)
    lab.expect("extension header before TCP", [hop_by_hop(plain)], rx_malformed=1)
    lab.expect("version 1", [segment(stt(one, version=1))], rx_header=1)
    lab.expect("partial and verified", [segment(stt(one, flags=PARTIAL | VERIFIED))],
               rx_header=1)
    lab.expect("partial without an offset", [segment(stt(one, flags=PARTIAL))], rx_header=1)
    lab.expect("offset past the end", [segment(stt(one, flags=PARTIAL, l4=250))], rx_header=1)
    lab.expect("segments of one byte", [segment(stt(one, flags=PARTIAL | IPV4 | TCP, l4=34, mss=1))],
               rx_header=1)

    ip = f.ipv4("10.0.0.2", "10.0.0.1", 17, f.udp("10.0.0.2", "10.0.0.1", 1, 2, b"data"))
    udp = f.ether(*INNER, 0x800, ip)
    total = f.pseudo("10.0.0.2", "10.0.0.1", 17, 12)
    total = (total & 0xFFFF) + (total >> 16)
    half = udp[:40] + struct.pack("!H", total) + udp[42:]
    lab.expect("a checksum that is still to be made", [segment(stt(half, PARTIAL | IPV4, 34))],
               half)
    lab.expect("a tag in the header", [segment(stt(one, vlan=0x7123))],
               one[:12] + struct.pack("!HH", 0x8100, 0x6123) + one[12:])

    ect = f.ether(*INNER, 0x800, f.ipv4("10.0.0.2", "10.0.0.1", 17, b"", tos=2))
    met = f.ether(*INNER, 0x800, f.ipv4("10.0.0.2", "10.0.0.1", 17, b"", tos=3))
    lab.expect("congestion goes on inside", [segment(stt(ect), tos=3)], met)
    more = stt(ect + bytes(2000))
    lab.expect("… also of one segment of several",
               [segment(more[:1000], 0, len(more), 9, tos=2),
                segment(more[1000:], 1000, len(more), 9, tos=3)],
               met + bytes(2000), reassembled=1)
    lab.expect("congestion that the inner packet does not know",
               [segment(stt(udp), tos=3)], rx_ecn=1)

    # what tells the route; a foreigner's word is not taken
    for what, mtu, remote, rise in (("for a remote", 1300, "192.0.2.2", {"rx_pmtu": 1}),
                                    ("for another", 1200, "192.0.2.9", {})):
        cause = f.ipv4("192.0.2.1", remote, 6, f.tcp("192.0.2.1", remote, 1, PORT), frag=0x4000)
        answer = f.icmp(3, 4, mtu, cause[:48])
        with Counted(lab.tap, f"a smaller MTU {what}", **rise):
            lab.send(f.ether(HOST_MAC, PEER_MAC, 0x800, f.ipv4("192.0.2.2", "192.0.2.1", 1, answer)))
            time.sleep(0.1)
    route = json.loads(host("ip", "-j", "route", "get", "192.0.2.2"))[0]
    lab.tap.ok("1300" in json.dumps(route) and "1200" not in json.dumps(route),
               "and the route knows", route)

    host("ip", "link", "set", "stt0", "type", "stt", "remotes", "192.0.2.9")
    lab.expect("remotes change at once", [segment(plain)], rx_refused=1)
    lab.expect("… for others", [segment(plain, src="192.0.2.9")], one)
    host("ip", "link", "set", "stt0", "type", "stt", "remotes", "192.0.2.2,fd00:2::2")
    # half a frame when the device goes down; the other half when it is up again
    parts = cut(whole, 1400, ident=10)
    lab.send(*parts[:11])
    time.sleep(0.1)
    host("ip", "link", "set", "stt0", "down")
    with Counted(lab.tap, "a device that is down", rx_down=1):
        lab.send(segment(plain))
    host("ip", "link", "set", "stt0", "up")
    lab.out.close()  # a socket on a device that went down says so once
    lab.watch()
    lab.expect("forgets what it had", parts[11:], reassembly_timeout=1)
    lab.expect("and works again", cut(whole, 1400, ident=11), big, reassembled=1)


def with_options(data):
    """A segment whose TCP header has 12 bytes of options."""
    head = struct.pack("!HHIIBBHHH", 5000, PORT, len(data) << 16, 1, 8 << 4, ACK_PSH, 65535, 0, 0)
    body = head + b"\1" * 12 + data
    total = f.checksum(body, f.pseudo("192.0.2.2", "192.0.2.1", 6, len(body)))
    body = body[:16] + struct.pack("!H", total) + body[18:]
    return f.ether(HOST_MAC, PEER_MAC, 0x800, f.ipv4("192.0.2.2", "192.0.2.1", 6, body))


def hop_by_hop(data):
    body = f.tcp("fd00:2::2", "fd00:2::1", 5000, PORT, ACK_PSH, data, len(data) << 16, 1)
    options = bytes([6, 0, 1, 4, 0, 0, 0, 0])
    return f.ether(HOST_MAC, PEER_MAC, 0x86dd, f.ipv6("fd00:2::2", "fd00:2::1", 0, options + body))


def fuzz(lab, count):
    """Damage anything behind the outer IP header and make the checksum right again."""
    rnd = random.Random(0x577)
    tcp4 = f.ether(*INNER, 0x800, f.ipv4("10.0.0.2", "10.0.0.1", 6, f.tcp(
        "10.0.0.2", "10.0.0.1", 1, 2, 16, b"y" * 3000)))
    tcp6 = f.ether(*INNER, 0x86dd, f.ipv6("fd00::2", "fd00::1", 6, f.tcp(
        "fd00::2", "fd00::1", 1, 2, 16, b"y" * 3000)))
    seeds = [stt(tcp4, PARTIAL | IPV4 | TCP, 34, 500), stt(tcp6, PARTIAL | TCP, 54, 500),
             stt(inner(), VERIFIED), stt(tcp4, VERIFIED | IPV4, 34, vlan=0x1005)]
    before = counters()
    for i in range(count):
        data = bytearray(rnd.choice(seeds))
        for _ in range(rnd.randrange(4)):
            data[rnd.randrange(min(len(data), 110))] = rnd.choice((0, 255, rnd.randrange(256)))
        if rnd.random() < 0.2:
            del data[rnd.randrange(len(data)):]
        size = rnd.choice((1400, 700, 333))
        for at in range(0, len(data), size):
            length, offset = len(data), at
            if rnd.random() < 0.05:
                length = rnd.randrange(65536)
            if rnd.random() < 0.05:
                offset = rnd.randrange(65536)
            lab.send(segment(bytes(data[at:at + size]), offset, length, rnd.choice((i, i + 1, 3)),
                             flags=rnd.choice((ACK_PSH, ACK_PSH, ACK_PSH, 0, 0xFF)),
                             tos=rnd.choice((0, 0, 2, 3))))
    after = counters()
    for name in "rx_malformed", "rx_header", "reassembled":
        lab.tap.ok(after[name] > before[name], f"{name} has risen", after)


def main():
    lab = Lab()
    lab.watch()
    if sys.argv[1] == "fuzz":
        fuzz(lab, int(sys.argv[2]))
    else:
        wire(lab)
    lab.tap.done()


main()
