#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel_gre.py PEER-NAMESPACE - GRE ports against a peer that is a raw socket; output is TAP.

Run by tunnel_gre.sh in the host's namespace. The peer builds and reads GRE headers itself.
"""
import json
import subprocess
import sys
import time

import frame
from gre import Peer, gre, key

TAP = frame.Tap()
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
INNER = frame.ether(B, A, 0x800, frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(
    "10.0.0.1", "10.0.0.2", 1, 2, b"payload of a machine")))
REMOTE = {"gre1": "192.0.2.2", "gre6": "fd00:2::2"}
HOST = {"gre1": "192.0.2.1", "gre6": "fd00:2::1"}


def weft(*words, text=None):
    return subprocess.run(["weft", *words], input=text, text=True, capture_output=True,
                          check=True).stdout


def refuses(message, *words):
    done = subprocess.run(["weft", *words], text=True, capture_output=True, check=False)
    TAP.ok(done.returncode and message in done.stderr, f"weft {' '.join(words)}: {message}",
           done.returncode, done.stderr)


def counters():
    total = {"marks": 0}
    for port in json.loads(weft("-j", "-s", "port", "show")):
        total["marks"] += port["stats"]["marks_refused"]
        for reason, packets in port.get("drops", {}).items():
            total[reason] = total.get(reason, 0) + packets
    return total


def since(before):
    return {k: v - before.get(k, 0) for k, v in counters().items() if v != before.get(k, 0)}


def flow(text):
    weft("flow", "replace", "-", text=text + "\n")


def sends(name, loads, number, port="gre1", words="", reason=None, keep=False):
    """A frame from the machine, its registers set by loads, leaves with this key; twice, as the second is cached"""
    if not keep:
        flow(f"in_port=1 actions={loads + ', ' if loads else ''}"
             f"tunnel(dst={REMOTE[port]}, port={port}{words})")
    for cached in ("", ", cached"):
        before = counters()
        Q1.send(INNER)
        if reason:
            TAP.equal(since(before), {reason: 1}, f"{port}: {name}{cached}")
        else:
            TAP.equal(PEERS[port].recv().hex(), gre(number, INNER).hex(), f"{port}: {name}{cached}")


def takes(name, match, packet, port="gre1", reason=None, peer=None, counted=None):
    """A packet from the wire has these registers, or is dropped for this reason"""
    flow(f"in_port={port}, {match} actions=output:1" if match else
         f"in_port={port} actions=output:1")
    before = counters()
    Q1.drain()
    (peer or PEERS[port]).send(HOST[port], packet)
    expected = (None if reason else INNER, {reason: 1} if reason else counted or {})
    got = None if reason else Q1.receive(2)
    end = time.monotonic() + 2
    while (rise := since(before)) != expected[1] and time.monotonic() < end:
        pass
    TAP.equal((got or Q1.receive(0.01), rise), expected, f"{port}: {name}")


weft("dp", "add", "weft0")
weft("port", "add", "p1", "id", "1")
weft("port", "add", "gre1", "id", "2", "type", "gre", "remote", REMOTE["gre1"])
weft("port", "add", "gre6", "id", "3", "type", "gre", "remote", REMOTE["gre6"])
for label, where in ((703, "7:3"), (705, "7:5"), (1, "1:1"), (0xFFFFFF, "0xffffff:0xffff"),
                     (0x800000, "9:0x7fff")):
    weft("label", "add", str(label), "lport", where)
Q1 = frame.Port("q1")
PEERS = {port: Peer("x" if len(sys.argv) < 2 else sys.argv[1], REMOTE[port]) for port in REMOTE}
STRANGER = Peer(sys.argv[1], "192.0.2.3")

# what can be configured
refuses("carries 0xc0000003", "port", "set", "gre1", "mark", "0x4")
refuses("carries 0xc0000003", "port", "set", "gre1", "mark", "0xffffffff")
refuses("only a Geneve port has this", "port", "set", "gre1", "opt", "0=1:2:4")
refuses("other IP version", "port", "set", "gre1", "remote", "fd00:2::2")
refuses("other IP version", "port", "set", "gre6", "remote", "192.0.2.2")
refuses("not in external mode", "port", "add", "fixed", "type", "gre")
refuses("not a gretap or ip6gretap device", "port", "add", "q1", "type", "gre")
refuses("not a Geneve device", "port", "add", "fixed", "type", "geneve")
refuses("not an STT device", "port", "add", "fixed", "type", "stt")
refuses("is a tunnel", "flow", "add", "in_port=1 actions=output:gre1")
refuses("several tunnel ports", "flow", "add", "in_port=1 actions=tunnel:192.0.2.2")
refuses("label 705 is ldp 7 lport 5", "label", "add", "705", "lport", "8:5")
refuses("has label 705 already", "label", "add", "706", "lport", "7:5")
refuses("there is no label 706", "label", "del", "706")
refuses("there is no label 706", "label", "show", "706")
TAP.equal(json.loads(weft("-j", "label", "show", "705"))[0],
          {"dp": "weft0", "id": 705, "ldp": 7, "lport": 5}, "a label in JSON")
TAP.equal([e["id"] for e in json.loads(weft("-j", "label", "show"))],
          [1, 703, 705, 0x800000, 0xFFFFFF], "all labels, in order")
TAP.equal(weft("label", "show", "705"), "705 lport 7:5\n", "a label in words")

for port in ("gre1", "gre6"):
    sends("label of the egress port", "load:ldp=7, load:lin=3, load:lout=5", key(705), port)
    sends("something is left to do: label of the ingress port",
          "load:ldp=7, load:lin=3, load:lout=5, load:stage=2", key(703, 2), port)
    sends("stage max", "load:ldp=7, load:lin=3, load:stage=15", key(703, 15), port)
    sends("label 1", "load:ldp=1, load:lout=1", key(1), port)
    sends("label max", "load:ldp=0xffffff, load:lout=0xffff", 0xFFFFFF, port)
    for mark, bits in ((1, 1 << 24), (2, 2 << 24), (3, 3 << 24), (1 << 31, 8 << 24),
                       (1 << 30, 4 << 24), (0xFFFFFFFF, 15 << 24), (4, 0)):
        sends(f"mark {mark:#x}", f"load:ldp=7, load:lout=5, load:mark={mark:#x}", bits | 705, port)
    sends("everything max", "load:ldp=9, load:lin=0x7fff, load:stage=15, load:mark=0xffffffff",
          0xFF800000, port)
    sends("no logical port: label 0", "load:mark=1", key(0, 0, 1), port)
    sends("a label that the action says", "load:mark=1", key(0xABCDEF, 0, 1), port,
          ", id=0xabcdef")
    sends("no label", "load:ldp=7, load:lout=6", None, port, reason="tunnel_context")
    sends("no label, a logical datapath", "load:ldp=7", None, port, reason="tunnel_context")

    takes("egress port", "ldp=7, lin=0, lout=5, stage=0, mark=0", gre(key(705), INNER), port)
    takes("ingress port", "ldp=7, lin=3, lout=0, stage=2", gre(key(703, 2), INNER), port)
    takes("limits", "ldp=9, lin=0x7fff, lout=0, stage=15, mark=0xc0000003",
          gre(0xFF800000, INNER), port)
    takes("label max", "ldp=0xffffff, lout=0xffff", gre(0xFFFFFF, INNER), port)
    for bit, mark in ((24, 1), (25, 2), (26, 1 << 30), (27, 1 << 31)):
        takes(f"bit {bit} of the key", f"mark={mark:#x}, ldp=7, lout=5",
              gre(1 << bit | 705, INNER), port)
    takes("label 0", "ldp=0, lin=0, lout=0, mark=1, tun_id=0x1000000, tun_flags=+key+mark-context",
          gre(key(0, 0, 1), INNER), port)
    takes("tunnel fields", "tun_id=705, tun_flags=+key+mark+context",
          gre(key(705), INNER), port)
    takes("no key", "", gre(None, INNER), port, reason="tunnel_bad")
    takes("a label that is not there", "", gre(key(706), INNER), port, reason="tunnel_context")
    takes("an egress label where only 15 bits can be", "", gre(key(0xFFFFFF, 1), INNER), port,
          reason="tunnel_context")
    takes("the inner frame is cut", "", gre(key(705), frame.ether(B, A, 0x806, bytes(6))), port,
          reason="truncated")
takes("addresses", "tun_src=192.0.2.2, tun_dst=192.0.2.1", gre(key(705), INNER))
takes("addresses", "tun_src=fd00:2::2, tun_dst=fd00:2::1", gre(key(705), INNER), "gre6")
takes("a stranger", "", gre(key(705), INNER), reason="tunnel_remote", peer=STRANGER)

# what a packet meets when labels change
sends("before", "load:ldp=7, load:lout=5", key(705))
weft("label", "del", "705")
sends("the label is gone", "", None, reason="tunnel_context", keep=True)
takes("the label is gone", "", gre(key(705), INNER), reason="tunnel_context")
weft("label", "add", "777", "lport", "7:5")
sends("another label", "load:ldp=7, load:lout=5", key(777))
takes("another label", "ldp=7, lout=5", gre(key(777), INNER))

# masks: one bit for an appliance, and trace
for port in ("gre1", "gre6"):
    weft("port", "set", port, "mark", "0x80000001")
    shown = json.loads(weft("-j", "port", "show", port))[0]
    TAP.equal(shown.get("mark_mask"), 0x80000001, f"{port}: the mask in JSON")
    TAP.ok(" mark 0x80000001" in weft("port", "show", port), f"{port}: the mask in words")
    for mark in (0, 1, 2, 3, 1 << 31, 1 << 30, 0xFFFFFFFF):
        kept = mark & 0x80000001
        sends(f"mark {mark:#x} under a mask", f"load:ldp=7, load:lout=5, load:mark={mark:#x}",
              key(777, 0, kept), port)
        takes(f"mark {mark:#x} under a mask", f"mark={kept:#x}", gre(key(777, 0, mark), INNER), port,
              counted={"marks": 1} if mark & 0x40000002 else None)
    weft("port", "set", port, "mark", "0xc0000003")
    TAP.equal(json.loads(weft("-j", "port", "show", port))[0].get("mark_mask"), None,
              f"{port}: no mask")
    sends("mark without mask", "load:ldp=7, load:lout=5, load:mark=3", key(777, 0, 3), port)
weft("port", "set", "gre1", "mark", "0")
sends("no mark at all", "load:ldp=7, load:lout=5, load:mark=3, load:stage=0", key(777))
TAP.done()
