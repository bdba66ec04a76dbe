#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A big network, and changes to it (see net_scale.sh).

  net_scale.py write FILE [PORT]  1,000 switches, 10 behind each of 100 routers; 10,000 ports on
                                  500 hosts, 50 of them on h0; one port more
  net_scale.py patch PORT HOST    the change that adds such a port, on a line of JSON
  net_scale.py devices            names of the devices of the ports on h0
  net_scale.py ask SOCKET N CHANGE UNDO  N times a change and what takes it back: microseconds from
                                  each command to its answer, the answer's own, and its counts
"""
import json
import socket
import sys
import time


def place(i):
    """Switch and host of a port."""
    return i % 1000, 0 if i < 1000 and i % 20 == 0 else 1 + i % 499


def network():
    net = {"version": 1, "datapath": "weft0", "tunnel": {"name": "gnv0"}}
    net["hosts"] = {f"h{i}": {"address": f"192.0.{2 + i // 250}.{i % 250 + 1}"} for i in range(500)}
    net["routers"] = {f"r{i}": {"ldp": 5001 + i} for i in range(100)}
    net["switches"] = {f"s{i}": {"ldp": 1 + i} for i in range(1000)}
    net["router_ports"] = {
        f"l{i}": {"router": f"r{i // 10}", "id": i % 10 + 1, "switch": f"s{i}", "lport": 1000,
                  "mac": f"02:01:00:00:{i // 256:02x}:{i % 256:02x}",
                  "addresses": [f"10.{i // 10}.{i % 10}.1/24"]} for i in range(1000)}
    net["ports"] = {}
    for i in range(10000):
        switch, host = place(i)
        net["ports"][f"vm{i}"] = {
            "switch": f"s{switch}", "lport": 1 + i // 1000,
            "mac": f"02:00:00:00:{i // 256:02x}:{i % 256:02x}",
            "addresses": [f"10.{switch // 10}.{switch % 10}.{10 + i // 1000}"],
            "host": f"h{host}", "device": f"vm{i}"}
    return net


def one_more(name, host):
    """In switch s20, as vm20 of h0 is."""
    return {name: {"switch": "s20", "lport": 99, "mac": "02:00:00:01:00:00",
                   "addresses": ["10.2.0.99"], "host": host, "device": name}}


def request(path, change):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(path)
        line = json.dumps({"command": "change", "change": json.loads(change)}).encode() + b"\n"
        start = time.monotonic_ns()
        sock.sendall(line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += sock.recv(1 << 16)
        took = (time.monotonic_ns() - start) // 1000
    answer = json.loads(answer)
    if "error" in answer:
        sys.exit(answer["error"])
    return took, answer


def ask(path, n, *changes):
    for _ in range(int(n)):
        for change in changes:
            took, answer = request(path, change)
            flows = answer["flows"]
            print(took, answer["took_us"], *flows.values())


def main(command, *args):
    if command == "write":
        net = network()
        for name in args[1:]:
            net["ports"].update(one_more(name, "h0"))
        with open(args[0], "w", encoding="utf-8") as file:
            json.dump(net, file, indent=1)
    elif command == "patch":
        print(json.dumps({"ports": one_more(*args)}))
    elif command == "devices":
        print(*(f"vm{i}" for i in range(10000) if place(i)[1] == 0))
    else:
        ask(*args)


main(*sys.argv[1:])
