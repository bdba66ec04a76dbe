#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Examples fit the JSON Schema, some bad files do not, and weftd agrees.

usage: agent_schema_test.py [WEFTD]    (default: build/bin/weftd when it is there)
"""
import copy
import glob
import json
import os
import subprocess
import sys

import jsonschema

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

TABLES = {"nat": 3, "nat_next": 4, "unnat": 1, "unnat_next": 2}
BASE = {"version": 1, "datapath": "weft0"}
GOOD = [
    {},
    {"max_flows": 1, "max_cached": 0},
    {"ports": [{"name": "a", "vm": "id"}]},
    {"ports": [{"name": "a", "type": "internal", "netns": "x", "addresses": ["10.0.0.1/24"]}]},
    {"ports": [{"name": "a", "type": "geneve", "device": "g0", "remotes": ["2001:db8::1"]}]},
    {"tunnels": [{"name": "g0", "options": [{"slot": 0, "class": "0x0103", "type": 1, "len": 4}]}]},
    {"tunnels": [{"name": "g0", "remotes": ["192.0.2.1"], "monitor": {}},
                 {"name": "g1", "udp_port": 6082, "monitor": {
                     "interval_ms": 50, "multiplier": 4, "probe_mtu_s": 0,
                     "fallback": ["192.0.2.9", {"tunnel": "g0"}, {"tunnel": "g0", "host": "fd00::1"}]}}]},
    {"tunnels": [{"name": "s0", "type": "stt", "remotes": ["192.0.2.1", "2001:db8::1"], "monitor": {}},
                 {"name": "s1", "type": "stt", "tcp_port": 7472, "mark": "0xc0000007"},
                 {"name": "gre0", "type": "gre", "underlay": "ipv6"}]},
    {"tables": [{"id": 0, "miss": "drop"}]},
    {"hosts": {"h": {"address": "192.0.2.1"}}, "registers": {"x": "reg3"}},
    {"nat": {"slices": []}},
    {"nat": {"on_change": "cut", "pools": [{"name": "p", "ranges": ["192.0.2.1"]}],
             "slices": [{"id": 1, "tables": TABLES, "ldp": 7, "timeouts": {"new": 3}, "rules": [
                 {"name": "s", "kind": "snat", "source": "10.0.0.0/8", "pool": "p",
                  "priority": 100, "reject": 10},
                 {"name": "d", "kind": "dnat", "mode": "service", "address": "192.0.2.1",
                  "protocol": "tcp", "port": 80, "to": "10.0.0.1"},
                 {"name": "n", "kind": "subnet", "inside": "10.0.0.0/24",
                  "outside": "11.0.0.0/24"}]}]}},
]
BAD = [
    {"version": 2},
    {"datapath": "too long for a name"},
    {"portz": []},
    {"max_flows": 0},
    {"max_cached": -1},
    {"max_cached": 4294967296},
    {"max_cached": "none"},
    {"ports": [{"name": "a"}]},
    {"ports": [{"name": "7", "device": "x"}]},
    {"ports": [{"name": "a", "device": "x", "class": "vfi"}]},
    {"ports": [{"name": "a", "device": "x", "class": "fabric"}]},
    {"ports": [{"name": "a", "device": "x", "mac": "02:00:00:00:00:01"}]},
    {"ports": [{"name": "a", "device": "x", "remotes": []}]},
    {"ports": [{"name": "a", "type": "geneve", "device": "g0", "class": "vif"}]},
    {"ports": [{"name": "a", "type": "geneve"}]},
    {"ports": [{"name": "a", "device": "x", "lports": [{"ldp": 0, "lport": 1}]}]},
    {"tunnels": [{"name": "g0", "type": "vxlan"}]},
    {"tunnels": [{"name": "g0", "ttl": 3}]},
    {"tunnels": [{"name": "g0", "tcp_port": 7471}]},
    {"tunnels": [{"name": "g0", "type": "gre", "tcp_port": 7471}]},
    {"tunnels": [{"name": "s0", "type": "stt", "udp_port": 6081}]},
    {"tunnels": [{"name": "s0", "type": "stt", "underlay": "ipv6"}]},
    {"tunnels": [{"name": "s0", "type": "stt", "options": []}]},
    {"tunnels": [{"name": "s0", "type": "stt", "tcp_port": 0}]},
    {"tunnels": [{"name": "s0", "type": "stt",
                  "remotes": [f"10.0.{n >> 8}.{n & 255}" for n in range(1, 4098)]}]},
    {"tunnels": [{"name": "g0", "options": [{"slot": 0, "class": 1, "type": 1, "len": 5}]}]},
    {"tunnels": [{"name": "g0", "monitor": {"interval_ms": 9}}]},
    {"tunnels": [{"name": "g0", "monitor": {"multiplier": 256}}]},
    {"tunnels": [{"name": "g0", "monitor": {"fallback": [{}]}}]},
    {"tunnels": [{"name": "g0", "monitor": {"fallback": ["192.0.2.1"] * 5}}]},
    {"tables": [{"name": "x"}]},
    {"hosts": {"h": {}}},
    {"flows": [{"include": "x", "table": 1}]},
    {"flows": [7]},
    {"nat": {}},
    {"nat": {"pools": [{"name": "p"}], "slices": []}},
    {"nat": {"pools": [{"name": "p", "ids": "acquire"}], "slices": []}},
    {"nat": {"pools": [{"name": "p", "ranges": ["192.0.2.1"], "choice": "best"}], "slices": []}},
    {"nat": {"slices": [{"id": 0, "tables": TABLES, "rules": []}]}},
    {"nat": {"slices": [{"id": 1, "tables": {"nat": 3}, "rules": []}]}},
    {"nat": {"slices": [{"id": 1, "tables": TABLES, "rules": [{"name": "s", "kind": "snat"}]}]}},
    {"nat": {"pools": [{"name": "p", "ranges": ["192.0.2.1"]}],
             "slices": [{"id": 1, "tables": TABLES, "rules": [
                 {"name": "s", "kind": "snat", "source": "10.0.0.0/8", "pool": "p", "reject": 10}]}]}},
    {"nat": {"slices": [{"id": 1, "tables": TABLES, "rules": [
        {"name": "d", "kind": "dnat", "address": "192.0.2.1", "to": "10.0.0.1", "priority": 9,
         "reject": 8}]}]}},
    {"nat": {"slices": [{"id": 1, "tables": TABLES, "rules": [
        {"name": "s", "kind": "dnat", "address": "192.0.2.1"}]}]}},
    {"nat": {"slices": [{"id": 1, "tables": TABLES, "rules": [
        {"name": "x-in", "kind": "one_to_one", "inside": "10.0.0.1", "outside": "11.0.0.1"}]}]}},
]


def main():
    with open(os.path.join(TOP, "Documentation/weftd.schema.json")) as f:
        schema = json.load(f)
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    weftd = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, "build/bin/weftd")
    if not os.access(weftd, os.X_OK):
        weftd = None
    failed = 0

    def check(name, text, good):
        nonlocal failed
        results = [("schema", validator.is_valid(json.loads(text)))]
        if weftd:
            run = subprocess.run([weftd, "--check", "/dev/stdin"], input=text, text=True,
                                 capture_output=True)
            results.append(("weftd", run.returncode == 0))
        for who, result in results:
            if result != good:
                failed += 1
                print(f"not ok {name}: {who} says {'good' if result else 'bad'}")

    for path in sorted(glob.glob(os.path.join(TOP, "examples/*.json"))):
        with open(path) as f:
            check(os.path.basename(path), f.read(), True)
    for cases, good in (GOOD, True), (BAD, False):
        for case in cases:
            check(json.dumps(case), json.dumps({**copy.deepcopy(BASE), **case}), good)
    print("agent_schema_test: %s" % (f"{failed} failed" if failed else "ok"))
    return failed != 0


sys.exit(main())
