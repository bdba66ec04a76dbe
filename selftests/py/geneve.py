# SPDX-License-Identifier: Apache-2.0
"""geneve.py - Geneve headers (RFC 8926) and a peer that is a plain UDP socket, for tests."""
import ctypes
import os
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
CONTEXT, MARK, SLOT = (0x0102, 0x80), (0xFF00, 0x01), (0x0103, 0x82)


def peer_socket(namespace, address, port):
    """A UDP socket in another namespace."""
    here = os.open("/proc/self/ns/net", os.O_RDONLY)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    assert LIBC.setns(there, 0x40000000) == 0
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    sock.settimeout(2)
    assert LIBC.setns(here, 0x40000000) == 0
    os.close(here)
    os.close(there)
    return sock


def option(kind, data):
    return struct.pack("!HBB", kind[0], kind[1], len(data) // 4) + data


def geneve(vni, options, inner, critical=True):
    return struct.pack("!BBHI", len(options) // 4, 0x40 if critical else 0, 0x6558, vni << 8) \
        + options + inner


def context(lin, lout, mark=0, stage=0):
    return option(CONTEXT, struct.pack("!HH", lin, lout)) \
        + option(MARK, struct.pack("!II", mark, stage << 28))
