#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""service.py - services and packets between kernel and user space; output is TAP.

Run by service.sh in a namespace with the wires p1 - q1 and p2 - q2; p1, p2 become ports 1, 2.
"""

import errno
import os
import socket
import struct
import subprocess
import sys
import time

import yaml

import genl
from genl import attr, nest, u8, u16, u32, u64

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SLOW = int(os.environ.get('WEFT_SLOW', '1'))


class Names:
    """Numbers of the contract: names.service.credits, names.cmd['dp-new']"""

    def __init__(self):
        with open(os.path.join(TOP, 'Documentation/netlink/specs/weft.yaml'),
                  encoding='utf-8') as f:
            spec = yaml.safe_load(f)
        for s in spec['attribute-sets']:
            names = type(s['name'], (), {})()
            for number, a in enumerate(s['attributes'], 1):
                setattr(names, a['name'].replace('-', '_'), number)
            setattr(self, s['name'].replace('-', '_'), names)
        self.drop = {}
        for d in spec['definitions']:
            if d['name'] == 'drop':
                number = -1
                for e in d['entries']:
                    number = self.drop[e['name']] = e.get('value', number + 1)
        self.cmd = {}
        for op in spec['operations']['list']:
            for mode in ('do', 'dump'):
                if mode in op:
                    self.cmd[op['name']] = op[mode]['request']['value']
            if 'event' in op:
                self.cmd[op['name']] = op['value']


N = Names()
DP = 'dp'
SO_RCVBUFFORCE = 33


class Tap:
    n = failed = 0

    def ok(self, good, what, *details):
        self.n += 1
        self.failed += not good
        print(f'{"" if good else "not "}ok {self.n} - {what}', flush=True)
        if not good:
            for d in details:
                print(f'#   {d}', flush=True)

    def equal(self, got, want, what):
        self.ok(got == want, what, f'got {got!r}', f'expected {want!r}')


T = Tap()


class Member(genl.Genl):
    """A socket that registers for services"""

    def __init__(self):
        super().__init__('weft')
        self.packets = []

    def answer(self, seq):
        """Like the parent's, but upcalls that come in between are kept"""
        result = []
        while True:
            for kind, flags, got, payload in self.receive():
                if kind == self.family and payload[0] == N.cmd['packet-upcall']:
                    self.packets.append(dict(genl.attrs(payload[4:])))
                elif got == seq and kind in (genl.NLMSG_ERROR, genl.NLMSG_DONE):
                    code, text, offset = genl.parse_error(kind, payload, flags)
                    if code:
                        raise genl.Refused(code, text, offset)
                    return result
                elif got == seq:
                    result.append((payload[0], payload[4:]))

    def service(self, what, name='s', dp=DP, **values):
        return self.request(N.cmd['service-' + what],
                            attr(N.service.dp, dp) + attr(N.service.name, name) +
                            b''.join(u32(getattr(N.service, k), v) for k, v in values.items()))

    def collect(self, count, seconds=3.0):
        """Wait for upcalls: at least @count in all that are not taken, and no more"""
        end = time.monotonic() + seconds * SLOW
        while len(self.packets) < count and time.monotonic() < end:
            self.drain(0.05)
        self.drain(0.05 * SLOW)
        packets, self.packets = self.packets, []
        return packets

    def drain(self, seconds):
        self.sock.settimeout(seconds)
        try:
            while True:
                for kind, _, _, payload in self.receive():
                    if kind == self.family and payload[0] == N.cmd['packet-upcall']:
                        self.packets.append(dict(genl.attrs(payload[4:])))
        except (TimeoutError, BlockingIOError):
            pass
        self.sock.settimeout(30)


def integer(data):
    return int.from_bytes(data, sys.byteorder)


def refused(code, what, call, *args, attribute=True, **kwargs):
    """The call is refused with this errno, a message and, perhaps, an attribute"""
    try:
        call(*args, **kwargs)
    except genl.Refused as error:
        T.ok(error.errno == code and error.text and (not attribute or error.offset), what,
             f'{error}, attribute at {error.offset}')
        print(f'#   says: {error.text}')
    else:
        T.ok(False, what, 'it was accepted')


def state(name='s'):
    """What SERVICE_GET reports"""
    (_, data), = CTL.service('get', name)
    names = {number: n for n, number in vars(N.service).items()}
    return {names[k]: integer(v) for k, v in genl.attrs(data) if k > N.service.name}


def wait_for(what, seconds=5):
    end = time.monotonic() + seconds * SLOW
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def drops(port):
    """{reason number: packets} of a port; 0: of the datapath"""
    (_, data), = (CTL.request(N.cmd['port-get'], attr(N.port.dp, DP) + u32(N.port.id, port))
                  if port else CTL.request(N.cmd['dp-get'], attr(N.dp.name, DP)))
    result = {}
    for _, entry in genl.attrs(dict(genl.attrs(data)).get(N.port.drops if port else N.dp.drops,
                                                          b'')):
        entry = dict(genl.attrs(entry))
        result[integer(entry[N.drop_entry.reason])] = integer(entry[N.drop_entry.packets])
    return result


NO_SERVICE, UPCALL_QUEUE, UPCALL_SOCKET = (
    N.drop[name] for name in ('no-service', 'upcall-queue', 'upcall-socket'))


def csum(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'>{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


def ipv4(proto, payload, src=b'\x0a\0\0\1', dst=b'\x0a\0\0\2', vlan=b''):
    head = struct.pack('>BBHHHBBH', 0x45, 0, 20 + len(payload), 1, 0, 64, proto, 0) + src + dst
    head = head[:10] + struct.pack('>H', csum(head)) + head[12:]
    return b'\2\0\0\0\0\2' b'\2\0\0\0\0\1' + vlan + b'\x08\0' + head + payload


def udp(sport, data, **kwargs):
    return ipv4(17, struct.pack('>HHHH', sport, 9, 8 + len(data), 0) + data, **kwargs)


class Wire:
    """The far end of a port"""

    def __init__(self, device, vnet=False):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        if vnet:
            self.sock.setsockopt(263, 15, 1)    # SOL_PACKET, PACKET_VNET_HDR
        self.sock.bind((device, 0))

    def send(self, *frames):
        for frame in frames:
            self.sock.send(frame)


def service_action(name='s', **values):
    return nest(N.act.service, attr(N.act_service.name, name),
                *(u32(getattr(N.act_service, k), v) for k, v in values.items()))


def flow(*actions, match=(), priority=100, table=0, cookie=0):
    CTL.request(N.cmd['flow-new'],
                attr(N.flow.dp, DP) + u8(N.flow.table, table) + u16(N.flow.priority, priority) +
                nest(N.flow.match, *match) + nest(N.flow.actions, *actions) +
                u64(N.flow.cookie, cookie), genl.NLM_F_ACK |
                genl.NLM_F_REPLACE)


def in_port(port):
    return attr(N.field.in_port, struct.pack('>I', port))


def port_new(number):
    CTL.request(N.cmd['port-new'], attr(N.port.dp, DP) + u32(N.port.id, number) +
                attr(N.port.name, f'p{number}'))


def inject(frame, *more, port=1):
    return CTL.request(N.cmd['packet-inject'], attr(N.packet.dp, DP) +
                       u32(N.packet.in_port, port) + b''.join(more) +
                       attr(N.packet.data, frame))


def set_up():
    CTL.request(N.cmd['dp-new'], attr(N.dp.name, DP))
    port_new(1)
    port_new(2)
    load = nest(N.act.set, attr(N.field.reg0 + 3, struct.pack('>I', 0x11223344)))
    flow(load, service_action(arg=77), cookie=0xc0ffee)


def tear_down():
    CTL.request(N.cmd['dp-del'], attr(N.dp.name, DP))


# ---- what is tested ------------------------------------------------------------------------

def test_requests():
    a = Member()
    refused(errno.ENODEV, 'no such datapath', a.service, 'new', dp='nowhere')
    refused(errno.EINVAL, 'a name that text forms cannot hold', a.service, 'new', 'a,b')
    refused(errno.EINVAL, 'an empty name', a.service, 'new', '')
    refused(errno.EINVAL, 'a name that is too long', a.service, 'new', 'x' * 16)
    refused(errno.ENOENT, 'no such service', a.service, 'get', 'nobody')
    refused(errno.ERANGE, 'too many credits', a.service, 'new', credits=1048577)
    refused(errno.ERANGE, 'a queue of no length', a.service, 'new', queue_limit=0)
    T.equal(state()['members'], 0, 'an action makes the service')
    a.service('new', credits=1048576, queue_limit=10)
    T.equal([state()[k] for k in ('members', 'credits', 'queue_limit')], [1, 1048576, 10],
            'a socket registers')
    refused(errno.EEXIST, 'it does so once', a.service, 'new')
    refused(errno.ERANGE, 'credits have a limit', a.service, 'set', credits=1)
    refused(errno.ENOENT, 'credits are for members', CTL.service, 'set', credits=1)
    refused(errno.EINVAL, 'a request to set nothing', a.service, 'set', attribute=False)
    refused(errno.ENOENT, 'leaving is for members', CTL.service, 'del')
    CTL.service('set', queue_limit=64)
    T.equal(state()['queue_limit'], 64, 'anybody may change the limit')
    a.service('del')
    T.equal(state()['members'], 0, 'it leaves')
    a.service('new', 'own')
    names = {dict(genl.attrs(d))[N.service.name] for _, d in
             CTL.dump(N.cmd['service-get'], attr(N.service.dp, DP))}
    T.equal(names, {b's\0', b'own\0'}, 'a dump has those of actions and of sockets')
    a.service('del', 'own')
    refused(errno.ENOENT, 'a service without either is gone', CTL.service, 'get', 'own')
    for i in range(63):
        a.service('new', f'n{i}')
    refused(errno.ENOSPC, 'a datapath has 64', a.service, 'new', 'n63', attribute=False)
    a.close()
    T.equal(len(CTL.dump(N.cmd['service-get'], attr(N.service.dp, DP))), 1,
            'a socket that closes leaves all')


def test_upcall():
    a, wire = Member(), Wire('q1')
    a.service('new', credits=3)
    before = time.time_ns()
    frames = [udp(1000 + i, b'payload %d' % i) for i in range(10)]
    wire.send(*frames)
    T.ok(wait_for(lambda: state()['queued'] == 7), 'packets wait for credits', state())
    got = a.collect(3)
    T.equal([p[N.packet.data] for p in got], frames[:3], 'no more than credits, in order')
    a.service('set', credits=100)
    got += a.collect(7)
    T.equal([p[N.packet.data] for p in got], frames, 'the others follow, in order')
    p = got[0]
    T.equal((p[N.packet.dp], p[N.packet.service]), (b'dp\0', b's\0'), 'names')
    T.equal([integer(p[k]) for k in (N.packet.in_port, N.packet.table, N.packet.cookie,
                                     N.packet.arg, N.packet.len)],
            [1, 0, 0xc0ffee, 77, len(frames[0])], 'port, table, cookie, argument, length')
    T.ok(before <= integer(p[N.packet.time]) <= time.time_ns(), 'time')
    T.equal(genl.attrs(p[N.packet.metadata]), [(N.field.reg0 + 3, b'\x11\x22\x33\x44')],
            'metadata, only what is not zero')
    T.equal(list(p)[-1], N.packet.data, 'the frame comes last')
    T.equal([state()[k] for k in ('credits', 'delivered', 'queued')], [93, 10, 0], 'counters')

    vlan = udp(5, b'tagged', vlan=b'\x81\0\0\x2a')
    wire.send(vlan)
    T.equal([p[N.packet.data] for p in a.collect(1)], [vlan], 'a VLAN tag is in the frame')

    flow(service_action(max_len=20), priority=200)
    wire.send(frames[0])
    p, = a.collect(1)
    T.equal((p[N.packet.data], integer(p[N.packet.len])), (frames[0][:20], len(frames[0])),
            'a frame is cut to max_len')
    CTL.request(N.cmd['flow-del'], attr(N.flow.dp, DP) + u8(N.flow.table, 0) +
                u16(N.flow.priority, 200))
    a.close()


def test_gso():
    a, wire = Member(), Wire('q1', vnet=True)
    a.service('new', credits=2)
    data = bytes(range(256)) * 16
    tcp = struct.pack('>HHIIBBHHH', 1, 2, 1000, 1, 0x50, 0x18, 1000, 0, 0)
    pseudo = b'\x0a\0\0\1' b'\x0a\0\0\2' + struct.pack('>HH', 6, 20 + len(data))
    tcp = tcp[:16] + struct.pack('>H', csum(pseudo) ^ 0xffff) + tcp[18:]
    # flags: checksum needed; TCPv4; header length, mss, checksum start and offset
    wire.send(struct.pack('=BBHHHH', 1, 1, 54, 1000, 34, 16) + ipv4(6, tcp + data))
    got = a.collect(2)
    T.equal(len(got), 2, 'a segment each is a message, under credits')
    a.service('set', credits=100)
    got += a.collect(3)
    frames = [p[N.packet.data] for p in got]
    T.equal([len(f) - 54 for f in frames], [1000] * 4 + [96], 'segments')
    T.equal(b''.join(f[54:] for f in frames), data, 'all the bytes')
    bad = [i for i, f in enumerate(frames)
           if csum(f[14:34]) or csum(f[26:34] + struct.pack('>HH', 6, len(f) - 34) + f[34:])]
    T.equal(bad, [], 'checksums of headers and segments')

    frame = udp(7, b'checksum to do')
    pseudo = frame[26:34] + struct.pack('>HH', 17, len(frame) - 34)
    frame = frame[:40] + struct.pack('>H', csum(pseudo) ^ 0xffff) + frame[42:]
    wire.send(struct.pack('=BBHHHH', 1, 0, 0, 0, 34, 6) + frame)
    f = a.collect(1)[0][N.packet.data]
    T.equal(csum(f[26:34] + struct.pack('>HH', 17, len(f) - 34) + f[34:]), 0,
            'a checksum is completed')
    a.close()


def test_limits():
    a, q1, q2 = Member(), Wire('q1'), Wire('q2')
    a.service('new')
    lost = drops(1).get(UPCALL_QUEUE, 0)
    q1.send(*[udp(1, b'%d' % i) for i in range(100)])
    T.ok(wait_for(lambda: drops(1).get(UPCALL_QUEUE, 0) - lost == 36),
         'what does not fit the queue is counted', drops(1), state())
    T.equal(state()['queued'], 64, 'the queue is full')
    q2.send(*[udp(2, b'%d' % i) for i in range(3)])
    wait_for(lambda: state()['queued'] == 67)
    a.service('set', credits=1000)
    ports = [integer(p[N.packet.in_port]) for p in a.collect(67)]
    T.equal(ports, [1, 2] * 3 + [1] * 61, 'ports take turns')
    a.close()

    a = Member()
    a.service('new', queue_limit=4096)
    lost = drops(1).get(UPCALL_QUEUE, 0), drops(2).get(UPCALL_QUEUE, 0)
    frame = udp(1, b'flood')
    q1.send(*[frame] * 4096)
    T.ok(wait_for(lambda: state()['queued'] == 4096), 'a service is full', state())
    q2.send(*[udp(2, b'%d' % i) for i in range(3)])
    T.ok(wait_for(lambda: drops(1).get(UPCALL_QUEUE, 0) - lost[0] == 3 and
                  drops(2).get(UPCALL_QUEUE, 0) == lost[1]),
         'the longest queue makes room for a port with few packets', drops(1), drops(2), state())
    a.service('set', credits=6)
    T.equal([integer(p[N.packet.in_port]) for p in a.collect(6)], [1, 2] * 3,
            'they are there')
    CTL.service('set', queue_limit=64)
    a.close()
    T.equal(state()['queued'], 0, 'a full service is emptied when its member goes')


def test_members():
    members, wire = [Member() for _ in range(3)], Wire('q1')
    for m in members:   # credits for more than a socket of ordinary size holds
        m.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 4 << 20)
        m.service('new', credits=1000, queue_limit=1000)
    wire.send(*[udp(1000 + i % 32, b'x') for i in range(128)])
    wait_for(lambda: [m.drain(0.02) for m in members] and
             sum(len(m.packets) for m in members) >= 128)
    got = [{p[N.packet.data][34:36] for p in m.packets} for m in members]
    counts = [len(m.packets) for m in members]
    T.equal(sum(counts), 128, 'every packet goes to one member')
    T.ok(all(counts), 'members share the flows', counts)
    T.equal(sum(map(len, got)), 32, 'a flow stays with its member')
    for m in members:
        m.packets = []
    # the first has no credits any more: the others take its flows
    members[0].close()
    members[0] = Member()
    members[0].service('new')
    wire.send(*[udp(1000 + i, b'x') for i in range(32)])
    T.ok(wait_for(lambda: [m.drain(0.02) for m in members] and
                  sum(len(m.packets) for m in members) == 32 and not members[0].packets),
         'a member without credits does not block the others')
    CTL.service('set', queue_limit=64)
    for m in members:
        m.close()


def test_gone():
    a, wire = Member(), Wire('q1')
    a.service('new')
    lost = drops(1).get(NO_SERVICE, 0)
    wire.send(*[udp(1, b'x')] * 20)
    wait_for(lambda: state()['queued'] == 20)
    a.close()
    T.equal((state()['queued'], drops(1).get(NO_SERVICE, 0) - lost), (0, 20),
            'the last member goes: what waits is dropped and counted')
    wire.send(udp(1, b'x'))
    T.ok(wait_for(lambda: drops(1).get(NO_SERVICE, 0) - lost == 21),
         'a packet for nobody is counted')

    a = Member()
    a.service('new')
    wire.send(*[udp(1, b'x')] * 20)
    wait_for(lambda: state()['queued'] == 20)
    CTL.request(N.cmd['port-del'], attr(N.port.dp, DP) + u32(N.port.id, 1))
    T.equal(state()['queued'], 0, 'a port goes, and its packets')
    port_new(1)
    wire.send(*[udp(1, b'x')] * 20)
    T.ok(wait_for(lambda: state()['queued'] == 20), 'it comes back')
    tear_down()
    T.ok(True, 'the datapath goes with packets waiting')
    refused(errno.ENODEV, 'nothing is left', a.service, 'get')
    a.close()
    set_up()


def test_overrun():
    """A member that grants credits and does not read"""
    a, wire = Member(), Wire('q1')
    a.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    a.service('new', credits=10000, queue_limit=4096)
    lost, delivered = drops(1).get(UPCALL_SOCKET, 0), state()['delivered']
    wire.send(*[udp(1, bytes(1000))] * 60)
    T.ok(wait_for(lambda: state()['queued'] == 0 and
                  drops(1).get(UPCALL_SOCKET, 0) - lost + state()['delivered'] - delivered == 60),
         'what the socket does not take is counted', drops(1), state())
    T.equal(state()['credits'], 10000 - (state()['delivered'] - delivered),
            'credits for what was lost are not lost')
    CTL.service('set', queue_limit=64)
    a.close()


def test_inject():
    a = Member()
    a.service('new', credits=100)
    frame = udp(3, b'injected')
    inject(frame)
    p = a.collect(1)[0]
    T.equal((p[N.packet.data], integer(p[N.packet.in_port])), (frame, 1), 'through the tables')
    reg5 = attr(N.field.reg0 + 5, b'\0\0\0\5')
    ldp = attr(N.field.ldp, b'\0\0\0\7')
    inject(frame, nest(N.packet.metadata, reg5, ldp),
           nest(N.packet.actions, service_action(arg=1)), port=2)
    p = a.collect(1)[0]
    T.equal((integer(p[N.packet.in_port]), integer(p[N.packet.arg]),
             genl.attrs(p[N.packet.metadata])),
            (2, 1, [(N.field.reg0 + 5, b'\0\0\0\5'), (N.field.ldp, b'\0\0\0\7')]),
            'through actions, with metadata')
    big = udp(3, bytes(60000))
    inject(big)
    T.equal(a.collect(1)[0][N.packet.data], big, 'a long frame')
    big = udp(3, bytes(65531 - 42))
    inject(big)
    T.equal(a.collect(1)[0][N.packet.data], big, 'the longest frame')
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    out.bind(('q2', 0))
    out.settimeout(5)
    inject(frame, nest(N.packet.actions, u32(N.act.output, 2)))
    T.equal(out.recv(2000), frame, 'out of a port')

    def nowhere(*actions):
        before = drops(0)
        CTL.request(N.cmd['packet-inject'], attr(N.packet.dp, DP) +
                    nest(N.packet.actions, *actions) + attr(N.packet.data, frame))
        after = drops(0)
        return [reason for reason in after if after[reason] != before.get(reason, 0)]

    T.equal((nowhere(u32(N.act.output, 2)), out.recv(2000)), ([], frame),
            'without a port of entry')
    T.equal(nowhere(attr(N.act.output_in_port, b'')), [N.drop['no-port']],
            'none to which it could go back: counted')
    T.equal(nowhere(service_action(arg=1)), [N.drop['detaching']],
            'nor whose share of a service it could take: counted')
    refused(errno.EINVAL, 'neither a port nor actions', CTL.request, N.cmd['packet-inject'],
            attr(N.packet.dp, DP) + attr(N.packet.data, frame), attribute=False)

    def meta(*fields):
        return nest(N.packet.metadata, *fields)

    refused(errno.EINVAL, 'a table and actions', inject, frame, u8(N.packet.table, 0),
            nest(N.packet.actions, u32(N.act.output, 2)))
    refused(errno.ENODEV, 'no such port', inject, frame, port=9)
    refused(errno.ERANGE, 'a short frame', inject, frame[:13])
    refused(errno.EINVAL, 'the port as metadata', inject, frame, meta(in_port(2)))
    refused(errno.EINVAL, 'a header field as metadata', inject, frame,
            meta(attr(N.field.ip_ttl, b'\1')))
    refused(errno.EINVAL, 'an unknown field', inject, frame, meta(attr(200, b'\1')))
    refused(errno.EINVAL, 'a mask', inject, frame, meta(attr(N.field.mark, b'\1' * 8)))
    refused(errno.EINVAL, 'a field twice', inject, frame, meta(reg5, reg5))
    refused(errno.EINVAL, 'a value that is too wide', inject, frame,
            meta(attr(N.field.ldp, b'\1\0\0\0')))
    refused(errno.EINVAL, 'a logical port of 16 bits', inject, frame,
            meta(attr(N.field.lin, b'\x80\0')))
    refused(errno.EINVAL, 'tunnel addresses of two kinds', inject, frame,
            meta(attr(N.field.tun_src, b'\1' * 4), attr(N.field.tun_ipv6_dst, b'\1' * 16)))
    for what, field, flags in (('not IPv6', N.field.tun_ipv6_src, b'\0\1'),
                               ('IPv6', N.field.tun_dst, b'\0\x40')):
        refused(errno.EINVAL, f'tunnel flags that say {what}', inject, frame,
                meta(attr(field, b'\1' * (16 if field == N.field.tun_ipv6_src else 4)),
                     attr(N.field.tun_flags, flags)))
    source = attr(N.field.tun_ipv6_src, b'\xfd' + bytes(15))
    inject(frame, meta(source), nest(N.packet.actions, service_action()))
    T.equal(genl.attrs(a.collect(1)[0][N.packet.metadata]),
            [(N.field.tun_ipv6_src, b'\xfd' + bytes(15)), (N.field.tun_flags, b'\0\x40')],
            'an IPv6 address has the flag set')
    a.close()


def test_events():
    a, b = Member(), Member()
    listener = genl.Genl('weft')
    listener.join('events')
    a.service('new', queue_limit=7)
    b.service('new')
    CTL.service('set', queue_limit=64)
    a.service('del')
    b.close()
    listener.sock.settimeout(5)
    got = []
    while len(got) < 5:
        for _, _, _, payload in listener.receive():
            data = dict(genl.attrs(payload[4:]))
            got.append((payload[0], integer(data[N.service.members]),
                        integer(data[N.service.queue_limit])))
    new, gone = N.cmd['service-new'], N.cmd['service-del']
    T.equal(got, [(new, 1, 7), (new, 2, 7), (new, 2, 64), (new, 1, 64), (gone, 0, 64)],
            'registrations are announced')


CTL = Member()


def main():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    set_up()
    for test in (test_requests, test_upcall, test_gso, test_limits, test_members, test_gone,
                 test_overrun, test_inject, test_events):
        print(f'# {test.__name__}')
        test()
    tear_down()
    print(f'1..{T.n}')
    return 1 if T.failed else 0


if __name__ == '__main__':
    sys.exit(main())
