#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What sockets hear of ICMP errors.

  icmp_errors.py expired udp|tcp ADDRESS    send with TTL 1; prints the error
  icmp_errors.py refused ADDRESS            UDP to a port where nobody is; prints the error
  icmp_errors.py answer ADDRESS PORT FILE   answer a datagram when FILE is there; prints the error
  icmp_errors.py ask ADDRESS PORT           send a datagram, and be gone
"""
import errno
import os
import select
import socket
import sys
import time

RECVERR = {socket.AF_INET: (socket.SOL_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}
TTL = {socket.AF_INET: (socket.SOL_IP, socket.IP_TTL),
       socket.AF_INET6: (socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)}


def make(address, kind):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.settimeout(10)
    sock.setsockopt(*RECVERR[family], 1)
    return sock


def error(sock):
    """The error that the socket has got, as text."""
    poll = select.poll()
    poll.register(sock, 0)
    if not poll.poll(10000):
        return "nothing"
    return errno.errorcode.get(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), "none")


def expired(kind, address):
    sock = make(address, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    sock.setsockopt(*TTL[sock.family], 1)
    try:
        sock.connect((address, 9))
        sock.send(b"x" * 40)
    except OSError as err:
        return errno.errorcode.get(err.errno, "timeout")
    return error(sock)


def refused(address):
    sock = make(address, socket.SOCK_DGRAM)
    sock.connect((address, 9))
    sock.send(b"x" * 40)
    return error(sock)


def answer(address, port, go):
    sock = make(address, socket.SOCK_DGRAM)
    sock.bind((address, int(port)))
    peer = sock.recvfrom(100)[1]
    sock.connect(peer)
    for _ in range(250):
        if os.path.exists(go):
            break
        time.sleep(0.04)
    sock.send(b"y" * 40)
    return error(sock)


def ask(address, port):
    sock = make(address, socket.SOCK_DGRAM)
    sock.sendto(b"x", (address, int(port)))
    return "sent"


print({"expired": expired, "refused": refused, "answer": answer, "ask": ask}[sys.argv[1]](
    *sys.argv[2:]))
