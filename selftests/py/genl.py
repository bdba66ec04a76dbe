# SPDX-License-Identifier: Apache-2.0
"""genl.py - generic netlink for tests, on a raw socket: nothing between a test and its bytes."""

import os
import socket
import struct

NLM_F_REQUEST, NLM_F_MULTI, NLM_F_ACK, NLM_F_ECHO = 1, 2, 4, 8
NLM_F_DUMP = 0x300
NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE = 0x100, 0x200, 0x400
NLM_F_CAPPED, NLM_F_ACK_TLVS = 0x100, 0x200
NLMSG_NOOP, NLMSG_ERROR, NLMSG_DONE, NLMSG_OVERRUN = 1, 2, 3, 4
NLA_F_NESTED = 0x8000
NLA_TYPE_MASK = 0x3FFF
NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS = 1, 2
SOL_NETLINK, NETLINK_GENERIC = 270, 16
NETLINK_ADD_MEMBERSHIP, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 1, 10, 11
NETLINK_GET_STRICT_CHK = 12
GENL_ID_CTRL = 16
CTRL_CMD_GETFAMILY, CTRL_CMD_GETPOLICY = 3, 10
CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_ATTR_MCAST_GROUPS = 1, 2, 7
CTRL_ATTR_POLICY, CTRL_ATTR_OP_POLICY = 8, 9


def pad4(data):
    return data + bytes(-len(data) % 4)


def attr(kind, payload=b''):
    """One attribute, padded; payload: bytes, str (gets its NUL)"""
    if isinstance(payload, str):
        payload = payload.encode() + b'\0'
    return pad4(struct.pack('=HH', len(payload) + 4, kind) + payload)


def nest(kind, *attrs):
    return attr(kind | NLA_F_NESTED, b''.join(attrs))


def u8(kind, value):
    return attr(kind, struct.pack('=B', value))


def u16(kind, value):
    return attr(kind, struct.pack('=H', value))


def u32(kind, value):
    return attr(kind, struct.pack('=I', value))


def u64(kind, value):
    return attr(kind, struct.pack('=Q', value))


def attrs(data):
    """[(type, payload)] of a sequence of attributes; bits of the type are masked off"""
    result, ofs = [], 0
    while ofs + 4 <= len(data):
        length, kind = struct.unpack_from('=HH', data, ofs)
        if length < 4 or ofs + length > len(data):
            raise ValueError(f'attribute of length {length} at {ofs} of {len(data)}')
        result.append((kind & NLA_TYPE_MASK, data[ofs + 4:ofs + length]))
        ofs += (length + 3) & ~3
    return result


class Refused(OSError):
    """The kernel's answer was an error; .text: extack message, .offset: bad attribute"""

    def __init__(self, code, text, offset):
        super().__init__(code, f'{os.strerror(code)}: {text or "(no extack message)"}')
        self.text, self.offset = text, offset


def parse_error(kind, payload, flags):
    """(errno, extack message, offset of the bad attribute) of an NLMSG_ERROR or _DONE"""
    code = -struct.unpack_from('=i', payload)[0]
    text = offset = None
    if flags & NLM_F_ACK_TLVS:
        ofs = 4
        if kind == NLMSG_ERROR:     # the request's header, or all of it, comes first
            length = struct.unpack_from('=I', payload, 4)[0]
            ofs = 20 if flags & NLM_F_CAPPED else 4 + ((length + 3) & ~3)
        for tlv, value in attrs(payload[ofs:]):
            if tlv == NLMSGERR_ATTR_MSG:
                text = value.rstrip(b'\0').decode(errors='replace')
            elif tlv == NLMSGERR_ATTR_OFFS:
                offset = struct.unpack('=I', value)[0]
    return code, text, offset


class Genl:
    """A socket and a family"""

    def __init__(self, family=None, strict=True):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self.sock.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        if strict:
            self.sock.setsockopt(SOL_NETLINK, NETLINK_GET_STRICT_CHK, 1)
        self.sock.bind((0, 0))
        self.sock.settimeout(30)
        self.seq = 0
        self.family, self.groups = GENL_ID_CTRL, {}
        if family:
            self._resolve(family)

    def _resolve(self, name):
        for _, data in self.request(CTRL_CMD_GETFAMILY, attr(CTRL_ATTR_FAMILY_NAME, name)):
            for kind, value in attrs(data):
                if kind == CTRL_ATTR_FAMILY_ID:
                    self.family = struct.unpack('=H', value)[0]
                elif kind == CTRL_ATTR_MCAST_GROUPS:
                    for _, group in attrs(value):
                        group = dict(attrs(group))
                        self.groups[group[1].rstrip(b'\0').decode()] = \
                            struct.unpack('=I', group[2])[0]

    def join(self, group):
        self.sock.setsockopt(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, self.groups[group])

    def message(self, cmd, payload, flags, version=1, family=None):
        self.seq += 1
        body = struct.pack('=BBH', cmd, version, 0) + payload
        return struct.pack('=IHHII', 16 + len(body), family or self.family,
                           flags, self.seq, 0) + body

    def receive(self):
        """[(type, flags, seq, payload)] of one datagram"""
        data = self.sock.recv(1 << 20)
        result, ofs = [], 0
        while ofs + 16 <= len(data):
            length, kind, flags, seq, _ = struct.unpack_from('=IHHII', data, ofs)
            result.append((kind, flags, seq, data[ofs + 16:ofs + length]))
            ofs += (length + 3) & ~3
        return result

    def answer(self, seq):
        """[(cmd, payload)] of the answer to a request; raises Refused"""
        result = []
        while True:
            for kind, flags, got, payload in self.receive():
                if got != seq:
                    continue
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    code, text, offset = parse_error(kind, payload, flags)
                    if code:
                        raise Refused(code, text, offset)
                    return result
                result.append((payload[0], payload[4:]))

    def request(self, cmd, payload=b'', flags=NLM_F_ACK, family=None):
        self.sock.send(self.message(cmd, payload, NLM_F_REQUEST | flags, family=family))
        return self.answer(self.seq)

    def dump(self, cmd, payload=b'', family=None):
        return self.request(cmd, payload, NLM_F_DUMP, family)

    def close(self):
        self.sock.close()
