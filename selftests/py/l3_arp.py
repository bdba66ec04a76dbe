#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Address resolution by weft-arpd and map servers, in frames (see l3_arp.sh).

  l3_arp.py write FILE     write the network that the tests begin with
  l3_arp.py test DIR [TEST...]  run the cases; DIR has net.json, which hosts h1, h2 and h3 do
"""
import copy
import ipaddress
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import time

import frame as f
import l3
from geneve import LIBC
from l3 import (IP6S, IPS, LEFT, MACS, MIDDLE, R1, R2, RIGHT, link_local, nd, packet, probe, routed,
                run, solicit, solicited)

DAEMON, QUERY, PUBLISH = 3, 4, 5
ARP, IPV6 = b"\x08\x06", b"\x86\xdd"
NOBODY = "00:00:00:00:00:00"
TIMES = {"try_ms": 300, "map_try_ms": 200, "revalidate_ms": 60000, "age_ms": 60000,
         "idle_ms": 60000, "negative_ms": 3000, "publish_ms": 3600000, "tries": 3, "packets": 6}


def network(servers=(), **times):
    net = l3.placed("first-hop")
    net["resolution"] = {"by": "arpd", "map_servers": list(servers), "times": dict(TIMES, **times)}
    return net


IPS["vm6"] = "1.1.2.99"


class Uplink:
    """What comes to a host in tunnels."""

    def __init__(self, host):
        here = os.open("/proc/self/ns/net", os.O_RDONLY)
        there = os.open(f"/run/netns/{host}", os.O_RDONLY)
        assert LIBC.setns(there, 0x40000000) == 0
        self.port = f.Port("u")
        assert LIBC.setns(here, 0x40000000) == 0
        os.close(here)
        os.close(there)

    def frames(self):
        """(ldp, stage, lin, lout, inner frame) of each, until there are no more."""
        out = []
        while select.select([self.port.sock], [], [], 0)[0]:
            frame = self.port.sock.recv(1 << 16)
            if frame[12:14] != b"\x08\x00" or frame[23] != 17:
                continue
            if struct.unpack_from("!H", frame, 36)[0] != 6081:
                continue
            length, vni = (frame[42] & 63) * 4, int.from_bytes(frame[46:49], "big")
            lin, lout = struct.unpack_from("!HH", frame, 54)
            out.append((vni, frame[66] >> 4, lin, lout, frame[50 + length:]))
        return out


def about(inner):
    """What a question or an answer says: (kind, address, MAC), or None of another frame."""
    if inner[12:14] == ARP:
        op, = struct.unpack_from("!H", inner, 20)
        sha, spa, tpa = inner[22:28].hex(":"), inner[28:32], inner[38:42]
        return ("ask", socket.inet_ntoa(tpa), None) if op == 1 else \
            ("tell", socket.inet_ntoa(spa), sha)
    if inner[12:14] == IPV6 and inner[20] == 58 and inner[54] in (135, 136):
        target = str(ipaddress.ip_address(inner[62:78]))
        return ("ask", target, None) if inner[54] == 135 else ("tell", target, inner[80:86].hex(":"))
    return None


class Lab(l3.Lab):
    def __init__(self, directory):
        super().__init__(directory, ("h1", "h2", "h3"))
        self.uplinks = {host: Uplink(host) for host in self.hosts}

    def arpd(self, host, command="status"):
        return json.loads(run("weft-arpd", "--ctl-socket", f"/run/weft/arpd-{host}-weft0.sock",
                              "--ctl", command))

    def counts(self, host):
        return self.arpd(host)["counters"]

    def settle(self):
        for uplink in self.uplinks.values():
            uplink.frames()
        for port in self.ports.values():
            port.drain()

    def heard(self, hosts=("h1", "h2", "h3")):
        """Questions and answers between the hosts: (where, stage, ldp, kind, address, MAC)."""
        out = []
        for host in hosts:
            for ldp, stage, _, _, inner in self.uplinks[host].frames():
                said = about(inner)
                if said and stage:
                    out.append((host, stage, ldp, *said))
        return out

    def instances(self, host, mac=None, failed=False):
        """What the template made; of a MAC address, or those that say that nobody has it."""
        found = json.loads(run("weft", "-n", host, "-j", "-s", "instance", "show"))
        return [i for i in found if (i.get("state") == "failed") == failed and
                (not mac or mac.replace(":", "") in json.dumps(i).replace(":", ""))]

    def cut(self, host="h1"):
        run("weft", "-n", host, "instance", "cut", "all")

    def wait(self, what, test, seconds=10.0):
        end = time.monotonic() + seconds * float(os.environ.get("WEFT_SLOW", "1"))
        while not (good := test()) and time.monotonic() < end:
            time.sleep(0.03)
        return self.ok(good, what, *() if good else (self.arpd("h1", "rows"), self.counts("h1")))

    def fresh(self, net):
        """The network, with daemons that know nothing."""
        self.apply(net)
        for host in self.hosts:
            pid = self.arpd(host)["pid"]
            self.cut(host)
            os.kill(pid, signal.SIGKILL)
            self.ready(host, pid)
        self.settle()

    def ready(self, host, before):
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                status = self.arpd(host)
                if status["pid"] != before and status["service"]["registered"]:
                    return
            except (RuntimeError, ValueError):
                pass
            time.sleep(0.03)
        raise RuntimeError(f"no weft-arpd on {host}")


def daemon_mac(lab, host):
    """As the section has it: 0e:77 and the number of the host."""
    # the entry by which a host is reached says its number
    for number in lab.numbers:
        if lab.numbers[number] == host:
            return "0e:77:" + int(number).to_bytes(4, "big").hex(":")
    raise KeyError(host)


def learn_numbers(lab):
    """From the entries of stage physical."""
    lab.numbers = {}
    for where in ("h1", "h2"):
        for entry in json.loads(run("weft", "-n", where, "-j", "flow", "show", "table=84")):
            number = entry["match"]["reg0"]
            address = re.search(r"192\.0\.(\d)\.1", json.dumps(entry["actions"]))
            if address:
                lab.numbers[int(str(number), 0)] = f"h{address[1]}"


def arp_question(lab, asker, to, target):
    mine, his = daemon_mac(lab, asker), daemon_mac(lab, to)
    return f.ether(his, mine, 0x0806, f.arp(1, mine, "0.0.0.0", NOBODY, target))


def arp_answer(lab, teller, to, address, mac):
    mine, his = daemon_mac(lab, teller), daemon_mac(lab, to)
    return f.ether(his, mine, 0x0806, f.arp(2, mac, address, his, "0.0.0.0"))


def nd_question(lab, asker, to, target):
    mine, his = daemon_mac(lab, asker), daemon_mac(lab, to)
    return f.ether(his, mine, 0x86dd, nd(135, link_local(mine), solicited(target), target, mine))


def nd_answer(lab, teller, to, address, mac):
    mine, his = daemon_mac(lab, teller), daemon_mac(lab, to)
    return f.ether(his, mine, 0x86dd, nd(136, address, link_local(his), address, mac, 0x60))


def test_miss(lab):
    """AT-51: a question to the daemons of hosts that have ports of the switch, to nobody else."""
    for ip6 in (False, True):
        what = f"AT-51, IPv{6 if ip6 else 4}"
        address = (IP6S if ip6 else IPS)["vm4"]
        lab.settle()
        sent = packet("vm1", "vm4", ip6, router=R1)
        lab.delivered(f"{what}: the packet goes on", "vm1", sent, "vm4",
                      routed(sent, R2, MACS["vm4"]))
        lab.equal([u[4] for u in lab.uplinks["h2"].frames() if u[1] == DAEMON],
                  [(nd_question if ip6 else arp_question)(lab, "h1", "h2", address)],
                  f"{what}: one question, to the host with ports of the switch")
        lab.equal([u[0::4] for u in lab.uplinks["h1"].frames() if u[1] == DAEMON],
                  [(RIGHT, (nd_answer if ip6 else arp_answer)(lab, "h2", "h1", address, MACS["vm4"]))],
                  f"{what}: and one answer")
        lab.equal(lab.uplinks["h3"].frames(), [], f"{what}: no other host hears of it")
        made = lab.instances("h1", MACS["vm4"])
        lab.equal(len(made), 2 if ip6 else 1, f"{what}: an entry is made of the answer")
        entry = made[-1]["entries"][0]
        lab.equal((entry["table"], entry["priority"]), (68, 51), f"{what}: at the sender's priority + 1")
    row = [r for r in lab.arpd("h1", "rows")["rows"] if r["address"] == IPS["vm4"]][0]
    lab.equal((row["ldp"], row["state"], row["mac"], row["host"]),
              (RIGHT, "known", MACS["vm4"], "h2"), "AT-51: the daemon has a row")


def test_hit(lab):
    """AT-50: what is known needs no question; the second packet needs no daemon."""
    before = lab.counts("h1")
    lab.cut()
    lab.settle()
    for ip6 in (False, True):
        what = f"AT-50, IPv{6 if ip6 else 4}"
        sent = packet("vm1", "vm4", ip6, router=R1)
        lab.delivered(f"{what}: a row that is there", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
        upcalls = lab.arpd("h1")["service"]["upcalls"]
        lab.delivered(f"{what}: the second packet", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
        lab.equal(lab.arpd("h1")["service"]["upcalls"], upcalls, f"{what}: is the kernel's alone")
        lab.equal(lab.heard(), [], f"{what}: nobody is asked")
    after = lab.counts("h1")
    lab.equal((after["hits"] - before["hits"], after["questions"] - before["questions"]), (2, 0),
              "AT-50: counted as hits")
    upcalls = lab.arpd("h1")["service"]["upcalls"]
    sent = packet("vm1", "vm3", router=R1)
    lab.delivered("AT-50: a machine of this host", "vm1", sent, "vm3", routed(sent, R2, MACS["vm3"]))
    lab.equal(lab.arpd("h1")["service"]["upcalls"], upcalls, "AT-62: is known by an entry, not by a daemon")


def test_strangers(lab):
    """AT-52: no question of another host reaches a machine."""
    lab.settle()
    for target, name, answered in ((IPS["vm2"], "vm2", True), ("1.1.1.99", None, False)):
        # of a switch that floods what it does not know; vm1 of h1 asks, h2 has vm2
        before = lab.counts("h2")
        ask = l3.ask("vm1", target)
        got, _ = lab.way("vm1", ask, "vm1" if answered else None, False)
        if answered:
            want = f.ether(MACS["vm1"], MACS[name], 0x0806,
                           f.arp(2, MACS[name], target, MACS["vm1"], IPS["vm1"]))
            lab.equal(got, {"vm1": [want]}, f"AT-52: ARP of a machine for {target} is answered")
        else:
            lab.equal(got, {}, f"AT-52: ARP of a machine for {target}, which nobody has, is heard by none")
            lab.equal(lab.counts("h2")["silent"] - before["silent"], 1, "AT-52: the daemon is silent")
    before = lab.counts("h2")
    ask = solicit("vm1", IP6S["vm2"])
    want = f.ether(MACS["vm1"], MACS["vm2"], 0x86dd,
                   nd(136, IP6S["vm2"], IP6S["vm1"], IP6S["vm2"], MACS["vm2"], 0x60))
    lab.delivered("AT-52: a neighbour solicitation is answered where it is asked", "vm1", ask, "vm1", want)
    lab.equal(lab.counts("h2")["asked"], before["asked"], "AT-52: and not by a daemon")
    got, _ = lab.way("vm1", solicit("vm1", "2001:db8:1::99"), None, False)
    lab.equal(got, {}, "AT-52: one for nobody is heard by none")
    lab.equal(lab.counts("h2")["silent"] - before["silent"], 1, "AT-52: the daemon is silent")
    # a question for a machine of h2, made up on h1 as if its daemon asked
    lab.settle()
    before = lab.counts("h2")
    for address in ("1.1.2.77", IPS["vm4"]):
        run("weft", "-n", "h1", "packet", "inject", "in_port=gnv0", "table=84", f"ldp={RIGHT}",
            "stage=3", f"reg0={[n for n, h in lab.numbers.items() if h == 'h2'][0]}", "hex",
            arp_question(lab, "h1", "h2", address).hex())
    lab.wait("AT-52: a daemon's question is answered if the address is local, and otherwise not",
             lambda: (lab.counts("h2")["asked"] - before["asked"],
                      lab.counts("h2")["silent"] - before["silent"]) == (1, 1))
    lab.equal([u[4] for u in lab.uplinks["h1"].frames() if u[1] == DAEMON],
              [arp_answer(lab, "h2", "h1", IPS["vm4"], MACS["vm4"])], "AT-52: to the daemon that asked")
    lab.equal({n: [x.hex() for x in p.receive_all(0.05)] for n, p in lab.ports.items()},
              {n: [] for n in lab.ports}, "AT-52: no machine hears anything")


def test_duplicate_detection(lab):
    """A machine that tries an address hears of another that has it, and not of itself."""
    for target, owner in ((IP6S["vm1"], None), (IP6S["vm2"], "vm2")):
        net = network()
        net["ports"]["vm1"]["security"] = False
        lab.apply(net)
        ask = probe("vm1", target)
        got, _ = lab.way("vm1", ask, owner and "vm1", False)
        if owner:
            want = f.ether("33:33:00:00:00:01", MACS[owner], 0x86dd,
                           nd(136, target, "ff02::1", target, MACS[owner], 0x20))
            lab.equal(got, {"vm1": [want]}, "a probe for another machine's address is answered to all")
        else:
            lab.equal(got, {}, "a probe for one's own address is not")
    lab.apply(network())


def test_failure(lab):
    """AT-53: nobody has it."""
    for ip6 in (False, True):
        what = f"AT-53, IPv{6 if ip6 else 4}"
        address = "2001:db8:2::99" if ip6 else "1.1.2.99"
        sent = packet("vm1", "vm4", ip6, router=R1)
        if ip6:
            a, b = IP6S["vm1"], address
            sent = f.ether(R1, MACS["vm1"], 0x86dd, f.ipv6(a, b, 17, f.udp(a, b, 1, 2, b"x")))
        else:
            sent = f.ether(R1, MACS["vm1"], 0x0800,
                           f.ipv4(IPS["vm1"], address, 17, f.udp(IPS["vm1"], address, 1, 2, b"x")))
        lab.settle()
        before, start = lab.counts("h1"), time.monotonic()
        spent = sent[:12] + routed(sent, R1, R1)[12:]
        told = l3.error(spent, *(("2001:db8:1::1", 1, 3) if ip6 else ("1.1.1.1", 3, 1)))
        lab.ports["vm1"].send(sent)
        lab.wait(f"{what}: three tries, then no more",
                 lambda: lab.counts("h1")["failed"] == before["failed"] + 1)
        took = time.monotonic() - start
        lab.ok(took >= 0.85, f"{what}: one try at a time", took)
        lab.equal(lab.heard(), [("h2", DAEMON, RIGHT, "ask", address, None)] * 3,
                  f"{what}: three questions to one host")
        lab.equal(lab.ports["vm1"].receive_all(0.3), [told], f"{what}: and the sender is told")
        lab.equal(len(lab.instances("h1", failed=True)), 1, f"{what}: an entry that says so")
        upcalls = lab.arpd("h1")["service"]["upcalls"]
        for _ in range(5):
            lab.ports["vm1"].send(sent)
        lab.equal(lab.ports["vm1"].receive_all(0.3), [told] * 5, f"{what}: each time")
        lab.equal(lab.arpd("h1")["service"]["upcalls"], upcalls, f"{what}: by itself")
        lab.wait(f"{what}: which has an end", lambda: not lab.instances("h1", failed=True))
        lab.wait(f"{what}: as has the row", lambda: address not in json.dumps(lab.arpd("h1", "rows")))
        lab.ports["vm1"].send(sent)
        lab.wait(f"{what}: then it is asked again",
                 lambda: lab.counts("h1")["failed"] == before["failed"] + 2)
        lab.cut()
        lab.wait(f"{what}: once more", lambda: address not in json.dumps(lab.arpd("h1", "rows")))
    # the address appears while it is known that nobody has it
    net = network()
    net["ports"]["vm6"] = dict(l3.machine("vm6", "right", 6, "h2", ["1.1.2.99"]))
    lab.apply(network(negative_ms=60000))
    lab.ports["vm1"].send(packet("vm1", "vm6", router=R1))
    lab.wait("AT-53: again an entry that drops", lambda: lab.instances("h1", failed=True))
    net["resolution"]["times"]["negative_ms"] = 60000
    lab.apply(net)
    lab.wait("AT-59: a machine is attached: the entry goes before its time",
             lambda: not lab.instances("h1", failed=True))
    sent = packet("vm1", "vm6", router=R1)
    lab.delivered("AT-59: and it can be reached", "vm1", sent, "vm6", routed(sent, R2, MACS["vm6"]))
    lab.apply(network())


def test_branches(lab):
    """AT-55: no need of an address; the entry has it; the daemon is asked, and what is written then."""
    lab.fresh(network())
    for ip6 in (False, True):
        what = f"AT-55, IPv{6 if ip6 else 4}"
        head = packet("vm1", "vm2", ip6)
        for dst, sent, arrives, asked, stages in (
                ("vm2", head, head, 0, False),
                ("vm3", packet("vm1", "vm3", ip6, router=R1), None, 0, True),
                ("vm4", packet("vm1", "vm4", ip6, router=R1), None, 1, True)):
            before = lab.counts("h1")
            got, met = lab.way("vm1", sent, dst)
            lab.equal(got, {dst: [arrives or routed(sent, R2, MACS[dst])]}, f"{what}: to {dst}")
            lab.equal("l3_resolve" in met["h1"].get(MIDDLE, ""), stages,
                      f"{what}: {'asks for' if stages else 'needs no'} address")
            after = lab.counts("h1")
            lab.equal([after[n] - before[n] for n in ("misses", "hits", "local")], [asked, 0, 0],
                      f"{what}: {'by its daemon' if asked else 'without a daemon'}")
        number = [n for n, host in lab.numbers.items() if host == "h2"][0]
        made = json.dumps(lab.instances("h1", MACS["vm4"])[0])
        lab.ok(str(number) in made or f"{number:08x}" in made.replace(":", ""),
               f"{what}: and the context, by which host knows it", made, number)
        lab.cut()


def test_packet_style(lab):
    """AT-56: packet and context go to a daemon, which writes the address and gives them back."""
    pid = json.loads(run("weftd", "--ctl-socket", f"{lab.dir}/h1.sock", "--ctl", "status"))["pid"]
    # which would take the entry for somebody else's, and away
    os.kill(pid, signal.SIGSTOP)
    try:
        for ip6 in (False, True):
            what, family = f"AT-56, IPv{6 if ip6 else 4}", "ipv6" if ip6 else "ip"
            sent = packet("vm1", "vm4", ip6, router=R1)
            entry = f"table=68, priority=60, ldp={MIDDLE}, {family}"
            run("weft", "-n", "h1", "flow", "add", f"{entry} actions=service:l3d")
            with subprocess.Popen(["weft", "-n", "h1", "-j", "packet", "listen", "l3d", "count", "1",
                                   "ready"], stdout=subprocess.PIPE, text=True) as daemon:
                daemon.stdout.readline()
                lab.settle()
                lab.ports["vm1"].send(sent)
                heard = json.loads(daemon.stdout.readline())
            lab.equal({n: p.receive_all(0.05) for n, p in lab.ports.items()},
                      {n: [] for n in lab.ports}, f"{what}: the packet is the daemon's")
            frame, context = bytes.fromhex(heard["data"].replace(":", "")), heard["metadata"]
            lab.equal((frame[6:], heard["table"]), (routed(sent, R2, R1)[6:], 68),
                      f"{what}: as it was at that stage, but for the address")
            lab.equal((int(str(context["ldp"]), 0), int(str(context["lout"]), 0)), (MIDDLE, 2),
                      f"{what}: with its context")
            run("weft", "-n", "h1", "packet", "inject", "in_port=vm1", "table=80",
                *(f"{name}={value}" for name, value in context.items()), "hex",
                (f.mac(MACS["vm4"]) + frame[6:]).hex())
            lab.equal(lab.ports["vm4"].receive_all(0.5), [routed(sent, R2, MACS["vm4"])],
                      f"{what}: it goes on where it was")
            run("weft", "-n", "h1", "flow", "del", entry)
    finally:
        os.kill(pid, signal.SIGCONT)
    lab.fresh(network())


def test_queue(lab):
    """AT-61: packets that wait, in order; one question; bounded."""
    lab.apply(network(try_ms=3000))  # no second try while the other daemon is stopped
    for ip6 in (False, True):
        what = f"AT-61, IPv{6 if ip6 else 4}"
        pid = lab.arpd("h2")["pid"]
        os.kill(pid, signal.SIGSTOP)
        try:
            lab.fresh_h1()
            before = lab.counts("h1")
            frames = [packet("vm1", "vm4", ip6, router=R1, payload=b"%02d" % i) for i in range(10)]
            for frame in frames:
                lab.ports["vm1"].send(frame)
            lab.wait(f"{what}: a question is out",
                     lambda: lab.counts("h1")["questions"] == before["questions"] + 1)
            lab.equal(lab.arpd("h1")["service"]["upcalls"], 1, f"{what}: one upcall for ten packets")
        finally:
            os.kill(pid, signal.SIGCONT)
        got = [x for x in lab.ports["vm4"].receive_all(1.0) if about(x) is None]
        want = [routed(x, R2, MACS["vm4"]) for x in frames]
        lab.equal(len(got), TIMES["packets"], f"{what}: as many as may wait go on")
        lab.ok(got == [x for x in want if x in got], f"{what}: in their order",
               [x.hex() for x in got])
        lab.equal(len([1 for x in lab.heard(["h1"]) if x[1] == DAEMON]), 1, f"{what}: one answer")
    # another router port's packets join those that wait
    lab.equal(lab.counts("h1")["misses"], 1, "AT-61: one question for all")


def test_revalidation(lab):
    """AT-54: the binding changes at the peer, is lost, or its host is dead."""
    quick = {"revalidate_ms": 400}
    lab.fresh(network(**quick))
    sent = packet("vm1", "vm4", router=R1)
    lab.delivered("AT-54: before", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    lab.settle()
    lab.wait("AT-54: the daemon that answered is asked again, alone",
             lambda: lab.counts("h1")["looks"] >= 2)
    seen = lab.heard()
    lab.ok(seen and {x[0] for x in seen} == {"h1", "h2"} and
           {x[1:5] for x in seen if x[0] == "h2"} == {(DAEMON, RIGHT, "ask", IPS["vm4"])},
           "AT-54: by unicast", seen)
    lab.equal(len(lab.instances("h1", MACS["vm4"])), 1, "AT-54: the entry stays")

    # a change that is not announced: the daemon of h2 ends while its file changes
    changed = network(**quick)
    changed["ports"]["vm4"]["mac"] = "02:00:00:00:00:44"
    lab.apply(changed)
    lab.wait("AT-54: a new MAC address is announced, and the entry ends",
             lambda: not lab.instances("h1", MACS["vm4"]))
    lab.delivered("AT-54: the new MAC address", "vm1", sent, "vm4",
                  routed(sent, R2, "02:00:00:00:00:44"))
    lab.equal(lab.counts("h1")["changed"], 1, "AT-54: the row was changed")

    # weft-arpd of h2 has nobody to hear its announcements: h1 finds out by itself
    pid = lab.arpd("h1")["pid"]
    os.kill(pid, signal.SIGSTOP)
    with open(f"{lab.dir}/net.json", "w", encoding="utf-8") as file:
        json.dump(network(**quick), file)
    run("weftd", "--ctl-socket", f"{lab.dir}/h2.sock", "--ctl", "reload")
    run("weft", "-n", "h1", "service", "show")
    os.kill(pid, signal.SIGCONT)
    lab.wait("AT-54: a look finds the change",
             lambda: MACS["vm4"] in json.dumps(lab.arpd("h1", "rows")))
    lab.apply(network(**quick))
    lab.delivered("AT-54: and entries follow", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))

    # detached: announced
    gone = network(**quick)
    del gone["ports"]["vm4"]["host"]
    del gone["ports"]["vm4"]["device"]
    lab.apply(gone)
    lab.wait("AT-59: a machine that is detached ends the entry",
             lambda: not lab.instances("h1", MACS["vm4"]))
    lab.apply(network(**quick))

    # the host's daemon is dead
    lab.delivered("AT-54: attached again", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    pid = lab.arpd("h2")["pid"]
    os.kill(pid, signal.SIGSTOP)
    lab.wait("AT-54: three looks without an answer end the entry",
             lambda: not lab.instances("h1", MACS["vm4"]))
    os.kill(pid, signal.SIGCONT)
    lab.wait("AT-54: counted", lambda: lab.counts("h1")["lost"] >= 1)
    lab.delivered("AT-54: it is asked for again", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))


def test_restart(lab):
    """A daemon that is killed learns from the kernel what it knew."""
    lab.fresh(network())
    for ip6 in (False, True):
        sent = packet("vm1", "vm4", ip6, router=R1)
        lab.delivered("before the end", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    rows = sorted(lab.arpd("h1", "rows")["rows"], key=str)
    made = [i["id"] for i in lab.instances("h1")]
    pid = lab.arpd("h1")["pid"]
    lab.settle()
    os.kill(pid, signal.SIGKILL)
    lab.ready("h1", pid)
    lab.equal(sorted(lab.arpd("h1", "rows")["rows"], key=str), rows, "the rows are there again, with their hosts")
    lab.equal([i["id"] for i in lab.instances("h1")], made, "the entries stayed")
    lab.equal(lab.heard(), [], "nobody was asked")
    sent = packet("vm1", "vm4", router=R1)
    lab.delivered("after the end", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    # one that is stale: the binding changed while no daemon was there to hear of it
    lab.cut()
    lab.delivered("a row that was learned answers", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    lab.equal(lab.heard(), [], "and asks nobody")


def test_move(lab):
    """AT-59: a machine moves to another host: its new daemon announces it."""
    lab.fresh(network())
    sent = packet("vm1", "vm4", router=R1)
    lab.delivered("AT-59: before the move", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    net = network()
    net["ports"]["vm4"].update(host="h3", device="vm4b")
    lab.apply(net)
    lab.wait("AT-59: the row has another host",
             lambda: [r["host"] for r in lab.arpd("h1", "rows")["rows"]] in (["h3"], []))
    lab.delivered("AT-59: vm4 has moved", "vm1", sent, "vm4b", routed(sent, R2, MACS["vm4"]))
    lab.apply(network())


def test_static(lab):
    """AT-62: entries from the file in place of a daemon."""
    lab.fresh(network())
    net = l3.placed("first-hop")
    lab.apply(net)
    lab.wait("AT-62: no daemon", lambda: not json.loads(run(
        "weftd", "--ctl-socket", f"{lab.dir}/h1.sock", "--ctl", "status"))["services"])
    lab.equal(json.loads(run("weft", "-n", "h1", "-j", "template", "show")), [], "AT-62: no template")
    sent = packet("vm1", "vm4", router=R1)
    lab.settle()
    lab.delivered("AT-62: by an entry", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
    lab.equal(lab.heard(), [], "AT-62: nobody is asked")
    lab.apply(network())


def map_entries(lab, host="h3"):
    return json.loads(run("weft", "-n", host, "-j", "-s", "instance", "show"))


def map_query(lab, asker, to, address):
    mine, his = daemon_mac(lab, asker), daemon_mac(lab, to)
    if ":" not in address:
        return arp_question(lab, asker, to, address)
    return f.ether(his, mine, 0x86dd,
                   nd(136, link_local(mine), "ff02::1", address, NOBODY, 0x20))


def map_answer(lab, publisher, to, address, mac):
    """What the server makes of the question: as if the publisher had answered."""
    if ":" not in address:
        return arp_answer(lab, publisher, to, address, mac)
    mine, his = daemon_mac(lab, publisher), daemon_mac(lab, to)
    return f.ether(his, mine, 0x86dd, nd(136, address, link_local(his), address, mac, 0x20))


def upcalls_of(host):
    return [s.get("delivered") for s in json.loads(run("weft", "-n", host, "-j", "-s", "service", "show"))]


def asking(uplink):
    """Frames of daemons there, but for what keeps a map: greetings, publications, and their confirmations."""
    return [u for u in uplink.frames() if u[1] not in (0, PUBLISH) and u[0] and u[4][:6] != u[4][6:12]]


def test_map(lab):
    """AT-57, AT-60: a map server, which is its datapath alone."""
    lab.fresh(network(["h3"]))
    for host, mine in (("h1", 4), ("h2", 4)):
        lab.wait(f"AT-60: what {host} published is confirmed",
                 lambda h=host, n=mine: lab.counts(h)["acknowledged"] >= n)
    lab.equal(len(map_entries(lab)), 8, "AT-60: each publication made an entry")
    lab.settle()
    before, looked = lab.counts("h1"), upcalls_of("h3")
    for ip6 in (False, True):
        what = f"AT-57, IPv{6 if ip6 else 4}"
        address = (IP6S if ip6 else IPS)["vm4"]
        sent = packet("vm1", "vm4", ip6, router=R1)
        lab.delivered(f"{what}: the packet goes on", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
        lab.equal([u[4] for u in asking(lab.uplinks["h3"])],
                  [map_query(lab, "h1", "h3", address)], f"{what}: one question to the map server")
        lab.equal([u[0::4] for u in asking(lab.uplinks["h1"])],
                  [(RIGHT, map_answer(lab, "h2", "h1", address, MACS["vm4"]))],
                  f"{what}: its answer names who published")
        lab.equal(asking(lab.uplinks["h2"]), [], f"{what}: no other host is asked")
        lab.cut()
        lab.delivered(f"{what}: once more", "vm1", sent, "vm4", routed(sent, R2, MACS["vm4"]))
        lab.equal([u for uplink in lab.uplinks.values() for u in asking(uplink)], [], f"{what}: asks nobody")
    lab.equal(upcalls_of("h3"), looked, "AT-60: nobody in user space of the map server saw anything")
    after = lab.counts("h1")
    lab.equal((after["map_queries"] - before["map_queries"], after["questions"] - before["questions"]),
              (2, 0), "AT-57: counted")
    lab.equal({r["host"] for r in lab.arpd("h1", "rows")["rows"]}, {"h2"},
              "AT-57: the rows know the host of the machine")


def reachable(lab, what, ip6=False, dst="vm4"):
    sent = packet("vm1", dst, ip6, router=R1)
    return lab.delivered(what, "vm1", sent, dst, routed(sent, R2, MACS[dst]))


def test_map_fails(lab):
    """AT-58: a map server that does not know, or is dead; and several of them."""
    lab.fresh(network(["h3"]))
    for ip6 in (False, True):
        what = f"AT-58, IPv{6 if ip6 else 4}"
        address = (IP6S if ip6 else IPS)["vm4"]
        lab.fresh_h1()
        lab.cut("h3")
        reachable(lab, f"{what}: the map is empty", ip6)
        lab.equal(sorted(x for x in lab.heard() if x[2] == RIGHT and x[1] != PUBLISH and x[4] == address), [
            ("h1", DAEMON, RIGHT, "tell", address, NOBODY),
            ("h1", DAEMON, RIGHT, "tell", address, MACS["vm4"]),
            ("h2", DAEMON, RIGHT, "ask", address, None),
            ("h3", QUERY, RIGHT, *(("tell", address, NOBODY) if ip6 else ("ask", address, None)))],
            f"{what}: it says so, and the peers are asked")
        lab.equal(lab.counts("h1")["map_unknown"], 1, f"{what}: counted")
    lab.fresh_h1()
    run("ip", "-n", "h3", "route", "add", "blackhole", "192.0.1.1")
    try:
        start = time.monotonic()
        reachable(lab, "AT-58: the map server is dead")
        lab.ok(time.monotonic() - start >= 0.2, "AT-58: it is waited for a moment")
        lab.equal((lab.counts("h1")["map_queries"], lab.counts("h1")["questions"]), (1, 1),
                  "AT-58: then the peers are asked")
        # there are two: one is dead
        lab.apply(network(["h3", "h2"]))
        lab.wait("AT-58: a second map server is told all", lambda: len(map_entries(lab, "h2")) >= 4)
        lab.fresh_h1()
        for ip6 in (False, True):
            reachable(lab, f"AT-58: one of two map servers is dead, IPv{6 if ip6 else 4}", ip6)
        lab.equal(lab.counts("h1")["questions"], 0, "AT-58: the other one answers")
    finally:
        run("ip", "-n", "h3", "route", "del", "blackhole", "192.0.1.1")
    # one that is near
    lab.apply(network(["h1"]))
    lab.wait("AT-58: a map server on this host", lambda: len([
        i for i in map_entries(lab, "h1") if MACS["vm4"].replace(":", "") in json.dumps(i).replace(":", "")]) >= 2)
    lab.fresh_h1_daemon()
    reachable(lab, "AT-58: answers without a frame between hosts")
    lab.equal([x for x in lab.heard() if x[2] == RIGHT and x[3] == "ask"], [], "AT-58: nobody else is asked")
    lab.equal((lab.counts("h1")["map_queries"], lab.counts("h1")["questions"]), (1, 0), "AT-58: but the map")


def test_map_follows(lab):
    """AT-59: attach, change, detach; a map server that begins anew."""
    lab.fresh(network(["h3"]))
    lab.wait("AT-59: all is published", lambda: len(map_entries(lab)) == 8)
    net = network(["h3"])
    net["ports"]["vm6"] = dict(l3.machine("vm6", "right", 6, "h2", [IPS["vm6"]]))
    lab.apply(net)
    lab.wait("AT-59: a machine that is attached is in the map", lambda: len(map_entries(lab)) == 9)
    lab.settle()
    reachable(lab, "AT-59: and found there", dst="vm6")
    lab.equal([x for x in lab.heard() if x[2] and x[3] == "ask" and x[1] == DAEMON], [], "AT-59: by the map alone")
    net["ports"]["vm6"]["mac"] = "02:00:00:00:00:66"
    lab.apply(net)
    lab.wait("AT-59: a changed address is changed there", lambda: "020000000066" in json.dumps(
        map_entries(lab)).replace(":", ""))
    MACS["vm6"] = "02:00:00:00:00:66"
    lab.wait("AT-59: and where it was known", lambda: not lab.instances("h1", "02:00:00:00:00:06"))
    reachable(lab, "AT-59: it is reached", dst="vm6")
    lab.apply(network(["h3"]))
    lab.wait("AT-59: one that is detached ends the entry", lambda: not lab.instances("h1", MACS["vm6"]))
    lab.cut("h3")
    run("weft", "-n", "h3", "dp", "del", "weft0")
    lab.wait("AT-59: a map server that begins anew is told all at once",
             lambda: len(map_entries(lab)) == 8 if weft_there("h3") else False, 20)
    MACS["vm6"] = "02:00:00:00:00:06"
    lab.apply(network())


def weft_there(host):
    try:
        map_entries(None, host)
        return True
    except RuntimeError:
        return False


def fresh_h1(lab):
    lab.cut("h1")
    pid = lab.arpd("h1")["pid"]
    os.kill(pid, signal.SIGKILL)
    lab.ready("h1", pid)
    lab.settle()


def fresh_h1_daemon(lab):
    """The same, but the map that is here stays."""
    run("weft", "-n", "h1", "instance", "cut", "template=weft-arp")
    pid = lab.arpd("h1")["pid"]
    os.kill(pid, signal.SIGKILL)
    lab.ready("h1", pid)
    lab.settle()


Lab.fresh_h1 = fresh_h1
Lab.fresh_h1_daemon = fresh_h1_daemon


def main(argv):
    if argv[0] == "write":
        with open(argv[1], "w", encoding="utf-8") as file:
            json.dump(network(), file)
        return
    lab, start = Lab(argv[1]), time.monotonic()
    learn_numbers(lab)
    for test in (test_miss, test_hit, test_strangers, test_duplicate_detection, test_failure,
                 test_branches, test_packet_style, test_queue, test_revalidation, test_restart, test_move, test_static, test_map, test_map_fails,
                 test_map_follows):
        if argv[2:] and test.__name__ not in argv[2:]:
            continue
        try:
            test(lab)
        except (RuntimeError, KeyError, IndexError, AssertionError) as why:
            lab.ok(False, f"{test.__name__} came to its end", repr(why))
        print(f"# {time.monotonic() - start:.1f} s: {test.__name__}", flush=True)
    lab.done()


if __name__ == "__main__":
    main(sys.argv[1:])
