#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bfd_peers.py HOST N MULTIPLIER - N plain BFD speakers in Geneve, at 198.51.100.1 and on.

Each answers what it gets: its state is one step behind, as RFC 5880 has it, and it sends when it is
sent to, so that the other side sets the pace. Written from the RFC, not from our code.
"""
import select
import socket
import struct
import sys

import frame
from geneve import context, geneve

host, count, multiplier = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ADMIN_DOWN, DOWN, INIT, UP = range(4)


class Peer:
    def __init__(self, number):
        self.state, self.mine, self.yours = DOWN, 1000 + number, 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((f"198.51.100.{number}", 6081))

    def answer(self):
        data = self.sock.recv(2048)
        bfd = data[8 + (data[0] & 0x3F) * 4 + 42:]
        state, poll = bfd[1] >> 6, bfd[1] & 0x20
        self.yours = struct.unpack("!I", bfd[4:8])[0]
        if self.state == UP and state == DOWN:
            self.state = DOWN
        elif self.state == DOWN and state == DOWN:
            self.state = INIT
        elif state in (INIT, UP) and self.state in (DOWN, INIT):
            self.state = UP if (self.state, state) != (DOWN, UP) else DOWN
        out = struct.pack("!BBBBIIIII", 0x20, self.state << 6 | (0x10 if poll else 0),
                          multiplier, 24,
                          self.mine, self.yours, 100000, 100000, 0)
        udp = frame.udp("169.254.87.1", "169.254.87.2", 50000, 3784, out)
        inner = frame.ether("02:57:45:46:54:bf", "02:57:45:46:54:01", 0x800,
                            frame.ipv4("169.254.87.1", "169.254.87.2", 17, udp, ttl=255))
        self.sock.sendto(geneve(0, context(0, 0), inner), (host, 6081))


peers = {peer.sock.fileno(): peer for peer in (Peer(n + 1) for n in range(count))}
poll_all = select.poll()
for fd in peers:
    poll_all.register(fd, select.POLLIN)
while True:
    for fd, _ in poll_all.poll():
        peers[fd].answer()
