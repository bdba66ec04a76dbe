#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""natd_reject.py NAME silent|answers - TCP to mappings that have gone, behind nat.bash's rules;
output is TAP.

Every frame is made and read here: the machines have no addresses.
"""
import ipaddress
import json
import struct
import subprocess
import sys
import time

import frame
from snatlab import ACK, PSH, SYN, TAP, TCP, UDP, inside, wait_for

FIN, RST = 1, 4
M1_MAC, OUT_MAC, NOBODY_MAC = "02:00:00:00:01:01", "02:00:00:00:02:01", "02:00:00:00:ff:ff"
FAMILIES = {"IPv4": ("10.0.1.1", "10.0.2.1", "11.0.1.1"),
            "IPv6": ("fd00:1::1", "fd00:2::1", "fd00:11::1")}


def weft(*args):
    return subprocess.run(["weft", "-n", "sw", *args], capture_output=True, text=True,
                          check=True).stdout


def drops(reason):
    port = next(p for p in json.loads(weft("-j", "-s", "port", "show")) if p["name"] == "p3")
    return port["drops"].get(reason, 0)


def packet(src, dst, proto, l4, machine):
    macs = (OUT_MAC, M1_MAC) if machine == "m1" else (NOBODY_MAC, OUT_MAC)
    if ":" in src:
        return frame.ether(*macs, 0x86DD, frame.ipv6(src, dst, proto, l4))
    return frame.ether(*macs, 0x800, frame.ipv4(src, dst, proto, l4))


def is_tcp_or_udp(data):
    return (data[12:14] == b"\x08\0" and data[23] in (TCP, UDP) or
            data[12:14] == b"\x86\xdd" and data[20] in (TCP, UDP))


class Segment:
    """TCP or UDP of either family"""

    def __init__(self, data):
        six = data[12:14] == b"\x86\xdd"
        at = 22 if six else 26
        size = 16 if six else 4
        self.src, self.dst = (str(ipaddress.ip_address(data[i:i + size]))
                              for i in (at, at + size))
        self.proto = data[20 if six else 23]
        length = struct.unpack("!H", data[18:20] if six else data[16:18])[0] - (0 if six else 20)
        l4 = data[54 if six else 34:][:length]
        self.sport, self.dport = struct.unpack("!HH", l4[:4])
        self.seq, self.ack = struct.unpack("!II", l4[4:12]) if self.proto == TCP else (0, 0)
        self.flags = l4[13] if self.proto == TCP else 0
        self.good = not frame.checksum(l4, frame.pseudo(self.src, self.dst, self.proto, length))
        self.good = self.good and (six or not frame.checksum(data[14:34]))

    def ends(self):
        return self.src, self.sport, self.dst, self.dport


class Test:
    def __init__(self, name, answers):
        self.name, self.answers = name, answers
        self.m1, self.out = (inside(ns, frame.Port, "eth0") for ns in ("m1", "out"))

    def drain(self):
        self.m1.drain()
        self.out.drain()

    def send(self, family, machine, ends, flags, seq=0, ack=0, data=b""):
        src, sport, dst, dport = ends
        l4 = frame.tcp(src, dst, sport, dport, flags, data, seq, ack)
        (self.m1 if machine == "m1" else self.out).send(packet(src, dst, TCP, l4, machine))

    def see(self, port, timeout=1.0):
        data = port.receive(timeout, is_tcp_or_udp)
        return Segment(data) if data else None

    def silence(self, what, *ports):
        time.sleep(0.1)
        seen = [f for port in ports for f in port.receive_all(0.1, is_tcp_or_udp)]
        TAP.equal(len(seen), 0, f"{self.name}: {what}")

    def open(self, family, port):
        """A connection of m1; its ends as the other side sees them"""
        inner, far, pooled = FAMILIES[family]
        self.send(family, "m1", (inner, port, far, 80), SYN, 100)
        seen = self.see(self.out, 5)
        TAP.ok(seen and (seen.src, seen.dst, seen.dport, seen.flags) == (pooled, far, 80, SYN),
               f"{self.name}: {family}: a connection is opened", seen and seen.ends())
        back = (far, 80, pooled, seen.sport)
        self.send(family, "out", back, SYN | ACK, 500, 101)
        seen = self.see(self.m1)
        TAP.ok(seen and seen.ends() == (far, 80, inner, port),
               f"{self.name}: {family}: the answer comes to who opened it", seen and seen.ends())
        self.send(family, "m1", (inner, port, far, 80), ACK, 101, 501)
        self.see(self.out)
        return back

    def gone(self, family):
        """The connection ends here while its other side goes on"""
        back = self.open(family, 4000)
        weft("instance", "cut", "slice=9")
        self.drain()
        before = drops("rejected")
        for what, flags, seq, ack, data, wanted in (
                ("data", PSH | ACK, 501, 101, b"late", (101, 0, RST)),
                ("FIN", FIN | ACK, 505, 101, b"", (101, 0, RST)),
                ("SYN", SYN, 0xFFFFFFFF, 0, b"", (0, 0, RST | ACK)),
                ("data without ACK", 0, 0xFFFFFFFE, 0, b"abcd", (0, 2, RST | ACK))):
            self.send(family, "out", back, flags, seq, ack, data)
            if not self.answers:
                continue
            rst = self.see(self.out)
            TAP.ok(rst and rst.good and rst.ends() == (back[2], back[3], back[0], back[1]),
                   f"{self.name}: {family}: {what}: answered by the mapping's address and port",
                   rst and rst.ends())
            TAP.equal(rst and (rst.seq, rst.ack, rst.flags), wanted,
                      f"{self.name}: {family}: {what}: by RST with the right numbers")
        self.silence(f"{family}: nothing else comes", self.m1, self.out)
        TAP.equal(drops("rejected") - before, 4 if self.answers else 0,
                  f"{self.name}: {family}: counted")

    def unanswered(self, family):
        """What is never answered"""
        _, far, pooled = FAMILIES[family]
        self.send(family, "out", (far, 80, pooled, 2500), RST, 1)
        self.send(family, "out", (far, 80, pooled, 2500), RST | ACK, 1, 1)
        self.silence(f"{family}: RST: no answer", self.m1, self.out)
        # neither the pool's: another host may have them
        for port in (1999, 3000):
            self.send(family, "out", (far, 80, pooled, port), ACK, 1, 1)
        self.silence(f"{family}: ports beside the range: no answer", self.m1, self.out)
        l4 = frame.udp(far, pooled, 80, 2500, b"late")
        self.out.send(packet(far, pooled, UDP, l4, "out"))
        time.sleep(0.1)
        TAP.equal(len(self.out.receive_all(0.1)), 0, f"{self.name}: {family}: UDP: no answer")

    def alive(self, family):
        """A mapping that is there is met first"""
        inner, far, _ = FAMILIES[family]
        back = self.open(family, 4001)
        self.send(family, "out", back, PSH | ACK, 501, 101, b"data")
        seen = self.see(self.m1)
        TAP.ok(seen and seen.ends() == (far, 80, inner, 4001),
               f"{self.name}: {family}: a mapping that is there is not refused")
        self.silence(f"{family}: nor answered", self.out)
        weft("instance", "cut", "slice=9")

    def scan(self):
        _, far, pooled = FAMILIES["IPv4"]
        time.sleep(0.2)     # the port's share of answers is whole again
        before = drops("rejected") + drops("rate")
        said, lost, began = drops("rejected"), drops("rate"), time.monotonic()
        for i in range(2000):
            self.send("IPv4", "out", (far, 5000 + i, pooled, 2500), SYN, i)
        took = time.monotonic() - began
        TAP.ok(wait_for(lambda: drops("rejected") + drops("rate") - before == 2000),
               f"{self.name}: a scan: each is counted")
        answers = len(self.out.receive_all(0.3, is_tcp_or_udp))
        TAP.equal(answers, drops("rejected") - said, f"{self.name}: a scan: answers, as it says")
        TAP.ok(100 <= answers <= 102 + 1000 * took and drops("rate") > lost,
               f"{self.name}: a scan: but not to each", answers, took)


def main():
    test = Test(sys.argv[1], sys.argv[2] == "answers")
    for family in FAMILIES:
        test.alive(family)
        test.gone(family)
        test.unanswered(family)
    if test.answers:
        test.scan()
    TAP.done()


main()
