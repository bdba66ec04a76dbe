#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""many.py CONFIG - very many connections at once through source NAT; output is TAP.

CONFIG is JSON: {"senders": [{"ns": …, "dev": …, "mac": …, "gateway": …, "ip": …, "number": …}],
"receiver": {"ns": …, "dev": …, "ip": …}, "hosts": {NAMESPACE: FILTER}, "window": …, "addresses": …}.

Each connection is one UDP packet that says whose it is, and which. What the receiver sees of each
must be unlike all others, and be what `weft instance show FILTER` tells of the hosts, where there
is one for each connection. Some are answered, and the answer must come to who opened them.
"""
import json
import re
import select
import socket
import struct
import subprocess
import sys
import time

import frame
from snatlab import SLOW, TAP, Seen, inside, is_ipv4

PORTS = 30000   # source ports of a sender; then the next destination port
SAMPLE = 500
PATIENCE = 30   # seconds without any that is new
ANSWERS = re.compile(r"@ip=([0-9.]+), @port=(\d+)")


class Sender:
    def __init__(self, number, config):
        self.number, self.n, self.ip = number, config["number"], config["ip"]
        self.port = inside(config["ns"], frame.Port, config["dev"])
        self.head = frame.ether(config["gateway"], config["mac"], 0x800, frame.ipv4(
            config["ip"], config["to"], 17, bytes(16)))[:34]

    @staticmethod
    def ends(i):
        return 1024 + i % PORTS, 80 + i // PORTS

    def send(self, i):
        self.port.sock.send(self.head + struct.pack("!HHHHII", *self.ends(i), 16, 0, self.number, i))


class Many:
    def __init__(self, config):
        to = config["receiver"]
        self.senders = [Sender(k, s | {"to": to["ip"]}) for k, s in enumerate(config["senders"])]
        self.receiver = inside(to["ns"], frame.Port, to["dev"])
        self.ip = to["ip"]
        self.window, self.hosts = config["window"], config["hosts"]
        self.addresses = config["addresses"]
        self.seen = {}      # (sender, i): (address, port, destination port)
        self.frames = {}    # of the sample
        self.wrong = []
        self.step = 1

    def take(self, seconds):
        """What has come; False: nothing more within so long"""
        sock = self.receiver.sock
        while select.select([sock], [], [], seconds)[0]:
            seconds = 0
            data = sock.recv(2048)
            if len(data) < 50 or data[12:14] != b"\x08\0" or data[23] != 17:
                continue
            sport, dport, _, _, who, i = struct.unpack("!HHHHII", data[34:50])
            if who >= len(self.senders) or i >= self.senders[who].n or \
                    dport != self.senders[who].ends(i)[1]:
                self.wrong.append(Seen(data))
            self.seen[who, i] = data[26:30], sport, dport
            if not i % self.step:
                self.frames[who, i] = data
        return not seconds

    def open(self):
        """In turns, so that equal ports of several senders meet; what is lost is sent again"""
        left = [(s, i) for i in range(max(s.n for s in self.senders)) for s in self.senders
                if i < s.n]
        self.step = max(1, len(left) // SAMPLE)
        n, progress, before = len(left), time.monotonic(), 0
        # a service that is killed meanwhile has that long to come back
        while left and time.monotonic() < progress + PATIENCE * SLOW:
            for at in range(0, len(left), self.window):
                for s, i in left[at:at + self.window]:
                    s.send(i)
                want = len(self.seen) + len(left[at:at + self.window])
                while len(self.seen) < want and self.take(0.3 * SLOW):
                    pass
                if len(self.seen) > before:
                    progress, before = time.monotonic(), len(self.seen)
            left = [(s, i) for s, i in left if (s.number, i) not in self.seen]
        TAP.equal((len(self.seen), self.wrong[:3]), (n, []), f"{n} connections, each packet arrives")
        TAP.equal(len(set(self.seen.values())), n, "who answers can tell all of them apart")
        return n

    def listed(self):
        """Of all hosts: [(fields of the opener, what it was given)]"""
        for host, selected in self.hosts.items():
            with subprocess.Popen(["weft", "-n", host, "instance", "show", *selected.split()],
                                  stdout=subprocess.PIPE, text=True) as weft:
                for line in weft.stdout:
                    yield host, line

    def list(self, n):
        """One instance for each; no host has given anything twice"""
        ids, given, by_sender = set(), set(), {}
        for host, line in self.listed():
            number, _, rest = line.partition(":")
            if (values := ANSWERS.search(rest)) is None:
                self.wrong.append(line)
                continue
            ids.add((host, number))
            given.add((host, values[1], values[2]))
            fields = dict(re.findall(r"\b(ip_src|udp_src|udp_dst)=([0-9.]+)", rest))
            by_sender[fields["ip_src"], int(fields["udp_src"]), int(fields["udp_dst"])] = \
                socket.inet_aton(values[1]), int(values[2])
        TAP.equal((len(ids), self.wrong[:3]), (n, []), "weft instance shows as many")
        TAP.equal(len(given), n, "no host gave an address and port twice")
        addresses = {ip for ip, _ in by_sender.values()}
        TAP.ok(len(addresses) >= self.addresses, f"{len(addresses)} addresses of the pool are in use")
        changed = unlike = 0
        for (who, i), (ip, port, _) in self.seen.items():
            was = by_sender.get((self.senders[who].ip, *self.senders[who].ends(i)), (0, 0))
            unlike += was[0] != ip
            changed += was[1] != port
        TAP.equal(unlike, 0, "each came with the address that its instance has")
        print(f"# {changed} ports were changed once more at the last hop", flush=True)
        return changed

    def answer(self):
        """A sample of them, each to its own machine"""
        got, want = set(), set()
        for (who, i), data in self.frames.items():
            seen = Seen(data)
            sport, dport = self.senders[who].ends(i)
            want.add((who, who, i, self.ip, dport, self.senders[who].ip, sport, ()))
            self.receiver.send(frame.ether(seen.src, seen.dst, 0x800, frame.ipv4(
                seen.ip_dst, seen.ip_src, 17, frame.udp(seen.ip_dst, seen.ip_src, seen.dport,
                                                        seen.sport, data[42:50]))))
        for s in self.senders:
            for data in s.port.receive_all(0.3 * SLOW, is_ipv4):
                back = Seen(data)
                got.add((s.number, *struct.unpack("!II", back.payload[:8]), *back.ends(),
                         tuple(back.bad)))
        TAP.equal((len(got - want), sorted(want - got)[:3]), (0, []),
                  f"answers to {len(want)} of them come to who opened them, with right checksums")


def main():
    many = Many(json.loads(sys.argv[1]))
    start = time.monotonic()
    n = many.open()
    opened = time.monotonic()
    many.list(n)
    listed = time.monotonic()
    many.answer()
    print(f"# opened in {opened - start:.1f} s, listed in {listed - opened:.1f} s", flush=True)
    return TAP.done()


if __name__ == "__main__":
    main()
