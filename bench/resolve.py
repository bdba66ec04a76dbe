#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The network of groups B14 and B15: two switches, a router between them, weft-arpd.

  resolve.py network ADDRESSES HERE THERE [MAP]  as JSON: one machine on host HERE, those with the
                          addresses on host THERE, 50 to a machine; MAP is a host with a map
  resolve.py devices ADDRESSES                   the devices of THERE
  resolve.py question DEVICE SECONDS STAGE       the first frame with a question of this stage that
                          comes to a device, as hex and the offset of the address that is asked for
"""
import json
import os
import struct
import sys

EACH, LEFT, RIGHT, ROUTER = 50, 1, 2, 3
FIRST = 0x0A010100  # 10.1.1.0, as flowgen.c has it
FOREVER = 3600000


def text(number):
    return ".".join(str(b) for b in number.to_bytes(4, "big"))


def machines(addresses):
    return range((addresses + EACH - 1) // EACH)


def network(addresses, here, there, *maps):
    hosts = (here, there, *maps)
    times = {"try_ms": 10000, "map_try_ms": 5000, "revalidate_ms": FOREVER, "age_ms": FOREVER,
             "idle_ms": FOREVER, "publish_ms": FOREVER}
    ports = {"vm": {"switch": "left", "lport": 1, "mac": "02:00:00:00:00:01", "host": here,
                    "device": "vm", "addresses": ["10.0.0.1"]}}
    for i in machines(addresses):
        ports[f"p{i}"] = {
            "switch": "right", "lport": i + 1, "mac": f"02:00:00:01:{i // 256:02x}:{i % 256:02x}",
            "host": there, "device": f"p{i}",
            "addresses": [text(FIRST + n) for n in range(i * EACH, min(addresses, (i + 1) * EACH))]}
    return {
        "version": 1, "datapath": "weft0", "tunnel": {"name": "gnv0"},
        "resolution": {"by": "arpd", "map_servers": list(maps), "times": times},
        "hosts": {host: {"address": f"192.0.2.{i + 1}"} for i, host in enumerate(hosts)},
        "switches": {"left": {"ldp": LEFT}, "right": {"ldp": RIGHT}},
        "routers": {"middle": {"ldp": ROUTER, "placement": "first-hop"}},
        "router_ports": {
            "middle-left": {"router": "middle", "id": 1, "switch": "left", "lport": 1000,
                            "mac": "02:00:00:00:00:99", "addresses": ["10.0.0.254/24"]},
            "middle-right": {"router": "middle", "id": 2, "switch": "right", "lport": 1000,
                             "mac": "02:00:00:00:00:98", "addresses": ["10.1.0.1/16"]}},
        "ports": ports}


def question(device, seconds, stage):
    sys.path.insert(0, os.path.join(os.environ["WEFT_TOP"], "selftests", "py"))
    import frame  # pylint: disable=import-outside-toplevel

    def asks(data):
        # IPv4, UDP to Geneve, one option of 16 bytes; in it ARP that asks
        return data[12:14] == b"\x08\x00" and data[23] == 17 and data[36:38] == b"\x17\xc1" and \
            data[66] >> 4 == stage and data[50 + (data[42] & 63) * 4:][12:22] == \
            struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1)

    port = frame.Port(device)
    print("listening", file=sys.stderr, flush=True)
    data = port.receive(seconds, asks)
    if data is None:
        return 1
    print(data.hex(), 50 + (data[42] & 63) * 4 + 38)
    return 0


def main(argv):
    if argv[0] == "network":
        print(json.dumps(network(int(argv[1]), *argv[2:])))
    elif argv[0] == "devices":
        print("\n".join(f"p{i}" for i in machines(int(argv[1]))))
    else:
        return question(argv[1], float(argv[2]), int(argv[3]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
