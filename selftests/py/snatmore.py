# SPDX-License-Identifier: Apache-2.0
"""snatmore.py - cases beyond the worked example, for snat.py: machines that meet by way of an
outside address, and answers to packets of connections that are not there.
"""
import struct
import time

import frame
from snatlab import (ACK, ADDRESSES, GATEWAYS, ICMP, MACS, MAC_X, MAC_Y, SYN, TAP, TCP, UDP,
                     answer, is_ipv4, packet, wait_for)

VM1, VM2, VM3 = 1, 2, 3
MFE1, MFE2, MFE3 = 1, 2, 3
SNAT, DNAT = 5, 8
HAIRPIN_SNAT, HAIRPIN_DNAT = 40, 41
PUBLIC = "11.0.1.200"       # of VM1
RST = 4


def wrong(seen, src, dst, ends, ttl=63):
    if not seen:
        return ["nothing came"]
    return [f"{name}: {got}, expected {want}" for name, got, want in (
        ("source MAC", seen.src, src), ("destination MAC", seen.dst, dst),
        ("addresses and ports", seen.ends(), ends), ("TTL", seen.ttl, ttl),
        ("checksums", seen.bad, [])) if got != want]


# ---- hairpin -------------------------------------------------------------------------------

# A packet to the public address of a machine next to the sender gets both translations: its
# destination becomes that machine, and its source an address of the pool, or the answer would
# go the short way and be of nobody's. The answer meets both in the other order.
HAIRPIN = {
    "table=7, priority=110, ldp=3, ip, ip_src=10.0.1.0/24, ip_dst=11.0.1.200":
        f"template:{HAIRPIN_DNAT}",
    "table=7, priority=105, ldp=3, ip, ip_src=10.0.1.0/24, ip_dst=10.0.1.0/24":
        f"load:lout=9, resubmit:9, template:{HAIRPIN_SNAT}",
}


def hairpin_set_up(host):
    heads = {t: host.weft("template", "show", str(t)).split("\n", maxsplit=1)[0]
             for t in (SNAT, DNAT)}
    host.weft("template", "add", "-f", "-", text=heads[SNAT].replace(
        f"template {SNAT} snat1", f"template {HAIRPIN_SNAT} hairpin_snat") + """
      forward: table=7, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport
        actions= load:lout=9, resubmit:9, load:lin=9, set:mark=1/1, set:ip_src=@ip,
          set:l4_src=@port, goto:5
      reverse: reply, table=6, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst,
        l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:6
    """)
    host.weft("template", "add", "-f", "-", text=heads[DNAT].replace(
        f"template {DNAT} dnat1", f"template {HAIRPIN_DNAT} hairpin_dnat") + """
      forward: table=7, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport
        actions= set:ip_dst=@ip, goto:7
      reverse: reply, table=6, ldp=$ldp, $proto, ip_src=@ip, ip_dst=$ip_src, l4_src=$l4_dst,
        l4_dst=$l4_src actions= set:ip_src=$ip_dst, goto:8
    """)
    for match, actions in HAIRPIN.items():
        host.weft("flow", "add", f"{match} actions={actions}")


def hairpin(lab):
    for client, at, where in ((VM2, MFE2, "to one of another host"), (VM1, MFE1, "to itself")):
        host = lab.hosts[at]
        hairpin_set_up(host)
        for proto, name, sport in ((TCP, "TCP", 4100), (UDP, "UDP", 4101)):
            what = f"hairpin {where}, {name}"
            seen = lab.through(client, packet(client, PUBLIC, sport, 80, proto), VM1)
            outside = seen and (seen.ip_src, seen.sport)
            TAP.ok(seen and seen.ip_src.startswith("11.0.1.") and seen.ip_src != PUBLIC,
                   f"{what}: VM1 sees an address of the pool", seen)
            bad = wrong(seen, MAC_X, MACS[VM1], (*(outside or ()), ADDRESSES[VM1], 80))
            TAP.ok(not bad, f"{what}: and itself; MACs, TTL, checksums", *bad)
            back = seen and lab.through(VM1, answer(VM1, seen), client)
            bad = wrong(back, MAC_X, MACS[client], (PUBLIC, 80, ADDRESSES[client], sport))
            TAP.ok(not bad, f"{what}: the answer is of the public address", *bad)
            for _ in range(2):
                again = lab.through(client, packet(client, PUBLIC, sport, 80, proto, flags=ACK),
                                    VM1)
                back = again and lab.through(VM1, answer(VM1, again), client)
            TAP.equal((again and (again.ip_src, again.sport), back and back.ends()),
                      (outside, (PUBLIC, 80, ADDRESSES[client], sport)),
                      f"{what}: and so do later ones")
            TAP.equal([host.count(t) for t in (HAIRPIN_DNAT, HAIRPIN_SNAT, SNAT)], [1, 1, 0],
                      f"{what}: one instance of each")
            host.cut()
            lab.clear()
        for match in HAIRPIN:
            host.weft("flow", "del", match)
        for template in (HAIRPIN_DNAT, HAIRPIN_SNAT):
            host.weft("template", "del", str(template))
    lab.clear()


# ---- answers to what is unknown ------------------------------------------------------------

UNKNOWN = {
    "table=6, priority=10, ldp=3, tcp, ip_dst=11.0.1.0/25": "reject:tcp_rst, goto:8",
    "table=6, priority=10, ldp=3, udp, ip_dst=11.0.1.0/25": "reject, goto:8",
}
NOBODY = "11.0.1.77"


def segment(vm, dst, sport, dport, flags, seq, ack, data=b""):
    l4 = frame.tcp(ADDRESSES[vm], dst, sport, dport, flags, data, seq, ack)
    return frame.ether(GATEWAYS[vm], MACS[vm], 0x800, frame.ipv4(ADDRESSES[vm], dst, TCP, l4))


def numbers(seen):
    """Sequence number, acknowledgement and flags"""
    return seen and struct.unpack("!II", seen.l4[4:12]) + (seen.l4[13],)


def vanished(lab):
    for host in lab.hosts.values():
        for match, actions in UNKNOWN.items():
            host.weft("flow", "add", f"{match} actions={actions}")
    unknown_to_vm(lab)
    unknown_behind_tunnel(lab)
    unanswered(lab)
    for host in lab.hosts.values():
        for match in UNKNOWN:
            host.weft("flow", "del", match)
    lab.clear()


def unknown_to_vm(lab):
    mfe3 = lab.hosts[MFE3]
    before = mfe3.drops("rejected")
    for name, flags, seq, ack, data, expected in (
            ("SYN", SYN, 1000, 0, b"", (0, 1001, RST | ACK)),
            ("data without ACK", 0, 0xFFFFFFFF, 0, b"abcd", (0, 3, RST | ACK)),
            ("ACK", ACK, 1000, 77777, b"abcd", (77777, 0, RST))):
        seen = lab.through(VM3, segment(VM3, NOBODY, 4200, 5000, flags, seq, ack, data), VM3)
        bad = wrong(seen, MAC_Y, MACS[VM3], (NOBODY, 5000, ADDRESSES[VM3], 4200))
        TAP.ok(not bad, f"no mapping, {name}: a machine of this host gets an answer", *bad)
        TAP.equal(numbers(seen), expected, f"no mapping, {name}: RST, with the right numbers")
    data = packet(VM3, NOBODY, 4200, 53, UDP, data=b"question")
    seen = lab.through(VM3, data, VM3)
    TAP.equal(seen and (seen.proto, seen.l4[:2], seen.ip_src, seen.ip_dst, seen.bad),
              (ICMP, b"\3\3", NOBODY, ADDRESSES[VM3], []), "no mapping, UDP: port unreachable")
    # it came to the router with the TTL that it was sent with
    TAP.equal(seen and seen.payload, data[14:], "no mapping, UDP: and the packet in it")
    TAP.equal(mfe3.drops("rejected") - before, 4, "no mapping: counted")


def unknown_behind_tunnel(lab):
    mfe1 = lab.hosts[MFE1]
    seen = lab.through(VM1, packet(VM1, ADDRESSES[VM3], 4201, 80), VM3)
    lab.through(VM3, answer(VM3, seen), VM1)
    mfe1.cut(f"template={SNAT}")
    lab.drain()
    before = mfe1.drops("rejected")
    lab.send(VM3, segment(VM3, seen.ip_src, 80, seen.sport, ACK, 500, 600, b"late"))
    there, back = lab.carried(MFE3, MFE1), lab.carried(MFE1, MFE3)
    TAP.ok(there and back and back.inner.ends() == (seen.ip_src, seen.sport, ADDRESSES[VM3], 80),
           "a mapping that has gone: the answer goes back through the tunnel", there, back)
    rst = lab.see(VM3)
    bad = wrong(rst, MAC_Y, MACS[VM3], (seen.ip_src, seen.sport, ADDRESSES[VM3], 80))
    TAP.ok(not bad, "a mapping that has gone: to the machine", *bad)
    TAP.equal(numbers(rst), (600, 0, RST), "a mapping that has gone: RST, with the right number")
    TAP.equal(mfe1.drops("rejected") - before, 1, "a mapping that has gone: counted")
    seen = lab.through(VM1, packet(VM1, ADDRESSES[VM3], 4202, 80), VM3)
    back = seen and lab.through(VM3, answer(VM3, seen), VM1)
    TAP.ok(back, "a mapping that is there: its answers come through")
    lab.clear()


def unanswered(lab):
    mfe3 = lab.hosts[MFE3]
    before = mfe3.drops("rejected")
    lab.send(VM3, segment(VM3, NOBODY, 4203, 5000, RST, 1, 0),
             segment(VM3, NOBODY, 4203, 5000, RST | ACK, 1, 1))
    TAP.ok(wait_for(lambda: mfe3.drops("rejected") - before == 2), "RST: dropped, counted")
    extra = lab.drain()
    TAP.ok(not extra, "RST: and not answered", *extra)
    time.sleep(0.2)     # the port's share of answers is whole again
    lost, said, began = mfe3.drops("rate"), mfe3.drops("rejected"), time.monotonic()
    lab.send(VM3, *(segment(VM3, NOBODY, 5000 + i, 5000, SYN, 1, 0) for i in range(2000)))
    TAP.ok(wait_for(lambda: mfe3.drops("rate") + mfe3.drops("rejected") - lost - said == 2000),
           "a scan: each packet is counted", mfe3.dp()["drops"])
    took = time.monotonic() - began
    answers = len(lab.vms[VM3].receive_all(0.3, is_ipv4))
    TAP.equal(answers, mfe3.drops("rejected") - said, "a scan: answers, as it says")
    # a thousand a second, and a hundred at once: a slow guest takes as long for what it sends
    TAP.ok(100 <= answers <= 102 + 1000 * took and (mfe3.drops("rate") > lost or took > 1.8),
           "a scan: but not to each", answers, took)
