#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What is said to all of a switch, at routers in namespaces (see l3_flood.sh).

  l3_flood.py write FILE   write the network that the tests begin with
  l3_flood.py test DIR     run the cases; DIR has net.json, which hosts h1 to h4 do
"""
import json
import os
import sys
import time

import frame as f
import l3
from geneve import LIBC
from l3 import (IP6S, IPS, LEFT, MACS, R1, ask, drops, link, link_local, machine, nd, placed, run,
                solicited, to_group)

ALL = "ff:ff:ff:ff:ff:ff"
UNKNOWN = "02:99:99:99:99:99"
SECOND = "02:01:01:01:01:03"
IPS.update({"vm5": "1.1.1.50", "vm6": "1.1.1.60", "r.left": "1.1.1.1"})
IP6S.update({"vm5": "2001:db8:1::50", "vm6": "2001:db8:1::60", "r.left": "2001:db8:1::1"})
SENDERS = dict(MACS, **{"r.left": R1})
DEVICES = {"vm6": "vm4b"}  # where a machine is heard, if not at a wire of its name


def network(here=True, relayed=(), **switch):
    """vm1 and vm5 on h1, vm2 on h2, vm6 beside the router on h3; vm3 and vm4 behind the router."""
    net = placed("namespace")
    for each in net["router_ports"].values():
        del each["addresses"][1:]  # so that nobody there speaks IPv6 by himself
    net["ports"]["vm5"] = machine("vm5", "left", 5, "h1", [IPS["vm5"], IP6S["vm5"]])
    if here:
        net["ports"]["vm6"] = machine("vm6", "left", 6, "h3", [IPS["vm6"], IP6S["vm6"]], "vm4b")
    for host in relayed:
        net["hosts"][host]["relay"] = "h4"
    net["switches"]["left"].update(switch)
    return net


def to_all(src, ip6=False, dst=None, port=9):
    """A broadcast, a multicast of IPv6, or what goes to another MAC address."""
    if ip6:
        a, b = IP6S[src], "ff02::fb"
        return f.ether(dst or to_group(b), SENDERS[src], 0x86dd,
                       f.ipv6(a, b, 17, f.udp(a, b, 4000, port, b"weft"), 255))
    a, b = IPS[src], "1.1.1.255"
    return f.ether(dst or ALL, SENDERS[src], 0x0800,
                   f.ipv4(a, b, 17, f.udp(a, b, 4000, port, b"weft")))


def port_in(netns, device):
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{netns}", os.O_RDONLY)
    assert LIBC.setns(there, 0x40000000) == 0
    try:
        return f.Port(device)
    finally:
        assert LIBC.setns(here, 0x40000000) == 0
        os.close(here)
        os.close(there)


class Lab(l3.Lab):
    """The machines, and the devices of routers in namespaces."""

    def apply(self, net):
        for name in [name for name in self.ports if "." in name]:
            self.ports.pop(name).close()
        super().apply(net)
        for each in net["router_ports"].values():
            netns = net["routers"][each["router"]].get("netns")
            if netns:
                self.ports[f"{netns}.{each['device']}"] = port_in(netns, each["device"])
        self.noisy = False

    def heard(self, what, src, frame, to):
        """By whom; once by each."""
        to = [DEVICES.get(name, name) for name in to if name != src]
        got, _ = self.way(DEVICES.get(src, src), frame, to[-1] if to else None, False)
        self.ok(got == {name: [frame] for name in to},
                f"{what}: from {src} to {' '.join(to) or 'nobody'}, once each",
                {name: [each.hex() for each in frames] for name, frames in got.items()},
                frame.hex())


MEMBERS = ["vm1", "vm2", "vm5", "vm6", "r.left"]


def loops():
    return drops("h3", "left", "loop", "in_port") + drops("h3", "gnv0", "loop")


def test_directions(lab):
    """R3-5: from each port, IPv4 and IPv6; an ACL of what leaves the switch is the router's, too."""
    acls = {"none": {}, "of a port": {"port": "vm2"}, "of the switch": {"switch": "left"}}
    for name, where in acls.items():
        net = network()
        if where:
            for match in ("udp", "udp6"):
                net["acls"][match] = dict(where, direction="out", priority=5, action="drop",
                                          match=f"{match}, udp_dst=77")
        lab.apply(net)
        before = loops()
        for src in ("vm1", "vm2", "vm6", "r.left"):
            for ip6 in (False, True):
                what = f"R3-5, ACL: {name}, IPv{6 if ip6 else 4}"
                lab.heard(what, src, to_all(src, ip6), MEMBERS)
                if where:
                    rest = [each for each in MEMBERS if each != "vm2"] if "port" in where else []
                    lab.heard(f"{what}, denied", src, to_all(src, ip6, port=77), rest)
        lab.equal(loops(), before, f"R3-5, ACL: {name}: nothing of that is a loop")
    lab.apply(network(here=False))
    members = [each for each in MEMBERS if each != "vm6"]
    for src in ("vm1", "vm2", "r.left"):
        lab.heard("R3-5, no machine where the router is", src, to_all(src), members)


def test_unknown(lab):
    """As the switch says."""
    for unknown, to in (("drop", []), ("flood", MEMBERS)):
        lab.apply(network(unknown=unknown))
        for src in ("vm1", "vm6", "r.left"):
            lab.heard(f"R3-5, unknown addresses: {unknown}", src, to_all(src, dst=UNKNOWN), to)
    net = network()
    del net["ports"]["vm5"]["addresses"]
    net["ports"]["vm5"]["learn"] = True
    lab.apply(net)
    for src in ("vm2", "vm6", "r.left"):
        lab.heard("R3-5, unknown addresses go to who learns", src, to_all(src, dst=UNKNOWN), ["vm5"])
    sent = to_all("vm5")
    for frame in (sent, sent[:6] + f.mac("02:00:00:00:99:05") + sent[12:]):
        lab.heard("R3-5, from a port that learns", "vm5", frame, MEMBERS)


def test_relays(lab):
    for relayed in (("h1", "h2"), ("h1",), ("h3",), ("h1", "h2", "h3")):
        for here in (True, False):
            lab.apply(network(here, relayed))
            members = [each for each in MEMBERS if here or each != "vm6"]
            for src in members:
                if src != "vm5":
                    lab.heard(f"R3-5, {' '.join(relayed)} behind a relay", src,
                              to_all(src, src == "vm2"), members)


def test_loops(lab):
    """What the router has said comes back from another host: not to the router, and it is counted."""
    lab.apply(network())
    sent = to_all("r.left")
    before = loops()
    for port in lab.ports.values():
        port.drain()
    for table, lout in ((88, 100), (20, 65535)):
        run("weft", "-n", "h3", "packet", "inject", "in_port=gnv0", f"table={table}", f"ldp={LEFT}",
            "lin=100", f"lout={lout}", "hex", sent.hex())
    lab.equal(lab.gather("vm4b"), {"vm4b": [sent]}, "what the router has said does not come back to it")
    lab.equal([y - x for x, y in zip(before, loops())], [0, 0, 2], "and is counted where it came from")
    lab.heard("what the router says to itself", "r.left", to_all("r.left", dst=R1), [])
    lab.equal([y - x for x, y in zip(before, loops())], [0, 1, 2], "is counted at its port")


def test_routers(lab):
    """R2-3: two routers of a switch hear each other; one moves."""
    net = network()
    for host, device in (("h2", "left2"), ("h3", "left3")):  # the second may be there before the first goes
        net["routers"]["second"] = {"ldp": 245, "placement": "namespace", "gateway": host,
                                    "netns": "r2"}
        net["router_ports"]["second-left"] = dict(
            link("second", 1, "left", SECOND, ["1.1.1.2/24"], 101), device=device)
        lab.apply(net)
        for src in ("vm1", "vm6", "r.left"):
            lab.heard(f"R2-3, a second router on {host}", src, to_all(src),
                      MEMBERS + [f"r2.{device}"])
        sent = to_all("r.left")
        lab.heard(f"R2-3, a second router on {host}", f"r2.{device}",
                  sent[:6] + f.mac(SECOND) + sent[12:], MEMBERS)
    net = network()
    net["routers"]["middle"].update(gateway="h2", netns="r2")
    lab.apply(net)
    for src in ("vm1", "vm2", "vm6"):
        lab.heard("R3-5, the router has moved", src, to_all(src), MEMBERS[:-1] + ["r2.left"])


def question(src, target, to=None):
    sent = ask(src, target)
    return f.mac(to) + sent[6:] if to else sent


def announced(src, operation):
    mac, address = MACS[src], IPS[src]
    return f.ether(ALL, mac, 0x0806, f.arp(operation, mac, address, mac, address))


def answer(to, mac, address):
    return f.ether(MACS[to], mac, 0x0806, f.arp(2, mac, address, MACS[to], IPS[to]))


def silent(host):
    status = json.loads(run("weft-arpd", "--ctl-socket", f"/run/weft/arpd-{host}-weft0.sock",
                            "--ctl", "status"))
    return status["counters"]["silent"]


def test_questions(lab):
    """AT-65, AT-52: what entries answer is not flooded; what they do not, the router hears."""
    unknown, own = "1.1.1.99", "1.1.1.250"
    for by, relayed in (("file", ()), ("arpd", ()), ("arpd", ("h1", "h3"))):
        what = f"AT-65, by {by}{', behind a relay' if relayed else ''}"
        net = network(relayed=relayed)
        net["resolution"] = {"by": by}
        lab.apply(net)
        for target, mac in ((IPS["r.left"], R1), (IPS["vm2"], MACS["vm2"])):
            got, _ = lab.way("vm1", question("vm1", target), "vm1", False)
            lab.equal(got, {"vm1": [answer("vm1", mac, target)]},
                      f"{what}: ARP for {target} is answered, and goes to nobody")
        machines = MEMBERS if by == "file" else ["vm5", "r.left"]
        if by == "arpd":
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not os.path.exists("/run/weft/arpd-h3-weft0.sock"):
                time.sleep(0.05)
            before = silent("h3")
        lab.heard(f"{what}: ARP for {unknown}", "vm1", question("vm1", unknown), machines)
        lab.heard(f"{what}: an announcement in an answer", "vm1", announced("vm1", 2), machines)
        if by == "arpd":
            # the daemon counts questions that it does not answer; it may be behind with them
            while time.monotonic() < deadline and silent("h3") == before:
                time.sleep(0.05)
            lab.equal(silent("h3") - before, 1, f"{what}: the daemon there was asked, too")
        # an address that the namespace has, and the file does not know
        run("ip", "-n", "r", "address", "replace", f"{own}/32", "dev", "left")
        for dst, others in ((None, [each for each in machines if each != "r.left"]), (R1, [])):
            sent = question("vm1", own, dst)
            got, _ = lab.way("vm1", sent, "vm1", False)
            want = {DEVICES.get(each, each): [sent] for each in others if each != "vm1"}
            want.update({"vm1": [answer("vm1", R1, own)], "r.left": [sent]})
            lab.equal(got, want, f"{what}: the router answers for {own}, asked by "
                                 f"{'one' if dst else 'all'}")


def test_link_local(lab):
    """By its link-local address machines know a default router: Linux answers for it."""
    router = link_local(R1)
    for by in ("file", "arpd"):
        net = network()
        net["routers"]["middle"]["netns"] = "r6"
        for name in ("left", "right"):  # a device does not go from one namespace to another
            net["router_ports"][f"middle-{name}"]["device"] = f"{name}6"
        net["resolution"] = {"by": by}
        lab.apply(net)
        for to in (to_group(solicited(router)), R1):
            sent = f.ether(to, MACS["vm1"], 0x86dd, nd(
                135, IP6S["vm1"], solicited(router) if to != R1 else router, router, MACS["vm1"]))
            want = f.ether(MACS["vm1"], R1, 0x86dd, nd(
                136, router, IP6S["vm1"], router, R1, 0xe0))
            if to == R1:  # who is asked alone need not say by which address he is reached
                want = want[:14] + nd(136, router, IP6S["vm1"], router, None, 0xc0)
            for _ in range(20):  # the device has its address only when it is up
                got, _ = lab.way("vm1", sent, "vm1", False)
                if want in got.get("vm1", []):
                    break
            lab.equal([each.hex() for each in got.get("vm1", []) if each[6:12] == f.mac(R1)],
                      [want.hex()], f"AT-65, IPv6, by {by}: the router answers for its link-local "
                      f"address, asked by {'one' if to == R1 else 'all'}")


def main(argv):
    if argv[0] == "write":
        with open(argv[1], "w", encoding="utf-8") as file:
            json.dump(network(), file)
        return
    lab, start = Lab(argv[1], ("h1", "h2", "h3", "h4")), time.monotonic()
    for test in (test_directions, test_unknown, test_relays, test_loops, test_routers,
                 test_questions, test_link_local):
        test(lab)
        print(f"# {time.monotonic() - start:.1f} s: {test.__name__}")
    lab.done()


if __name__ == "__main__":
    main(sys.argv[1:])
