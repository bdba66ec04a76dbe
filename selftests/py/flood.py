#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""flood.py - SYN floods up to the limits of instances; output is TAP.

Run by flood.sh in a namespace with the wires p1 - q1, p2 - q2 and p3 - q3; p1, p2, p3 are ports 1
to 3. Connections go from q1 to q2; the flood comes by q1, too, or by q3.
"""
import os
import sys
import time

import frame
import tcp_window
from tcp_window import (ACK, INSIDE, MAC_1, MAC_2, POOL, SERVER, SYN, Connection, drops, shown,
                        weft)

TAP = tcp_window.TAP
SLOW = int(os.environ.get("WEFT_SLOW", "1"))
LIMIT, ESTABLISHED, FLOOD = 300, 10, 1500
SLICE = 9
CONNECTION = 1024       # bytes, at most


def count():
    return shown("dp", "show", "weft0")[0]["n_instances"]


def template():
    return shown("template", "show", "5")[0]


def slabs():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Slab:")) << 10


def wait_for(what, seconds):
    end = time.monotonic() + seconds * SLOW
    while not (good := what()) and time.monotonic() < end:
        time.sleep(0.05)
    return good


def set_up():
    tcp_window.set_up(f"window slice={SLICE} tcp_opening={6 * SLOW}")
    for flow in ("in_port=3, ip actions= load:ldp=7, goto:14",
                 "priority=10, eth_type=0x88b5, in_port=3 actions= output:2"):
        weft("flow", "add", flow)


def flood(port, first, connections, ports):
    """A SYN each from so many ports; between them those connections go on. How many of their
    segments come through unchanged?"""
    good = 0
    for n in range(FLOOD):
        sport = first + n
        l4 = frame.tcp(INSIDE, SERVER, sport, 80, SYN, b"", n)
        port.send(frame.ether(MAC_1, MAC_2, 0x800, frame.ipv4(INSIDE, SERVER, 6, l4)))
        if n % 50 == 49:
            c = connections[n // 50 % len(connections)]
            good += c.says(False, ACK, 100) + c.says(True, ACK, 200)
            ports[1].drain()
    return good


def carried(connections):
    """Packets that the connections' instances have counted, either way"""
    mine = {c.sport for c in connections}
    found = [i for i in shown("instance", "show", f"template=5, slice={SLICE}")
             if i["fields"].get("tcp_src", i["fields"].get("l4_src")) in mine]
    return len(found), sum(e["packets"] for i in found for e in i["entries"])


def case(kind, words, ports, attacker, others):
    """@others: instances that do not count against the limit"""
    set_up()
    connections = [Connection(1000 + i, ports) for i in range(ESTABLISHED)]
    TAP.equal(sum(c.handshake() for c in connections), ESTABLISHED, f"{kind}: connections")
    weft("dp", "set", "weft0", *words)
    before, lost, began = carried(connections)[1], drops("instance_limit"), slabs()
    segments = 2 * (FLOOD // 50)
    good = flood(attacker, 10000, connections, ports)
    TAP.equal(good, segments, f"{kind}: during a flood all of their segments come through")
    TAP.equal(carried(connections), (ESTABLISHED, before + segments),
              f"{kind}: and each is counted for its connection")
    TAP.equal({c.state() for c in connections}, {"tcp_established"}, f"{kind}: established")
    full = LIMIT + others
    TAP.equal(count(), full, f"{kind}: as many instances as may be")
    refused = FLOOD - (full - ESTABLISHED)
    TAP.equal((template()["refused"].get(f"limit_{kind}"), drops("instance_limit") - lost),
              (refused, refused), f"{kind}: the others are refused, and counted")
    grown = slabs() - began
    good = flood(attacker, 20000, connections, ports)
    TAP.equal((good, count()), (segments, full), f"{kind}: nor does a second one harm them")
    again = slabs() - began - grown
    print(f"# slabs grew by {grown} bytes, then by {again}", flush=True)
    TAP.ok(again < 512 << 10, f"{kind}: memory does not grow with the flood", again)
    if SLOW <= 2:
        TAP.ok(grown < LIMIT * CONNECTION + (512 << 10), f"{kind}: nor for what is there", grown)
    late = Connection(9000, ports)
    TAP.equal(late.handshake(), others > 0,
              f"{kind}: a new connection {'of another port passes' if others else 'is refused'}")
    if others:
        connections.append(late)
    TAP.ok(wait_for(lambda: count() == len(connections), 20),
           f"{kind}: what was not answered ends", count())
    TAP.ok(Connection(9001, ports).handshake(), f"{kind}: and there is room again")
    TAP.equal(sum(c.says(False, ACK, 100) and c.says(True, ACK, 100) for c in connections),
              len(connections), f"{kind}: the first ones still work")
    weft("dp", "set", "weft0", "max_instances", "1048576", "max_instances_slice", "1048576",
         "max_instances_port", "262144")


def main():
    weft("pool", "add", "3", f"{POOL}:1024-65535")
    ports, other = [frame.Port("q1"), frame.Port("q2")], frame.Port("q3")
    limit = str(LIMIT)
    case("dp", ("max_instances", limit), ports, ports[0], 0)
    case("slice", ("max_instances_slice", limit), ports, ports[0], 0)
    case("port", ("max_instances_port", limit), ports, other, ESTABLISHED)
    TAP.done()


if __name__ == "__main__":
    sys.exit(main())
