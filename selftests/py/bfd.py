#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bfd.py - forged packets of BFD.

  bfd.py frame IF MY YOUR             out of a device, as if it were a frame inside a tunnel
  bfd.py geneve HOST MY YOUR [HOW]... to a host's Geneve port, in logical datapath 0

A packet says Down with discriminators MY and YOUR. HOW: ttl=N, from=ADDRESS, auth, version.
"""
import socket
import struct
import sys

import frame
from geneve import context, geneve

kind, where, mine, yours = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
how = dict((word.split("=") + ["1"])[:2] for word in sys.argv[5:])

bfd = struct.pack("!BBBBIIIII", 0x40 if "version" in how else 0x20,
                  0x44 if "auth" in how else 0x40, 3, 26 if "auth" in how else 24, mine, yours,
                  1000000, 1000000, 0) + (b"\1\2" if "auth" in how else b"")
udp = frame.udp("169.254.87.1", "169.254.87.2", 50000, 3784, bfd)
inner = frame.ether("02:57:45:46:54:bf", "02:57:45:46:54:01", 0x800,
                    frame.ipv4("169.254.87.1", "169.254.87.2", 17, udp, ttl=int(how.get("ttl", 255))))
if kind == "frame":
    frame.Port(where).send(inner)
else:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if "from" in how:
        sock.bind((how["from"], 0))
    sock.sendto(geneve(0, context(0, 0), inner), (where, 6081))
