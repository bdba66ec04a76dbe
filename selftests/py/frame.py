#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Send and receive whole frames on an interface.

  frame.py send IF FRAME...                     FRAME: hex, or a scapy expression
  frame.py expect [-t SECONDS] [-n N] IF [HEX-PREFIX]  print N frames as hex, status 1 when late

As a module it gives tests in Python a Port, header builders that need no scapy (whose import
takes seconds under emulation) and a TAP writer.
"""
import ipaddress
import re
import select
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET = 263
SO_RCVBUFFORCE = 33
PACKET_IGNORE_OUTGOING = 23
PACKET_AUXDATA = 8
PACKET_STATISTICS = 6


class Port:
    """A raw socket on an interface; receives only what others send."""

    def __init__(self, name):
        self.name = name
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        # SO_RCVBUF would be cut down to net.core.rmem_max, some 500 frames
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.bind((name, ETH_P_ALL))

    def send(self, frame):
        self.sock.send(frame)

    def receive(self, timeout=1.0, want=None):
        """Next frame for which want() holds, with the VLAN tag the kernel took off; or None."""
        end = time.monotonic() + timeout
        # what is there already is looked at even if this process got no time until the end
        while (left := end - time.monotonic()) > -5:
            if not select.select([self.sock], [], [], max(left, 0))[0]:
                break
            frame, aux, _, _ = self.sock.recvmsg(1 << 17, 128)
            for _, kind, data in aux:
                if kind == PACKET_AUXDATA:
                    status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                    if status & 0x10:  # TP_STATUS_VLAN_VALID
                        tpid = tpid if status & 0x40 else 0x8100
                        frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
            if want is None or want(frame):
                return frame
        return None

    def receive_all(self, timeout=0.3, want=None):
        """Frames until none came for a while."""
        frames = []
        while (frame := self.receive(timeout, want)) is not None:
            frames.append(frame)
        return frames

    def drain(self):
        while select.select([self.sock], [], [], 0)[0]:
            self.sock.recv(1 << 17)

    def close(self):
        self.sock.close()


def checksum(data, initial=0):
    if len(data) % 2:
        data += b"\0"
    total = initial + sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ether(dst, src, proto, payload=b"", vlan=None):
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return mac(dst) + mac(src) + tag + struct.pack("!H", proto) + payload


def ipv4(src, dst, proto, payload=b"", ttl=64, tos=0, ident=0, frag=0, options=b""):
    length = 20 + len(options)
    head = struct.pack(
        "!BBHHHBBH4s4s", 0x40 | length // 4, tos, length + len(payload), ident, frag, ttl,
        proto, 0, socket.inet_aton(src), socket.inet_aton(dst)) + options
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload=b"", hops=64, tclass=0, label=0):
    return struct.pack(
        "!IHBB", 6 << 28 | tclass << 20 | label, len(payload), proto, hops
    ) + ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed + payload


def pseudo(src, dst, proto, length):
    """Partial sum of the pseudo header of UDP, TCP and ICMPv6."""
    addresses = ipaddress.ip_address(src).packed + ipaddress.ip_address(dst).packed
    return sum(struct.unpack(f"!{len(addresses) // 2}H", addresses)) + proto + length


def udp(src, dst, sport, dport, payload=b""):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    total = checksum(head + payload, pseudo(src, dst, 17, len(head + payload))) or 0xFFFF
    return head[:6] + struct.pack("!H", total) + payload


def tcp(src, dst, sport, dport, flags=2, payload=b"", seq=0, ack=0, window=65535, options=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, (20 + len(options)) << 2, flags,
                       window, 0, 0) + options
    total = checksum(head + payload, pseudo(src, dst, 6, len(head + payload)))
    return head[:16] + struct.pack("!H", total) + head[18:] + payload


def icmp(kind, code=0, rest=0, payload=b""):
    head = struct.pack("!BBHI", kind, code, 0, rest) + payload
    return head[:2] + struct.pack("!H", checksum(head)) + head[4:]


def icmpv6(src, dst, kind, code=0, rest=0, payload=b""):
    head = struct.pack("!BBHI", kind, code, 0, rest) + payload
    total = checksum(head, pseudo(src, dst, 58, len(head)))
    return head[:2] + struct.pack("!H", total) + head[4:]


def arp(op, sha, spa, tha, tpa):
    return struct.pack("!HHBBH", 1, 0x800, 6, 4, op) + mac(sha) + socket.inet_aton(
        spa) + mac(tha) + socket.inet_aton(tpa)


class Tap:
    """Results of a test written in Python; `# group:` and the like go into its head as well."""

    def __init__(self):
        self.count = self.failed = 0

    def ok(self, good, description, *why):
        self.count += 1
        print(f"{'' if good else 'not '}ok {self.count} - {description}", flush=True)
        if not good:
            self.failed += 1
            for line in "\n".join(map(str, why)).splitlines():
                print(f"# {line}", flush=True)
        return good

    def equal(self, got, expected, description):
        return self.ok(got == expected, description, f"     got: {got!r}",
                       f"expected: {expected!r}")

    def skip(self, description, why):
        self.count += 1
        print(f"ok {self.count} - {description} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.count}", flush=True)
        sys.exit(not self.count or self.failed > 0)


def parse(text):
    """A frame from hex digits (blanks and colons allowed) or from a scapy expression."""
    digits = re.sub(r"[\s:]", "", text)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})+", digits):
        return bytes.fromhex(digits)
    import scapy.all  # pylint: disable=import-outside-toplevel
    names = dict(vars(scapy.all))
    for layer in ("vxlan", "geneve"):
        try:
            scapy.all.load_contrib(layer)
        except ImportError:
            pass
    names.update(vars(scapy.all))
    # Test scripts are trusted: they run as root anyway.
    return bytes(eval(text, names))  # pylint: disable=eval-used


def main(argv):
    if len(argv) >= 3 and argv[0] == "send":
        frames = [parse(text) for text in argv[2:]]
        port = Port(argv[1])
        for frame in frames:
            port.send(frame)
        return 0
    if argv and argv[0] == "expect":
        timeout, number, words = 2.0, 1, argv[1:]
        while words and words[0] in ("-t", "-n"):
            if words[0] == "-t":
                timeout = float(words[1])
            else:
                number = int(words[1])
            words = words[2:]
        if words:
            prefix = parse(words[1]) if len(words) > 1 else b""
            port = Port(words[0])
            print("listening", file=sys.stderr, flush=True)
            for _ in range(number):
                frame = port.receive(timeout, lambda f: f.startswith(prefix))
                if frame is None:
                    return 1
                print(frame.hex(), flush=True)
            return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
