#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The way of a packet record by record (see l3_records.sh).

A record is an entry: its host, its table, words of its match and what it does. A packet
must meet each of them, in the number that is given, and no others.
"""
import re
import sys

import l3
from l3 import IPS, IP6S, LEFT, MACS, MIDDLE, R1, R2, RIGHT, STAGES, Lab, packet, placed, routed

TABLE = {name: number for number, name in STAGES.items()}


def entries(lab):
    """(host, text of the entry without its counters) -> packets"""
    found = {}
    for host in lab.hosts:
        for line in l3.run("weft", "-n", host, "-s", "flow", "show").splitlines():
            count = re.search(r"\bpackets=(\d+)", line)
            text = re.sub(r"cookie=\w+, ", "", line[line.index("table="):])
            found[host, text] = int(count[1]) if count else 0
    return found


class Record:
    """host, stage, words of the match, actions (the beginning); times it is met"""

    def __init__(self, host, stage, match, actions, times=1):
        self.host, self.stage, self.match = host, stage, match
        self.actions, self.times = actions, times

    def fits(self, host, text):
        left, right = text.split("actions=", 1)
        words = left.replace(",", " ").split()
        return (host == self.host and f"table={TABLE[self.stage]}" in words and
                all(word in words for word in self.match.split()) and
                right.strip().startswith(self.actions))

    def __str__(self):
        return f"{self.host} {self.stage}: {self.match} actions= {self.actions}"


def look(lab, port, frame, to, expected, records):
    """Send a frame; [(is it so, what, details)], first of all whether it came as it should."""
    before = entries(lab)
    got = lab.way(port, frame, to, False)[0]
    after = entries(lab)
    results = [(got == ({to: [expected]} if to else {}), f"to {to}" if to else "to nobody",
                [{k: [x.hex() for x in v] for k, v in got.items()}])]
    met = {key: n - before.get(key, 0) for key, n in after.items() if n > before.get(key, 0)}
    all_met = sorted(map(str, met.items()))
    for number, record in enumerate(records, 1):
        fits = [key for key in met if record.fits(*key)]
        results.append((len(fits) == 1 and met[fits[0]] == record.times,
                        f"record {number}, {record}", [fits, *all_met]))
        for key in fits:
            del met[key]
    if not lab.noisy:
        results.append((not met, "no other record", sorted(map(str, met.items()))))
    return results


def walk(lab, what, port, frame, to, expected, records):
    # a namespace speaks by itself, to all (MLD): what it says may come in between
    for _ in range(5 if lab.noisy else 1):
        results = look(lab, port, frame, to, expected, records)
        if all(good for good, _, _ in results):
            break
    for good, text, details in results:
        lab.ok(good, f"{what}: {text}", *details)


def goto(stage):
    return f"goto:{TABLE[stage]}"


def source(host, name, ip6=False):
    """What every machine's packet meets first: context, port security, ingress ACL, questions."""
    lport = int(l3.NETWORK["ports"][name]["lport"])
    ldp = LEFT if name in ("vm1", "vm2") else RIGHT
    own = f"ipv6_src={IP6S[name]}" if ip6 else f"ip_src={IPS[name]}"
    return [
        Record(host, "context", f"in_port={name}", f"load:ldp={ldp}, load:lin={lport}, goto:4"),
        Record(host, "l2_security", f"ldp={ldp} lin={lport} eth_src={MACS[name]} {own}",
               goto("l2_acl_in")),
        Record(host, "l2_acl_in", f"ldp={ldp}", goto("l2_neighbour")),
        Record(host, "l2_neighbour", f"ldp={ldp}", goto("l2_lookup"))]


def to_router(host):
    """The packet is in the switch's port to the router, and then in the router."""
    return [
        Record(host, "l2_lookup", f"ldp={LEFT} eth_dst={R1}", "load:lout=100, goto:24"),
        Record(host, "l2_acl_out", f"ldp={LEFT}", goto("egress")),
        Record(host, "egress", f"ldp={LEFT} lout=100", f"load:ldp={MIDDLE}, load:lin=1, goto:32")]


def router(host, name, ip6):
    family = "ipv6" if ip6 else "ip"
    subnet = "ipv6_dst=2001:db8:2::/64" if ip6 else "ip_dst=1.1.2.0/24"
    last = f"reg7=0x{int(IP6S[name].rsplit(':', 1)[1], 16):x}" if ip6 else (
        "reg4=0x%02x%02x%02x%02x" % tuple(map(int, IPS[name].split(".")))).replace("0x0", "0x")
    middle = [Record(host, stage, f"ldp={MIDDLE}", goto(after)) for stage, after in (
        ("l3_hint", "l3_dnat"), ("l3_dnat", "l3_policy"), ("l3_policy", "l3_route"))]
    # why l3_error would be met, from here on
    too_old, too_big = "load:reg2=0x1, check_ttl:72, ", "load:reg2=0x5, check_mtu:65535->72, "
    return [
        Record(host, "l3_acl_in", f"ldp={MIDDLE} {family}", goto("l3_local")),
        Record(host, "l3_local", f"ldp={MIDDLE}", too_old + goto("l3_hint")), *middle,
        Record(host, "l3_route", f"ldp={MIDDLE} {subnet}", "dec_ttl, load:reg1=0x2, goto:56"),
        Record(host, "l3_nexthop", f"ldp={MIDDLE} reg1=0x2 {family}",
               too_big + ("move:ipv6_dst" if ip6 else
                          "move:ip_dst->reg4, load:lout=2, set:eth_src=" + R2)),
        Record(host, "l3_snat", f"ldp={MIDDLE}", goto("l3_acl_out")),
        Record(host, "l3_acl_out", f"ldp={MIDDLE}", goto("l3_resolve")),
        Record(host, "l3_resolve", f"ldp={MIDDLE} lout=2 {family} {last}",
               f"set:eth_dst={MACS[name]}, goto:80")]


def from_router(host):
    return [
        Record(host, "egress", f"ldp={MIDDLE} lout=2", f"load:ldp={RIGHT}, load:lin=100, goto:8"),
        Record(host, "l2_acl_in", f"ldp={RIGHT}", goto("l2_neighbour")),
        Record(host, "l2_neighbour", f"ldp={RIGHT}", goto("l2_lookup"))]


def known(host, ldp, name, lport):
    return [Record(host, "l2_lookup", f"ldp={ldp} eth_dst={MACS[name]}", f"load:lout={lport}, goto:24"),
            Record(host, "l2_acl_out", f"ldp={ldp}", goto("egress"))]


IN_TUNNEL = "check_mtu:65535->28, "    # no limit is configured


def away(host, ldp, lport, address):
    return [Record(host, "egress", f"ldp={ldp} lout={lport}", "load:reg0="),
            Record(host, "physical", "", IN_TUNNEL + f"tunnel(dst={address},")]


def out(host, ldp, lport):
    return [Record(host, "output", f"ldp={ldp} lout={lport}", "output:lout")]


def done(host, ldp, lport):
    """All is done: only where the port is."""
    return [Record(host, "context", "stage=0", goto("output")), *out(host, ldp, lport)]


def egress_acl(host, ldp, lport):
    return [Record(host, "context", "stage=1", "load:stage=0, goto:24"),
            Record(host, "l2_acl_out", f"ldp={ldp}", goto("egress")),
            Record(host, "egress", f"ldp={ldp} lout={lport}", goto("output")),
            *out(host, ldp, lport)]


H1, H2, H3 = "192.0.1.1", "192.0.2.1", "192.0.3.1"


def late_acl(host, address):
    """The destination's switch, all but the egress ACL."""
    return [*from_router(host),
            Record(host, "l2_lookup", f"ldp={RIGHT} lin=100 eth_dst={MACS['vm4']}",
                   "load:lout=2, load:stage=1, goto:80"),
            *away(host, RIGHT, 2, address)]


def to_gateway():
    return [*source("h1", "vm1"),
            Record("h1", "l2_lookup", f"ldp={LEFT} eth_dst={R1}", "load:lout=100, load:stage=1, goto:80"),
            *away("h1", LEFT, 100, H3)]


def records_of(placement, ip6):
    """vm1 to vm4; AT-22, AT-23, AT-24, AT-17."""
    here = [*source("h1", "vm1", ip6), *to_router("h1"), *router("h1", "vm4", ip6)]
    if placement == "first-hop":
        return [*here, *from_router("h1"), *known("h1", RIGHT, "vm4", 2), *away("h1", RIGHT, 2, H2),
                *done("h2", RIGHT, 2)]
    if placement == "last-hop-acl":
        return [*here, *late_acl("h1", H2), *egress_acl("h2", RIGHT, 2)]
    if placement == "last-hop-switch":
        return [*here,
                Record("h1", "egress", f"ldp={MIDDLE} lout=2 eth_dst={MACS['vm4']}",
                       f"load:ldp={RIGHT}, load:lin=100, load:lout=0, load:stage=2"),
                Record("h1", "physical", "", IN_TUNNEL + f"tunnel(dst={H2},"),
                Record("h2", "context", "stage=2", "load:stage=0, goto:8"),
                Record("h2", "l2_acl_in", f"ldp={RIGHT}", goto("l2_neighbour")),
                Record("h2", "l2_neighbour", f"ldp={RIGHT}", goto("l2_lookup")),
                *known("h2", RIGHT, "vm4", 2),
                Record("h2", "egress", f"ldp={RIGHT} lout=2", goto("output")),
                *out("h2", RIGHT, 2)]
    return [*source("h1", "vm1", ip6), *to_gateway()[4:],
            Record("h3", "context", "stage=1", "load:stage=0, goto:24"),
            Record("h3", "l2_acl_out", f"ldp={LEFT}", goto("egress")),
            Record("h3", "egress", f"ldp={LEFT} lout=100", f"load:ldp={MIDDLE}, load:lin=1, goto:32"),
            *router("h3", "vm4", ip6), *late_acl("h3", H2), *egress_acl("h2", RIGHT, 2)]


def sent_to(dst, ip6):
    sent = packet("vm1", dst, ip6, router=R1)
    return sent, routed(sent, R2, MACS[dst])


def test_walks(lab):
    for name, placement in (("AT-22", "first-hop"), ("AT-23", "last-hop-acl"),
                            ("AT-24", "last-hop-switch"), ("AT-17", "gateway")):
        lab.apply(placed(placement))
        for ip6 in (False, True):
            sent, expected = sent_to("vm4", ip6)
            walk(lab, f"{name} IPv{6 if ip6 else 4}", "vm1", sent, "vm4", expected,
                 records_of(placement, ip6))


def test_last_hop(lab):
    """AT-24: the first hop has nothing of a switch that it has no port of."""
    net = placed("last-hop-switch")
    del net["ports"]["vm3"]
    lab.apply(net)
    matches = [text.split("actions=")[0].replace(",", "").split() for host, text in entries(lab)
               if host == "h1"]
    lab.equal([match for match in matches if f"ldp={RIGHT}" in match], [],
              "AT-24: h1 holds no entry of the destination's switch")
    sent, expected = sent_to("vm4", False)
    walk(lab, "AT-24 without a port of that switch", "vm1", sent, "vm4", expected,
         records_of("last-hop-switch", False))
    # AT-23: what only the last hop denies crosses the tunnel
    net = placed("last-hop-acl")
    net["acls"]["deny"] = {"port": "vm4", "direction": "out", "priority": 5, "match": "udp",
                           "action": "drop"}
    lab.apply(net)
    walk(lab, "AT-23 denied by the last hop", "vm1", sent, None, None, [
        *records_of("last-hop-acl", False)[:-4],
        Record("h2", "context", "stage=1", "load:stage=0, goto:24"),
        Record("h2", "l2_acl_out", f"ldp={RIGHT} lout=2 udp", "drop:acl")])


def test_first_hop(lab):
    """AT-08: to the router's host, to a machine of another host, to one of this."""
    net = placed("gateway")
    net["ports"]["vm5"] = l3.machine("vm5", "left", 5, "h1", ["1.1.1.50"])
    lab.apply(net)
    sent = packet("vm1", "vm2")
    walk(lab, "AT-08 to vm2", "vm1", sent, "vm2", sent, [
        *source("h1", "vm1"), *known("h1", LEFT, "vm2", 2), *away("h1", LEFT, 2, H2),
        *done("h2", LEFT, 2)])
    sent = l3.f.ether(MACS["vm5"], MACS["vm1"], 0x0800, packet("vm1", "vm2")[14:])
    walk(lab, "AT-08 to a machine of this host", "vm1", sent, "vm5", sent, [
        *source("h1", "vm1"), *known("h1", LEFT, "vm5", 5),
        Record("h1", "egress", f"ldp={LEFT} lout=5", goto("output")), *out("h1", LEFT, 5)])


def test_namespace(lab):
    """AT-07: the records of the edges and of the host that has the router; AT-10: its neighbours."""
    lab.apply(placed("namespace"))
    sent, expected = sent_to("vm4", False)
    for name, dst in (("left", "vm1"), ("right", "vm4")):
        l3.run("ip", "-n", "r", "neigh", "replace", IPS[dst], "lladdr", MACS[dst], "dev", name)
    records = [
        *to_gateway(),
        Record("h3", "context", "stage=1", "load:stage=0, goto:24"),
        Record("h3", "l2_acl_out", f"ldp={LEFT}", goto("egress")),
        Record("h3", "egress", f"ldp={LEFT} lout=100", goto("output")),
        *out("h3", LEFT, 100),
        Record("h3", "context", "in_port=right", f"load:ldp={RIGHT}, load:lin=100, goto:8"),
        *late_acl("h3", H2)[1:], *egress_acl("h2", RIGHT, 2)]
    walk(lab, "AT-07", "vm1", sent, "vm4", expected, records)
    lab.delivered("AT-10: the way back was told before", "vm4",
                  back := packet("vm4", "vm1", router=R2), "vm1", routed(back, R1, MACS["vm1"]))
    # learned: the router asks, and its question is answered by the host
    l3.run("ip", "-n", "r", "neigh", "flush", "all")
    lab.delivered("AT-10: the way is learned", "vm4", back, "vm1", routed(back, R1, MACS["vm1"]))
    learned = l3.run("ip", "-n", "r", "neigh", "show", IPS["vm1"])
    lab.ok(MACS["vm1"] in learned, "AT-10: the router knows the machine's address", learned)


def tunnelled(host):
    """Packets that a host sent and got by its tunnel."""
    stats = l3.json.loads(l3.run("weft", "-n", host, "-j", "stats"))
    stats = stats[0] if isinstance(stats, list) else stats
    port = [p for p in stats["ports"] if p["name"] == "gnv0"][0]["stats"]
    return port["tx_packets"], port["rx_packets"]


def test_tunnels(lab):
    """AT-02, AT-12: two traversals; AT-19: none; AT-01: the router sees nothing."""
    sent, expected = sent_to("vm3", False)
    for placement, times in (("gateway", 1), ("first-hop", 0)):
        lab.apply(placed(placement))
        before = tunnelled("h1")
        lab.delivered(f"{placement}: to a machine of the same host", "vm1", sent, "vm3", expected)
        after = tunnelled("h1")
        lab.equal((after[0] - before[0], after[1] - before[1]), (times, times),
                  f"{placement}: {times} packets out of h1 and {times} back")


def main(directory):
    lab = Lab(directory, ("h1", "h2", "h3"))
    for test in (test_walks, test_last_hop, test_first_hop, test_namespace, test_tunnels):
        test(lab)
    lab.apply(placed("first-hop"))
    lab.done()


main(sys.argv[1])
