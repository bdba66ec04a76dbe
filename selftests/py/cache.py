#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cache.py - which packets share a program of the flow cache, what is counted, and how many
programs there are; output is TAP. Run by cache.sh in a namespace with wires p1 - q1 … p3 - q3.
"""
import socket
import struct

import frame
from flowcache import (A, ACK, B, FIN, H1, H2, Lab, PSH, SYN, TAP, hit, miss, ping, ping6, tcp, udp,
                       udp6, wait_for)

LAB = Lab((1, 2, 3))
MAX_CACHED = 262144


def hits():
    one, other, back = udp(), udp(sport=1001), udp(src=H2, dst=H1)
    LAB.flows("in_port=1 actions=load:ldp=7, load:lout=2, goto:1", "in_port=2 actions=output:1",
              "table=1, ldp=7, udp, udp_dst=80 actions=output:lout")
    LAB.case("the second packet of a flow is done by the cache", miss(one), hit(one), hit(one))
    LAB.case("another flow walks once, too", miss(other), hit(one), hit(other))
    LAB.case("the port of entry counts", miss(back, 1), hit(back, 1), at=2)
    LAB.case("a drop is cached", miss(udp(dport=81), "table_miss"),
             hit(udp(dport=81), "table_miss"))
    LAB.flows("in_port=1, udp actions=clone(set:udp_dst=9, output:2), output:3")
    LAB.case("copies that differ", *((one, how, {2: udp(dport=9), 3: one})
                                     for how in ("miss", "hit", "hit")))
    LAB.case("what cannot be parsed is neither hit nor miss", *(
        (frame.ether(B, A, 0x800, data), None, reason)
        for data, reason in ((b"\x45\0", "truncated"), (bytes(20), "bad_ipv4"))))


def flags():
    syn, ack, push, fin = (tcp(f) for f in (SYN, ACK, PSH | ACK, FIN))
    LAB.flows("priority=9, in_port=1, tcp, tcp_flags=+syn-ack actions=output:2",
              "priority=5, in_port=1, tcp actions=output:3")
    LAB.case("TCP flags that an entry looks at", miss(syn), miss(ack, 3), hit(syn), hit(ack, 3),
             miss(tcp(SYN | ACK), 3))
    LAB.case("under its mask only", hit(push, 3), miss(fin, 3), hit(tcp(PSH), 3),
             hit(tcp(SYN | PSH)))
    LAB.flows("priority=9, in_port=1, tcp, tcp_flags=+fin, tcp_dst=99 actions=drop",
              "priority=5, in_port=1, tcp actions=output:3")
    LAB.case("also if that entry does not match for another reason", miss(ack, 3), miss(fin, 3),
             hit(push, 3))
    LAB.flows("in_port=1, tcp actions=output:3")
    LAB.case("TCP flags that none looks at", miss(syn, 3), hit(ack, 3), hit(fin, 3))


def tos():
    mark = {t: udp(tos=t) for t in (0, 0x28, 0x2B, 3)}
    LAB.flows("in_port=1, udp actions=output:2")
    LAB.case("a TOS that none looks at", miss(mark[0]), hit(mark[0x28]), hit(mark[3]))
    LAB.flows("priority=9, in_port=1, ip, ip_dscp=10 actions=output:3",
              "priority=5, in_port=1 actions=output:2")
    LAB.case("a DSCP that an entry looks at, but not the ECN", miss(mark[0]),
             miss(mark[0x28], 3), hit(mark[3]), hit(mark[0x2B], 3))
    LAB.flows("in_port=1, udp actions=set:ip_tos=0x28, output:2")
    LAB.case("a TOS that is written", *(miss(mark[t], {2: mark[0x28]}) for t in (0x28, 0, 3)),
             hit(mark[0x28]))
    LAB.flows("in_port=1, udp actions=move:ip_tos[0..7]->reg1[0..7], goto:1",
              "priority=9, table=1, reg1=0x28 actions=output:3",
              "priority=5, table=1 actions=output:2")
    LAB.case("a TOS that is copied into a register", miss(mark[0]), miss(mark[0x28], 3),
             hit(mark[0]))
    LAB.flows("in_port=1, udp actions=move:ip_tos[0..7]->eth_dst[0..7], output:2")
    LAB.case("or into another field", *(
        (mark[t], how, {2: mark[t][:5] + bytes([t]) + mark[t][6:]})
        for how in ("miss", "hit") for t in (0, 0x28)))
    source, target = "192.0.2.1", "192.0.2.2"
    LAB.flows(f"in_port=1, udp actions=set:ip_src={source}, set:ip_dst={target}, dec_ttl, output:2")
    LAB.case("headers are written around what does not count", *(
        (udp(ttl=left, **head), how, {2: udp(src=source, dst=target, ttl=left - 1, **head)})
        for how, left, head in (("miss", 64, {"tos": 0, "ident": 1}),
                                ("hit", 255, {"tos": 0xFF, "ident": 2}),
                                ("hit", 2, {"tos": 0x28, "ident": 65535}))))


def other_fields():
    a, b, c = udp6(label=0x12345), udp6(label=0), udp6(label=0x12345, tclass=0x28)
    LAB.flows("in_port=1, ipv6 actions=output:2", "in_port=1, icmp actions=output:2")
    LAB.case("an IPv6 label that none looks at", miss(a), hit(b), hit(c))
    LAB.flows("priority=9, in_port=1, ipv6, ipv6_label=0x12345 actions=output:3",
              "priority=9, in_port=1, icmp, icmp_id=5 actions=output:3",
              "priority=5, in_port=1 actions=output:2")
    LAB.case("an IPv6 label that an entry looks at", miss(a, 3), miss(b), hit(c, 3))
    five, six = ping(5), ping(6)
    LAB.case("an ICMP id that an entry looks at", miss(six), miss(five, 3), hit(six))
    LAB.flows("in_port=1, icmp actions=output:2", "in_port=1, icmp6 actions=output:2")
    LAB.case("an ICMP id that none looks at", miss(five), hit(six))
    LAB.case("of ICMPv6, too", miss(ping6(5)), hit(ping6(6)))
    LAB.flows("in_port=1, icmp actions=set:icmp_id=5, output:2",
              "in_port=1, ipv6 actions=set:ipv6_label=0, output:2")
    LAB.case("an ICMP id that is written", miss(five), miss(six, {2: five}))
    LAB.case("an IPv6 label that is written", miss(b), miss(a, {2: b}))


def ttl():
    LAB.flows("in_port=1, udp actions=dec_ttl, output:2")
    LAB.case("dec_ttl is one program for TTLs that are enough", *(
        (udp(ttl=t), how, {2: udp(ttl=t - 1)})
        for t, how in ((64, "miss"), (2, "hit"), (255, "hit"), (63, "hit"))))
    LAB.case("and another for those that are not", miss(udp(ttl=1), "ttl"), hit(udp(ttl=1), "ttl"),
             hit(udp(ttl=0), "ttl"), hit(udp(ttl=2), {2: udp(ttl=1)}))
    LAB.flows(*(f"table={table}, {ip} actions=dec_ttl, {then}" for ip in ("ip", "ipv6")
                for table, then in enumerate(("goto:1", "resubmit:2, output:2", "load:reg0=0"))))
    LAB.case("three dec_ttl of three tables spend three", miss(udp(ttl=64), {2: udp(ttl=61)}),
             hit(udp(ttl=4), {2: udp(ttl=1)}), miss(udp(ttl=3), "ttl"), hit(udp(ttl=3), "ttl"),
             miss(udp(ttl=2), "ttl"), hit(udp(ttl=5), {2: udp(ttl=2)}))
    LAB.case("of hop limits, too", miss(udp6(hops=4), {2: udp6(hops=1)}),
             miss(udp6(hops=3), "ttl"), hit(udp6(hops=255), {2: udp6(hops=252)}))
    LAB.flows("in_port=1, ip actions=dec_ttl, goto:1",
              "priority=9, table=1, ip, ip_ttl=9 actions=output:3",
              "priority=5, table=1 actions=output:2")
    LAB.case("a TTL that an entry looks at behind dec_ttl", miss(udp(ttl=64), {2: udp(ttl=63)}),
             miss(udp(ttl=10), {3: udp(ttl=9)}), miss(udp(ttl=9), {2: udp(ttl=8)}),
             hit(udp(ttl=10), {3: udp(ttl=9)}))
    LAB.flows("in_port=1, ip actions=dec_ttl, set:ip_ttl=9, dec_ttl, output:2")
    LAB.case("a TTL that is written", miss(udp(ttl=8)),
             miss(udp(ttl=64), {2: udp(ttl=8)}), miss(udp(ttl=1), "ttl"))
    LAB.flows("in_port=1, ip actions=clone(dec_ttl, output:2), output:3")
    LAB.case("a TTL that only a clone spends", miss(udp(ttl=2), {2: udp(ttl=1), 3: udp(ttl=2)}),
             miss(udp(ttl=1), (3, "ttl")), hit(udp(ttl=1), (3, "ttl")),
             hit(udp(ttl=64), {2: udp(ttl=63), 3: udp(ttl=64)}))


COUNTED = ("in_port=1 actions=goto:1", *(
    f"table=1, priority={100 - i}, udp, udp_dst={i} actions=resubmit:5, goto:2" for i in range(5)),
    "table=2 actions=output:2", "table=5, ip actions=load:reg1=1", "table=5, arp actions=drop")


def traffic(sports=1, each=1):
    """Of flow i, 4 (i + 1) packets, or @each, mixed; all are received"""
    frames = [udp(sport=1000 + s, dport=i) for s in range(sports) for i in range(5)
              for _ in range(each if sports > 1 else 4 * (i + 1))]
    counts, _ = LAB.send(frames[::2] + frames[1::2])
    LAB.ports[2].drain()
    return counts, len(frames[0])


def tables():
    """{table: (matched, missed)}"""
    return {t["id"]: (t["matched"], t["missed"]) for t in LAB.weft("table show")[0]}


def counters():
    LAB.flows(*COUNTED)
    for times, how in ((1, "by walks and by the cache"), (2, "by the cache only")):
        before = tables()
        counts, size = traffic()
        want = [60, *(4 * (i + 1) for i in range(5)), 60, 0, 60]
        TAP.equal(sorted(LAB.entries()), sorted((n * times, n * times * size) for n in want),
                  f"entries count packets and bytes exactly, {how}")
        TAP.equal(counts.get("hits"), 55 if times == 1 else 60, f"… {how}: hits")
        TAP.equal({t: n[0] - before[t][0] for t, n in tables().items()}, dict.fromkeys(before, 60),
                  f"… {how}: tables")
    before = tables()
    LAB.send([udp(dport=99)] * 7)
    TAP.equal(tables()[1], (before[1][0], before[1][1] + 7), "tables count misses")

    before = LAB.entries("table=1")
    LAB.weft("flow del table=5, arp", "flow set table=1, priority=100, udp, udp_dst=0"
             " actions=resubmit:5, set:udp_dst=7, goto:2")
    TAP.equal(LAB.entries("table=1"), before, "a deletion and a change take no counters away")
    _, size = traffic()
    more = range(4, 24, 4)
    TAP.equal(LAB.entries("table=1"), [(packets + n, octets + n * size)
                                       for (packets, octets), n in zip(before, more)],
              "and they go on from there")
    TAP.equal(LAB.entries("table=2"), [(180, 180 * size)], "also those of other entries on the way")

    LAB.weft("dp set weft0 max_cached 0")
    traffic()
    TAP.equal(LAB.entries("table=2"), [(240, 240 * size)], "the same without a cache")
    LAB.weft("dp set weft0 max_cached 16")
    LAB.flows(*COUNTED)
    counts, size = traffic(20, 3)
    TAP.ok(counts.get("evicted", 0) >= 84, "programs of 100 flows do not fit into 16", counts)
    TAP.equal(LAB.entries("table=1"), [(60, 60 * size)] * 5, "what they counted is not lost")
    LAB.weft(f"dp set weft0 max_cached {MAX_CACHED}")


def segments():
    data, mss = bytes(range(256)) * 16, 1000
    pseudo = frame.checksum(b"", frame.pseudo(H1, H2, 6, 20 + len(data)))
    segment = frame.tcp(H1, H2, 1, 2, ACK, data)
    segment = segment[:16] + struct.pack("!H", ~pseudo & 0xFFFF) + segment[18:]
    packet = frame.ether(B, A, 0x800, frame.ipv4(H1, H2, 6, segment))
    # checksum needed, TCPv4; header length, mss, checksum's start and place
    head = struct.pack("=BBHHHH", 1, 1, 54, mss, 34, 16)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    wire.setsockopt(frame.SOL_PACKET, 15, 1)  # PACKET_VNET_HDR
    wire.bind(("q1", 0))
    LAB.flows("in_port=1 actions=goto:1", "table=1, tcp actions=output:2")
    before = tables()
    counts, _ = LAB.send([head + packet] * 3, send=wire.send)
    TAP.equal((counts.get("hits"), counts.get("misses")), (2, 1),
              "a frame to be segmented is one hit or miss")
    TAP.equal([packets for packets, _ in LAB.entries()], [15, 15],
              "for entries it is as many packets as on the wire")
    after = tables()
    TAP.equal([after[t][0] - before[t][0] for t in (0, 1)], [15, 15], "for tables, too")
    LAB.ports[2].drain()


def limits():
    LAB.flows("in_port=1, udp actions=output:2")

    def most(limit, flows):
        """The most programs that were seen, and how many there are in the end"""
        seen = []
        for first in range(0, flows, 20):
            LAB.send([udp(sport=2000 + first + i) for i in range(20)])
            seen.append(LAB.cache()["entries"])
        LAB.ports[2].drain()
        return TAP.ok(max(seen) <= limit == seen[-1],
                      f"{flows} flows make {limit} programs at the most", seen)

    LAB.weft("dp set weft0 max_cached 32")
    most(32, 300)
    LAB.weft("dp set weft0 max_cached 8")
    TAP.ok(wait_for(lambda: LAB.cache()["entries"] <= 8), "a lower limit makes programs go")
    most(8, 100)
    LAB.weft("dp set weft0 max_cached 0")
    TAP.ok(wait_for(lambda: LAB.cache()["entries"] == 0), "with a limit of 0 there are none")
    LAB.case("every packet walks", *(miss(udp()),) * 5)
    counts, _ = LAB.send([udp(sport=s) for s in range(50)])
    LAB.ports[2].drain()
    TAP.equal((counts, LAB.cache()["entries"]), ({"misses": 50}, 0),
              "and nothing is kept, refused or evicted")
    LAB.weft(f"dp set weft0 max_cached {MAX_CACHED}")
    LAB.case("the cache is on again", miss(udp()), hit(udp()))


for test in (hits, flags, tos, other_fields, ttl, counters, segments, limits):
    print(f"# {test.__name__}", flush=True)
    test()
TAP.done()
