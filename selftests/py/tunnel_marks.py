#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel_marks.py - the mark through everything that a packet may pass; output is TAP.

Run by tunnel_marks.sh, whose head has the map. On hosts a and b entries give packets of
their machine a mark, and let those to their machine pass only with it; what else should
be on the way is in the entries of host g.

INNER and OUTER in the environment say which IP machines speak, and tunnels go over.
"""
import fcntl
import json
import os
import socket
import struct
import subprocess
import threading
import time

import frame
import stt
from geneve import context, geneve
from gre import OBSERVE, Peer, inside
from gre import gre as gre_header

TAP = frame.Tap()
SO_MARK, SO_RCVMARK = 36, 75
INNER6, OUTER6 = os.environ["INNER"] == "6", os.environ["OUTER"] == "6"


def inner(network, host):
    return f"fd01:{network}::{host}" if INNER6 else f"10.{network}.0.{host}"


def outer(host):
    return f"fd00:2::{host}" if OUTER6 else f"192.0.2.{host}"


REMOTE = {"a": outer(2), "b": outer(5), "ga": outer(1), "gb": outer(6)}
APPLIANCE, TO_APPLIANCE = ("fd00:3::2", "fd00:3::1") if OUTER6 else ("198.51.100.2", "198.51.100.1")
VM_A, VM_B = inner(1, 10), inner(2, 10)
FAMILY = socket.AF_INET6 if INNER6 else socket.AF_INET
IP, UDP, ICMP, LEN = ("ip6", "udp6", "icmp6", "/64") if INNER6 else ("ip", "udp", "icmp", "/24")
# how machines, router and middlebox ask for each other's MAC address
ASK = ("icmp6, icmp_type=135", "icmp6, icmp_type=136") if INNER6 else ("arp",)


def run(*words, text=None):
    done = subprocess.run(words, input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"Bail out! {' '.join(words)}: {done.stderr}{text or ''}")
    return done.stdout


def weft(host, *words, text=None):
    return run("weft", "-n", host, *words, text=text)


def flows(host, *entries):
    weft(host, "flow", "replace", "-", text="\n".join(entries) + "\n")


def stats(host):
    return {p["name"]: p for p in json.loads(weft(host, "-j", "-s", "port", "show"))}


def drops(host):
    return json.loads(weft(host, "-j", "-s", "dp", "show"))[0].get("drops", {})


# ---- machines ---------------------------------------------------------------------------------

def machine(namespace, address):
    def make():
        sock = socket.socket(FAMILY, socket.SOCK_DGRAM)
        sock.bind((address, 7))
        sock.settimeout(3)
        return sock
    return inside(namespace, make)


def drain(sock):
    sock.setblocking(False)
    try:
        while sock.recv(2000):
            pass
    except BlockingIOError:
        pass
    sock.settimeout(3)


def talk(name):
    """A datagram from va to vb, and one back to where that seemed to come from."""
    drain(VA)
    drain(VB)
    got = back = None
    VA.sendto(name.encode(), (VM_B, 7))
    try:
        got, source = VB.recvfrom(2000)
        VB.sendto(b"back " + got, source)
        back = VA.recv(2000)
    except TimeoutError:
        pass
    return TAP.equal((got, back), (name.encode(), b"back " + name.encode()), name) or \
        [print(f"# {host}: {drops(host)}") for host in "agb"]


# ---- entries -----------------------------------------------------------------------------------

def edges(carrier, mark, back, at_b=None, at_a=None):
    """Hosts a and b: mark is for packets to b, back for those to a; and what has to arrive."""
    at_b, at_a = mark if at_b is None else at_b, back if at_a is None else at_a
    for host, lport, give, want in (("a", 1, mark, at_a), ("b", 2, back, at_b)):
        passes = f"priority=9, in_port={carrier}, mark={want:#x}, reg0=0, reg15=0"
        flows(host,
              # scratch registers stay behind, so set them all
              f"priority=9, in_port=p{host} actions=load:reg0=7, load:reg15=0xffffffff, "
              f"load:mark={give:#x}, load:ldp={lport}, load:lin=1, load:lout=99, "
              f"tunnel(dst={REMOTE[host]}, port={carrier})",
              *(f"priority=10, in_port={carrier}, {ask} actions=output:lout" for ask in ASK),
              f"{passes}, {ICMP} actions=output:lout", f"{passes}, {UDP} actions=output:lout",
              "priority=1 actions=drop:user1")


def centre(carrier, *elements):
    """Host g: from a to the router, the middlebox, through the elements in turn, to b; and back."""
    to_b = f"load:ldp=2, load:lin=99, load:lout=1, tunnel(dst={REMOTE['gb']}, port={carrier})"
    onward = [e.send(1) for e in elements] + [to_b]
    back = ["output:m2"] + [e.send(2) for e in elements]
    entries = [
        f"priority=9, in_port={carrier}, ldp=1 actions=output:lout",
        *(f"priority=9, in_port={carrier}, ldp=2, {ask} actions=output:lout" for ask in ASK),
        f"priority=8, in_port={carrier}, ldp=2 actions={back[-1]}",
        "priority=9, in_port=r1 actions=load:ldp=1, load:lin=99, load:lout=1, "
        f"tunnel(dst={REMOTE['ga']}, port={carrier})",
        "priority=9, in_port=r2 actions=output:m1",
        "priority=9, in_port=m1 actions=output:r2",
        *(f"priority=9, in_port=m2, {ask} actions={to_b}" for ask in ASK),
        f"priority=8, in_port=m2 actions={onward[0]}",
    ]
    for i, element in enumerate(elements):
        entries += [element.take(1, onward[i + 1]), element.take(2, back[i])]
    flows("g", *entries)


# ---- what can be between: send() goes into it, take() is for what comes out, by the way it goes ----

class GreAppliance(threading.Thread):
    """A small program that sends each GRE packet back, with what it keeps of its key, and its own."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peer = Peer("x", APPLIANCE)
        self.keeps = self.adds = 0
        self.seen = set()
        self.start()

    def run(self):
        while True:
            packet = self.peer.recv()
            if packet[:4] != bytes.fromhex("20006558"):
                continue
            key = struct.unpack("!I", packet[4:8])[0]
            self.seen.add(key)
            key = key & (self.keeps | 0xFFFFFF) | self.adds
            self.peer.send(TO_APPLIANCE, packet[:4] + struct.pack("!I", key) + packet[8:])

    def send(self, way):
        return f"load:ldp={100 + way}, load:lout=1, tunnel(dst={APPLIANCE}, port=gre1)"

    def take(self, way, then):
        return f"priority=7, in_port=gre1, ldp={100 + way}, lout=1 actions={then}"


class SttAppliance(threading.Thread):
    """The same for STT: of the context it keeps what it was told to, and the logical port."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peer = stt.Peer("x", APPLIANCE)
        self.keeps = self.adds = 0
        self.seen = set()
        self.start()

    def run(self):
        ident = 0
        while True:
            got = self.peer.recv()
            if not got:
                continue
            sender, header, inner = got
            ident += 1
            self.seen.add(header[6])
            header[6] = header[6] & (self.keeps | (1 << 55) - 1) | self.adds
            self.peer.send(sender, header, inner, ident)

    def send(self, way):
        return f"load:ldp={100 + way}, load:lin=3, load:lout=1, tunnel(dst={APPLIANCE}, port=stt0)"

    def take(self, way, then):
        return f"priority=7, in_port=stt0, ldp={100 + way}, lin=3, lout=1 actions={then}"


class Tap(threading.Thread):
    """A process on a TAP device: with the frame is nothing but its bytes, so bits go in a tag."""

    def __init__(self):
        super().__init__(daemon=True)

        def make():
            fd = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"tap0", 0x1002))  # TAP, no header
            return fd
        self.fd = inside("g", make)
        self.seen = 0
        run("ip", "-n", "g", "link", "set", "tap0", "up")
        weft("g", "port", "add", "tap0", "class", "service")
        self.start()

    def run(self):
        while True:
            packet = os.read(self.fd, 2000)
            if packet[12:14] == b"\x81\x00":
                self.seen += 1
                os.write(self.fd, packet)

    def send(self, way):
        return (f"push_vlan, set:vlan_vid={way}, move:mark[31]->vlan_tci[11], "
                "move:mark[0..1]->vlan_tci[9..10], output:tap0")

    def take(self, way, then):
        return (f"priority=7, in_port=tap0, vlan_tci={0x1000 | way:#x}/0x11ff actions=load:mark=0, "
                f"move:vlan_tci[11]->mark[31], move:vlan_tci[9..10]->mark[0..1], pop_vlan, {then}")


class Host(threading.Thread):
    """A process on an internal port, which gets the marks of frames and gives them to its own."""

    def __init__(self):
        super().__init__(daemon=True)
        weft("g", "port", "add", "svc0", "type", "internal")
        run("ip", "-n", "g", "link", "set", "svc0", "up")

        def make():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(frame.SOL_PACKET, frame.PACKET_IGNORE_OUTGOING, 1)
            sock.setsockopt(socket.SOL_SOCKET, SO_RCVMARK, 1)
            sock.bind(("svc0", frame.ETH_P_ALL))
            return sock
        self.sock = inside("g", make)
        self.seen = set()
        self.start()

    def run(self):
        while True:
            packet, control, _, _ = self.sock.recvmsg(2000, 128)
            mark = [data for level, kind, data in control
                    if (level, kind) == (socket.SOL_SOCKET, SO_MARK)]
            self.seen.update(struct.unpack("=I", data)[0] for data in mark)
            self.sock.sendmsg([packet], [(socket.SOL_SOCKET, SO_MARK, data) for data in mark[:1]])

    def send(self, _):
        return "output:svc0"

    def take(self, way, then):
        return f"priority={6 + (way == 2)}, in_port=svc0" + \
            (", eth_src=02:00:00:00:0b:01" if way == 2 else "") + f" actions={then}"


def middlebox(mark, back, extra=""):
    """nftables in m: passes only what has its mark, and hides the source"""
    run("ip", "netns", "exec", "m", "nft", "-f", "-", text=f"""
        table {IP} box
        delete table {IP} box
        table {IP} box {{
            chain forward {{
                type filter hook forward priority 0; policy drop;
                iifname "m1" meta mark {mark:#x} counter {extra} accept
                iifname "m2" meta mark {back:#x} ct state established,related counter {extra} accept
            }}
            chain source {{
                type nat hook postrouting priority 100;
                oifname "m2" counter masquerade
            }}
        }}""")


def add_ports():
    for host, lport in (("a", 1), ("b", 2), ("g", 0)):
        weft(host, "dp", "add", "weft0")
        if lport:
            weft(host, "port", "add", f"p{host}", "lport", f"{lport}:1")
        remotes = [REMOTE[host]] if lport else [REMOTE["ga"], REMOTE["gb"]]
        for kind, device in (("geneve", "gnv0"), ("gre", "gre1"), ("stt", "stt0")):
            more = [APPLIANCE] if host == "g" and kind != "geneve" else []
            weft(host, "port", "add", device, "type", kind,
                 *(word for remote in remotes + more for word in ("remote", remote)))
        for label, where in ((11, "1:1"), (21, "2:1"), (199, "1:99"), (299, "2:99"),
                             (101, "101:1"), (102, "102:1")):
            weft(host, "label", "add", str(label), "lport", where)


def add_namespaces():
    for name, namespace, network, number, lport in (("r1", "r", 1, 1, "1:99"), ("r2", "r", 9, 1, "none"),
                                                    ("m1", "m", 9, 2, "none"), ("m2", "m", 2, 1, "2:99")):
        weft("g", "port", "add", name, "type", "internal", "lport", lport)
        run("ip", "-n", "g", "link", "set", name, "netns", namespace)
        run("ip", "-n", namespace, "address", "add", inner(network, number) + LEN, "dev", name)
        run("ip", "-n", namespace, "link", "set", name, "up")
    run("ip", "-n", "r", "route", "add", inner(2, 0) + LEN, "via", inner(9, 2))
    run("ip", "-n", "m", "route", "add", inner(1, 0) + LEN, "via", inner(9, 1))
    for namespace in "rm":
        run("ip", "netns", "exec", namespace, "sysctl", "-qw",
            *(("net.ipv6.conf.all.forwarding=1", "net.ipv6.fwmark_reflect=1") if INNER6 else
              ("net.ipv4.ip_forward=1", "net.ipv4.fwmark_reflect=1")))


def wait_drop(host, reason, number):
    end = time.monotonic() + 3
    while (now := drops(host).get(reason, 0)) < number and time.monotonic() < end:
        time.sleep(0.02)
    return now


# ---- cases ----------------------------------------------------------------------------------------

def chains():
    """M2, M3, M6: tunnel, router, middlebox with translation, tunnel; and back."""
    for carrier, marks in (
            ("gnv0", ((0, 0), (OBSERVE, OBSERVE | 1), (0xBEEF, 0x8BADF00D), (0xBFFFFFFF, 1))),
            ("gre1", ((OBSERVE, 3), (OBSERVE | 3, OBSERVE | 1), (2, 1))),
            ("stt0", ((OBSERVE, 7), (OBSERVE | 5, OBSERVE | 4), (2, 1)))):
        centre(carrier)
        for mark, back in marks:
            middlebox(mark, back)
            edges(carrier, mark, back)
            talk(f"{carrier}: marks {mark:#x} and {back:#x} through router and middlebox")
    middlebox(1, 1)  # or the above would say nothing
    before = stats("g")["m1"]["stats"]["tx_packets"]
    VA.sendto(b"lost", (VM_B, 7))
    end = time.monotonic() + 3
    while stats("g")["m1"]["stats"]["tx_packets"] == before and time.monotonic() < end:
        time.sleep(0.02)
    VB.settimeout(0.2)
    try:
        TAP.ok(not VB.recv(2000), "another mark does not pass the middlebox")
    except TimeoutError:
        TAP.ok(True, "another mark does not pass the middlebox")


def router_error():
    """What the router itself says about a packet has the packet's mark."""
    middlebox(OBSERVE | 1, OBSERVE | 1)
    edges("gnv0", OBSERVE | 1, OBSERVE | 1)
    centre("gnv0")
    level, option, proto, kind = (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, 58, 3) if INNER6 else \
        (socket.IPPROTO_IP, socket.IP_TTL, 1, 11)
    raw = inside("va", lambda: socket.socket(FAMILY, socket.SOCK_RAW, proto))
    raw.settimeout(3)
    VA.setsockopt(level, option, 1)
    VA.sendto(b"too far", (VM_B, 7))
    VA.setsockopt(level, option, 64)
    answer = sender = None
    try:
        while answer is None or answer == 136:  # of the router's neighbours
            packet, sender = raw.recvfrom(2000)
            answer = packet[0 if INNER6 else 20]
    except TimeoutError:
        pass
    TAP.equal((answer, sender and sender[0]), (kind, inner(1, 1)),
              "an ICMP error of the router has the mark")


def gre_appliances(gre):
    """M4: an appliance keeps the bits that were agreed upon, in the same place."""
    centre("gnv0", gre)
    for name, mask, keeps, adds, mark, after in (
            ("all that GRE has", 0xC0000003, 0xFF000000, 0, OBSERVE | 3, OBSERVE | 3),
            ("the trace bit only", 0xC0000003, 1 << 27, 0, OBSERVE | 3, OBSERVE),
            ("one bit of the mark", 0xC0000003, 1 << 24, 0, OBSERVE | 3, 1),
            ("all, but the port's mask is one bit", 2, 0xFF000000, 0, OBSERVE | 3, 2),
            ("what it likes, but the port's mask is one bit", OBSERVE, 1 << 27, 7 << 24, OBSERVE, OBSERVE)):
        weft("g", "port", "set", "gre1", "mark", f"{mask:#x}")
        gre.keeps, gre.adds = keeps, adds
        gre.seen.clear()
        refused = stats("g")["gre1"]["stats"]["marks_refused"]
        middlebox(mark, after)
        edges("gnv0", mark, mark, after, after)
        talk(f"GRE appliance that keeps {name}")
        sent = mark & mask
        bits = bool(sent & OBSERVE) << 27 | (sent & 3) << 24
        TAP.equal(gre.seen, {bits | 101, bits | 102}, "… and this is the key it got")
        TAP.equal(stats("g")["gre1"]["stats"]["marks_refused"] - refused, 2 if adds else 0,
                  "… and bits that may not come back are counted")
    weft("g", "port", "set", "gre1", "mark", "0xc0000003")
    gre.keeps, gre.adds = 0xFF000000, 0


def stt_appliances(appliance):
    """M4 over STT, between tunnels that are GRE, and Geneve"""
    for carrier, name, mask, keeps, adds, mark, after in (
            ("gnv0", "all that STT has", 0xC0000007, 0x1F << 55, 0, OBSERVE | 7, OBSERVE | 7),
            ("gre1", "the trace bit only", 0xC0000007, 1 << 59, 0, OBSERVE | 3, OBSERVE),
            ("gre1", "one bit of the mark", 0xC0000007, 1 << 56, 0, OBSERVE | 3, 2),
            ("gnv0", "what it likes, but the port's mask is two bits", OBSERVE | 4, 0x1F << 55, 1 << 55,
             OBSERVE | 7, OBSERVE | 4)):
        centre(carrier, appliance)
        weft("g", "port", "set", "stt0", "mark", f"{mask:#x}")
        appliance.keeps, appliance.adds = keeps, adds
        appliance.seen.clear()
        refused = stats("g")["stt0"]["stats"]["marks_refused"]
        middlebox(mark, after)
        edges(carrier, mark, mark, after, after)
        talk(f"STT appliance that keeps {name}")
        TAP.equal(appliance.seen, {stt.context(ldp, 3, 1, 0, mark & mask) for ldp in (101, 102)},
                  "… and these are the contexts it got")
        TAP.equal(stats("g")["stt0"]["stats"]["marks_refused"] - refused, 2 if adds else 0,
                  "… and bits that may not come back are counted")
    weft("g", "port", "set", "stt0", "mark", "0xc0000007")
    appliance.keeps, appliance.adds = 0x1F << 55, 0


def processes(tap, host):
    """M8: middleboxes that are processes."""
    for mark in (OBSERVE | 2, 1):
        for element, name in ((tap, "a process on a TAP device"), (host, "a process on an internal port")):
            centre("gnv0", element)
            middlebox(mark, mark)
            edges("gnv0", mark, mark)
            talk(f"mark {mark:#x} through {name}")
    TAP.ok(tap.seen >= 4, "the process on the TAP device has seen it", tap.seen)
    TAP.equal(host.seen, {OBSERVE | 2, 1}, "the process on the internal port was told the marks")
    for carrier in ("gnv0", "gre1", "stt0"):
        for element in (tap, host):
            middlebox(OBSERVE | 3, OBSERVE | 1)
            edges(carrier, OBSERVE | 3, OBSERVE | 1)
            centre(carrier, element)
            talk(f"{carrier}: … and between tunnels of that type ({type(element).__name__})")


def containers():
    """M5: a tenant's container has class vif: it sees no mark, and cannot set one."""
    for name in ("m1", "m2"):
        weft("g", "port", "set", name, "class", "vif")
    centre("gnv0")
    refused = {n: stats("g")[n]["stats"]["marks_refused"] for n in ("m1", "m2")}
    middlebox(0, 0, "meta mark set 0x80000001")
    edges("gnv0", OBSERVE | 3, OBSERVE | 3, 0, 0)
    talk("a tenant's container sees no mark and gives none")
    now = stats("g")
    TAP.ok(all(now[n]["stats"]["marks_refused"] > refused[n] for n in refused),
           "… and those that it tried to give are counted", now)
    for name in ("m1", "m2"):
        weft("g", "port", "set", name, "class", "service", "mark", "0xffff")
    middlebox(0x5678, 0x5678, "meta mark set 0x12345678")
    edges("gnv0", 0x12345678, 0x12345678, 0x5678, 0x5678)
    talk("a container's port has a mask, too")
    for name in ("m1", "m2"):
        weft("g", "port", "set", name, "mark", "0xffffffff")


def forgers():
    """M5: frames of a machine's own making that look like ours are just frames."""
    mac_a, mac_b = "02:00:00:00:0a:01", "02:00:00:00:0b:01"
    ends = (outer(1), outer(6))

    def packet(src, dst, proto, payload):
        return frame.ether(mac_b, mac_a, *((0x86dd, frame.ipv6(src, dst, proto, payload)) if ":" in src else
                                           (0x800, frame.ipv4(src, dst, proto, payload))))
    machines = packet(VM_A, VM_B, 17, frame.udp(VM_A, VM_B, 1, 2, b"forged"))
    segment = struct.pack(stt.HEADER, 0, 0, 0, 0, 0, 0, 0xFFFFFFFFFFFFFFFF, 0) + machines
    forged = {
        "VLAN": machines[:12] + b"\x81\x00\xcf\xff" + machines[12:],
        "Geneve": packet(*ends, 17, frame.udp(*ends, 6081, 6081, geneve(2, context(1, 1, OBSERVE | 3), machines))),
        "GRE": packet(*ends, 47, gre_header(0xF000015, machines)),
        "STT": packet(*ends, 6, frame.tcp(*ends, 7471, 7471, flags=0x18, payload=segment, seq=len(segment) << 16)),
    }
    qa = inside("va", lambda: frame.Port("qa"))
    qb = inside("vb", lambda: frame.Port("qb"))
    for carrier in ("gnv0", "gre1", "stt0"):
        flows("a", f"in_port=pa, mark=0, ldp=0, lin=0, lout=0, stage=0, tun_id=0, tun_flags=0 "
                   f"actions=load:ldp=2, load:lout=1, tunnel(dst={REMOTE['a']}, port={carrier})")
        flows("g", f"in_port={carrier}, tun_src={REMOTE['ga']}, ldp=2, mark=0 "
                   f"actions=tunnel(dst={REMOTE['gb']}, port={carrier})")
        flows("b", f"in_port={carrier}, ldp=2, mark=0, stage=0 actions=output:lout",
              "priority=1 actions=drop:user1")
        before = {h: drops(h) for h in "ab"}
        refused = stats("a")["pa"]["stats"]["marks_refused"]
        for name, packet in forged.items():
            qb.drain()
            qa.send(packet)
            TAP.equal(qb.receive(2, lambda f, p=packet: f[:12] == p[:12]), packet,
                      f"{carrier}: a forged {name} frame goes through as it is")
        TAP.equal({h: drops(h) for h in "ab"}, before, f"{carrier}: and nothing was dropped")
        TAP.equal(stats("a")["pa"]["stats"]["marks_refused"] - refused, 3,
                  f"{carrier}: forged marks of Geneve, GRE and STT are counted")


def leaks():
    """M1, M7: a packet's registers are not those of the next one."""
    qa = inside("va", lambda: frame.Port("qa"))
    qb = inside("vb", lambda: frame.Port("qb"))
    loads = ", ".join(f"load:reg{i}=0xffffffff" for i in range(16))
    clean = ", ".join(f"reg{i}=0" for i in range(16))
    tunnel = f"load:ldp=2, load:lout=1, tunnel(dst={REMOTE['a']}, port=gnv0)"
    flows("a", f"in_port=pa, {UDP}, l4_dst=1, mark=0, {clean} actions={loads}, load:mark=0xffffffff, "
               f"load:lin=0x7fff, load:stage=15, set:tun_opt0=0x{'ff' * 16}, {tunnel}",
          f"in_port=pa, {UDP}, l4_dst=2, mark=0, stage=0, lin=0, {clean} actions={tunnel}",
          "priority=1 actions=drop:user1")
    flows("g", f"in_port=gnv0, {clean} actions=tunnel(dst={REMOTE['gb']}, port=gnv0)",
          "priority=1 actions=drop:user1")
    flows("b", f"in_port=gnv0, {UDP}, l4_dst=1, mark=0xffffffff, lin=0x7fff, stage=15, {clean} actions=output:lout",
          f"in_port=gnv0, {UDP}, l4_dst=2, mark=0, lin=0, stage=0, {clean} actions=output:lout",
          "priority=1 actions=drop:user1")
    make, kind = (frame.ipv6, 0x86dd) if INNER6 else (frame.ipv4, 0x800)
    frames = [frame.ether("02:00:00:00:0b:01", "02:00:00:00:0a:01", kind, make(
        VM_A, VM_B, 17, frame.udp(VM_A, VM_B, 9, 1 + i % 2, b"%d" % i))) for i in range(20)]
    qb.drain()
    for packet in frames:
        qa.send(packet)
    got = [qb.receive(2, lambda f: f[12:14] == frames[0][12:14]) for _ in frames]
    TAP.equal(got, frames, "packets with and without registers, in turn")


def moves():
    """The port stays the port wherever its device goes, and dies with the namespace."""
    ids = {n: p["id"] for n, p in stats("g").items()}
    centre("gnv0")
    middlebox(3, 3)
    edges("gnv0", 3, 3)
    talk("before a device moves")
    run("ip", "-n", "r", "link", "set", "r1", "netns", "g")
    run("ip", "-n", "g", "link", "set", "r1", "netns", "r")
    run("ip", "-n", "r", "address", "add", inner(1, 1) + LEN, "dev", "r1")
    run("ip", "-n", "r", "link", "set", "r1", "up")
    TAP.equal({n: p["id"] for n, p in stats("g").items()}, ids, "ports keep their numbers")
    talk("after a device moved away and back")
    run("ip", "netns", "del", "r")
    end = time.monotonic() + 5
    while "r1" in stats("g") and time.monotonic() < end:
        time.sleep(0.05)
    TAP.equal(set(ids) - set(stats("g")), {"r1", "r2"}, "with the namespace go its ports")


add_ports()
add_namespaces()
for MACHINE in ("va", "vb"):  # a process that gets frames and sends them again must find them complete
    run("ip", "netns", "exec", MACHINE, "ethtool", "-K", "q" + MACHINE[1], "tx", "off")
VA, VB = machine("va", VM_A), machine("vb", VM_B)
GRE, STT, TAPPED, HOSTED = GreAppliance(), SttAppliance(), Tap(), Host()
chains()
router_error()
gre_appliances(GRE)
stt_appliances(STT)
processes(TAPPED, HOSTED)
middlebox(OBSERVE | 3, OBSERVE | 1)
edges("gnv0", OBSERVE | 3, OBSERVE | 1)
centre("gnv0", GRE, TAPPED, STT, HOSTED)
talk("chain of all: tunnel, router, middlebox, appliance, process, appliance, process, tunnel")
containers()
forgers()
leaks()
moves()
for HOST in "agb":
    TAP.ok("packets 0 " in run("ip", "netns", "exec", HOST, "nft", "list", "ruleset"),
           f"outer packets of {HOST} had no mark")
TAP.done()
