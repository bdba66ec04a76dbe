#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""l2_learn_limit.py PART [PORT] [N] - frames of l2_learn_limit.sh, of machines that make up addresses."""
import select
import sys
import time

import frame as f

PORTS = {"vma": (4, 1), "vmc": (4, 2), "lana": (4, 4), "lanb": (4, 5), "lanc": (4, 6),
         "far1": (5, 1), "far2": (5, 2)}
MACS = {name: f"02:00:00:00:0{sw}:0{n}" for name, (sw, n) in PORTS.items()}
LEARNING = {"lana", "lanb", "lanc"}
ALL = "ff:ff:ff:ff:ff:ff"
BATCH = 100


def forged(n):
    return f"02:f0:00:00:{n >> 8:02x}:{n & 255:02x}"


def message(src, dst, n):
    return f.ether(dst, src, 0x0800, f.ipv4("10.0.0.1", "10.0.0.2", 17, f.udp(
        "10.0.0.1", "10.0.0.2", 4000, n & 0xffff, b"forged")))


class Lab(f.Tap):
    def __init__(self):
        super().__init__()
        self.ports = {name: f.Port(name) for name in PORTS}
        self.n = 0

    def flood(self, port, macs, at, what):
        """A frame by each address to a machine: all come there, as they were."""
        frames = [message(mac, MACS[at], n) for n, mac in enumerate(macs)]
        got = []
        self.ports[at].drain()
        for i in range(0, len(frames), BATCH):
            for frame in frames[i:i + BATCH]:
                self.ports[port].send(frame)
            while len(got) < min(i + BATCH, len(frames)):
                frame = self.ports[at].receive(5)
                if frame is None:
                    break
                got.append(frame)
        # the sender may change the CPU, by which one frame overtakes another
        self.ok(sorted(got) == sorted(frames), f"{what}: {len(frames)} from {port} to {at}",
                f"{len(got)} came, {len(set(got) & set(frames))} of them right")

    def receivers(self, port, src, dst, wanted):
        """Where a frame comes out, after the last of those that are wanted."""
        self.n += 1
        frame = message(src, dst, self.n)
        for each in self.ports.values():
            each.drain()
        self.ports[port].send(frame)
        by_fd = {each.sock.fileno(): name for name, each in self.ports.items()}
        got = set()
        while True:
            ready = select.select(list(by_fd), [], [], 2 if wanted - got else 0.15)[0]
            if not ready:
                return got
            got |= {by_fd[fd] for fd in ready if self.ports[by_fd[fd]].receive(1) == frame}

    def sent(self, port, src, dst, to, what):
        got = self.receivers(port, src, dst, set(to))
        self.ok(got == set(to), f"{what}: {port} to {', '.join(sorted(to))}", got)


def part_forged(lab):
    lab.flood("lana", [forged(n) for n in range(4000)], "vmc", "forged, to the other host")
    lab.flood("lana", [forged(n) for n in range(4000, 5000)], "vma", "forged, to its own host")
    for vm in ("vma", "vmc"):
        for n in (0, 500, 1023):
            lab.sent(vm, MACS[vm], forged(n), {"lana"}, "what was learned is known")
        for n in (1024, 4999):
            lab.sent(vm, MACS[vm], forged(n), LEARNING, "what was not is searched for")


def part_others(lab):
    p, left = "02:aa:00:00:00:01", {"vma", "vmc", "lana", "lanb", "lanc"}
    lab.sent("lanb", p, ALL, left - {"lanb"}, "another port of the switch")
    for port in ("vma", "lana", "vmc", "lanc"):
        lab.sent(port, MACS[port], p, {"lanb"}, "it is known")
    # the same addresses as on the first switch
    lab.sent("far1", forged(2000), ALL, {"far2"}, "another tenant")
    lab.sent("far2", forged(0), forged(2000), {"far1"}, "which is known")
    lab.sent("far1", forged(2000), forged(0), {"far2"}, "as is who answers")


def part_more(lab):
    port, n = sys.argv[2], int(sys.argv[3])
    first = 0x8000 + 0x1000 * PORTS[port][1]
    lab.flood(port, [forged(first + i) for i in range(n)], "vma" if port == "lanc" else "vmc",
              "further ones")


def part_waits(lab):
    """One that was refused, and goes on sending, is learned when others are forgotten."""
    late, known, since = "02:ee:00:00:00:01", False, time.monotonic()
    lab.flood("lana", [forged(n) for n in range(int(sys.argv[2]))], "vmc", "as many as there may be")
    lab.sent("lana", late, MACS["vmc"], {"vmc"}, "one too many")
    lab.sent("vma", MACS["vma"], late, LEARNING, "it is not learned")
    while not known and time.monotonic() < since + 30:
        if lab.receivers("lana", late, MACS["vmc"], {"vmc"}) != {"vmc"}:
            break
        known = lab.receivers("vma", MACS["vma"], late, {"lana"}) == {"lana"}
    lab.ok(known, "it is, once there is room")


TAP = Lab()
globals()[f"part_{sys.argv[1]}"](TAP)
sys.exit(TAP.done())
