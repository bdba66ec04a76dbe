# SPDX-License-Identifier: Apache-2.0
"""stt.py - STT segments (draft-davie-stt) with our contexts, and a peer that is a raw TCP socket.

The TCP of the peer's namespace knows nothing of it and answers with resets: filter those.
"""
import socket
import struct

import frame
from gre import NO_DELIVER, OBSERVE, inside

PORT = 7471
HEADER = "!BBBBHHQH"
LENGTH = struct.calcsize(HEADER)


def context(ldp=0, lin=0, lout=0, stage=0, mark=0):  # pylint: disable=too-many-arguments
    """The layout of uapi/linux/weft.h, written down once more."""
    return stage << 60 | bool(mark & OBSERVE) << 59 | bool(mark & NO_DELIVER) << 58 \
        | (mark & 7) << 55 | lin << 40 | lout << 24 | ldp


class Peer:
    """Takes and gives frames of one segment."""

    def __init__(self, namespace, address):
        self.address = address
        self.v6 = ":" in address

        def make():
            sock = socket.socket(socket.AF_INET6 if self.v6 else socket.AF_INET, socket.SOCK_RAW,
                                 socket.IPPROTO_TCP)
            sock.bind((address, 0))
            sock.settimeout(2)
            return sock
        self.sock = inside(namespace, make)

    def recv(self):
        """(sender, STT header as a list, inner frame); None when nothing came"""
        while True:
            try:
                tcp, sender = self.sock.recvfrom(65535)
            except TimeoutError:
                return None
            if not self.v6:  # with its IP header
                tcp = tcp[(tcp[0] & 15) * 4:]
            if struct.unpack("!H", tcp[2:4])[0] == PORT and len(tcp) >= 20 + LENGTH:
                return (sender[0], list(struct.unpack(HEADER, tcp[20:20 + LENGTH])),
                        tcp[20 + LENGTH:])

    def send(self, to, header, inner, ident=1):
        payload = struct.pack(HEADER, *header) + inner
        self.sock.sendto(frame.tcp(self.address, to, 50000, PORT, flags=0x18, payload=payload,
                                   seq=len(payload) << 16, ack=ident), (to, 0))
