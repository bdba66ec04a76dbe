#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel_dissect.py send CASES | calm WIRE | compare CASES JSON - what tshark reads of tunnel headers.

send: in the host's namespace, sends a frame for each case, and writes the cases, one a line.
calm: any UDP source port may be that of a tunnel, and tshark goes by the lower one of both: make it 40000.
compare: reads those and tshark's JSON of the wire, cuts the fields out of the numbers that it
shows, by the layouts of weft-label(8) and linux/weft.h, and writes TAP.
"""
import json
import struct
import subprocess
import sys

import frame

A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
INNER = frame.ether(B, A, 0x800, frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(
    "10.0.0.1", "10.0.0.2", 1, 2, b"payload of a machine")))
LABELS = {1: (1, 1), 703: (7, 3), 705: (7, 5), 0xFFFFFF: (0xFFFFFF, 0xFFFF), 0x800000: (9, 0x7FFF)}
PORTS = {"gnv0": ("geneve", "192.0.2.2"), "gre1": ("gre", "192.0.2.2"), "gre6": ("gre", "fd00:2::2"),
         "stt0": ("stt", "192.0.2.2")}
PLAIN = {"ldp": 7, "lin": 3, "lout": 5, "stage": 0, "mark": 0}
LIMITS = [PLAIN] + [{**PLAIN, name: value} for name, values in {
    "ldp": (1, 0xFFFFFF), "lin": (0, 1, 0x7FFF), "lout": (0, 1, 0xFFFF), "stage": (1, 2, 8, 15),
    "mark": (1, 2, 3, 4, 7, 8, 0x3FFFFFFF, 1 << 30, 1 << 31, 0xFFFFFFFF)}.items() for value in values] + [
        {"ldp": 0xFFFFFF, "lin": 0x7FFF, "lout": 0xFFFF, "stage": 15, "mark": 0xFFFFFFFF},
        {"ldp": 0x9ABCDE, "lin": 0x1234, "lout": 0x5678, "stage": 5, "mark": 0x80000002}]
OF_GRE = [dict(zip(PLAIN, case)) for case in (
    (7, 3, 5, 0, 0), (7, 3, 5, 1, 0), (7, 3, 5, 15, 0), (1, 0, 1, 0, 0), (0xFFFFFF, 0, 0xFFFF, 0, 0),
    (9, 0x7FFF, 0, 8, 0), (9, 0x7FFF, 0, 15, 0xFFFFFFFF), (0, 0, 0, 0, 1))] + [
        {**PLAIN, "mark": mark} for mark in (1, 2, 3, 4, 0x3FFFFFFF, 1 << 30, 1 << 31, 0xFFFFFFFF)]


def weft(*words, text=None):
    return subprocess.run(["weft", *words], input=text, text=True, capture_output=True,
                          check=True).stdout


def send(file):
    weft("dp", "add", "weft0")
    weft("port", "add", "p1", "id", "1")
    for port, (kind, remote) in PORTS.items():
        weft("port", "add", port, "type", kind, "remote", remote, *(
            ["remote", "fd00:2::2"] if kind != "gre" else []))
    for label, (ldp, lport) in LABELS.items():
        weft("label", "add", str(label), "lport", f"{ldp}:{lport}")
    cases = [(port, remote, case) for port, (kind, remote) in PORTS.items()
             for case in (OF_GRE if kind == "gre" else LIMITS)]
    # tshark 4.0 knows STT over IPv4 only
    cases += [("gnv0", "fd00:2::2", case) for case in LIMITS[-2:]]
    # each packet meets its own entry: one command for all of them
    q1 = frame.Port("q1")
    weft("flow", "replace", "-", text="\n".join(
        f"in_port=1, udp, l4_src={i} actions=" + ", ".join(f"load:{k}={v}" for k, v in case.items())
        + f", tunnel(dst={remote}, port={port})" for i, (port, remote, case) in enumerate(cases, 1)))
    for i in range(1, len(cases) + 1):
        q1.send(frame.ether(B, A, 0x800, frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(
            "10.0.0.1", "10.0.0.2", i, 9, b"payload of a machine"))))
    with open(file, "w", encoding="utf-8") as out:
        out.writelines(json.dumps(case) + "\n" for case in cases)


def calm(file):
    with open(file, "rb") as pcap:
        data = bytearray(pcap.read())
    at = 24
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 8)[0]
        ip = at + 16 + 14
        proto, udp = (data[ip + 9], ip + 20) if data[ip] >> 4 == 4 else (data[ip + 6], ip + 40)
        if proto == 17 and data[udp + 2:udp + 4] == struct.pack("!H", 6081):
            struct.pack_into("!H", data, udp, 40000)
        at += 16 + length
    with open(file, "wb") as pcap:
        pcap.write(data)


def number(text):
    return int(text, 0)


def bits(value, high, low):
    return value >> low & (1 << high - low + 1) - 1


def trace(value, observe, no_deliver):
    return bits(value, observe, observe) << 31 | bits(value, no_deliver, no_deliver) << 30


def read_gre(layers):
    key = number(layers["gre"]["gre.key"])
    stage, label = bits(key, 31, 28), bits(key, 23, 0)
    ldp, lport = LABELS.get(label, (0, 0))
    return {"ldp": ldp, "lin": lport if stage else None, "lout": None if stage else lport, "stage": stage,
            "mark": trace(key, 27, 26) | bits(key, 25, 24)}, 3


def read_stt(layers):
    context = number(layers["stt"]["STT Header"]["stt.context_id"] if "STT Header" in layers["stt"]
                     else layers["stt"]["stt.context_id"])
    return {"ldp": bits(context, 23, 0), "lin": bits(context, 54, 40), "lout": bits(context, 39, 24),
            "stage": bits(context, 63, 60), "mark": trace(context, 59, 58) | bits(context, 57, 55)}, 7


def read_geneve(layers):
    geneve = layers["geneve"]
    raw = find(geneve, "geneve.option.unknown.data")
    kinds = list(zip(map(number, find(geneve, "geneve.option.class")),
                     map(number, find(geneve, "geneve.option.type"))))
    assert kinds == [(0x102, 0x80), (0xFF00, 1)], kinds
    context, rest = (bytes.fromhex(data.replace(":", "")) for data in raw)
    context, mark, flags = (int.from_bytes(part, "big") for part in (context, rest[:4], rest[4:]))
    assert find(geneve, "geneve.flags.critical") in (["1"], ["True"]) and not context >> 31
    return {"ldp": number(geneve["geneve.vni"]), "lin": bits(context, 30, 16), "lout": bits(context, 15, 0),
            "stage": bits(flags, 31, 28), "mark": mark}, 0x3FFFFFFF


def find(tree, name):
    """Values of this name, wherever in the tree"""
    found = []
    for key, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                found += find(one, name)
            elif key == name:
                found.append(one)
    return found


def unique(pairs):
    """Members of one name are a list: tshark writes one for each option"""
    tree = {}
    for key, value in pairs:
        if key in tree:
            tree[key] = (tree[key] if isinstance(tree[key], list) else [tree[key]]) + [value]
        else:
            tree[key] = value
    return tree


def compare(cases_file, json_file):
    tap = frame.Tap()
    with open(cases_file, encoding="utf-8") as file:
        cases = [json.loads(line) for line in file]
    with open(json_file, encoding="utf-8") as file:
        packets = json.load(file, object_pairs_hook=unique)
    tap.equal(len(packets), len(cases), "a packet for each case")
    for i, ((port, remote, case), packet) in enumerate(zip(cases, packets), 1):
        layers = packet["_source"]["layers"]
        kind = PORTS[port][0]
        try:
            read, kept = {"gre": read_gre, "stt": read_stt, "geneve": read_geneve}[kind](layers)
            source = number(find(layers["udp"][1] if isinstance(layers.get("udp"), list) else layers["udp"],
                                 "udp.srcport")[0])
        except (AssertionError, KeyError, IndexError, ValueError) as error:
            tap.ok(False, f"{port} {case}", repr(error), json.dumps(layers)[:2000])
            continue
        expected = {name: case[name] for name in read}
        expected["mark"] &= 0xC0000000 | kept
        if kind == "gre":
            expected["lin" if not case["stage"] else "lout"] = None
        tap.equal((read, source), (expected, i), f"{port} to {remote}: {case}")
    tap.done()


if __name__ == "__main__":
    {"send": send, "calm": calm, "compare": compare}[sys.argv[1]](*sys.argv[2:])
