# SPDX-License-Identifier: Apache-2.0
"""flowcache.py - for tests of the flow cache: frames go in one by one, and each is to be done by a
cached program ("hit") or to walk ("miss"), and to come out as it should.

Everything runs on one CPU, whose cache it is: packets are done there, too, before we go on.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import frame

TAP = frame.Tap()
SLOW = int(os.environ.get("WEFT_SLOW", "1"))
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
H1, H2, H3 = "10.0.0.1", "10.0.0.2", "10.0.0.3"
V1, V2 = "fd00::1", "fd00::2"
PAYLOAD = bytes(range(40))
FIN, SYN, PSH, ACK = 1, 2, 8, 16


def udp(sport=1000, dport=80, src=H1, dst=H2, data=PAYLOAD, **head):
    return frame.ether(B, A, 0x800, frame.ipv4(
        src, dst, 17, frame.udp(src, dst, sport, dport, data), **head))


def tcp(flags, sport=1000, dport=80, **head):
    return frame.ether(B, A, 0x800, frame.ipv4(
        H1, H2, 6, frame.tcp(H1, H2, sport, dport, flags, PAYLOAD), **head))


def ping(ident):
    return frame.ether(B, A, 0x800, frame.ipv4(H1, H2, 1, frame.icmp(8, 0, ident << 16 | 1)))


def udp6(sport=1000, **head):
    return frame.ether(B, A, 0x86DD, frame.ipv6(
        V1, V2, 17, frame.udp(V1, V2, sport, 80, PAYLOAD), **head))


def ping6(ident):
    return frame.ether(B, A, 0x86DD, frame.ipv6(
        V1, V2, 58, frame.icmpv6(V1, V2, 128, 0, ident << 16 | 1)))


def wait_for(what, seconds=5):
    end = time.monotonic() + seconds * SLOW
    while not (good := what()) and time.monotonic() < end:
        time.sleep(0.01)
    return good


def rise(before, after):
    return {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}


def hit(data, result=2):
    """A frame that a cached program does; of its result see Lab.packet()"""
    return data, "hit", result


def miss(data, result=2):
    return data, "miss", result


class Lab:
    """A datapath weft0 whose ports 1, 2, … are p1, p2, …, the other ends of q1, q2, …"""

    def __init__(self, ports):
        self.cpus = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {min(self.cpus)})
        with tempfile.NamedTemporaryFile("w", suffix=".flows", delete=False) as file:
            self.file = file.name
        # pylint: disable=consider-using-with	# as long as we
        self.process = subprocess.Popen(["weft", "-s", "-j", "-b", "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.weft("dp add weft0", *(f"port add p{i} id {i} lport 7:{i}" for i in ports))
        self.ports = {i: frame.Port(f"q{i}") for i in ports}

    def weft(self, *commands):
        """What the commands print, and at the end what is to be told of the datapath"""
        self.process.stdin.write("".join(f"{c}\n" for c in commands) + "dp show weft0\n")
        self.process.stdin.flush()
        answers = []
        while True:
            line = self.process.stdout.readline()
            if not line:
                sys.exit(f"weft: {commands}")
            answers.append(json.loads(line))
            if isinstance(answers[-1], list) and answers[-1] and "cache" in answers[-1][0]:
                return answers[:-1] + answers[-1]

    def cache(self):
        """Counters of the cache, with "seen" packets, and those that were "dropped" """
        dp = self.weft()[-1]
        return {**dp["cache"], "seen": dp["cache"]["hits"] + dp["cache"]["misses"],
                "dropped": sum(dp.get("drops", {}).values())}

    def drops(self):
        return self.weft()[-1].get("drops", {})

    def write(self, lines):
        """A file with these lines"""
        with open(self.file, "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return self.file

    def flows(self, *lines):
        """These entries and no others, and no programs yet"""
        limit = self.weft("flow flush", f"flow load {self.write(lines)}")[-1]["max_cached"]
        self.weft("dp set weft0 max_cached 0")
        if not wait_for(lambda: not self.cache()["entries"]):
            sys.exit("programs stay without a cache")
        self.weft(f"dp set weft0 max_cached {limit}")

    def entries(self, what=""):
        """[(packets, bytes)] of entries, in the order of flow show"""
        return [(f.get("packets", 0), f.get("bytes", 0)) for f in self.weft(f"flow show {what}")[0]]

    def send(self, frames, at=1, send=None, done="seen"):
        """Send frames and wait until they are done; how much which counter has risen"""
        before, end = self.weft()[-1], self.cache()[done] + len(frames)
        for data in frames:
            (send or self.ports[at].send)(data)
        wait_for(lambda: self.cache()[done] >= end)
        after = self.weft()[-1]
        return rise(before["cache"], after["cache"]), rise(before.get("drops", {}),
                                                           after.get("drops", {}))

    def pending(self):
        """Frames that nobody has asked for"""
        return [f"port {i}: too much {extra.hex()}" for i, port in self.ports.items()
                for extra in port.receive_all(0.001)]

    def packet(self, data, how, result, **where):
        """What is wrong with the way of a frame: it is a @how, or None, not even looked up. The
        result is a port where it comes out, or {port: frame}, the reason of its drop, or both."""
        out, drop = result if isinstance(result, tuple) else \
            ({}, result) if isinstance(result, str) else (result, None)
        if isinstance(out, int):
            out = {out: data}
        problems = self.pending()
        counts, drops = self.send([data], done="seen" if how else "dropped", **where)
        done = {k: counts.get(k, 0) for k in ("hits", "misses")}
        # of a program that is void: whether the sweeper has been quicker than the packet is open
        if done != {"hits": how == "hit", "misses": how == "miss"} or \
                counts.get("stale", 0) > done["misses"]:
            problems.append(f"not a {how}: {counts}")
        if drops != ({drop: 1} if drop else {}):
            problems.append(f"dropped: {drops}, expected {drop}")
        for i, want in out.items():
            got = self.ports[i].receive(2 * SLOW)
            if got != want:
                problems.append(f"port {i}:      got {got.hex() if got else None}")
                problems.append(f"port {i}: expected {want.hex()}")
        return problems + self.pending()

    def case(self, name, *packets, **where):
        """One result for some packets, of which each is what packet() takes"""
        problems = [f"packet {n}: {line}" for n, packet in enumerate(packets, 1)
                    for line in self.packet(*packet, **where)]
        return TAP.ok(not problems, name, *problems)
