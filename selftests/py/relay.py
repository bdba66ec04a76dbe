#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""relay.py - frames between the machines of relay.sh: what arrives, where, and by which hosts.

Cases are named after those of the requirements (AT-…). VM n of switch 220 is vm1, vm2, of switch
230 vm3, vm4; the router has port 9 of both. With RELAY_IP=6 machines, router and tunnels use IPv6.
"""
import os
import subprocess
import sys

import frame
from geneve import LIBC

TAP = frame.Tap()
MAC = {f"vm{n}": f"02:00:00:00:00:0{n}" for n in (1, 2, 3, 4)}
RP1, RP2 = "02:01:01:01:01:01", "02:01:01:01:01:02"
IPV6 = os.environ["RELAY_IP"] == "6"
IP = {"vm1": "fd01:1::10", "vm2": "fd01:1::20", "vm3": "fd01:2::10", "vm4": "fd01:2::20"} if IPV6 else \
    {"vm1": "10.1.1.10", "vm2": "10.1.1.20", "vm3": "10.1.2.10", "vm4": "10.1.2.20"}
HOSTS = "fd00:2::" if IPV6 else "192.0.2."
SWITCH = {"vm1": 220, "vm2": 220, "vm3": 230, "vm4": 230}
LPORT = {"vm1": 1, "vm2": 2, "vm3": 1, "vm4": 2}
HOST = {"vm1": 1, "vm2": 2, "vm3": 1, "vm4": 2}
GROUP = 0x8001
BROADCAST = "ff:ff:ff:ff:ff:ff"


def port_in(namespace, name):
    """A raw socket in another namespace."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    assert LIBC.setns(there, 0x40000000) == 0
    port = frame.Port(name)
    assert LIBC.setns(here, 0x40000000) == 0
    os.close(here)
    os.close(there)
    return port


VMS = {vm: port_in(vm, "eth0") for vm in MAC}
ROUTER = {name: port_in("router", name) for name in "xy"}
WIRE = port_in("net", "sw0")


def weft(host, *words, text=None):
    return subprocess.run(["weft", "-n", f"h{host}", *words], input=text, text=True,
                          capture_output=True, check=True).stdout


# ---- entries. 0: context by port; 1: switch, by MAC; 2: router; 3: to the logical port ----------

def switches(ports):
    """What a host with these ports does before it delivers."""
    lines = [f"table=0, in_port={port} actions=load:ldp={ldp}, load:lin={lport}, goto:1"
             for port, ldp, lport in ports]
    for vm, mac in MAC.items():
        lines.append(f"table=1, ldp={SWITCH[vm]}, eth_dst={mac} actions=load:lout={LPORT[vm]}, goto:2")
    for ldp, mac in ((220, RP1), (230, RP2)):
        lines.append(f"table=1, ldp={ldp}, eth_dst={mac} actions=load:lout=9, goto:2")
        lines.append(f"table=1, ldp={ldp}, eth_dst={BROADCAST} actions=load:lout={GROUP}, goto:2")
    lines.append("table=2, priority=1 actions=goto:3")
    return lines


def router():
    """The logical router between port 9 of one switch and that of the other."""
    lines, to = [], "ipv6, ipv6_dst" if IPV6 else "ip, ip_dst"
    for vm, mac in MAC.items():
        ldp = SWITCH[vm]
        other, src = (450 - ldp, RP1 if ldp == 220 else RP2)
        lines.append(f"table=2, ldp={other}, lout=9, {to}={IP[vm]} actions=dec_ttl, set:eth_src={src}, "
                     f"set:eth_dst={mac}, load:ldp={ldp}, load:lin=9, load:lout={LPORT[vm]}, goto:3")
    return lines


EDGES = {1: [(1, 220, 1), (3, 230, 1)], 2: [(2, 220, 2), (4, 230, 2)]}
VM_OF = {1: ("vm1", "vm3"), 2: ("vm2", "vm4")}


def edge(host, away, routes=False, next_hop=9):
    """An edge that sends what is not its own to @away; @next_hop: where port 9 is, 0: here."""
    lines = switches(EDGES[host]) + ["table=0, in_port=9 actions=goto:3"]
    if routes:
        lines += router()
    for vm in MAC:
        to = "output:lout" if HOST[vm] == host else f"tunnel:{HOSTS}{away}"
        lines.append(f"table=3, ldp={SWITCH[vm]}, lout={LPORT[vm]} actions={to}")
    for ldp, port in ((220, host), (230, host + 2)):
        lines.append(f"table=3, ldp={ldp}, lout=9 actions=tunnel:{HOSTS}{next_hop}")
        lines.append(f"table=3, priority=40000, in_port=9, ldp={ldp}, lout={GROUP} actions=output:{port}")
        lines.append(f"table=3, ldp={ldp}, lout={GROUP} actions=tunnel:{HOSTS}4")
    return lines


def extender(away=None, routes=False):
    """h3: bridges between tunnels, and has the router; @away: {host: by which host}."""
    lines = switches([(1, 220, 9), (2, 230, 9)]) + ["table=0, in_port=9 actions=goto:2"]
    if routes:
        lines += router()
    for vm in MAC:
        by = (away or {}).get(HOST[vm], HOST[vm])
        lines.append(f"table=3, ldp={SWITCH[vm]}, lout={LPORT[vm]} actions=tunnel:{HOSTS}{by}")
    for ldp, port in ((220, 1), (230, 2)):
        lines.append(f"table=3, ldp={ldp}, lout=9 actions=output:lout")
        lines.append(f"table=3, in_port=9, ldp={ldp}, lout={GROUP} actions=output:{port}")
    return lines


def pool():
    """h4: hands on by destination MAC, and replicates to the hosts that have ports of the switch."""
    lines = []
    for vm, mac in MAC.items():
        lines.append(f"table=0, in_port=9, ldp={SWITCH[vm]}, eth_dst={mac} actions=tunnel:{HOSTS}{HOST[vm]}")
    for ldp, mac, hosts in ((220, RP1, (1, 2, 3)), (230, RP2, (1, 2))):
        lines.append(f"table=0, in_port=9, ldp={ldp}, eth_dst={mac} actions=tunnel:{HOSTS}3")
        for source in hosts:
            copies = ", ".join(f"tunnel:{HOSTS}{h}" for h in hosts if h != source)
            lines.append(f"table=0, in_port=9, ldp={ldp}, lout={GROUP}, tun_src={HOSTS}{source} actions={copies}")
    return lines


def load(**hosts):
    for host, lines in hosts.items():
        weft(host[1:], "flow", "replace", "-", text="\n".join(lines) + "\n")


# ---- frames -----------------------------------------------------------------------------------

def packet(src, dst, smac, dmac, ttl=64):
    body = frame.udp(IP[src], IP[dst], 4000, 5000, f"{src} to {dst}".encode())
    if IPV6:
        return frame.ether(dmac, smac, 0x86dd, frame.ipv6(IP[src], IP[dst], 17, body, hops=ttl))
    return frame.ether(dmac, smac, 0x800, frame.ipv4(IP[src], IP[dst], 17, body, ttl=ttl))


def hops():
    """Geneve packets that were on the wire: ["1>3", …]"""
    kind, proto, src, dst, port = (b"\x86\xdd", 20, 37, 53, 56) if IPV6 else (b"\x08\x00", 23, 29, 33, 36)
    return [f"{data[src]}>{data[dst]}" for data in WIRE.receive_all(0.1)
            if data[12:14] == kind and data[proto] == 17 and data[port:port + 2] == b"\x17\xc1"]


def sends(case, src, data, wanted, way, sorted_way=False):
    """@wanted: {vm: frame}; nobody else gets anything."""
    for port in (*VMS.values(), *ROUTER.values(), WIRE):
        port.drain()
    VMS[src].send(data)
    got = {}
    for vm in wanted:
        first = VMS[vm].receive(2) if vm in VMS else ROUTER[vm].receive(2)
        if first is not None:
            got[vm] = [first]
    for name, port in (*VMS.items(), *ROUTER.items()):
        more = port.receive_all(0.02)
        if name in "xy" and name not in wanted:
            more = []
        if more:
            got.setdefault(name, []).extend(more)
    seen = hops()
    if sorted_way:
        seen = seen[:1] + sorted(seen[1:])
    TAP.equal(({k: [f.hex() for f in v] for k, v in got.items()}, seen),
              ({k: [v.hex()] for k, v in wanted.items()}, way), case)


def same_switch(case, way):
    sent = packet("vm1", "vm2", MAC["vm1"], MAC["vm2"])
    sends(f"{case}: VM 1 to VM 2, same switch", "vm1", sent, {"vm2": sent}, way)


def routed(case, dst, way, router_sees=False):
    sent = packet("vm1", dst, MAC["vm1"], RP1)
    wanted = {dst: packet("vm1", dst, RP2, MAC[dst], ttl=63)}
    if router_sees:
        wanted["x"] = sent
    sends(f"{case}: VM 1 to VM {dst[2]}, other switch", "vm1", sent, wanted, way)


def router_rx():
    out = subprocess.run(["ip", "-n", "router", "-s", "-j", "link", "show", "x"], text=True,
                         capture_output=True, check=True).stdout
    return out.split('"rx":{')[1].split('"packets":')[1].split(",")[0]


# ---- G.1: the router is a namespace at the extender ---------------------------------------------

load(h1=edge(1, 3, next_hop=3), h2=edge(2, 3, next_hop=3), h3=extender(), h4=pool())
before = router_rx()
same_switch("AT-01", ["1>3", "3>2"])
TAP.equal(router_rx(), before, "AT-01: the router gets nothing")
routed("AT-02", "vm3", ["1>3", "3>1"], router_sees=True)
routed("AT-03, AT-06", "vm4", ["1>3", "3>2"], router_sees=True)

load(h1=edge(1, 4, next_hop=4), h2=edge(2, 4, next_hop=4), h3=extender({1: 4, 2: 4}))
same_switch("AT-04 (01)", ["1>4", "4>2"])
routed("AT-04 (02)", "vm3", ["1>4", "4>3", "3>4", "4>1"], router_sees=True)
routed("AT-04 (03)", "vm4", ["1>4", "4>3", "3>4", "4>2"], router_sees=True)

# ---- G.2: the router is entries at the extender ----------------------------------------------------

load(h1=edge(1, 3, next_hop=3), h2=edge(2, 3, next_hop=3), h3=extender(routes=True))
same_switch("AT-11", ["1>3", "3>2"])
routed("AT-12", "vm3", ["1>3", "3>1"])
routed("AT-13, AT-16", "vm4", ["1>3", "3>2"])
load(h1=edge(1, 4, next_hop=4), h2=edge(2, 4, next_hop=4), h3=extender({1: 4, 2: 4}, routes=True))
same_switch("AT-14 (11)", ["1>4", "4>2"])
routed("AT-14 (12)", "vm3", ["1>4", "4>3", "3>4", "4>1"])
routed("AT-14 (13)", "vm4", ["1>4", "4>3", "3>4", "4>2"])
load(h1=edge(1, 3, next_hop=3), h2=edge(2, 4, next_hop=4), h3=extender({2: 4}, routes=True))
same_switch("AT-15 (11)", ["1>3", "3>4", "4>2"])
routed("AT-15 (12)", "vm3", ["1>3", "3>1"])
routed("AT-15 (13)", "vm4", ["1>3", "3>4", "4>2"])

# ---- G.3: every edge routes itself -------------------------------------------------------------------

load(h1=edge(1, 2, routes=True), h2=edge(2, 1, routes=True))
same_switch("AT-18", ["1>2"])
routed("AT-19", "vm3", [])
routed("AT-20", "vm4", ["1>2"])
weft(1, "tunnel", "set", "gnv0", f"{HOSTS}2", "state", "down", "fallback", f"gnv0,{HOSTS}4")
same_switch("AT-21 (18): the tunnel is down", ["1>4", "4>2"])
routed("AT-21 (20): the tunnel is down", "vm4", ["1>4", "4>2"])
# split horizon: a pool node whose own way is down does not hand back what it got
weft(4, "tunnel", "set", "gnv0", f"{HOSTS}2", "state", "down", "fallback", f"gnv0,{HOSTS}1")
same_switch("AT-21: nothing goes back to where it came from", ["1>4", "4>2"])
weft(4, "tunnel", "set", "gnv0", f"{HOSTS}2", "fallback", f"gnv0,{HOSTS}1", "fallback", f"gnv0,{HOSTS}3")
load(h3=extender())
same_switch("AT-21: but by the next fallback", ["1>4", "4>3", "3>2"])
weft(4, "tunnel", "del", "gnv0", f"{HOSTS}2")
same_switch("AT-21: the pool node's way is back", ["1>4", "4>2"])
weft(1, "tunnel", "set", "gnv0", f"{HOSTS}4", "state", "down")
same_switch("AT-21: the pool node is down, too", ["1>2"])
weft(1, "tunnel", "del", "gnv0", f"{HOSTS}4")
same_switch("AT-21: the pool node is back", ["1>4", "4>2"])
weft(1, "tunnel", "set", "gnv0", f"{HOSTS}2", "state", "up")
same_switch("AT-21: the tunnel is back", ["1>2"])

# ---- replication ----------------------------------------------------------------------------------------


def broadcast(vm):
    return frame.ether(BROADCAST, MAC[vm], 0x806, frame.arp(
        1, MAC[vm], "10.1.9.8", "00:00:00:00:00:00", "10.1.9.9"))


sent = broadcast("vm1")
sends("T11: broadcast of VM 1: to each host of the switch once", "vm1", sent, {"vm2": sent, "x": sent},
      ["1>4", "4>2", "4>3"], sorted_way=True)
sent = broadcast("vm2")
sends("T11: of VM 2: not back to its host", "vm2", sent, {"vm1": sent, "x": sent},
      ["2>4", "4>1", "4>3"], sorted_way=True)
sent = broadcast("vm3")
sends("T11: of VM 3: not to a host without ports of the switch", "vm3", sent, {"vm4": sent},
      ["1>4", "4>2"], sorted_way=True)
TAP.done()
