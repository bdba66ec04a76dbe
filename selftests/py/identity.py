#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""identity.py [SEED] - what is set is what is dumped, for random matches; output is TAP.

Run by netlink_spec.sh in a namespace of its own. Entries are written as text by rules of
this file's own, loaded by the command, read as attributes and as text, and loaded again.
"""
import ipaddress
import os
import random
import subprocess
import sys

import yaml

import frame
import genl

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
N_ENTRIES = 500
IPV6_FLAG = 1 << 6
# Fields that do not fill their bytes; all others do
BITS = {"ldp": 24, "stage": 4, "ipv6_label": 20, "ipv6_exthdr": 9, "ip_frag": 2, "tcp_flags": 12}
ANYWHERE = ["mark", "ldp", "lin", "lout", "stage", "in_port", "tun_id", "tun_tos", "tun_ttl",
            "eth_dst", "eth_src", "vlan_tci", "vlan_tpid", "vlan2_tci", "vlan2_tpid"] \
    + [f"reg{i}" for i in range(16)] + [f"tun_opt{i}" for i in range(4)]
TUNNELS = [[], ["tun_src", "tun_dst"], ["tun_ipv6_src", "tun_ipv6_dst"]]
IP = ["ip_tos", "ip_ttl", "ip_frag"]
IPV4, IPV6 = IP + ["ip_src", "ip_dst"], \
    IP + ["ipv6_src", "ipv6_dst", "ipv6_label", "ipv6_exthdr"]
PORTS, ICMP = ["l4_src", "l4_dst"], ["icmp_type", "icmp_code", "icmp_id"]
# What a match pins down, and which fields it then may have
STACKS = [({"eth_type": t} | ({"ip_proto": p} if p else {}) | more, fields) for t, p, more, fields in (
    (0x806, 0, {}, ["arp_op", "arp_spa", "arp_tpa", "arp_sha", "arp_tha"]),
    (0x800, 0, {}, IPV4), (0x800, 6, {}, IPV4 + PORTS + ["tcp_flags"]),
    (0x800, 17, {}, IPV4 + PORTS), (0x800, 132, {}, IPV4 + PORTS), (0x800, 1, {}, IPV4 + ICMP),
    (0x86dd, 0, {}, IPV6), (0x86dd, 6, {}, IPV6 + PORTS + ["tcp_flags"]),
    (0x86dd, 17, {}, IPV6 + PORTS), (0x86dd, 58, {}, IPV6 + ICMP),
    (0x86dd, 58, {"icmp_type": 135}, IPV6 + ["nd_target", "nd_sll", "icmp_code"]),
    (0x86dd, 58, {"icmp_type": 136}, IPV6 + ["nd_target", "nd_tll"]))] + [({}, [])]


with open(os.path.join(TOP, "Documentation/netlink/specs/weft.yaml"), encoding="utf-8") as spec:
    SPEC = yaml.safe_load(spec)


def attributes(name):
    found = next(s for s in SPEC["attribute-sets"] if s["name"] == name)
    return list(enumerate(found["attributes"], 1))


FIELDS = {a["name"].replace("-", "_"): (number, a["checks"]["min-len"])
          for number, a in attributes("field")}
FLOW = {a["name"]: number for number, a in attributes("flow")}
FLOW_GET = next(op for op in SPEC["operations"]["list"] if op["name"] == "flow-get")["dump"]


def full(name):
    return (1 << BITS.get(name, 8 * FIELDS[name][1])) - 1


def half(name, number):
    """A value or a mask of a field"""
    data = number.to_bytes(FIELDS[name][1], "big")
    if name.startswith("tun_opt"):
        return "0x" + data.hex()
    if len(data) == 6:
        return data.hex(":")
    if len(data) == 16 or name in ("ip_src", "ip_dst", "arp_spa", "arp_tpa", "tun_src", "tun_dst"):
        return str(ipaddress.ip_address(data))
    return hex(number)


def random_part(rng, name):
    """A value and a mask: all, a prefix (often a short one), or any bits"""
    bits = full(name).bit_length()
    kind = rng.randrange(4)
    mask = full(name)
    if kind == 0:
        mask &= rng.getrandbits(bits) or 1
    elif kind == 1:
        mask &= mask << rng.randrange(bits)
    elif kind == 2:
        mask &= mask << max(0, bits - rng.randrange(1, 33))
    value = rng.getrandbits(bits) & mask
    if name == "lin":
        value &= 0x7fff
    if name == "in_port" and mask == full(name):
        value = 1 + value % 65535
    return value, mask


def random_match(rng):
    """{field: (value, mask)}"""
    needs, may = rng.choice(STACKS)
    match = {name: (value, full(name)) for name, value in needs.items()}
    tunnel = rng.choice(TUNNELS)
    names = set(rng.sample(ANYWHERE, rng.randrange(4)) + rng.sample(may, rng.randrange(len(may) + 1))
                + rng.sample(tunnel, rng.randrange(len(tunnel) + 1)))
    for name in sorted(names - set(match)):
        match[name] = random_part(rng, name)
    if rng.randrange(2):
        value, mask = random_part(rng, "tun_flags")
        if names & set(tunnel):
            value, mask = value & ~IPV6_FLAG, mask & ~IPV6_FLAG
        if mask:
            match["tun_flags"] = value, mask
    return match


def text(match):
    return "".join(f", {name}={half(name, value)}" + (
        "" if mask == full(name) else f"/{half(name, mask)}") for name, (value, mask) in match.items())


def dumped():
    """{priority: match}, from the attributes"""
    names = {number: name for name, (number, _) in FIELDS.items()}
    result = {}
    which = genl.attr(FLOW["dp"], "weft0") + genl.attr(FLOW["filter"])
    for _, payload in genl.Genl("weft").dump(FLOW_GET["request"]["value"], which):
        entry = dict(genl.attrs(payload))
        match = {}
        for number, data in genl.attrs(entry.get(FLOW["match"], b"")):
            name = names[number]
            length = FIELDS[name][1]
            mask = int.from_bytes(data[length:], "big") if len(data) > length else full(name)
            match[name] = int.from_bytes(data[:length], "big"), mask
        result[int.from_bytes(entry[FLOW["priority"]], sys.byteorder)] = match
    return result


def weft(*words, given=None):
    done = subprocess.run(["weft", *words], input=given, text=True, capture_output=True, check=False)
    return done.stdout + done.stderr


def main():
    tap = frame.Tap()
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rng = random.Random(seed)
    matches = dict(enumerate((random_match(rng) for _ in range(N_ENTRIES)), 1))
    entries = "".join(f"table={p % 7}, priority={p}{text(m)} actions=drop\n" for p, m in matches.items())
    same = "added 0 changed 0 deleted 0"

    weft("dp", "add", "weft0")
    out = weft("flow", "load", "-", given=entries)
    tap.ok(f"added {N_ENTRIES} " in out, f"{N_ENTRIES} random matches (seed {seed})", out)
    got = dumped()
    wrong = [f"{p}: got {got.get(p)}\nexpected {m}" for p, m in matches.items() if got.get(p) != m]
    tap.ok(not wrong and len(got) == len(matches), "a dump has what was set", *wrong[:3])
    shown = weft("flow", "show")
    out = weft("flow", "replace", "-", given=entries)
    tap.ok(same in out, "the entries differ in nothing from what is there", out)
    out = weft("flow", "replace", "-", given=shown)
    tap.ok(same in out, "nor does what is shown of them", out)
    weft("flow", "flush")
    out = weft("flow", "load", "-", given=shown)
    tap.ok(f"added {N_ENTRIES} " in out, "what is shown can be loaded", out)
    tap.ok(dumped() == got and weft("flow", "show") == shown, "and is the same")
    tap.done()


main()
