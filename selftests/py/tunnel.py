#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel.py PEER-NAMESPACE - Geneve ports against a peer that is a plain UDP socket; output is TAP.

Run by tunnel.sh in the host's namespace. The peer builds and reads Geneve headers itself.
"""
import json
import socket
import struct
import subprocess
import sys

import frame
from geneve import CONTEXT, SLOT, context, geneve, option, peer_socket

TAP = frame.Tap()
SO_MARK = 36
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
INNER = frame.ether(B, A, 0x800, frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(
    "10.0.0.1", "10.0.0.2", 1, 2, b"payload of a machine")))


def weft(*words, text=None):
    return subprocess.run(["weft", *words], input=text, text=True, capture_output=True,
                          check=True).stdout


def drops():
    return json.loads(weft("-j", "-s", "dp", "show"))[0].get("drops", {})


def sends(name, flows, sock, wanted, send):
    weft("flow", "replace", "-", text=flows)
    send()
    try:
        got = sock.recv(65535)
    except TimeoutError:
        got = b""
    TAP.equal(got.hex(), wanted.hex(), name)


def takes(name, flows, sock, to, packet, wanted=INNER, reason=None):
    weft("flow", "replace", "-", text=flows)
    before = drops()
    Q1.drain()
    sock.sendto(packet, to)
    got = Q1.receive(0.5 if reason else 2)
    after = drops()
    rise = {k: v - before.get(k, 0) for k, v in after.items() if v != before.get(k, 0)}
    TAP.equal((got, rise), (None if reason else wanted, {reason: 1} if reason else {}), name)


weft("dp", "add", "weft0")
weft("port", "add", "p1", "id", "1", "lport", "7:5")
weft("port", "add", "gnv0", "id", "2", "type", "geneve", "remote", "192.0.2.2", "remote", "fd00:2::2",
     "opt", f"0={SLOT[0]:#x}:{SLOT[1]:#x}:8")
weft("port", "add", "svc0", "id", "3", "type", "internal", "mac", A)
for dev in ("svc0",):
    subprocess.run(["sysctl", "-qw", f"net.ipv6.conf.{dev}.disable_ipv6=1"], check=True)
    subprocess.run(["ip", "link", "set", dev, "up"], check=True)
subprocess.run(["ip", "address", "add", "10.9.0.1/24", "dev", "svc0"], check=True)
subprocess.run(["ip", "neigh", "add", "10.9.0.2", "lladdr", B, "dev", "svc0"], check=True)
Q1 = frame.Port("q1")
PEER4, STRANGER, PEER6 = (peer_socket(sys.argv[1], address, 6081)
                          for address in ("192.0.2.2", "192.0.2.3", "fd00:2::2"))
HOST4, HOST6 = ("192.0.2.1", 6081), ("fd00:2::1", 6081)

OUT = "in_port=1 actions=load:ldp=7, load:lin=3, load:lout=5"
sends("context, stage and mark are sent", OUT + ", load:stage=2, load:mark=0x80000001, tunnel:192.0.2.2\n",
      PEER4, geneve(7, context(3, 5, 0x80000001, 2), INNER), lambda: Q1.send(INNER))
sends("over IPv6", OUT + ", tunnel:fd00:2::2\n", PEER6, geneve(7, context(3, 5), INNER),
      lambda: Q1.send(INNER))
sends("another tunnel key", OUT + ", tunnel:192.0.2.2,99\n", PEER4, geneve(99, context(3, 5), INNER),
      lambda: Q1.send(INNER))
sends("limits of the context",
      "in_port=1 actions=load:ldp=0xffffff, load:lin=0x7fff, load:lout=0xffff, load:stage=15,"
      " load:mark=0xffffffff, tunnel:192.0.2.2\n",
      PEER4, geneve(0xFFFFFF, context(0x7FFF, 0xFFFF, 0xFFFFFFFF, 15), INNER), lambda: Q1.send(INNER))
sends("an option of the operator's", OUT + ", set:tun_opt0=0x01020304050607080000000000000000, tunnel:192.0.2.2\n",
      PEER4, geneve(7, context(3, 5) + option(SLOT, bytes(range(1, 9))), INNER), lambda: Q1.send(INNER))
OVER = "in_port=1 actions=load:ldp=7, load:reg0=0x8000, move:reg0[0..15]->lin, tunnel:192.0.2.2\n"
before_drops = drops()
weft("flow", "replace", "-", text=OVER)
Q1.send(INNER)
TAP.equal(drops().get("tunnel_context", 0) - before_drops.get("tunnel_context", 0), 1,
          "a context that does not fit is a drop")

IN = "in_port=2, ldp=7, lin=3, lout=5 actions=output:lout\n"
takes("context is read", IN, PEER4, HOST4, geneve(7, context(3, 5), INNER))
takes("over IPv6", IN, PEER6, HOST6, geneve(7, context(3, 5), INNER))
takes("mark and stage are read", "in_port=2, mark=0x55, stage=9, lout=5 actions=output:lout\n", PEER4, HOST4,
      geneve(7, context(3, 5, 0x55, 9), INNER))
takes("tunnel fields are read",
      "in_port=2, tun_id=7, tun_src=192.0.2.2, tun_dst=192.0.2.1, tun_flags=+context+mark actions=output:1\n",
      PEER4, HOST4, geneve(7, context(3, 5), INNER))
# addresses of the two families lie at the same place: fd00:2::… begins like 253.0.0.2
for family, remote, host, entries, wanted in (
        (4, PEER4, HOST4, ("tun_src=192.0.2.2", "tun_src=fd00:2::/32", "tun_flags=+ipv6"), 0),
        (4, PEER4, HOST4, ("tun_dst=c000:201::/32", "tun_src=c000:202::", "tun_flags=-ipv6"), 2),
        (6, PEER6, HOST6, ("tun_src=253.0.0.2", "tun_dst=253.0.0.2/32", "tun_src=fd00:2::/32"), 2),
        (6, PEER6, HOST6, ("tun_flags=-ipv6", "tun_dst=fd00:2::1", "tun_src=253.0.0.2"), 1)):
    takes(f"addresses of the other family do not match (IPv{family}, {entries[wanted]})", "".join(
        f"priority={9 - i}, in_port=2, {entry} actions={'output:1' if i == wanted else 'drop:acl'}\n"
        for i, entry in enumerate(entries)), remote, host, geneve(7, context(3, 5), INNER))
takes("an option of the operator's is read",
      "in_port=2, tun_opt0=0x01020304050607080000000000000000 actions=output:1\n", PEER4, HOST4,
      geneve(7, context(3, 5) + option(SLOT, bytes(range(1, 9))), INNER))
takes("an unknown option that is not critical is ignored", IN, PEER4, HOST4,
      geneve(7, context(3, 5) + option((0x0999, 0x11), b"abcd"), INNER))
takes("an unknown critical option", IN, PEER4, HOST4,
      geneve(7, context(3, 5) + option((0x0999, 0x91), b"abcd"), INNER), reason="tunnel_option")
takes("a stranger", IN, STRANGER, HOST4, geneve(7, context(3, 5), INNER), reason="tunnel_remote")
takes("context of the wrong length", IN, PEER4, HOST4,
      geneve(7, option(CONTEXT, bytes(8)), INNER), reason="tunnel_bad")
takes("context with the reserved bit", IN, PEER4, HOST4,
      geneve(7, option(CONTEXT, struct.pack("!HH", 0x8003, 5)), INNER), reason="tunnel_bad")
takes("context twice", IN, PEER4, HOST4, geneve(7, context(3, 5) + context(3, 5), INNER),
      reason="tunnel_bad")
takes("an option that is longer than the options", IN, PEER4, HOST4,
      geneve(7, struct.pack("!HBB", *CONTEXT, 5) + bytes(4), INNER), reason="tunnel_bad")
takes("the inner frame is cut", IN, PEER4, HOST4, geneve(7, context(3, 5), frame.ether(B, A, 0x806, bytes(6))),
      reason="truncated")

# the mark of a host's socket goes along from a service port, and from no machine's
UDP = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
UDP.setsockopt(socket.SOL_SOCKET, SO_MARK, 0x1234)
for port_class, mark in (("service", 0x1234), ("vif", 0)):
    weft("port", "set", "svc0", "class", port_class)
    weft("flow", "replace", "-", text="in_port=3 actions=load:ldp=7, load:lin=3, load:lout=5, tunnel:192.0.2.2\n")
    UDP.sendto(b"marked", ("10.9.0.2", 9))
    wire = PEER4.recv(65535)
    TAP.equal(wire[8:28], context(3, 5, mark), f"mark of a port of class {port_class}")
refused = json.loads(weft("-j", "-s", "port", "show", "svc0"))
refused = refused[0] if isinstance(refused, list) else refused
TAP.equal(refused.get("stats", refused).get("marks_refused"), 1, "the refused mark is counted")
TAP.done()
