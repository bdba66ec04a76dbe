#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""snatd.py - gives the values of templates in mode service, in place of natd.

Each line on standard input says what to do: {namespace: {slice: task}}, where a task is
  {"what": "snat", "range": "ADDRESS[-ADDRESS]:PORT-PORT"}
  {"what": "sanitise", "range": "0.0.0.0:PORT-PORT"}
  {"what": "dnat", "map": {ADDRESS: ADDRESS}}
When it is done "ready" is written. What is in use is known from the kernel's instances alone: so
it may be killed at any time.
"""
import errno
import ipaddress
import json
import os
import select
import subprocess
import sys

import genl
from genl import attr, nest, u32
from service import N, Member, integer
from snatlab import ICMP, Seen, inside

DP, SERVICE, CREDITS = "weft0", "nat", 256


def parse_range(text):
    """The addresses, and the first and last port"""
    if not text:
        return [], 1, 0
    addresses, ports = text.split(":")
    first, _, last = addresses.partition("-")
    a, b = (int(ipaddress.ip_address(x)) for x in (first, last or first))
    p, q = map(int, ports.split("-"))
    return [str(ipaddress.ip_address(n)) for n in range(a, b + 1)], p, q


class Slice:
    """One logical middlebox on one host"""

    def __init__(self, task):
        self.task = task
        self.used = set()       # (protocol, address, port) of SNAT; 5-tuples of a sanitiser
        self.addresses, self.first, self.last = parse_range(task.get("range", ""))

    def key(self, seen, address, port):
        """What must be there once"""
        if self.task["what"] == "sanitise":
            return seen.proto, seen.ip_src, port, seen.ip_dst, seen.dport
        return seen.proto, address, port

    def choose(self, seen):
        """(address, port) or None"""
        if self.task["what"] == "dnat":
            address = self.task["map"].get(seen.ip_dst)
            return (address, 0) if address else None
        for address in self.addresses:
            candidates = range(self.first, self.last + 1)
            if seen.sport in candidates or self.task["what"] == "sanitise":
                if self.take(seen, address, seen.sport):
                    return address, seen.sport
            for port in candidates:
                if self.take(seen, address, port):
                    return address, port
        return None

    def take(self, seen, address, port):
        key = self.key(seen, address, port)
        if key in self.used:
            return False
        self.used.add(key)
        return True


class Opener:
    """The packet that opened an instance, as far as it matters here"""

    def __init__(self, fields):
        self.proto = {"icmp": 1, "tcp": 6, "udp": 17}.get(fields["ip_proto"], fields["ip_proto"]) \
            if "ip_proto" in fields else ICMP
        self.ip_src, self.ip_dst = fields.get("ip_src"), fields.get("ip_dst")
        names = ("icmp_id",) if self.proto == ICMP else ("tcp_dst", "udp_dst", "l4_dst")
        self.dport = next((fields[n] for n in names if n in fields), 0)


class Daemon:
    """On one host"""

    def __init__(self, namespace):
        self.namespace = namespace
        self.slices = {}
        self.member = inside(namespace, Member)

    def configure(self, tasks):
        new = not self.slices
        self.slices = {int(number): Slice(task) for number, task in tasks.items()}
        self.read_back()
        if new:
            self.member.service("new", SERVICE, DP, credits=CREDITS)

    def read_back(self):
        """What is in use, from the instances that there are"""
        for s in self.slices.values():
            s.used.clear()
        shown = subprocess.run(["weft", "-n", self.namespace, "-j", "instance", "show"],
                               capture_output=True, text=True, check=True).stdout
        for instance in json.loads(shown):
            s, values = self.slices.get(instance["slice"]), instance.get("vars")
            if s and values and "port" in values:
                s.used.add(s.key(Opener(instance["fields"]), values.get("ip"), values["port"]))

    def serve(self):
        self.member.drain(0)
        while self.member.packets:
            self.packet(self.member.packets.pop(0))

    def packet(self, p):
        self.member.service("set", SERVICE, DP, credits=1)
        pending = u32(N.instance.pending, integer(p[N.packet.pending]))
        s, seen = self.slices.get(integer(p[N.packet.slice])), Seen(p[N.packet.data])
        values = s and s.choose(seen)
        if s and not values:
            self.read_back()    # some may have ended
            values = s.choose(seen)
        dp = attr(N.instance.dp, DP)
        try:
            if values:
                self.member.request(N.cmd["instance-new"], dp + pending + nest(
                    N.instance.vars,
                    attr(N.vars.ip, ipaddress.ip_address(values[0]).packed),
                    attr(N.vars.port, values[1].to_bytes(2, "big"))))
            else:
                self.member.request(N.cmd["instance-del"], dp + pending)
        except genl.Refused as error:
            if error.errno != errno.ENOENT:
                print(f"# snatd: {self.namespace}: {error}", file=sys.stderr, flush=True)


def main():
    daemons = {}
    poll = select.poll()
    poll.register(0, select.POLLIN)
    lines = b""
    while True:
        for fd, _ in poll.poll():
            if fd:
                next(d for d in daemons.values() if d.member.sock.fileno() == fd).serve()
                continue
            data = os.read(0, 65536)
            if not data:
                return 0
            lines += data
            while b"\n" in lines:
                line, _, lines = lines.partition(b"\n")
                for namespace, tasks in json.loads(line).items():
                    if namespace not in daemons:
                        daemons[namespace] = Daemon(namespace)
                        poll.register(daemons[namespace].member.sock, select.POLLIN)
                    daemons[namespace].configure(tasks)
                print("ready", flush=True)
        for d in daemons.values():
            if d.member.packets:
                d.serve()


if __name__ == "__main__":
    sys.exit(main())
