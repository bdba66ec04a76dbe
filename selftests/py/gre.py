# SPDX-License-Identifier: Apache-2.0
"""gre.py - GRE headers (RFC 2784, RFC 2890) with our keys, and a peer that is a raw socket."""
import ctypes
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
KEY = 0x2000
OBSERVE, NO_DELIVER = 0x80000000, 0x40000000


def inside(namespace, make):
    """What make() makes in another namespace."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    assert LIBC.setns(there, 0x40000000) == 0
    try:
        return make()
    finally:
        assert LIBC.setns(here, 0x40000000) == 0
        os.close(here)
        os.close(there)


class Peer:
    """Sends and receives what follows the outer IP header."""

    def __init__(self, namespace, address):
        self.v6 = ":" in address

        def make():
            sock = socket.socket(socket.AF_INET6 if self.v6 else socket.AF_INET, socket.SOCK_RAW, 47)
            sock.bind((address, 0))
            sock.settimeout(2)
            return sock
        self.sock = inside(namespace, make)

    def recv(self):
        try:
            packet = self.sock.recv(65535)
        except TimeoutError:
            return b""
        return packet if self.v6 else packet[(packet[0] & 15) * 4:]

    def send(self, to, packet):
        self.sock.sendto(packet, (to, 0))


def key(label=0, stage=0, mark=0):
    """The layout of uapi/linux/weft.h, written down once more."""
    return stage << 28 | bool(mark & OBSERVE) << 27 | bool(mark & NO_DELIVER) << 26 \
        | (mark & 3) << 24 | label


def gre(number, inner):
    """number None: without a key"""
    if number is None:
        return struct.pack("!HH", 0, 0x6558) + inner
    return struct.pack("!HHI", KEY, 0x6558, number) + inner
