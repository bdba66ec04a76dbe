#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tcp_window.py - TCP segments inside and outside of their windows; output is TAP.

Run by tcp_window.sh in a namespace with the wires p1 - q1 and p2 - q2; p1, p2 are ports 1, 2.
Connections go from q1, are translated, and come out at q2.
"""
import json
import os
import struct
import subprocess
import sys

import frame

TAP = frame.Tap()
SLOW = int(os.environ.get("WEFT_SLOW", "1"))
MAC_1, MAC_2 = "02:00:00:00:00:01", "02:00:00:00:00:02"
INSIDE, POOL, SERVER = "10.0.1.1", "11.0.1.1", "10.0.2.1"
FIN, SYN, RST, ACK = 1, 2, 4, 16
TEMPLATE = """template 5 snat mode=kernel pool=3 track={}
  forward: table=14, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport \
actions= set:ip_src=@ip, set:l4_src=@port, output:2
  reverse: reply, table=11, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst, \
l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, output:1
"""
SCALED = bytes([2, 4, 5, 0xB4, 4, 2, 1, 3, 3, 7, 1, 1])   # MSS, SACK permitted, shift 7


def weft(*args, text=None):
    done = subprocess.run(["weft", *args], input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        print(f"# weft {args}: {done.stderr}", flush=True)
    return done.stdout


def shown(*args):
    return json.loads(weft("-s", "-j", *args))


def drops(reason="tcp_window"):
    return shown("dp", "show", "weft0")[0].get("drops", {}).get(reason, 0)


def hits():
    return shown("dp", "show", "weft0")[0]["cache"]["hits"]


class Connection:
    """Both ends of one, whose segments are as asked for; its numbers are those that are due"""

    def __init__(self, sport, ports):
        self.sport, self.outside, self.ports = sport, sport, ports
        self.seq = [0xFFFFFC00, 5000]       # the client's go round soon
        self.payload = 0

    def send(self, reply, flags, seq=0, ack=0, length=0, window=500, options=b""):
        """A segment whose numbers differ by so much from what is due; is it delivered?"""
        self.payload += 1
        data = struct.pack("!I", self.payload) * (length // 4) + b"x" * (length % 4)
        due, theirs = self.seq[reply] + seq & 0xFFFFFFFF, self.seq[not reply] + ack & 0xFFFFFFFF
        ends = (SERVER, POOL, 80, self.outside) if reply else (INSIDE, SERVER, self.sport, 80)
        l4 = frame.tcp(*ends, flags, data, due, theirs if flags & ACK else 0, window, options)
        out, into = self.ports[reply], self.ports[not reply]
        into.drain()
        out.send(frame.ether(MAC_1, MAC_2, 0x800, frame.ipv4(ends[0], ends[1], 6, l4)))
        # frames are seen in the order in which they come: behind it one that always passes
        out.send(frame.ether(MAC_1, MAC_2, 0x88B5, b"end"))
        got = into.receive(5 * SLOW, lambda f: f[12:14] == b"\x88\xb5" or
                           (f[12:14] == b"\x08\0" and f[38:46] == l4[4:12]))
        if not got or got[12:14] == b"\x88\xb5":
            return False
        if not reply:
            self.outside = struct.unpack("!H", got[34:36])[0]
        return True

    def says(self, reply, flags, length=0, **words):
        """A segment as it is due, after which the next ones are"""
        passed = self.send(reply, flags, length=length, **words)
        self.seq[reply] += length + bool(flags & SYN) + bool(flags & FIN)
        return passed

    def handshake(self):
        return (self.says(False, SYN, options=SCALED, window=64000) and
                self.says(True, SYN | ACK, options=SCALED, window=64000) and
                self.says(False, ACK))

    def instance(self):
        found = [i for i in shown("instance", "show")
                 if self.sport in (i["fields"].get("l4_src"), i["fields"].get("tcp_src"))]
        return found[0] if len(found) == 1 else {"wrong number": len(found)}

    def state(self):
        return self.instance().get("state")


def set_up(track):
    weft("flow", "flush")
    if "snat" in weft("template", "show"):
        weft("template", "del", "5")
    weft("template", "add", "-f", "-", text=TEMPLATE.format(track))
    for flow in ("priority=10, eth_type=0x88b5, in_port=1 actions= output:2",
                 "priority=10, eth_type=0x88b5, in_port=2 actions= output:1",
                 "in_port=1, ip actions= load:ldp=7, goto:14",
                 "in_port=2, ip actions= load:ldp=7, goto:11",
                 "table=14, priority=100, ldp=7, ip actions= template:5"):
        weft("flow", "add", flow)


def good_connection(ports):
    c = Connection(1000, ports)
    TAP.ok(c.handshake(), "a handshake passes")
    TAP.equal(c.state(), "tcp_established", "and the connection is established")
    for _ in range(3):
        c.says(False, ACK, 1000)
        c.says(True, ACK, 400)
    before, passed = hits(), 0
    for _ in range(10):
        passed += c.says(False, ACK, 1000)
        passed += c.says(True, ACK, 400)
    TAP.equal(passed, 20, "data pass, as numbers go round")
    TAP.ok(hits() - before >= 40, "from the flow cache, each looked at", before, hits())
    TAP.equal(drops(), 0, "nothing was dropped")
    TAP.ok(c.send(True, ACK, ack=-1000), "a duplicate acknowledgement passes")
    TAP.ok(c.send(False, ACK, seq=-1000, length=1000), "what is sent again passes")
    TAP.ok(c.says(False, FIN | ACK), "FIN")
    TAP.equal(c.state(), "tcp_closing", "is seen")
    TAP.ok(c.says(True, FIN | ACK) and c.says(False, ACK), "the other FIN, and the last ACK")
    TAP.equal(c.state(), "tcp_closed", "are seen")
    c.seq = [0x20000000, 0x30000000]
    TAP.ok(c.handshake(), "the same ports again")
    TAP.equal(c.state(), "tcp_established", "are a new connection")
    TAP.ok(c.says(True, RST), "RST where the next byte is expected")
    TAP.equal(c.state(), "tcp_reset", "resets it")


def outside(ports, liberal):
    c = Connection(2000 + liberal, ports)
    verb = "passes" if liberal else "is dropped"
    TAP.ok(c.handshake(), "another connection")
    for _ in range(3):
        c.says(False, ACK, 100)
        c.says(True, ACK, 100)
    c.says(False, ACK)
    met = entries(c)
    for what, reply, flags, words in (
            ("RST of the client before its window", False, RST, {"seq": -100000}),
            ("RST of the client behind its window", False, RST, {"seq": 1000000}),
            ("RST of the server behind its window", True, RST | ACK, {"seq": 1000000}),
            ("FIN of the server behind its window", True, FIN | ACK, {"seq": 1000000}),
            ("FIN with an acknowledgement of what was not sent", False, FIN | ACK, {"ack": 1}),
            ("data of the client behind its window", False, ACK, {"seq": 70000, "length": 8}),
            ("data of the server behind its window", True, ACK, {"seq": 70000, "length": 8}),
            ("data that acknowledge what was not sent", True, ACK, {"ack": 9, "length": 8}),
            ("data without an acknowledgement", False, 0, {"length": 8})):
        before = drops()
        TAP.equal(c.send(reply, flags, **words), liberal, f"{what}: {verb}")
        TAP.equal((drops() - before, c.state()), (not liberal, "tcp_established"),
                  f"{what}: counted, and no end")
    if not liberal:
        TAP.equal(entries(c), met, "nothing of it counts for the connection")
    TAP.ok(c.send(False, RST, seq=1) and c.send(True, RST, seq=-1),
           "RST in the window, but not where the next byte is expected: passes")
    TAP.ok(c.send(False, SYN, seq=5000000), "SYN: passes")
    TAP.equal(c.state(), "tcp_established", "and none of these is the end")
    TAP.ok(c.says(False, ACK, 100) and c.says(True, ACK, 100), "the connection goes on")
    return c


def entries(c):
    return [(e["name"], e["packets"]) for e in c.instance().get("entries", [])]


def imported(c):
    exported = weft("instance", "export")
    weft("instance", "cut", "all")
    TAP.equal(c.instance(), {"wrong number": 0}, "it is cut")
    weft("instance", "import", "-", text=exported)
    TAP.equal(c.state(), "tcp_established", "an export is imported")
    TAP.ok(c.send(True, ACK, ack=-50, length=100), "data pass without a handshake")
    TAP.ok(c.says(False, ACK, 1000) and c.says(True, ACK, 1000), "on both sides")
    before = drops()
    TAP.ok(c.says(False, ACK), "and are acknowledged")
    TAP.ok(not c.send(False, RST, seq=200000000), "RST far away: is dropped")
    TAP.ok(not c.send(True, ACK, seq=200000000, length=8), "data far away: are dropped")
    TAP.equal((drops() - before, c.state()), (2, "tcp_established"), "counted, and no end")
    TAP.ok(c.send(False, RST), "RST where the next byte is expected")
    TAP.equal(c.state(), "tcp_reset", "ends it")


def main():
    weft("pool", "add", "3", f"{POOL}:1024-65535")
    ports = [frame.Port("q1"), frame.Port("q2")]
    set_up("window")
    good_connection(ports)
    c = outside(ports, False)
    imported(c)
    set_up("window_liberal")
    outside(ports, True)
    set_up("state")
    c = Connection(3000, ports)
    TAP.ok(c.handshake() and c.send(False, RST, seq=1000000), "without windows, any RST passes")
    TAP.equal(c.state(), "tcp_reset", "and is the end")
    TAP.done()


if __name__ == "__main__":
    sys.exit(main())
