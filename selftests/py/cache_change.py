#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cache_change.py PEER-NAMESPACE - programs of the flow cache beside changes; output is TAP.

Run by cache_change.sh in a namespace with wires p1 - q1 … p4 - q4, and gnv0 on u1.
"""
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time

import frame
from flowcache import Lab, SLOW, TAP, hit, miss, rise, udp, wait_for
from geneve import context, geneve, option, peer_socket

SLOT = (0x0103, 0x02)  # who does not know it may pass it over
LAB = Lab((1, 2, 3))
F = udp()


def changes(name, flows, first, *then, **where):
    """Of @flows comes @first for F; after the commands of each of @then, at once its result"""
    LAB.flows(*flows)
    LAB.case(name, miss(F, first), hit(F, first), **where)
    for what, commands, result in then:
        LAB.weft(*commands)
        LAB.case(f"… {what}", miss(F, result), hit(F, result), **where)


def entries():
    base = ["priority=100, in_port=1, udp actions=goto:1",
            "table=1, priority=100, udp actions=output:2"]
    better = "table=1, priority=200, udp, udp_dst=80"
    other = "table=1, priority=200, udp, udp_dst=81 actions=drop"
    for name, more in (("with a new mask", []), ("with a mask that there is", [other])):
        changes(f"a better entry {name}", base + more, 2,
                ("added", [f"flow add {better} actions=output:3"], 3),
                ("changed", [f"flow set {better} actions=drop:acl"], "acl"),
                ("deleted", [f"flow del {better}"], 2),
                ("the last one deleted", ["flow del table=1, priority=100, udp"], "table_miss"),
                ("one added where none was", [f"flow add {better} actions=output:3"], 3))
    changes("miss actions", base[:1], "table_miss",
            ("set", ["table set 1 miss output:2"], 2),
            ("changed", ["table set 1 miss drop:acl"], "acl"),
            ("set to none", ["table set 1 miss none"], "table_miss"))
    worse = "table=1, priority=5, udp, udp_src=1000"
    LAB.flows(*base, f"{worse} actions=drop")
    LAB.case("a worse entry", miss(F), hit(F))
    LAB.weft(f"flow set {worse} actions=drop:acl")
    LAB.case("… may change", hit(F))
    LAB.weft(f"flow add {better} actions=output:2", f"flow del {better}",
             "flow del table=1, priority=100, udp")
    LAB.case("… and matters as soon as there is no better one", miss(F, "acl"), hit(F, "acl"))


def stale():
    """A change right before each packet: hardly ever is the sweeper quicker"""
    LAB.flows("in_port=1 actions=output:3")
    LAB.send([F])
    before = LAB.cache()
    for i in range(40):
        LAB.weft(f"flow set in_port=1 actions=output:{2 + i % 2}")
        LAB.send([F])
    after = LAB.cache()
    got = [after[k] - before[k] for k in ("hits", "misses", "stale", "evicted", "entries")]
    TAP.ok(got[:2] + got[3:] == [0, 40, 0, 0] and 30 <= got[2] <= 40,
           "programs that a change made void are stale", got)
    for i in (2, 3):
        LAB.ports[i].drain()


def timeouts():
    low = "priority=5, in_port=1 actions=output:2"
    high = "priority=9, in_port=1, udp"
    LAB.flows(low, f"{high}, hard_timeout={2.5 * SLOW} actions=output:3")
    LAB.case("an entry with a hard timeout", miss(F, 3), hit(F, 3))
    TAP.ok(wait_for(lambda: len(LAB.entries()) == 1), "… expires")
    LAB.case("… and so does its program", miss(F), hit(F))

    idle = 1.5 * SLOW
    LAB.flows(low, f"{high}, idle_timeout={idle} actions=output:3")
    counts, end = LAB.send([F])[0], time.monotonic() + 2.5 * idle
    while time.monotonic() < end:
        for k, v in LAB.send([F])[0].items():
            counts[k] = counts.get(k, 0) + v
        time.sleep(0.05 * SLOW)
    TAP.ok(counts["misses"] == 1 and counts["hits"] > 10 and len(LAB.entries()) == 2,
           "an entry that only the cache uses does not idle", counts, LAB.entries())
    TAP.ok(wait_for(lambda: len(LAB.entries()) == 1, 10), "when that stops it does")
    LAB.ports[3].drain()
    LAB.case("… and its program goes with it", miss(F))


def ports():
    changes("a logical port", ["in_port=1 actions=load:ldp=7, load:lout=2, output:lout"], 2,
            ("gone", ["port set 2 lport none"], "no_lport"),
            ("at another port", ["port set 3 lport 7:3 lport 7:2"], 3),
            ("back again", ["port set 3 lport 7:3", "port set 2 lport 7:2"], 2))
    both = {2: F, 3: F}
    changes("output to two ports", ["in_port=1 actions=output:2, output:3"], both,
            ("of which one goes", ["port del p2"], (3, "no_port")),
            ("and comes back", ["port add p2 id 2 lport 7:2"], both))
    LAB.ports[4] = frame.Port("q4")
    changes("output to a port", ["in_port=1 actions=output:2"], 2,
            ("gone", ["port del p2"], "no_port"),
            ("whose number another one has", ["port add p4 id 2"], 4),
            ("gone and back in one go", ["port del p4", "port add p2 id 2 lport 7:2"], 2))


def classes():
    """Marks of packets that come by a port"""
    marked = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    marked.setsockopt(socket.SOL_SOCKET, 36, 5)  # SO_MARK
    marked.bind(("q1", 0))
    LAB.flows("priority=9, in_port=1, mark=5 actions=output:3",
              "priority=5, in_port=1 actions=output:2")
    LAB.case("a mark from a machine is none", miss(F), hit(F), send=marked.send)
    LAB.weft("port set p1 class service")
    LAB.case("… from a service it is one, at once", miss(F, 3), hit(F, 3), send=marked.send)
    LAB.case("… that unmarked packets have not", hit(F))
    LAB.weft("port set p1 class vif")
    LAB.case("… and back", hit(F), send=marked.send)


def tunnels():
    peer, stranger = (peer_socket(sys.argv[1], f"192.0.2.{host}", 6081) for host in (2, 3))
    remote = "remote 192.0.2.2"
    slot = f"opt 0={SLOT[0]:#x}:{SLOT[1]:#x}:8"
    LAB.weft(f"port add gnv0 id 9 type geneve {remote} {slot}")
    value = bytes(range(1, 9))

    def arrives(tos=0, sock=peer):
        def send(data):
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, tos)
            sock.sendto(geneve(7, context(3, 5) + option(SLOT, value), data), ("192.0.2.1", 6081))
        return {"send": send}

    changes("from a tunnel", [
        f"priority=9, in_port=9, tun_opt0=0x{value.hex():0<32} actions=output:2",
        "priority=5, in_port=9, lout=5 actions=output:3"], 2,
            ("a slot is taken away", ["port set gnv0 opt none"], 3),
            ("and given back", [f"port set gnv0 {slot}"], 2), **arrives())
    for _ in range(2):
        LAB.weft("port set gnv0 remote 192.0.2.9")
        LAB.case("… its remote is not known any more: a stranger, at once, and not cached",
                 *(miss(F, "tunnel_remote"),) * 3, **arrives())
        LAB.weft(f"port set gnv0 {remote}")
        LAB.case("… it is again", miss(F), hit(F), **arrives())
    LAB.case("another one is a stranger", *(miss(F, "tunnel_remote"),) * 2, **arrives(0, stranger))
    LAB.case("an outer TOS that none looks at", hit(F), **arrives(0x28))
    LAB.flows("priority=9, in_port=9, tun_tos=0x28 actions=output:3",
              "priority=5, in_port=9 actions=output:2")
    for way in (miss, hit):
        LAB.case(f"an outer TOS that an entry looks at: {way.__name__}", way(F), **arrives(0))
        LAB.case("… and another", way(F, 3), **arrives(0x28))

    LAB.flows("in_port=1 actions=load:ldp=7, load:lin=3, load:lout=5,"
              f" set:tun_opt0=0x{value.hex():0<32}, tunnel:192.0.2.2")
    plain, full = (geneve(7, context(3, 5) + o, F).hex() for o in (b"", option(SLOT, value)))
    for command, wire in ((slot, full), ("opt none", plain), (slot, full)):
        LAB.weft(f"port set gnv0 {command}")
        LAB.case(f"into a tunnel, {command}", miss(F, {}), hit(F, {}))
        TAP.equal([peer.recv(65535).hex() for _ in range(2)], [wire] * 2, "… and on the wire")
    LAB.weft("port del gnv0")
    LAB.case("into a tunnel that is gone", miss(F, "no_port"), hit(F, "no_port"))


def services():
    LAB.flows("in_port=1 actions=service(s,fallback=continue), output:2",
              "in_port=2 actions=service:s")
    LAB.case("a service of nobody", *(miss(F),) * 3)
    LAB.case("… and no fallback", *(miss(F, "no_service"),) * 3, at=2)
    with subprocess.Popen("weft -N -j packet listen s credits 100 count 7 ready".split(),
                          stdout=subprocess.PIPE, text=True) as listener:
        listener.stdout.readline()
        LAB.case("registered, every packet makes an upcall", *(miss(F),) * 4)
        LAB.case("… from the other port, too", *(miss(F, {}),) * 3, at=2)
        wait_for(lambda: listener.poll() is not None)
        listener.kill()
        out = [json.loads(line) for line in listener.stdout]
    TAP.equal([(p["in_port"], p["data"]) for p in out],
              [(1, F.hex())] * 4 + [(2, F.hex())] * 3, "they come")
    LAB.case("nobody again, at once", miss(F))
    LAB.flows("in_port=1 actions=output:2")
    before = LAB.cache()
    for _ in range(3):
        LAB.weft(f"packet inject in_port=1 hex {F.hex()}")
    got = [LAB.ports[2].receive(2 * SLOW) for _ in range(3)]
    TAP.equal((got, LAB.cache()), ([F] * 3, before),
              "injected packets neither use the cache nor get into it")


def beside(name, rounds, lines, spare=0):
    """None of @rounds transactions makes one of the packets walk that come after each"""
    frames = [udp(sport=s) for s in (1000, 1001)]
    LAB.send(frames)
    LAB.ports[2].drain()
    before = LAB.cache()
    for i in range(rounds):
        LAB.weft(f"txn {LAB.write(lines(i))}")
        for data in frames:
            LAB.ports[1].send(data)
    sent = rounds * len(frames)
    wait_for(lambda: LAB.cache()["seen"] >= before["seen"] + sent)
    got = rise(before, LAB.cache())
    TAP.ok(got.get("misses", 0) <= spare and got["seen"] == sent,
           f"{name}: no packet walks because of {rounds} transactions", got)
    TAP.equal(len(LAB.ports[2].receive_all(0.2)), sent, "… and all arrive")


@contextlib.contextmanager
def flood(data):
    """Somebody sends it all the time, on another CPU if there is one"""
    child = os.fork()
    if not child:
        os.sched_setaffinity(0, {max(LAB.cpus)})
        while True:
            LAB.ports[1].send(data)
            time.sleep(0.0005)
    hits = LAB.cache()["hits"]
    wait_for(lambda: LAB.cache()["hits"] > hits + 20)
    yield
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def elsewhere():
    exact = "table=1, ldp=1, udp, ip_src=192.0.2.{}, ip_dst=192.0.2.{}, udp_src=1000, udp_dst=80"
    LAB.flows("in_port=1 actions=load:ldp=1, goto:1",
              "priority=9, table=1, ldp=1, udp, udp_src=1000 actions=goto:2",
              "priority=5, table=1, ldp=1, udp actions=goto:2", "table=2, ldp=1 actions=output:2",
              "table=1, ldp=2, udp, udp_src=0 actions=drop",
              "table=9, ldp=1, udp, udp_src=0 actions=drop", f"{exact.format(0, 0)} actions=drop")

    def swap(where):
        return lambda i: [f"add {where}, udp, udp_src={i + 1} actions=drop",
                          f"del {where}, udp, udp_src={i}"]

    # Entries share 32768 stamps: that a program has noted one that two changes raise between two
    # packets is possible, but hardly ever happens with so few of them.
    beside("another logical datapath", 200, swap("table=1, ldp=2"))
    beside("another table", 200, swap("table=9, ldp=1"))
    beside("10,000 entries for other packets", 200, lambda i: [
        f"add {exact.format(n & 255, n >> 8)} actions=drop"
        for n in range(i * 50 + 1, i * 50 + 51)], spare=1)
    with flood(udp()):
        before, change = LAB.cache(), swap("table=1, ldp=2")
        for i in range(200, 400):
            LAB.weft(f"txn {LAB.write(change(i))}")
        got = rise(before, LAB.cache())
    TAP.ok(got.get("hits", 0) > 20 and got.get("misses", 0) <= 1,
           "nor because of 200 that take turns with packets as they like", got)
    LAB.ports[2].receive_all(0.2)
    mine = exact.replace("192.0.2.{}", "{}").format("10.0.0.1", "10.0.0.2")
    LAB.weft(f"flow add priority=200, {mine} actions=output:3")
    LAB.case("one for these packets is seen at once", miss(F, 3), hit(F, 3))


for test in (entries, stale, timeouts, ports, classes, tunnels, services, elsewhere):
    print(f"# {test.__name__}", flush=True)
    test()
TAP.done()
