#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""mconsole.py SOCKET COMMAND - send a command to the management console of a UML guest."""
import os
import socket
import struct
import sys

path, command = sys.argv[1], sys.argv[2].encode()
here = f"{os.path.dirname(path)}/reply.{os.getpid()}"
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.bind(here)
sock.settimeout(3)
try:
    sock.sendto(struct.pack("III512s", 0xCAFEBABE, 2, len(command), command), path)
    while True:
        err, more, length = struct.unpack_from("III", (reply := sock.recv(8192)))
        sys.stdout.write(reply[12 : 12 + length].decode(errors="replace"))
        if not more:
            sys.exit(err != 0)
except OSError as error:
    sys.exit(f"mconsole: {error}")
finally:
    os.unlink(here)
