#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel_state.py - TUNNEL_SET, _DEL, _GET on a raw socket, and frames that follow; run by tunnel_state.sh.

Each frame is sent twice: by a walk, and by what the walk has left in the cache.
"""
import errno
import json
import os
import socket
import struct
import subprocess
import time

import frame
import genl
from geneve import LIBC, context, geneve
from nlfuzz import SPEC, Spec

TAP = frame.Tap()
SPEC = Spec(SPEC)
COMMANDS, A = SPEC.commands, SPEC.numbers["tunnel"]
WAY = SPEC.numbers["fallbacks"]["way"]
UNKNOWN, UP, DOWN, UNWATCHED = range(4)
DP = genl.attr(A["dp"], "weft0")
SLOW = int(os.environ.get("WEFT_SLOW", "1"))
TUNNELS_MAX = 65536


def port_in(namespace, name):
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    assert LIBC.setns(there, 0x40000000) == 0
    port = frame.Port(name)
    assert LIBC.setns(here, 0x40000000) == 0
    return port


VM, WIRE = port_in("net", "vm"), port_in("net", "wire")
KERNEL = genl.Genl("weft")


def weft(*words, text=None):
    return subprocess.run(["weft", *words], input=text, text=True, capture_output=True,
                          check=True).stdout


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def remote(port, text):
    return genl.u32(A["port"], port) + genl.attr(A["ipv6" if ":" in text else "ipv4"], address(text))


def way(port, text, family=None, reserved=b"\0\0\0"):
    data = address(text)
    return genl.attr(WAY, struct.pack("=IB3s16s", port, family or (6 if len(data) > 4 else 4),
                                      reserved, data))


def fallbacks(*ways):
    return genl.nest(A["fallbacks"], *(w if isinstance(w, bytes) else way(*w) for w in ways))


def state(number):
    return genl.u32(A["state"], number)


def tunnel_set(port, text, *attrs):
    KERNEL.request(COMMANDS["tunnel-set"], DP + remote(port, text) + b"".join(attrs))


def tunnel_del(port, text):
    KERNEL.request(COMMANDS["tunnel-del"], DP + remote(port, text))


def tunnel_get(port, text):
    [(_, data)] = KERNEL.request(COMMANDS["tunnel-get"], DP + remote(port, text))
    return dict(genl.attrs(data))


def dump():
    return [dict(genl.attrs(data)) for _, data in KERNEL.dump(COMMANDS["tunnel-get"], DP)]


def u(data):
    return int.from_bytes(data, "little")


# ---- frames ------------------------------------------------------------------------------------

FRAME = frame.ether("02:00:00:00:00:02", "02:00:00:00:00:01", 0x800,
                    frame.ipv4("10.0.0.1", "10.0.0.2", 17,
                               frame.udp("10.0.0.1", "10.0.0.2", 1000, 2000, b"where to")))


def tunnelled(data):
    return b"where to" in data


def where(data):
    """(the remote, UDP port) of a frame on the wire"""
    if data is None:
        return None
    if data[12:14] == b"\x08\x00":
        return (socket.inet_ntop(socket.AF_INET, data[30:34]), int.from_bytes(data[36:38], "big"))
    return (socket.inet_ntop(socket.AF_INET6, data[38:54]), int.from_bytes(data[56:58], "big"))


def goes(wanted, description, port=6081, send=lambda: VM.send(FRAME)):
    """Both frames go there, and nowhere else."""
    seen = []
    for _ in range(2):
        send()
        seen.append(where(WIRE.receive(2, tunnelled)))
    seen += map(where, WIRE.receive_all(0.02, tunnelled))
    TAP.equal(seen, [(wanted, port)] * 2, description)


def cache():
    return json.loads(weft("-s", "-j", "dp", "show"))[0]["cache"]


def entry(dst, port="gnv0"):
    weft("flow", "replace", "-", text=f"table=0, in_port=tap1 actions=tunnel(dst={dst},port={port})\n")


entry("192.0.2.2")
goes("192.0.2.2", "a tunnel that nobody spoke of is up")
tunnel_set(9, "192.0.2.2", state(DOWN))
goes("192.0.2.2", "one that is down is used all the same when there is nothing else")
tunnel_set(9, "192.0.2.2", fallbacks((9, "192.0.2.3"), (9, "192.0.2.4"), (9, "192.0.2.5"), (9, "192.0.2.6")))
goes("192.0.2.3", "else its first fallback")
tunnel_set(9, "192.0.2.3", state(DOWN), fallbacks((9, "192.0.2.6")))
goes("192.0.2.4", "but not if that is down, nor the fallback's own fallback")
tunnel_set(9, "192.0.2.4", state(DOWN))
goes("192.0.2.5", "nor the second")
tunnel_set(9, "192.0.2.3", state(UNWATCHED))
goes("192.0.2.3", "one that is not watched will do")
tunnel_set(9, "192.0.2.3", state(DOWN))
tunnel_set(9, "192.0.2.5", state(DOWN))
tunnel_set(9, "192.0.2.6", state(DOWN))
goes("192.0.2.2", "all are down: straight")
tunnel_del(9, "192.0.2.6")
goes("192.0.2.6", "what is forgotten is up")
for known, name in ((UP, "up"), (UNWATCHED, "unwatched"), (UNKNOWN, "unknown")):
    tunnel_set(9, "192.0.2.2", state(DOWN))
    goes("192.0.2.6", f"down, and then {name}")
    tunnel_set(9, "192.0.2.2", state(known))
    goes("192.0.2.2", f"{name}: straight")
tunnel_set(9, "192.0.2.2", state(DOWN))
goes("192.0.2.6", "down again")
tunnel_del(9, "192.0.2.2")
goes("192.0.2.2", "forgotten: straight")
for n in (3, 4, 5):
    tunnel_del(9, f"192.0.2.{n}")

# ---- the other IP version, another port ------------------------------------------------------------

tunnel_set(9, "192.0.2.2", state(DOWN), fallbacks((9, "fd00::3")))
goes("fd00::3", "IPv6 instead of IPv4")
entry("fd00::2")
goes("fd00::2", "IPv6")
tunnel_set(9, "fd00::2", state(DOWN), fallbacks((9, "192.0.2.3")))
goes("192.0.2.3", "IPv4 instead of IPv6")
entry("192.0.2.2")
tunnel_set(9, "192.0.2.2", fallbacks((1, "192.0.2.3"), (10, "192.0.2.2"), (9, "192.0.2.4")))
goes("192.0.2.4", "a port of a machine is no tunnel, one that is not there neither")
weft("port", "add", "gnv1", "id", "10", "type", "geneve", "remote", "192.0.2.2")
goes("192.0.2.2", "the port comes, and is used", port=7081)
tunnel_set(10, "192.0.2.2", state(DOWN))
goes("192.0.2.4", "the same remote through that port is a tunnel of its own")
weft("port", "del", "gnv1")
goes("192.0.2.4", "the port goes")
TAP.equal(sorted(u(t[A["port"]]) for t in dump()), [9, 9], "what was known of its tunnels is forgotten")
weft("port", "add", "gnv1", "id", "10", "type", "geneve", "remote", "192.0.2.2")
goes("192.0.2.2", "and when it is back it is up", port=7081)
weft("port", "del", "gnv1")

# ---- the cache -------------------------------------------------------------------------------------

goes("192.0.2.4", "by the fallback")
before = cache()
tunnel_set(9, "192.0.2.2", genl.u32(A["mtu"], 1400), genl.u32(A["rtt"], 250), genl.u8(A["diag"], 1),
           genl.u8(A["remote-diag"], 3))
tunnel_set(9, "192.0.2.2", state(DOWN))
tunnel_set(9, "192.0.2.99", state(DOWN))
goes("192.0.2.4", "the same, said again")
after = cache()
TAP.equal((after["misses"], after["stale"]), (before["misses"], before["stale"]),
          "what moves no packet, or others, leaves the cached ones alone")
tunnel_del(9, "192.0.2.99")
weft("packet", "inject", "in_port=tap1", "actions=tunnel(dst=192.0.2.2,port=gnv0,direct=1)", "hex", FRAME.hex())
TAP.equal(where(WIRE.receive(2, tunnelled)), ("192.0.2.2", 6081), "direct: straight though it is down")

# ---- what is reported ------------------------------------------------------------------------------

got = tunnel_get(9, "192.0.2.2")
TAP.equal([u(got[A[name]]) for name in ("state", "mtu", "rtt", "diag", "remote-diag", "flaps")],
          [DOWN, 1400, 250, 1, 3, 0], "what was said is kept")
TAP.equal(got.get(A["via"]), way(9, "192.0.2.4")[4:], "via")
TAP.ok(u(got[A["since"]]) < 600000 * SLOW, "since, in ms")
for n in range(3):
    tunnel_set(9, "192.0.2.2", state(UP))
    tunnel_set(9, "192.0.2.2", state(DOWN))
    tunnel_set(9, "192.0.2.2", state(DOWN))
got = tunnel_get(9, "192.0.2.2")
TAP.equal(u(got[A["flaps"]]), 3, "from up to down is a flap")
TAP.equal([value for kind, value in genl.attrs(got[A["fallbacks"]])],
          [way(1, "192.0.2.3")[4:], way(10, "192.0.2.2")[4:], way(9, "192.0.2.4")[4:]], "the fallbacks, in order")
listener = genl.Genl("weft")
listener.join("events")
tunnel_set(9, "192.0.2.2", state(UP))
tunnel_del(9, "192.0.2.2")
events = []
while len(events) < 2:
    events += [(p[0], u(dict(genl.attrs(p[4:]))[A["state"]])) for _, _, _, p in listener.receive()]
TAP.equal(events, [(COMMANDS["tunnel-set"], UP), (COMMANDS["tunnel-del"], UP)], "both are told")
listener.close()

# ---- what is refused -------------------------------------------------------------------------------

ENDPOINT = "not the address of a tunnel endpoint"
DOWN_TO = remote(9, "192.0.2.2") + state(DOWN)
CASES = (
    ("no port", genl.attr(A["ipv4"], bytes(4)), errno.EINVAL, "the tunnel port is missing"),
    ("no remote", genl.u32(A["port"], 9), errno.EINVAL, "a tunnel has one remote, IPv4 or IPv6"),
    ("two remotes", remote(9, "192.0.2.2") + genl.attr(A["ipv6"], address("fd00::1")), errno.EINVAL,
     "a tunnel has one remote, IPv4 or IPv6"),
    ("a port that is not there", remote(77, "192.0.2.2"), errno.ENODEV, "no port has this number"),
    ("a machine's port", remote(1, "192.0.2.2"), errno.EINVAL, "not a tunnel port"),
    ("port 0", remote(0, "192.0.2.2"), errno.ERANGE, None),
    ("port 65536", remote(65536, "192.0.2.2"), errno.ERANGE, None),
    ("0.0.0.0", remote(9, "0.0.0.0"), errno.EINVAL, ENDPOINT),
    ("multicast", remote(9, "224.0.0.1"), errno.EINVAL, ENDPOINT),
    ("broadcast", remote(9, "255.255.255.255"), errno.EINVAL, ENDPOINT),
    ("::", remote(9, "::"), errno.EINVAL, ENDPOINT),
    ("IPv6 multicast", remote(9, "ff02::1"), errno.EINVAL, ENDPOINT),
    ("IPv4 as IPv6", remote(9, "::ffff:192.0.2.2"), errno.EINVAL, ENDPOINT),
    ("state 4", remote(9, "192.0.2.2") + state(4), errno.ERANGE, None),
    ("what is only reported", DOWN_TO + genl.attr(A["flaps"], bytes(8)), errno.EINVAL, None),
    ("a short way", DOWN_TO + genl.nest(A["fallbacks"], genl.attr(WAY, bytes(23))), errno.ERANGE, None),
    ("family 5", DOWN_TO + fallbacks(way(9, "192.0.2.3", 5)), errno.EINVAL, ENDPOINT),
    ("0.0.0.0 instead", DOWN_TO + fallbacks((9, "0.0.0.0")), errno.EINVAL, ENDPOINT),
    ("multicast instead", DOWN_TO + fallbacks((9, "ff02::1")), errno.EINVAL, ENDPOINT),
    ("IPv4 as IPv6 instead", DOWN_TO + fallbacks((9, "::ffff:1.2.3.4")), errno.EINVAL, ENDPOINT),
    ("port 0 instead", DOWN_TO + fallbacks((0, "192.0.2.3")), errno.EINVAL, "ports are numbered from 1 to 65535"),
    ("port 65536 instead", DOWN_TO + fallbacks((65536, "192.0.2.3")), errno.EINVAL,
     "ports are numbered from 1 to 65535"),
    ("reserved bytes", DOWN_TO + fallbacks(way(9, "192.0.2.3", reserved=b"\0\0\1")), errno.EINVAL,
     "reserved bytes are not zero"),
    ("more than an IPv4 address", DOWN_TO + fallbacks(way(9, "c000:203::1", 4)), errno.EINVAL,
     "reserved bytes are not zero"),
    ("itself", DOWN_TO + fallbacks((9, "192.0.2.2")), errno.EINVAL, "a tunnel cannot be used instead of itself"),
    ("one twice", DOWN_TO + fallbacks((9, "192.0.2.3"), (9, "192.0.2.4"), (9, "192.0.2.3")), errno.EINVAL,
     "this fallback is in the list twice"),
    ("five", DOWN_TO + fallbacks(*((9, f"192.0.2.{n}") for n in range(3, 8))), errno.ENOSPC,
     "a tunnel has up to four fallbacks"),
)
for name, request, code, text in CASES:
    try:
        KERNEL.request(COMMANDS["tunnel-set"], DP + request)
        TAP.ok(False, f"refused: {name}", "it was accepted")
    except genl.Refused as refused:
        TAP.ok(refused.errno == code and refused.text and text in (None, refused.text), f"refused: {name}", refused)
for command in ("tunnel-get", "tunnel-del"):
    try:
        KERNEL.request(COMMANDS[command], DP + remote(9, "192.0.2.2"))
        TAP.ok(False, f"{command} of nothing", "there was something")
    except genl.Refused as refused:
        TAP.equal((refused.errno, refused.text), (errno.ENOENT, "nothing is known of this tunnel"),
                  f"{command} of nothing")
goes("192.0.2.2", "what was refused has changed nothing")

# ---- what came through a tunnel does not go back to where it came from ------------------------------


def arrives(source):
    """FRAME comes in by gnv0"""
    make, kind, dst = (frame.ipv6, 0x86dd, "fd00::1") if ":" in source else (frame.ipv4, 0x800, "192.0.2.1")
    WIRE.send(frame.ether(OUR_MAC, "02:00:00:00:01:02", kind, make(source, dst, 17, frame.udp(
        source, dst, 50000, 6081, geneve(7, context(3, 5), FRAME)))))


def comes(source, wanted, description):
    goes(wanted, description, send=lambda: arrives(source))


with open("/sys/class/net/u1/address", encoding="ascii") as file:
    OUR_MAC = file.read().strip()
weft("port", "set", "gnv0", "remote", "192.0.2.2", "remote", "fd00::2")
weft("port", "add", "gnv1", "id", "10", "type", "geneve", "remote", "192.0.2.2")
weft("flow", "replace", "-", text="table=0, in_port=gnv0 actions=tunnel(dst=192.0.2.4,port=gnv0)\n")
tunnel_del(9, "fd00::2")
for mine, other in (("192.0.2.2", "fd00::2"), ("fd00::2", "192.0.2.2")):
    tunnel_set(9, "192.0.2.4", state(UP))
    comes(mine, "192.0.2.4", f"from {mine}: straight")
    tunnel_set(9, "192.0.2.4", state(DOWN), fallbacks((9, mine)))
    comes(mine, "192.0.2.4", f"from {mine}: straight, though it is down, rather than back")
    tunnel_set(9, "192.0.2.4", fallbacks((10, mine), (9, mine), (9, "192.0.2.5")))
    comes(mine, "192.0.2.5", f"from {mine}: by the next fallback")
    tunnel_set(9, "192.0.2.4", fallbacks((9, mine), (9, other)))
    comes(mine, other, f"from {mine}: to {other}")
    comes(other, mine, f"from {other}: to {mine}, though the other one is cached")
weft("port", "del", "gnv1")
tunnel_del(9, "192.0.2.4")
weft("port", "set", "gnv0", "remote", "192.0.2.2")
entry("192.0.2.2")

# ---- what was said before is freed -----------------------------------------------------------------

REPLACED, LEAST_BYTES = 20000, 128


def slab_bytes():
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        return next(int(line.split()[1]) * 1024 for line in meminfo if line.startswith("SUnreclaim"))


def say_often(number):
    for n in range(0, number, 250):
        KERNEL.sock.send(b"".join(KERNEL.message(COMMANDS["tunnel-set"], DP + remote(9, "192.0.2.2") + genl.u32(
            A["mtu"], 1000 + n + i), genl.NLM_F_REQUEST) for i in range(250)))


if "debug" in os.environ.get("WEFT_GUEST", ""):
    TAP.skip("what was said before is freed", "KASAN keeps it for a while, and kmemleak looks")
else:
    say_often(1000)
    before, end = slab_bytes(), time.monotonic() + 10 * SLOW
    say_often(REPLACED)
    while (grown := slab_bytes() - before) > REPLACED * LEAST_BYTES and time.monotonic() < end:
        time.sleep(0.1)
    TAP.ok(grown < REPLACED * LEAST_BYTES, "what was said before is freed", f"{grown} bytes more")
    tunnel_del(9, "192.0.2.2")

# ---- many ------------------------------------------------------------------------------------------

count = TUNNELS_MAX if SLOW == 1 else 3000
for n in range(0, count, 250):  # many to a datagram; only refusals are answered
    KERNEL.sock.send(b"".join(KERNEL.message(COMMANDS["tunnel-set"], DP + state(UP) + remote(
        9, socket.inet_ntoa(struct.pack("!I", 0x0A000001 + i))), genl.NLM_F_REQUEST)
        for i in range(n, min(count, n + 250))))
seen = [t[A["ipv4"]] for t in dump()]
TAP.equal((len(seen), len(set(seen))), (count, count), f"{count} tunnels are listed, each once")
if count == TUNNELS_MAX:
    try:
        tunnel_set(9, "192.0.2.2", state(UP))
        TAP.ok(False, "one more is too many", "it was accepted")
    except genl.Refused as refused:
        TAP.equal((refused.errno, refused.text), (errno.ENOSPC, "too many tunnels"), "one more is too many")
weft("port", "del", "gnv0")
TAP.equal(dump(), [], "all go with their port")
weft("port", "add", "gnv0", "id", "9", "type", "geneve", "remote", "192.0.2.2")
goes("192.0.2.2", "the port is back")
TAP.done()
