#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""snat.py kernel|service|serve [CASE...] - the cases of the worked example; output is TAP.

Run by snat_kernel.sh and snat_service.sh on what snat.bash sets up. SN and AT numbers are those
of the requirements. Very many connections at once: many.py.
"""
import json
import os
import signal
import struct
import subprocess
import sys

import frame
import snatmore
from snatlab import (ACK, ADDRESSES, HOSTS, ICMP, Kernel, Lab, MACS, MAC_X, MAC_Y, PSH,
                     SLOW, Seen, Service, TAP, TCP, UDP, Way, answer, is_ipv4, number, packet,
                     wait_for)

VM1, VM2, VM3, VM4, VM5 = MACS
MFE1, MFE2, MFE3 = HOSTS
POOL = [f"11.0.1.{i}" for i in range(1, 101)]
SNAT, SANITISE, HINT, DNAT = 5, 6, 7, 8     # templates of tenant red; 10 more are blue's
STAGE_FORM = 30
PROTOS = ((TCP, "TCP"), (UDP, "UDP"), (ICMP, "ICMP echo"))


def only_instance(host, template):
    found = LAB.hosts[host].instances(template)
    return found[0] if len(found) == 1 else {"wrong number": len(found)}


def entry(instance, name):
    return next((e for e in instance.get("entries", []) if e["name"] == name), {})


def values(instance):
    return instance.get("vars", {}).get("ip"), instance.get("vars", {}).get("port")


def nothing_else(what):
    extra = LAB.drain()
    TAP.ok(not extra, f"{what}: nothing else is delivered or sent", *extra)


def addressed(seen, src, dst, ends, ttl=63):
    """What is wrong with a frame that a machine sees"""
    if not seen:
        return ["nothing came"]
    return [f"{name}: {got}, expected {want}" for name, got, want in (
        ("source MAC", seen.src, src), ("destination MAC", seen.dst, dst),
        ("addresses and ports", seen.ends(), ends), ("TTL", seen.ttl, ttl),
        ("checksums", seen.bad, [])) if got != want]


# ---- one connection, step by step ----------------------------------------------------------

def asked():
    """SN1 in mode service, seen by who gets the upcall"""
    with subprocess.Popen(["weft", "-n", "mfe1", "-j", "packet", "listen", "nat", "count", "1",
                           "ready"], stdout=subprocess.PIPE, text=True) as listener:
        listener.stdout.readline()
        data = packet(VM1, ADDRESSES[VM3], 1234, 80)
        LAB.send(VM1, data)
        up = frame_of = None
        for line in listener.stdout:
            if line.startswith("{"):
                up = LAB.parse(line)
                frame_of = bytes.fromhex(up.get("data", ""))
                break
        listener.terminate()
    up = up or {}
    meta = up.get("metadata", {})
    TAP.equal((up.get("template"), up.get("slice"), up.get("table"),
               [number(meta.get(k)) for k in ("ldp", "lin", "lout")]), (SNAT, 1, 7, [3, 1, 9]),
              "SN1 first packet: the instance gets template, slice, table and context")
    TAP.ok(frame_of == data and "pending" in up,
           "SN1 first packet: and the packet as it was, which waits", up)
    for host in LAB.hosts.values():
        wait_for(lambda h=host: not h.template(SNAT)["n_pending"])
    LAB.clear()


def worked_example():
    """SN1 to SN6"""
    mfe1, mfe3 = LAB.hosts[MFE1], LAB.hosts[MFE3]
    up = GIVER.upcalls()
    with Way(mfe1) as way, Way(mfe3) as last:
        seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 80), VM3)
    wants = {"ctx": 1, "hint": 1, "in": 1, "l2": 1, "out": 1, "r_in(X)": 1, "unnat": 1,
             "policy": 1}
    TAP.equal({k: way.met.get(k) for k in wants}, wants,
              "SN1 first packet: ctx(C), in-ACL, L2 to port 3, out-ACL, L3 in-ACL(X), to N")
    TAP.ok(way.met.get("r_out(N)"), "SN1 first packet: L3 out-ACL(N)", way.met)
    made = only_instance(MFE1, SNAT)
    ip, port = values(made)
    TAP.ok(ip in (POOL if GIVER.exhausted == "pool_exhausted" else POOL[:1]),
           "SN2 NAT instance: picks an address of the pool", made)
    TAP.equal((made.get("slice"), made.get("priority"), entry(made, "forward").get("priority"),
               entry(made, "forward").get("table"), entry(made, "reverse").get("table")),
              (1, 100, 101, 7, 6),
              "SN2 NAT instance: F and R are there, above the entry that sent the packet")
    TAP.equal([host.count(SNAT) for host in LAB.hosts.values()], [1, 0, 0],
              "SN2 NAT instance: on the first host, and nowhere else (N6)")
    TAP.equal(GIVER.upcalls() - up, 2 * SERVICE, "SN2 NAT instance: one question to each daemon")
    wants = {"r_in(N)": 1, "route": 1, "r_out(Y)": 1, "mac": 1, "in2": 1, "l22": 1, "map": 1}
    TAP.equal({k: way.met.get(k) for k in wants}, wants,
              "SN3 returned packet: L3 in-ACL(N), route to Y, out-ACL, in-ACL, port 5, ctx map")
    bad = addressed(seen, MAC_Y, MACS[VM3], (ip, port, ADDRESSES[VM3], 80))
    TAP.ok(not bad and port == 1234,
           "SN3 returned packet: VM3 sees the address of the pool; MACs, TTL, checksums", *bad)
    carried = LAB.carried(MFE1, MFE3)
    TAP.equal(carried and (carried.context(), carried.mark, carried.inner.ends()),
              ((2, 4, 5, 1), 1, (ip, port, ADDRESSES[VM3], 80)),
              "SN3 returned packet: in the tunnel VNI, context, stage, the translated source")
    TAP.equal((carried and (carried.outer.ip_src, carried.outer.ip_dst)),
              ("192.0.2.1", "192.0.2.3"), "SN3 returned packet: tunnel A")
    TAP.equal(last.met, {"ctx": 1, "last": 1, "remember": 1, "out2": 1, "deliver": 1},
              "SN3 returned packet: at MFE3 only sanitising, the hint, the egress ACL and the port")
    nothing_else("SN3 returned packet")
    if SERVICE:
        GIVER.stop()
    second_and_reply("SN4", "SN5", "SN6", ip, port)


def second_and_reply(sn4, sn5, sn6, ip, port):
    """SN4 to SN6, for a connection from port 1234 to 80 that is there"""
    mfe1, mfe3 = LAB.hosts[MFE1], LAB.hosts[MFE3]
    up, n = GIVER.upcalls(), mfe1.count(SNAT)
    before = entry(only_instance(MFE1, SNAT), "forward").get("packets", 0)
    with Way(mfe1) as way:
        for _ in range(3):
            seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 80, flags=ACK | PSH), VM3)
    bad = addressed(seen, MAC_Y, MACS[VM3], (ip, port, ADDRESSES[VM3], 80))
    TAP.ok(not bad, f"{sn4} second packet: same result", *bad)
    TAP.equal((GIVER.upcalls() - up, mfe1.count(SNAT) - n), (0, 0),
              f"{sn4} second packet: no upcall, no other instance")
    TAP.equal((way.met.get("policy", 0), way.met.get("r_in(N)")), (0, 3),
              f"{sn4} second packet: the entry to N is not hit")
    TAP.equal(entry(only_instance(MFE1, SNAT), "forward").get("packets", 0) - before, 3,
              f"{sn4} second packet: but F, each time")
    LAB.drain()

    hint = entry(only_instance(MFE3, HINT), "back").get("packets", 0)
    with Way(mfe1) as first, Way(mfe3) as way:
        back = LAB.through(VM3, answer(VM3, seen), VM1)
    TAP.equal(way.met, {"ctx": 1, "back": 1},
              f"{sn5} reply at MFE3: ctx(F), and into the tunnel: no logical processing, no route")
    TAP.equal(entry(only_instance(MFE3, HINT), "back").get("packets", 0) - hint, 1,
              f"{sn5} reply at MFE3: the hint is hit")
    carried = LAB.carried(MFE3, MFE1)
    TAP.equal(carried and (carried.context(), carried.inner.ends(), carried.inner.ttl),
              ((2, 5, 0, 15), (ADDRESSES[VM3], 80, ip, port), 64),
              f"{sn5} reply at MFE3: tunnel D, marked unprocessed, nothing is changed")
    wants = {"ctx": 1, "in": 1, "l2": 1, "out": 1, "r_in(Y)": 1, "route": 1, "nat": 1,
             "r_out(X)": 1, "mac": 1, "in2": 1, "l22": 1, "map": 1, "out2": 1, "deliver": 1}
    TAP.equal(first.met, wants,
              f"{sn6} reply at MFE1: switch 2, L3 in-ACL, R, route to X, out-ACL, switch 1, port C")
    bad = addressed(back, MAC_X, MACS[VM1], (ADDRESSES[VM3], 80, ADDRESSES[VM1], 1234))
    TAP.ok(not bad, f"{sn6} reply at MFE1: VM1 sees VM3; MACs, TTL, checksums", *bad)
    TAP.ok(entry(only_instance(MFE1, SNAT), "reverse").get("packets"),
           f"{sn6} reply at MFE1: R is hit")
    nothing_else(f"{sn6} reply at MFE1")


def restarted():
    """SN10: worked_example() has killed the daemon behind SN3; SN4 to SN6 went on"""
    before = values(only_instance(MFE1, SNAT))
    LAB.send(VM1, packet(VM1, ADDRESSES[VM3], 1234, 81))
    TAP.equal((LAB.see(VM3, 0.3), LAB.hosts[MFE1].drops("no_service") > 0), (None, True),
              "SN10 daemon killed: new connections have a counter")
    LAB.clear_failed()
    GIVER.start()
    # the same source port to another server: it would be the daemon's first choice
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 81), VM3)
    TAP.ok(seen and seen.ip_src == before[0] and seen.sport != before[1],
           "SN10 daemon restarted: it knows the mappings and reuses none", seen, before)
    LAB.drain()
    second = LAB.through(VM3, answer(VM3, seen), VM1) if seen else None
    TAP.ok(second and second.ends() == (ADDRESSES[VM3], 81, ADDRESSES[VM1], 1234),
           "SN10 daemon restarted: the new connection works", second)
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 80, flags=ACK), VM3)
    TAP.equal(seen and (seen.ip_src, seen.sport), before, "SN10 daemon restarted: the old one, too")
    LAB.clear()


# ---- protocols -----------------------------------------------------------------------------

def round_trip(case, proto, src=VM1, dst=VM3, sport=2000, dport=443):
    """One packet there and one back; what the far end has seen"""
    seen = LAB.through(src, packet(src, ADDRESSES[dst], sport, dport, proto), dst)
    if not seen:
        TAP.ok(False, f"{case}: nothing came")
        return None
    pooled = (seen.ip_src in POOL, seen.proto, seen.ip_dst, seen.bad)
    back = LAB.through(dst, answer(dst, seen), src)
    TAP.equal((pooled, back and (back.ends(), back.proto, back.payload, back.bad)),
              ((True, proto, ADDRESSES[dst], []),
               ((ADDRESSES[dst], sport if proto == ICMP else dport, ADDRESSES[src], sport), proto,
                b"reply", [])),
              f"{case}: there and back, checksums right")
    return seen


def protocols():
    for proto, name in PROTOS:
        round_trip(f"SN12 {name}", proto)
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 2001, 53, UDP, checksum=False), VM3)
    TAP.ok(seen and seen.ip_src in POOL and seen.no_checksum,
           "SN12 UDP without a checksum stays without", seen)
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 2002, 53, UDP, data=bytes(1400)), VM3)
    TAP.ok(seen and not seen.bad and seen.payload == bytes(1400), "SN12 UDP, a long packet", seen)
    LAB.drain()
    sn12_fragments()    # errors: snat_icmp.sh


def sn12_fragments():
    """A datagram in fragments there, and one back; frames that are not as expected: fragment.sh"""
    payload = bytes(n % 251 for n in range(3000))
    LAB.send(VM1, *in_fragments(VM1, ADDRESSES[VM3], 2003, 53, payload, (2, 0, 1)))
    seen = together([LAB.vms[VM3].receive(3 * SLOW, is_ipv4) for _ in range(3)])
    TAP.ok(seen and seen.ip_src in POOL and seen.payload == payload and not seen.bad,
           "SN12 fragments: of a translated connection, in any order", seen)
    inside = [LAB.carried(MFE1, MFE3) for _ in range(3)]
    TAP.ok(all(c and c.context() == (2, 4, 5, 1) and c.inner.ip_src in POOL for c in inside),
           "SN12 fragments: are fragments in the tunnel, too", *inside)
    if not seen:
        return
    back, ip = bytes(n % 241 for n in range(2500)), seen.ip_src
    LAB.send(VM3, *in_fragments(VM3, seen.ip_src, 53, seen.sport, back, (1, 0, 2)))
    seen = together([LAB.vms[VM1].receive(3 * SLOW, is_ipv4) for _ in range(3)])
    TAP.equal(seen and (seen.ends(), seen.payload == back, seen.bad),
              ((ADDRESSES[VM3], 53, ADDRESSES[VM1], 2003), True, []), "SN12 fragments: and back")
    inside = [LAB.carried(MFE3, MFE1) for _ in range(3)]
    TAP.equal([c and (c.stage, c.inner.ip_dst) for c in inside], [(15, ip)] * 3,
              "SN12 fragments: in the tunnel not translated yet")
    nothing_else("SN12 fragments")


def in_fragments(vm, dst, sport, dport, data, order):
    """Three frames of a datagram, in that order"""
    whole = packet(vm, dst, sport, dport, UDP, data=data)
    ether, l4 = whole[:14], whole[34:]
    src = ADDRESSES[vm]
    pieces = [ether + frame.ipv4(src, dst, UDP, l4[at:at + 1200], ident=77,
                                 frag=at // 8 | (at + 1200 < len(l4)) << 13)
              for at in range(0, len(l4), 1200)]
    return [pieces[i] for i in order]


def together(frames):
    """What the receiver of fragments makes of them, or None"""
    if None in frames:
        return None
    l4, ident = b"", {f[18:20] for f in frames}
    for f in sorted(frames, key=lambda f: int.from_bytes(f[20:22], "big") & 0x1FFF):
        length, _, bits = struct.unpack("!HHH", f[16:22])
        if frame.checksum(f[14:34]) or (bits & 0x1FFF) * 8 != len(l4) or length > 1220:
            return None
        l4 += f[34:14 + length]
    if bits & 0x2000 or len(ident) != 1:
        return None
    first = Seen(frames[0])
    return Seen(frames[0][:14] + frame.ipv4(first.ip_src, first.ip_dst, first.proto, l4, first.ttl))


# ---- the last hop --------------------------------------------------------------------------

def sanitised():
    """SN7: one address for all, both machines from the same port to the same server"""
    LAB.clear()
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.1:1024-65535")
    first = LAB.through(VM2, packet(VM2, ADDRESSES[VM3], 1234, 80), VM3)
    other = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 80), VM3)
    TAP.equal([c and c.inner.ends() for c in (LAB.carried(MFE2, MFE3), LAB.carried(MFE1, MFE3))],
              [("11.0.1.1", 1234, ADDRESSES[VM3], 80)] * 2,
              "SN7 sanitisation: the same connection from MFE2 and from MFE1")
    TAP.equal(first and (first.ends(), first.bad), (("11.0.1.1", 1234, ADDRESSES[VM3], 80), []),
              "SN7 sanitisation: MFE2's is left as it is")
    TAP.ok(other and other.ip_src == "11.0.1.1" and other.sport != 1234 and not other.bad,
           "SN7 sanitisation: MFE1's gets another source port", other)
    if not first or not other:
        return
    LAB.drain()
    for vm, host, seen in ((VM2, MFE2, first), (VM1, MFE1, other)):
        back = LAB.through(VM3, answer(VM3, seen, b"to %d" % vm), vm)
        TAP.equal(back and (back.ends(), back.payload, back.bad),
                  ((ADDRESSES[VM3], 80, ADDRESSES[vm], 1234), b"to %d" % vm, []),
                  f"SN7 sanitisation: VM{vm} gets its reply at its port")
        carried = LAB.carried(MFE3, host)
        TAP.equal(carried and (carried.stage, carried.inner.ends(), carried.inner.bad),
                  (15, (ADDRESSES[VM3], 80, "11.0.1.1", 1234), []),
                  f"SN7 sanitisation: it goes to MFE{host} with the port that MFE{host} chose")
    again = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1234, 80, flags=ACK), VM3)
    TAP.equal(again and again.sport, other.sport, "SN7 sanitisation: the port stays the same")
    nothing_of_others = [vm for vm in (VM2, VM4, VM5) if LAB.vms[vm].receive(0.001)]
    TAP.equal(nothing_of_others, [], "SN7 sanitisation: nothing for others")
    LAB.clear()
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.100:1024-65535")


def one_by_one():
    """N9: what was not seen before is left as it is, of each protocol"""
    for proto, name in PROTOS:
        seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 2000, 80, proto), VM3)
        carried = LAB.carried(MFE1, MFE3)
        TAP.equal(seen and seen.ends(), carried and carried.inner.ends(),
                  f"N9 not seen before: {name} is left as it is")
        LAB.drain()
        back = seen and LAB.through(VM3, answer(VM3, seen), VM1)
        TAP.ok(back and back.ip_dst == ADDRESSES[VM1] and not back.bad,
               f"N7 hint: and {name}'s reply comes back", back)
        LAB.drain()
    LAB.clear()


def equal_ones(sport):
    """VM1 and VM2 from one port and one address; what VM3 sees of them"""
    seen = []
    for vm, host in ((VM2, MFE2), (VM1, MFE1)):
        seen.append(LAB.through(vm, packet(vm, ADDRESSES[VM3], sport, 80, UDP), VM3))
        carried = LAB.carried(host, MFE3)
        if not seen[-1] or not carried or carried.inner.sport != sport:
            TAP.ok(False, f"N9 equal connections: from port {sport}", seen, carried)
    LAB.drain()
    return seen


def many_hosts():
    """N9: ports that were given to one are not another's that has them of its own"""
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.1:1024-65535")
    seen = {}
    for sport in range(3000, 3020):
        for vm, s in zip((VM2, VM1), equal_ones(sport)):
            seen[vm, sport] = s
    ends = [s.ends() for s in seen.values() if s]
    TAP.equal((len(ends), len(set(ends))), (40, 40), "N9 equal connections: VM3 tells all apart")
    # the port that was chosen for one is another's own
    taken = seen[VM1, 3000].sport
    other = LAB.through(VM2, packet(VM2, ADDRESSES[VM3], taken, 80, UDP), VM3)
    TAP.ok(other and other.ends() not in ends, "N9 equal connections: a port given counts as seen",
           other)
    LAB.drain()
    bad = []
    for (vm, sport), s in seen.items():
        back = LAB.through(VM3, answer(VM3, s), vm)
        if not back or back.ends() != (ADDRESSES[VM3], 80, ADDRESSES[vm], sport) or back.bad:
            bad.append((vm, sport, back))
    TAP.equal(bad, [], "N9 equal connections: replies of all come to who has opened them")
    LAB.clear()
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.100:1024-65535")


def again():
    """SN10 at the last hop: the daemon is killed between the first and the second host's packet"""
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.1:1024-65535")
    first = LAB.through(VM2, packet(VM2, ADDRESSES[VM3], 4000, 80), VM3)
    LAB.drain()

    def pid():
        shown = subprocess.run(["weft-natd", "--netns", "mfe3", "--ctl", "status"], text=True,
                               capture_output=True, check=False).stdout
        status = json.loads(shown) if shown else {}
        return status.get("pid") if status.get("service", {}).get("registered") else None
    old = pid()
    os.kill(old, signal.SIGKILL)
    TAP.ok(wait_for(lambda: pid() not in (None, old), 10), "SN10 last hop: another daemon")
    other = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4000, 80), VM3)
    TAP.ok(first and other and first.sport == 4000 and other.sport != 4000,
           "SN10 last hop: it knows what was seen", first, other)
    for vm, s in ((VM2, first), (VM1, other)):
        LAB.drain()
        back = s and LAB.through(VM3, answer(VM3, s), vm)
        TAP.equal(back and back.ends(), (ADDRESSES[VM3], 80, ADDRESSES[vm], 4000),
                  f"SN10 last hop: VM{vm}'s reply")
    LAB.clear()
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.100:1024-65535")


def refreshed():
    """N7: packets of the connection keep the hint; without them it ends"""
    mfe3 = LAB.hosts[MFE3]
    seen = LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 3000, 80, UDP), VM5)
    TAP.ok(seen, "N7 hint: a connection")
    idle = wait_for(lambda: (i := only_instance(MFE3, HINT + 10)).get("idle", 0) > 0.3 and i)
    for _ in range(2):
        LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 3000, 80, UDP), VM5)
    later = only_instance(MFE3, HINT + 10)
    TAP.ok(idle and later.get("idle", 9) < idle["idle"] and later.get("id") == idle["id"],
           "N7 hint: packets that the connection's machine sends refresh it", idle, later)
    LAB.clear()
    old = mfe3.weft("template", "show", str(HINT + 10))
    remember = mfe3.weft("flow", "show", "table=15, ldp=12")
    for ldp in (11, 12):
        mfe3.weft("flow", "del", "filter", f"table=15, ldp={ldp}")
    mfe3.weft("template", "del", str(HINT + 10))
    mfe3.weft("template", "add", "-f", "-", text=old.replace("idle=60", "idle=1"))
    mfe3.weft("flow", "load", "-", text=remember)
    seen = LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 3001, 80, UDP), VM5)
    TAP.equal(mfe3.count(HINT + 10), 1, "N7 hint: one that lives for a second")
    TAP.ok(wait_for(lambda: not mfe3.count(HINT + 10), 10), "N7 hint: it ends when it is idle")
    with Way(mfe3) as way:
        LAB.send(VM5, answer(VM5, seen))
        wait_for(lambda: mfe3.drops("no_route"))
    TAP.equal(way.met.get("route"), 1, "N7 hint: and replies are processed here")
    mfe3.weft("flow", "del", "filter", "table=15, ldp=12")
    mfe3.weft("template", "del", str(HINT + 10))
    mfe3.weft("template", "add", "-f", "-", text=old)
    mfe3.weft("flow", "load", "-", text=remember + remember.replace("ldp=12", "ldp=11"))
    LAB.clear()


def taken_over():
    """N7: replies go to the host that has sent last, as when a machine has moved"""
    mfe2, mfe3 = LAB.hosts[MFE2], LAB.hosts[MFE3]
    sanitise = "table=14, priority=100, ldp=12, mark=0x1/0x1, ip"
    mfe3.weft("flow", "del", sanitise)
    seen = LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 3002, 80, UDP), VM5)
    LAB.drain()
    LAB.send(VM5, answer(VM5, seen))
    TAP.ok(LAB.carried(MFE3, MFE1), "N7 hint: the reply goes to where the connection was opened")
    for _ in range(2):
        mfe2.weft("packet", "inject", "in_port=I", "actions=load:ldp=12, load:lin=4, "
                  "load:lout=5, load:stage=1, load:mark=1, tunnel:192.0.2.3", "hex",
                  seen.data.hex())
        LAB.see(VM5)
    LAB.drain()
    LAB.send(VM5, answer(VM5, seen))
    TAP.ok(LAB.carried(MFE3, MFE2, 1), "N7 hint: another host that sends the same takes it over")
    TAP.equal(mfe3.count(HINT + 10), 1, "N7 hint: there is one of it")
    LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 3002, 80, UDP), VM5)
    LAB.drain()
    LAB.send(VM5, answer(VM5, seen))
    TAP.ok(LAB.carried(MFE3, MFE1, 1), "N7 hint: and back")
    mfe3.weft("flow", "add", f"{sanitise} actions=template:{SANITISE + 10}")
    LAB.clear()


# ---- pools ---------------------------------------------------------------------------------

def exhausted():
    """SN8"""
    mfe1, reason = LAB.hosts[MFE1], GIVER.exhausted
    LAB.clear()
    GIVER.pool(MFE1, "11.0.1.1-11.0.1.1:5000-5000")
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 5001, 80, UDP), VM3)
    TAP.equal(seen and (seen.ip_src, seen.sport), ("11.0.1.1", 5000),
              "SN8 pool exhausted: the last one is given")
    LAB.drain()
    drops, refused, up = mfe1.drops(reason), mfe1.template(SNAT)["refused"], GIVER.upcalls()
    LAB.send(VM1, *[packet(VM1, ADDRESSES[VM3], 5002, 80, UDP)] * 3)
    TAP.ok(wait_for(lambda: mfe1.drops(reason) - drops >= 3), "SN8 pool exhausted: counted drops",
           mfe1.dp())
    TAP.ok(mfe1.template(SNAT)["refused"] != refused,
           "SN8 pool exhausted: counted at the template, too")
    TAP.equal([i["state"] for i in mfe1.instances(SNAT)].count("failed"), 1,
              "SN8 pool exhausted: an entry that drops")
    TAP.equal(GIVER.upcalls() - up, SERVICE, "SN8 pool exhausted: asked once")
    nothing_else("SN8 pool exhausted")
    mfe1.cut(f"{next(i['id'] for i in mfe1.instances(SNAT) if i['state'] != 'failed')}")

    def works():
        LAB.send(VM1, packet(VM1, ADDRESSES[VM3], 5002, 80, UDP))
        return LAB.see(VM3, 0.2)
    seen = wait_for(works, 10)
    TAP.equal(seen and (seen.ip_src, seen.sport), ("11.0.1.1", 5000),
              "SN8 pool exhausted: after a release new connections work")
    LAB.clear()
    GIVER.pool(MFE1, "")
    drops = mfe1.drops(reason)
    LAB.send(VM1, packet(VM1, ADDRESSES[VM3], 5003, 80, UDP))
    TAP.ok(wait_for(lambda: mfe1.drops(reason) > drops),
           "AT-26 no translation: the entry that is made drops")
    nothing_else("AT-26 no translation")
    LAB.clear()
    GIVER.pool(MFE1, "11.0.1.1-11.0.1.100:1024-65535")


def ranges():
    """SN9 (a): ranges that were cut in advance"""
    n = 20 if SERVICE else 100
    GIVER.pool(MFE1, "11.0.1.1-11.0.1.1:1024-1535")
    GIVER.pool(MFE2, "11.0.1.1-11.0.1.1:1536-2047")
    for i in range(n):
        for vm in (VM1, VM2):
            LAB.send(vm, packet(vm, ADDRESSES[VM3], 1400 + 2 * i, 80, UDP, data=b"%d" % vm))
    seen = []
    while len(seen) < 2 * n and (s := LAB.see(VM3, 2)):
        seen.append(s)
    TAP.equal(len(seen), 2 * n, "SN9 ranges cut in advance: all connections of two hosts work")
    TAP.equal(len({s.ends() for s in seen}), 2 * n, "SN9 ranges cut in advance: VM3 tells them apart")
    wrong = [s for s in seen if (s.sport in range(1024, 1536)) != (s.payload == b"1")]
    TAP.ok(not wrong, "SN9 ranges cut in advance: each host keeps to its own", *wrong[:3])
    given = [{values(i) for i in LAB.hosts[h].instances(SNAT)} for h in (MFE1, MFE2)]
    TAP.equal((len(given[0]), len(given[1]), given[0] & given[1]), (n, n, set()),
              "SN9 ranges cut in advance: no identifier is in use twice")
    LAB.clear()
    for host in (MFE1, MFE2):
        GIVER.pool(host, "11.0.1.1-11.0.1.100:1024-65535")


def tenants():
    """SN11"""
    LAB.clear()
    for case, tenant, src, dst, other, vni in (
            ("red", 0, VM1, VM3, VM5, 2), ("blue", 10, VM4, VM5, VM3, 12)):
        seen = LAB.through(src, packet(src, ADDRESSES[dst], 1234, 80, data=case.encode()), dst)
        carried = LAB.carried(MFE1, MFE3)
        TAP.ok(seen and seen.ip_src in POOL and seen.payload == case.encode() and
               not LAB.see(other, 0.05), f"SN11 two tenants: {case}'s packet, and nobody else's",
               seen)
        TAP.equal(carried and carried.vni, vni, f"SN11 two tenants: {case}'s VNI")
        made = only_instance(MFE1, SNAT + tenant)
        TAP.equal(made.get("slice"), 1 + tenant, f"SN11 two tenants: {case}'s slice")
        LAB.drain()
        back = seen and LAB.through(dst, answer(dst, seen, case.encode()), src)
        TAP.equal(back and (back.ends(), back.payload),
                  ((ADDRESSES[dst], 80, ADDRESSES[src], 1234), case.encode()),
                  f"SN11 two tenants: {case}'s reply")
    extra = [vm for vm in LAB.vms if LAB.vms[vm].receive(0.001)]
    TAP.equal(extra, [], "SN11 two tenants: nobody saw what is the other's")
    GIVER.pool(MFE1, "", first=11)
    LAB.clear()
    TAP.equal((LAB.through(VM4, packet(VM4, ADDRESSES[VM5], 1235, 80), VM3),
               bool(LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 1235, 80), VM3))), (None, True),
              "SN11 two tenants: one's pool is empty, the other's is not")
    GIVER.pool(MFE1, "11.0.1.1-11.0.1.100:1024-65535", first=11)
    LAB.clear()


# ---- the cases of L3 -----------------------------------------------------------------------

def life_cycle():
    """AT-25, AT-27, AT-28"""
    mfe1 = LAB.hosts[MFE1]
    up, created = GIVER.upcalls(), mfe1.template(SNAT)["created"]
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4000, 80, UDP), VM3)
    made = only_instance(MFE1, SNAT)
    TAP.equal((seen and seen.ip_src in POOL, made.get("priority"),
               entry(made, "forward").get("priority"), mfe1.template(SNAT)["created"] - created),
              (True, 100, 101, 1), "AT-25 template: the first packet makes the entry at N + 1")
    asked_for = GIVER.upcalls() - up
    again = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4000, 80, UDP), VM3)
    TAP.equal((again and again.ends(), GIVER.upcalls() - up, mfe1.template(SNAT)["created"]),
              (seen.ends(), asked_for, created + 1), "AT-25 template: the second asks nobody")
    LAB.clear()

    seen = LAB.through(VM3, packet(VM3, ADDRESSES[VM2], 4001, 80, UDP), VM2)
    TAP.equal(seen and seen.ends(), (ADDRESSES[VM3], 4001, ADDRESSES[VM2], 80),
              "AT-27 branches: no entry says NAT")
    mfe1.weft("flow", "add", "table=7, priority=200, ldp=3, udp, ip_src=10.0.1.1, udp_dst=77 "
              "actions=load:lin=9, set:ip_src=11.0.1.200, goto:8")
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4002, 77, UDP), VM3)
    TAP.equal(seen and (seen.ends(), seen.bad), (("11.0.1.200", 4002, ADDRESSES[VM3], 77), []),
              "AT-27 branches: an entry has the address")
    TAP.equal(mfe1.count(SNAT), 0, "AT-27 branches: then nobody is asked")
    mfe1.weft("flow", "del", "table=7, priority=200, ldp=3, udp, ip_src=10.0.1.1, udp_dst=77")
    seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4002, 77, UDP), VM3)
    TAP.ok(seen and seen.ip_src in POOL and mfe1.count(SNAT) == 1,
           "AT-27 branches: a template has a blank instead", seen)
    LAB.clear()
    packet_and_metadata()


def packet_and_metadata():
    """AT-28: the packet goes up and comes back rewritten, at the stage behind"""
    mfe1 = LAB.hosts[MFE1]
    match = "table=7, priority=200, ldp=3, udp, udp_dst=78"
    mfe1.weft("flow", "add", match + " actions=service:rewriter")
    with subprocess.Popen(["weft", "-n", "mfe1", "-j", "packet", "listen", "rewriter", "ready"],
                          stdout=subprocess.PIPE, text=True) as listener:
        listener.stdout.readline()
        with Way(mfe1) as way:
            LAB.send(VM1, packet(VM1, ADDRESSES[VM3], 4003, 78, UDP, data=b"up"))
            up = LAB.parse(listener.stdout.readline())
            was = Seen(bytes.fromhex(up["data"]))
            data = packet(VM1, was.ip_dst, was.sport, was.dport, UDP, data=was.payload,
                          src="11.0.1.7")
            metadata = [f"{k}={v}" for k, v in up["metadata"].items()]
            mfe1.weft("packet", "inject", "in_port=C", "table=8", *metadata, "hex", data.hex())
            seen = LAB.see(VM3)
        listener.terminate()
    TAP.equal(seen and (seen.ends(), seen.payload, seen.bad),
              (("11.0.1.7", 4003, ADDRESSES[VM3], 78), b"up", []),
              "AT-28 packet and metadata: the same result as with a template")
    TAP.equal([way.met.get(k) for k in ("in", "r_in(X)", "policy", "route", "r_out(Y)")], [1] * 5,
              "AT-28 packet and metadata: it goes on behind NAT, no stage is done twice")
    mfe1.weft("flow", "del", match)
    LAB.clear()


def stage_form():
    """AT-29 and AT-30: NAT behind routing"""
    mfe1, mfe3 = LAB.hosts[MFE1], LAB.hosts[MFE3]
    text = mfe1.weft("template", "show", str(SNAT))
    head = text.split("\n")[0].replace(f"template {SNAT} snat1", f"template {STAGE_FORM} stage")
    mfe1.weft("template", "add", "-f", "-", text=head + """
      forward: table=20, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport
        actions= set:mark=1/1, set:ip_src=@ip, set:l4_src=@port, goto:9
      reverse: reply, table=6, ldp=$ldp, $proto, ip_src=$ip_dst, ip_dst=@ip, l4_src=$l4_dst,
        l4_dst=@port actions= set:ip_dst=$ip_src, set:l4_dst=$l4_src, goto:8
    """)
    past, form = "table=7, priority=300, ldp=3, udp, udp_dst=79", \
        "table=20, priority=100, ldp=3, ip, ip_src=10.0.1.0/24"
    mfe1.weft("flow", "add", past + " actions=goto:8")
    mfe1.weft("flow", "add", form + f" actions=template:{STAGE_FORM}")
    with Way(mfe1) as way:
        seen = LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4004, 79, UDP), VM3)
    TAP.ok(seen and seen.ip_src in POOL and not seen.bad,
           "AT-29 SNAT forward: VM3 sees the translated source", seen)
    TAP.equal([way.met.get(k, 0) for k in ("route", "nat", "r_out(Y)", "r_in(N)")], [1, 1, 1, 0],
              "AT-29 SNAT forward: behind routing")
    with Way(mfe1) as first, Way(mfe3) as last:
        back = LAB.through(VM3, answer(VM3, seen), VM1)
    carried = LAB.carried(MFE3, MFE1)
    TAP.ok(carried and carried.stage == 15 and "route" not in last.met,
           "AT-30 reverse: no logical processing at the last hop, marked unprocessed", carried,
           last.met)
    TAP.equal([first.met.get(k) for k in ("in", "l2", "out", "r_in(Y)", "route", "r_out(X)", "mac",
                                          "in2", "l22", "out2", "deliver")], [1] * 11,
              "AT-30 reverse: all of it at the first hop")
    bad = addressed(back, MAC_X, MACS[VM1], (ADDRESSES[VM3], 79, ADDRESSES[VM1], 4004))
    TAP.ok(not bad, "AT-30 reverse: VM1 sees the address of VM3", *bad)

    with Way(mfe3) as way:
        LAB.through(VM3, answer(VM3, seen), VM1)
    TAP.equal(way.met, {"ctx": 1, "back": 1}, "AT-31 process: a translated destination is skipped")
    with Way(mfe3) as way:
        direct = LAB.through(VM3, packet(VM3, ADDRESSES[VM1], 4005, 79, UDP), VM1)
    TAP.equal((direct and direct.ends(), way.met.get("route"), way.met.get("back")),
              ((ADDRESSES[VM3], 4005, ADDRESSES[VM1], 79), 1, None),
              "AT-31 process: others are done here")
    LAB.drain()
    drops = mfe3.drops("no_route")
    with Way(mfe3) as way:
        LAB.send(VM3, packet(VM3, "11.0.1.77", 79, 4006, UDP))
        wait_for(lambda: mfe3.drops("no_route") > drops)
    TAP.equal((mfe3.drops("no_route") - drops, way.met.get("r_in(Y)"), way.met.get("back")),
              (1, 1, None), "AT-32 hint absent: processed here, no route, dropped")
    nothing_else("AT-32 hint absent")
    mfe1.weft("flow", "del", past)
    mfe1.weft("flow", "del", form)
    mfe1.weft("template", "del", str(STAGE_FORM))
    LAB.clear()


def destination_nat():
    """AT-33 and AT-35: VM3 opens a connection to VM1's public address; MFE3 is the edge"""
    mfe1, mfe3 = LAB.hosts[MFE1], LAB.hosts[MFE3]
    with Way(mfe1) as way:
        seen = LAB.through(VM3, packet(VM3, "11.0.1.200", 4007, 80), VM1)
    bad = addressed(seen, MAC_X, MACS[VM1], (ADDRESSES[VM3], 4007, ADDRESSES[VM1], 80))
    TAP.ok(not bad, "AT-35 DNAT at the source edge: VM1 sees its own address", *bad)
    TAP.equal(way.met, {"ctx": 1, "last": 1, "remember": 1, "out2": 1, "deliver": 1},
              "AT-35 DNAT at the source edge: all of it was done there")
    if not seen:
        return
    with Way(mfe1) as way:
        back = LAB.through(VM1, answer(VM1, seen), VM3)
    bad = addressed(back, MAC_Y, MACS[VM3], ("11.0.1.200", 80, ADDRESSES[VM3], 4007))
    TAP.ok(not bad, "AT-35 DNAT at the source edge: VM3 sees the public address", *bad)
    TAP.equal(way.met, {"ctx": 1, "back": 1}, "AT-35 DNAT at the source edge: and the reverse")
    TAP.equal([[h.count(t) for h in LAB.hosts.values()] for t in (DNAT, HINT)],
              [[0, 0, 1], [1, 0, 0]],
              "AT-33 external: of a connection from outside state is at the edge that it entered by")
    LAB.through(VM1, packet(VM1, ADDRESSES[VM3], 4008, 80), VM3)
    TAP.equal([[h.count(t) for h in LAB.hosts.values()] for t in (SNAT, DNAT)],
              [[1, 0, 0], [0, 0, 1]],
              "AT-33 external: of one to the outside at its own edge")
    mfe3.cut()
    LAB.clear()


# ---- the cases -----------------------------------------------------------------------------

def serve():
    """Only give values, until standard input ends"""
    GIVER.start()
    print("ready", flush=True)
    sys.stdin.read()
    GIVER.stop()


def main():
    if sys.argv[1] == "serve":
        return serve()
    if len(sys.argv) > 2:
        for name in sys.argv[2:]:
            globals()[name]()
        return TAP.done()
    if SERVICE:
        asked()
    GIVER.start()
    worked_example()
    if SERVICE:
        restarted()
    LAB.clear()
    for case in (protocols, sanitised, refreshed, taken_over, exhausted, ranges, tenants,
                 life_cycle, stage_form, destination_nat):
        print(f"# {case.__name__}", flush=True)
        case()
    for case in (snatmore.hairpin, snatmore.vanished):
        print(f"# {case.__name__}", flush=True)
        case(LAB)
    GIVER.stop()
    return TAP.done()


LAB = Lab()
SERVICE = sys.argv[1] != "kernel"
GIVER = (Service if SERVICE else Kernel)(LAB)
if __name__ == "__main__":
    main()
