#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""forward.py - what entries make of frames, byte for byte; output is TAP.

Run by forward.sh in a namespace with wires p1 - q1 … p3 - q3. Frames are sent and expected at
the q ends. What is expected is built by scapy from scratch, so checksums are its, not ours.
"""
import json
import subprocess
import sys

from scapy.all import (ARP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6EchoRequest,
                       ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6NDOptDstLLAddr, ICMPv6NDOptSrcLLAddr, IPv6,
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, Raw, SCTP, SCTPChunkInit)

import frame

TAP = frame.Tap()
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
N1, N2 = "02:00:00:00:00:01", "02:00:00:00:00:02"
PAYLOAD = Raw(bytes(range(40)))


def weft(*words, text=None, fails=False):
    done = subprocess.run(["weft", *words], input=text, text=True, capture_output=True,
                          check=False)
    if (done.returncode != 0) != fails:
        sys.exit(f"weft {' '.join(words)}: {done.returncode} {done.stdout}{done.stderr}\n{text}")
    return done.stdout + done.stderr


def drops():
    """Drop counters of the datapath by reason."""
    dps = json.loads(weft("-j", "-s", "dp", "show"))
    return dps[0].get("drops", {})


PORTS = {i: frame.Port(f"q{i}") for i in (1, 2, 3)}


def case(name, flows, sent, expected=None, reason=None, at=1):
    """Apply entries; send a frame at port `at`; compare what comes out where, and the drop."""
    weft("flow", "replace", "-", text="\n".join(flows) + "\n")
    before = drops()
    for port in PORTS.values():
        port.drain()
    PORTS[at].send(bytes(sent))
    problems = []
    for number, frames in (expected or {}).items():
        for want in frames if isinstance(frames, list) else [frames]:
            got = PORTS[number].receive(2)
            if got != bytes(want):
                problems.append(f"port {number}:      got {got.hex() if got else None}")
                problems.append(f"port {number}: expected {bytes(want).hex()}")
    for number, port in PORTS.items():
        for extra in port.receive_all(0.05):
            problems.append(f"port {number}: too much {extra.hex()}")
    after = drops()
    rise = {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}
    want = {reason: 1} if reason else {}
    if rise != want:
        problems.append(f"drops {rise}, expected {want}")
    TAP.ok(not problems, name, *problems)


def eth(**fields):
    return Ether(**{"src": A, "dst": B, **fields})


def ip4(**fields):
    return IP(**{"src": "10.0.0.1", "dst": "10.0.0.2", "ttl": 64, "id": 7, **fields})


def ip6(**fields):
    return IPv6(**{"src": "fd00::1", "dst": "fd00::2", "hlim": 64, **fields})


def l4(kind, **fields):
    if kind == "tcp":
        return TCP(**{"sport": 1000, "dport": 80, "flags": "S", "seq": 1, **fields}) / PAYLOAD
    if kind == "udp":
        return UDP(**{"sport": 1000, "dport": 80, **fields}) / PAYLOAD
    return SCTP(**{"sport": 1000, "dport": 80, "tag": 5, **fields}) / SCTPChunkInit(
        init_tag=9, a_rwnd=1500, n_out_streams=1, n_in_streams=1, init_tsn=3)


def outputs():
    base = eth() / ip4() / l4("udp")
    case("output to a port", ["in_port=p1 actions=output:p2"], base, {2: base})
    case("and in the other direction", ["in_port=p2 actions=output:p1"], base, {1: base}, at=2)
    case("output to several", ["actions=output:p2, output:p3"], base, {2: base, 3: base})
    case("output to the port of entry is left out of a list",
         ["actions=output:p1, output:p2, output:p3"], base, {2: base, 3: base})
    case("only there it is a drop", ["actions=output:p1"], base, reason="in_port")
    case("output:in_port", ["actions=output:in_port"], base, {1: base})
    case("output:lout", ["actions=load:ldp=7, load:lout=3, output:lout"], base, {3: base})
    case("output:lout to an unknown logical port", ["actions=load:ldp=7, load:lout=9, output:lout"],
         base, reason="no_lport")
    case("priority decides", ["priority=1 actions=output:p2", "priority=2, udp actions=output:p3"],
         base, {3: base})
    case("goto carries registers",
         ["table=0 actions=load:reg3=0x1234, load:mark=5, goto:9",
          "table=9, reg3=0x1230/0xfff0, mark=5 actions=output:p2", "table=9, priority=1 actions=drop"],
         base, {2: base})
    case("resubmit comes back, from a miss too",
         ["table=0 actions=resubmit:5, resubmit:6, output:p3", "table=5 actions=output:p2"],
         base, {2: base, 3: base})
    case("writes in resubmitted tables stay",
         ["table=0 actions=resubmit:5, output:p3", f"table=5 actions=set:eth_dst={N1}"],
         base, {3: eth(dst=N1) / ip4() / l4("udp")})
    case("writes in a clone end with it",
         [f"udp actions=clone(set:eth_dst={N1}, set:udp_dst=53, output:p2), output:p3"],
         base, {2: eth(dst=N1) / ip4() / l4("udp", dport=53), 3: base})
    case("registers in a clone end with it",
         ["table=0 actions=clone(load:reg1=1, goto:1), goto:1", "table=1, reg1=1 actions=output:p2",
          "table=1, reg1=0 actions=output:p3"], base, {2: base, 3: base})
    case("a packet is written between outputs",
         [f"actions=output:p2, set:eth_src={N1}, output:p3"],
         base, {2: base, 3: eth(src=N1) / ip4() / l4("udp")})
    case("goto ends a clone", ["table=0 actions=clone(goto:1), output:p3", "table=1 actions=drop:acl"],
         base, {3: base}, reason="acl")


def drop_reasons():
    base = eth() / ip4() / l4("udp")
    case("table miss", ["table=1 actions=output:p2"], base, reason="table_miss")
    case("drop", ["actions=drop"], base, reason="policy")
    case("drop:acl", ["actions=drop:acl"], base, reason="acl")
    case("drop:user3", ["actions=drop:user3"], base, reason="user3")
    case("no output", ["actions=load:reg1=1"], base, reason="no_output")
    case("a drop in a resubmitted table ends the packet",
         ["table=0 actions=resubmit:5, output:p3", "table=5 actions=drop:spoof"], base, reason="spoof")
    case("resubmit limit", ["table=0 actions=resubmit:0"], base, reason="resubmit_limit")
    case("stage limit", ["table=0 actions=goto:1", "table=1 actions=goto:0"], base,
         reason="stage_limit")
    case("nobody listens", ["actions=service:nobody"], base, reason="no_service")
    case("nobody listens, fallback", ["actions=service(nobody,fallback=continue), output:p2"], base,
         {2: base})
    case("TTL 1", ["ip actions=dec_ttl, output:p2"], eth() / ip4(ttl=1) / l4("udp"), reason="ttl")
    case("frame ends in the IPv4 header", ["actions=output:p2"], bytes(base)[:30], reason="truncated")
    case("IPv4 longer than the frame", ["actions=output:p2"], eth() / ip4(len=200) / l4("udp"),
         reason="bad_ipv4")
    case("frame is too long", ["actions=output:p2"],
         eth() / Dot1Q(vlan=1) / ip4() / UDP(sport=1, dport=2) / Raw(bytes(1472)),
         {2: eth() / Dot1Q(vlan=1) / ip4() / UDP(sport=1, dport=2) / Raw(bytes(1472))})
    subprocess.run(["ip", "link", "set", "p3", "mtu", "600"], check=True)
    case("MTU of the port", ["actions=output:p3"], eth() / ip4() / UDP() / Raw(bytes(700)),
         reason="mtu")
    subprocess.run(["ip", "link", "set", "p3", "mtu", "1500"], check=True)


def rewrites():
    for kind in ("tcp", "udp", "sctp"):
        base = eth() / ip4() / l4(kind)
        case(f"IPv4 {kind}: addresses, ports, TOS, TTL",
             [f"{kind} actions=set:ip_src=192.0.2.1, set:ip_dst=192.0.2.2, set:{kind}_src=7,"
              f" set:{kind}_dst=8, set:ip_tos=0x48, dec_ttl, output:p2"],
             base, {2: eth() / ip4(src="192.0.2.1", dst="192.0.2.2", tos=0x48, ttl=63)
                    / l4(kind, sport=7, dport=8)})
        case(f"IPv6 {kind}: addresses, ports, label, hop limit",
             [f"ipv6, ip_proto={dict(tcp=6, udp=17, sctp=132)[kind]} actions=set:ipv6_src=fd00::a,"
              f" set:ipv6_dst=fd00::b, set:{kind}_src=7, set:{kind}_dst=8, set:ipv6_label=0x12345,"
              " dec_ttl, output:p2"],
             eth() / ip6() / l4(kind),
             {2: eth() / ip6(src="fd00::a", dst="fd00::b", fl=0x12345, hlim=63)
              / l4(kind, sport=7, dport=8)})
    case("UDP without a checksum keeps none", ["udp actions=set:ip_src=192.0.2.1, set:udp_dst=9, output:p2"],
         eth() / ip4() / l4("udp", chksum=0), {2: eth() / ip4(src="192.0.2.1") / l4("udp", dport=9, chksum=0)})
    wrong = bytes(eth() / ip4() / l4("tcp", chksum=0x1111))
    case("a wrong checksum stays wrong", ["tcp actions=set:tcp_dst=80, output:p2"], wrong, {2: wrong})
    case("ICMP: address, identifier", ["icmp actions=set:ip_dst=192.0.2.2, set:icmp_id=99, output:p2"],
         eth() / ip4() / ICMP(type=8, id=5, seq=1) / PAYLOAD,
         {2: eth() / ip4(dst="192.0.2.2") / ICMP(type=8, id=99, seq=1) / PAYLOAD})
    case("ICMPv6: address, identifier", ["icmp6 actions=set:ipv6_dst=fd00::9, set:icmp_id=99, output:p2"],
         eth() / ip6() / ICMPv6EchoRequest(id=5, seq=1, data=b"abc"),
         {2: eth() / ip6(dst="fd00::9") / ICMPv6EchoRequest(id=99, seq=1, data=b"abc")})
    case("first fragment: addresses and checksum", ["udp actions=set:ip_src=192.0.2.1, output:p2"],
         eth() / ip4(flags="MF") / l4("udp", len=2000, chksum=0x5555),
         {2: eth() / ip4(flags="MF", src="192.0.2.1") / l4("udp", len=2000, chksum=fold(
             0x5555, "10.0.0.1", "192.0.2.1"))})
    later = eth() / ip4(frag=100, proto=17) / PAYLOAD
    case("later fragment: addresses only",
         ["ip, ip_frag=later actions=set:ip_src=192.0.2.1, output:p2", "priority=1 actions=drop"], later,
         {2: eth() / ip4(frag=100, proto=17, src="192.0.2.1") / PAYLOAD})
    ask = eth(dst="ff:ff:ff:ff:ff:ff") / ARP(op=1, hwsrc=A, psrc="10.0.0.1", hwdst="00:00:00:00:00:00",
                                            pdst="10.0.0.9")
    case("an ARP answer is made",
         [f"arp, arp_op=1, arp_tpa=10.0.0.9 actions=move:eth_src->eth_dst, set:eth_src={N1}, set:arp_op=2,"
          f" move:arp_sha->arp_tha, set:arp_sha={N1}, move:arp_spa->arp_tpa, set:arp_spa=10.0.0.9,"
          " output:in_port"], ask,
         {1: Ether(src=N1, dst=A) / ARP(op=2, hwsrc=N1, psrc="10.0.0.9", hwdst=A, pdst="10.0.0.1")})
    case("neighbour solicitation: target and option",
         [f"icmp6, icmp_type=135 actions=set:nd_target=fd00::99, set:nd_sll={N2}, output:p2"],
         eth() / ip6(hlim=255) / ICMPv6ND_NS(tgt="fd00::5") / ICMPv6NDOptSrcLLAddr(lladdr=A),
         {2: eth() / ip6(hlim=255) / ICMPv6ND_NS(tgt="fd00::99") / ICMPv6NDOptSrcLLAddr(lladdr=N2)})
    base = eth() / ip4() / l4("udp")
    case("masked set", ["udp actions=set:ip_dst=0.0.0.255/0.0.0.255, output:p2"], base,
         {2: eth() / ip4(dst="10.0.0.255") / l4("udp")})
    case("move between fields and registers swaps addresses",
         ["udp actions=move:ip_src->reg0, move:ip_dst->ip_src, move:reg0->ip_dst, output:p2"], base,
         {2: eth() / ip4(src="10.0.0.2", dst="10.0.0.1") / l4("udp")})
    case("move of bits", ["udp actions=load:reg1=0xab, move:reg1[0..7]->ip_tos[0..7], output:p2"], base,
         {2: eth() / ip4(tos=0xab) / l4("udp")})


def advertisements():
    """Solicitations, and what answers them."""
    group = {"dst": "33:33:ff:00:00:05"}

    def asked(src="fd00::1", option=True, hlim=255, tgt="fd00::5"):
        return ip6(src=src, dst="ff02::1:ff00:5", hlim=hlim) / ICMPv6ND_NS(tgt=tgt) / (
            ICMPv6NDOptSrcLLAddr(lladdr=A) if option else b"")

    def told(dst="fd00::1", mac=N1, tgt="fd00::5", **flags):
        return ip6(src=tgt, dst=dst, hlim=255) / ICMPv6ND_NA(**{"R": 0, "S": 1, "O": 1, **flags}, tgt=tgt) / \
            ICMPv6NDOptDstLLAddr(lladdr=mac)

    entry = f"nd_ns, nd_target=fd00::/120 actions=advertise:{N1}"
    case("a neighbour advertisement is made", [f"{entry}, output:in_port"], eth(**group) / asked(),
         {1: Ether(src=N1, dst=A) / told()})
    case("of a router, by another port", [f"{entry}/router, output:p2"], eth(**group) / asked(),
         {2: Ether(src=N1, dst=A) / told(R=1)})
    case("to one who probes, behind a tag", [f"{entry}, output:in_port"],
         eth(**group) / Dot1Q(vlan=7) / asked("::", False),
         {1: Ether(src=N1, dst="33:33:00:00:00:01") / Dot1Q(vlan=7) / told("ff02::1", S=0)})
    case("a copy of the question goes on", [f"nd_ns actions=clone(advertise:{N1}, output:in_port), output:p2"],
         eth(**group) / asked(), {1: Ether(src=N1, dst=A) / told(), 2: eth(**group) / asked()})
    case("what was written before is asked, what is behind is told",
         [f"nd_ns actions=set:nd_target=fd00::99, advertise:{N1}, set:nd_tll={N2}, output:in_port"],
         eth(**group) / asked(), {1: Ether(src=N1, dst=A) / told(mac=N2, tgt="fd00::99")})
    case("it goes on as an advertisement", [f"table=0, nd_ns actions=advertise:{N1}, load:reg1=1, goto:1",
                                            "table=1, reg1=1, nd_na, nd_tll=" + N1 + " actions=output:p3"],
         eth(**group) / asked(), {3: Ether(src=N1, dst=A) / told()})
    for what, sent in (("one that has passed a router", asked(hlim=254)), ("a probe that says who asks", asked("::")),
                       ("one for a group", asked(tgt="ff02::5"))):
        case(f"{what} is not answered", [f"nd_ns actions=advertise:{N1}, output:in_port"], eth(**group) / sent,
             reason="bad_l4")
    weft("flow", "replace", "-", text=f"{entry}, output:in_port\n")
    sent = bytes(eth(**group) / asked(tgt="fd00::77"))
    hits = json.loads(weft("-j", "-s", "dp", "show"))[0]["cache"]["hits"]
    for _ in range(3):
        PORTS[1].send(sent)
    want = bytes(Ether(src=N1, dst=A) / told(tgt="fd00::77"))
    TAP.equal([PORTS[1].receive(2) for _ in range(3)], [want] * 3, "three are answered alike")
    TAP.equal(json.loads(weft("-j", "-s", "dp", "show"))[0]["cache"]["hits"] - hits, 2, "two of them from the cache")
    for what, text, why in (("no solicitation", f"ipv6 actions=advertise:{N1}, output:in_port", "needs a match on nd_ns"),
                            ("no way", f"nd_ns actions=advertise:{N1}", "sends the answer"),
                            ("no more a solicitation", f"nd_ns actions=advertise:{N1}, set:nd_sll={N2}, output:1",
                             "nd_sll")):
        said = weft("flow", "add", text, fails=True)
        TAP.ok(why in said, f"refused: {what}", said)


def fold(check, old, new):
    """A checksum after an address changed (RFC 1624), by the book."""
    total = ~check & 0xFFFF
    old, new = (bytes(map(int, a.split("."))) for a in (old, new))
    for i in (0, 2):
        total += (~int.from_bytes(old[i:i + 2], "big") & 0xFFFF) + int.from_bytes(new[i:i + 2], "big")
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def vlans():
    inner = ip4() / l4("udp")
    case("push a tag", ["actions=push_vlan, set:vlan_vid=5, set:vlan_pcp=3, output:p2"], eth() / inner,
         {2: eth() / Dot1Q(vlan=5, prio=3) / inner})
    case("push a service tag on a tag",
         ["vlan_vid=5 actions=push_vlan:0x88a8, set:vlan_vid=6, output:p2"], eth() / Dot1Q(vlan=5) / inner,
         {2: eth() / Dot1AD(vlan=6) / Dot1Q(vlan=5) / inner})
    case("pop a tag", ["vlan_vid=5 actions=pop_vlan, output:p2"], eth() / Dot1Q(vlan=5) / inner,
         {2: eth() / inner})
    case("pop the outer of two", ["vlan_vid=6 actions=pop_vlan, output:p2"],
         eth() / Dot1AD(vlan=6) / Dot1Q(vlan=5) / inner, {2: eth() / Dot1Q(vlan=5) / inner})
    case("write a tag, and behind it",
         ["vlan_vid=5, udp actions=set:vlan_vid=8, set:ip_dst=192.0.2.2, output:p2"],
         eth() / Dot1Q(vlan=5, prio=2) / inner,
         {2: eth() / Dot1Q(vlan=8, prio=2) / ip4(dst="192.0.2.2") / l4("udp")})
    case("untagged frames are told apart",
         ["vlan_vid=none actions=output:p2", "priority=1 actions=output:p3"], eth() / inner, {2: eth() / inner})
    case("a third tag is refused", ["vlan_vid=6 actions=goto:1", "table=1 actions=push_vlan, output:p2"],
         eth() / Dot1AD(vlan=6) / Dot1Q(vlan=5) / inner, reason="vlan_depth")


def matches():
    def only(name, match, hit, miss):
        flows = [f"priority=2, {match} actions=output:p2", "priority=1 actions=output:p3"]
        case(f"match {name}", flows, hit, {2: hit})
        case(f"no match {name}", flows, miss, {3: miss})

    only("prefix", "ip, ip_dst=10.0.0.0/30", eth() / ip4() / l4("tcp"), eth() / ip4(dst="10.0.0.4") / l4("tcp"))
    only("IPv6 prefix", "ipv6, ipv6_dst=fd00::/16", eth() / ip6() / l4("udp"),
         eth() / ip6(dst="fc00::1") / l4("udp"))
    only("TCP flags", "tcp, tcp_flags=+syn-ack", eth() / ip4() / l4("tcp", flags="S"),
         eth() / ip4() / l4("tcp", flags="SA"))
    only("behind extension headers", "udp6, udp_dst=80",
         eth() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / l4("udp"),
         eth() / ip6() / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt() / l4("udp", dport=81))
    only("extension headers", "ipv6, ipv6_exthdr=0x40/0x40", eth() / ip6() / IPv6ExtHdrHopByHop() / l4("udp"),
         eth() / ip6() / l4("udp"))
    only("fragments", "ip, ip_frag=yes", eth() / ip4(flags="MF") / l4("udp"), eth() / ip4() / l4("udp"))
    only("IPv6 fragments", "ipv6, ip_frag=later", eth() / ip6() / IPv6ExtHdrFragment(offset=5, nh=17) / PAYLOAD,
         eth() / ip6() / l4("udp"))
    only("ARP target", "arp, arp_tpa=10.0.0.9", eth() / ARP(pdst="10.0.0.9", hwsrc=A, psrc="10.0.0.1"),
         eth() / ARP(pdst="10.0.0.8", hwsrc=A, psrc="10.0.0.1"))
    only("SCTP port", "sctp, sctp_dst=80", eth() / ip4() / l4("sctp"), eth() / ip4() / l4("sctp", dport=81))
    only("ICMP type", "icmp, icmp_type=8", eth() / ip4() / ICMP(type=8), eth() / ip4() / ICMP(type=0))
    only("DSCP", "ip, ip_dscp=10", eth() / ip4(tos=41) / l4("udp"), eth() / ip4(tos=44) / l4("udp"))
    only("masked MAC", "eth_dst=01:00:00:00:00:00/01:00:00:00:00:00", eth(dst="01:02:03:04:05:06") / ip4() / l4("udp"),
         eth() / ip4() / l4("udp"))
    only("inner tag", "vlan2_tci=0x1005/0x1fff", eth() / Dot1AD(vlan=6) / Dot1Q(vlan=5) / ip4() / l4("udp"),
         eth() / Dot1AD(vlan=6) / Dot1Q(vlan=7) / ip4() / l4("udp"))


def main():
    weft("dp", "add", "weft0")
    for number in (1, 2, 3):
        weft("port", "add", f"p{number}", "id", str(number), "lport", f"7:{number}")
    outputs()
    drop_reasons()
    rewrites()
    advertisements()
    vlans()
    matches()
    TAP.done()


main()
