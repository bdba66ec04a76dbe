#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mixture.py FROM TO STOPFILE - flood UDP frames and look at what entries made of each.

Each frame must come out, with three equal numbers in it: source port, destination port, TTL.
"""
import os
import sys
import time

import frame

sender, receiver = frame.Port(sys.argv[1]), frame.Port(sys.argv[2])
A, B = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
data = frame.ether(B, A, 0x800, frame.ipv4("10.0.0.1", "10.0.0.2", 17, frame.udp(
    "10.0.0.1", "10.0.0.2", 100, 100, b"x" * 20), ttl=100))
BURST = 64
sent = received = mixed = 0
seen = {}
print("ready", flush=True)
end = time.monotonic() + 300
while not os.path.exists(sys.argv[3]) and time.monotonic() < end:
    for _ in range(BURST):
        sender.send(data)
    sent += BURST
    for _ in range(BURST):
        got = receiver.receive(5)
        if got is None:
            break
        received += 1
        numbers = (int.from_bytes(got[34:36], "big"), int.from_bytes(got[36:38], "big"), got[22])
        seen[numbers] = seen.get(numbers, 0) + 1
        mixed += len(set(numbers)) != 1
print("numbers:", seen)
print(f"{sent} packets sent, {received} received, {mixed} mixed, {len(seen)} versions seen")
sys.exit(mixed > 0 or received != sent or len(seen) < 3)
