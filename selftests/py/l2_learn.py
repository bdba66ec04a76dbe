#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""l2_learn.py PART - frames of l2_learn.sh: machines, and others behind those that learn."""
import select
import subprocess
import sys

import frame as f

MACS = {name: f"02:00:00:00:00:0{i}" for i, name in
        enumerate(("vm1", "vm2", "vm3", "lan1", "lan2", "lan3"), 1)}
X, Y, Z = (f"02:aa:00:00:00:0{i}" for i in (1, 2, 3))
ALL = "ff:ff:ff:ff:ff:ff"
LEARNING = {"lan1", "lan2", "lan3"}


class Lab(f.Tap):
    def __init__(self):
        super().__init__()
        self.ports = {name: f.Port(name) for name in MACS}
        self.n = 0

    def gather(self, wanted):
        """Frames by port: until all that are wanted had one, and nothing more came."""
        by_fd = {port.sock.fileno(): name for name, port in self.ports.items()}
        got = {}
        while True:
            patience = 2 if wanted - set(got) else 0.15
            ready = select.select(list(by_fd), [], [], patience)[0]
            if not ready:
                return got
            for fd in ready:
                got.setdefault(by_fd[fd], []).append(self.ports[by_fd[fd]].receive(1))

    def sent(self, port, src, dst, to, what):
        """Who sends by which port, and to which ports it goes, as it is; to no others."""
        self.n += 1
        frame = f.ether(dst, src, 0x0800, f.ipv4("10.0.0.1", "10.0.0.2", 17, f.udp(
            "10.0.0.1", "10.0.0.2", 4000, self.n, what.encode())))
        for each in self.ports.values():
            each.drain()
        self.ports[port].send(frame)
        got = self.gather(set(to))
        self.ok(got == {name: [frame] for name in to}, f"{what}: {port} to {', '.join(to) or 'none'}",
                {k: [x.hex() for x in v] for k, v in got.items()})

    def own(self, port, dst, to, what):
        self.sent(port, MACS[port], dst, to, what)


def learned(host="h1"):
    out = subprocess.run(["weft", "-n", host, "instance", "show"], capture_output=True, text=True,
                         check=True).stdout
    return len(out.splitlines())


def part_learn(lab):
    for port in MACS:
        lab.own(port, X, LEARNING - {port}, "an address that nobody has shown")
    lab.equal([learned(h) for h in ("h1", "h2", "h3")], [0, 0, 0], "those of the file are not learned")
    lab.sent("lan1", X, MACS["vm2"], {"vm2"}, "it speaks to one")
    for port in ("vm1", "lan2", "vm2", "lan3"):
        lab.own(port, X, {"lan1"}, "where it came by, it is known")
    lab.own("vm3", X, LEARNING, "elsewhere not yet")
    lab.sent("lan1", X, ALL, set(MACS) - {"lan1"}, "it speaks to all")
    lab.own("vm3", X, {"lan1"}, "now it is known everywhere")
    lab.own("lan1", X, set(), "behind the same port")
    lab.sent("lan2", Y, X, {"lan1"}, "two that were learned")
    lab.sent("lan1", X, Y, {"lan2"}, "and back")

    before = [learned(h) for h in ("h1", "h2", "h3")]
    for src in ("03:aa:00:00:00:01", ALL, "00:00:00:00:00:00"):
        lab.sent("lan1", src, MACS["vm1"], set(), f"the address of no station, {src}")
        lab.sent("lan3", src, ALL, set(), f"the address of no station, {src}")
    for name in ("vm1", "vm2", "vm3", "lan3"):
        to = "vm2" if name != "vm2" else "vm3"
        lab.sent("lan1", MACS[name], MACS[to], {to}, f"another one speaks as {name}")
        lab.own("vm3" if name != "vm3" else "vm1", MACS[name], {name}, f"{name} keeps its address")
    lab.equal([learned(h) for h in ("h1", "h2", "h3")], before, "nothing of it was learned")
    lab.sent("vm1", X, ALL, set(), "a port that does not learn")
    lab.own("vm2", X, {"lan1"}, "keeps to its own address")

    lab.sent("lan3", X, ALL, set(MACS) - {"lan3"}, "it moves to another host")
    for port in ("vm1", "vm2", "vm3", "lan1", "lan2"):
        lab.own(port, X, {"lan3"}, "who moved")
    for _ in range(3):  # cached programs, too
        lab.sent("lan2", X, ALL, set(MACS) - {"lan2"}, "and back to another port")
        for port in ("vm1", "vm2", "vm3", "lan1", "lan3"):
            lab.own(port, X, {"lan2"}, "who moved back")
        lab.sent("lan1", X, ALL, set(MACS) - {"lan1"}, "and on")
        for port in ("vm1", "vm2", "vm3", "lan2", "lan3"):
            lab.own(port, X, {"lan1"}, "who moved on")
    lab.sent("lan3", Z, ALL, set(MACS) - {"lan3"}, "a third one")
    lab.equal([learned(h) for h in ("h1", "h2", "h3")], [3, 2, 2], "an address is there once")


def part_stays(lab):
    for port in ("vm1", "vm2", "vm3"):
        lab.own(port, X, {"lan1"}, "still there")
        lab.own(port, Z, {"lan3"}, "still there")


def part_relay(lab):
    w = "02:aa:00:00:00:04"
    for port in ("vm1", "vm2", "vm3", "lan1", "lan3"):
        lab.own(port, w, LEARNING - {port}, "nobody knows it")
    part_stays(lab)
    lab.sent("lan3", w, ALL, set(MACS) - {"lan3"}, "it speaks to all")
    for port in ("vm1", "vm2", "lan1", "lan2"):
        lab.own(port, w, {"lan3"}, "it is known")
    lab.sent("lan3", w, MACS["vm3"], {"vm3"}, "it speaks to a machine of the relay")
    lab.own("vm3", w, {"lan3"}, "it is known there, too")
    lab.sent("lan1", w, ALL, set(MACS) - {"lan1"}, "it moves")
    for port in ("vm1", "vm2", "lan3"):
        lab.own(port, w, {"lan1"}, "who moved")


def part_limit(lab):
    lab.sent("lan1", "02:bb:00:00:00:01", MACS["vm1"], {"vm1"}, "one more")
    lab.own("vm1", "02:bb:00:00:00:01", LEARNING, "it is not learned")
    lab.sent("lan1", X, MACS["vm1"], {"vm1"}, "those that are there go on")


def part_again(lab):
    lab.own("vm1", X, LEARNING, "not known any more")
    lab.sent("lan1", X, ALL, set(MACS) - {"lan1"}, "it speaks")
    lab.own("vm1", X, {"lan1"}, "and is known")


def part_aged(lab):
    for port in ("vm1", "vm2"):
        lab.own(port, X, LEARNING, "too old")


def part_fewer(lab):
    lab.own("vm2", X, {"lan2"}, "one learns")
    lab.sent("lan1", X, MACS["vm1"], {"vm1"}, "who may send anything, but is not learned")
    lab.own("vm1", X, {"lan2"}, "one learns")
    lab.sent("lan3", X, MACS["vm1"], set(), "who is kept to its address again")


def part_none(lab):
    lab.own("vm1", X, set(), "nobody")
    lab.own("vm2", X, set(), "nobody")


TAP = Lab()
globals()[f"part_{sys.argv[1]}"](TAP)
sys.exit(TAP.done())
