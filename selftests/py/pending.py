#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pending.py - templates in mode service: packets wait for a daemon's answer; output is TAP.

Run by pending.sh in a namespace with the wires p1 - q1, p2 - q2 and p3 - q3; p1, p2, p3 become
ports 1, 2, 3, and q3 does, too, for packets that come back.
"""

import errno
import json
import os
import socket
import subprocess
import sys

from genl import attr, nest, u32
import service
from service import DP, N, T, Member, Wire, drops, integer, refused, udp, wait_for

POOLED = bytes([11, 0, 1, 1])
REJECTED, UPCALL_QUEUE, NO_SERVICE, DETACHING = (
    N.drop[name] for name in ('rejected', 'upcall-queue', 'no-service', 'detaching'))

TEMPLATE = '''template 5 snat mode=service service=nat slice=9 {}
  forward: table=14, priority=+1, ldp=$ldp, $proto, ip_src=$ip_src, ip_dst=$ip_dst, $sport, $dport \
actions= set:ip_src=@ip, set:l4_src=@port, output:2
  fail: drop:rejected for 1s
'''


class Far(Wire):
    """One that hears, too"""

    def __init__(self, device):
        super().__init__(device)
        self.sock.bind((device, 3))     # ETH_P_ALL


def weft(*args, text=None):
    done = subprocess.run(['weft', *args], input=text, text=True, capture_output=True, check=False)
    if done.returncode:
        print(f'# weft {args}: {done.stderr}')
    return done.stdout


def template(words=''):
    weft('template', 'add', '-f', '-', text=TEMPLATE.format(words))
    weft('flow', 'add', 'table=0, priority=10, in_port=p1, ip actions= load:ldp=7, goto:14')
    weft('flow', 'add', 'table=14, priority=100, ldp=7, ip actions= template:5')


def tear_down():
    weft('flow', 'flush')
    weft('template', 'del', '5')


def shown():
    return json.loads(weft('-s', '-j', 'template', 'show', '5'))[0]


def instances():
    return len(json.loads(weft('-j', 'instance', 'show')))


def answer(daemon, pending, port, ip=POOLED):
    return daemon.request(N.cmd['instance-new'], attr(N.instance.dp, DP) +
                          u32(N.instance.pending, pending) +
                          nest(N.instance.vars, attr(N.vars.ip, ip),
                               attr(N.vars.port, port.to_bytes(2, 'big'))))


def reject(daemon, pending):
    return daemon.request(N.cmd['instance-del'], attr(N.instance.dp, DP) +
                          u32(N.instance.pending, pending))


def received(wire, count, seconds=2):
    """Source address, source port and data of the frames that come"""
    got = []
    wire.sock.settimeout(seconds * service.SLOW)
    try:
        while len(got) < count:
            f = wire.sock.recv(2000)
            if f[12:14] == b'\x08\0' and f[23] == 17:
                got.append((f[26:30], int.from_bytes(f[34:36], 'big'), f[42:]))
    except TimeoutError:
        pass
    return got


def nothing(wire):
    wire.sock.setblocking(False)
    try:
        while True:
            wire.sock.recv(2000)
    except BlockingIOError:
        return


def daemon():
    d = Member()
    d.service('new', 'nat', credits=100)
    return d


def test_answer(q1, q2):
    template('pending_timeout=60')
    d = daemon()
    q1.send(udp(1000, b'a'), udp(1000, b'b'), udp(1001, b'c'), udp(1000, b'd'))
    packets = d.collect(2)
    T.equal(len(packets), 2, 'one upcall for each connection, however many packets')
    T.equal([integer(p[N.packet.template]) for p in packets], [5, 5], 'they name the template')
    T.equal([integer(p[N.packet.slice]) for p in packets], [9, 9], 'and the slice')
    T.equal([p[N.packet.data][42:] for p in packets], [b'a', b'c'], 'each has the first packet')
    T.equal(shown()['n_pending'], 2, 'two wait')
    first, second = (integer(p[N.packet.pending]) for p in packets)
    refused(errno.EINVAL, 'an answer without a variable', d.request, N.cmd['instance-new'],
            attr(N.instance.dp, DP) + u32(N.instance.pending, first) +
            nest(N.instance.vars, attr(N.vars.ip, POOLED)), attribute=True)
    answer(d, first, 2000)
    T.equal(received(q2, 3), [(POOLED, 2000, b'a'), (POOLED, 2000, b'b'), (POOLED, 2000, b'd')],
            'the answer lets them go, in order and translated')
    answer(d, second, 2001)
    T.equal(received(q2, 1), [(POOLED, 2001, b'c')], 'so does the other one')
    refused(errno.ENOENT, 'an answer too late', answer, d, first, 2000)
    q1.send(udp(1000, b'e'))
    T.equal(received(q2, 1), [(POOLED, 2000, b'e')], 'later packets go straight through')
    T.equal(d.collect(0), [], 'without an upcall')
    T.equal(instances(), 2, 'two instances')
    T.equal(shown()['n_pending'], 0, 'nothing waits')
    d.close()
    tear_down()
    T.equal(instances(), 0, 'they end with the template')


def test_order(q1, q2):
    """While those are let go that wait, each comes by once more: behind all of them"""
    for n, port in (('3', 'p3'), ('4', 'q3')):
        weft('port', 'add', port, 'id', n)
    weft('template', 'add', '-f', '-', text=TEMPLATE.format('').replace(
        'output:2', 'dec_ttl, clone(set:ip_src=$ip_src, set:l4_src=$l4_src, output:3), output:2'))
    weft('flow', 'add', 'table=0, priority=10, ip actions= load:ldp=7, goto:14')
    weft('flow', 'add', 'table=14, priority=100, ldp=7, ip actions= template:5')
    d = daemon()
    lost = drops(4).get(UPCALL_QUEUE, 0)
    for data in (b'a', b'b', b'c', b'd'):
        f = bytearray(udp(1000, data))
        f[22] = 3
        q1.send(bytes(f))
    answer(d, integer(d.collect(1)[0][N.packet.pending]), 2000)
    # each passes with 2 left of its TTL, and once more with 1
    T.equal(b''.join(data for _, _, data in received(q2, 8)), b'abcdabcd',
            'packets that come while others still wait are behind them')
    T.equal(drops(4).get(UPCALL_QUEUE, 0), lost, 'and none is lost')
    T.equal(shown()['n_pending'], 0, 'nothing waits in the end')
    q1.send(udp(1000, b'e'))
    T.equal(received(q2, 1)[0][2], b'e', 'later packets go straight through')
    d.close()
    tear_down()
    weft('port', 'del', 'p3')
    weft('port', 'del', 'q3')


def sends_from(cpu, sport, count):
    """A process that sends numbered packets of a connection from one CPU; it waits for a byte"""
    here, there = os.pipe()
    pid = os.fork()
    if not pid:
        os.sched_setaffinity(0, {cpu})
        wire = Wire('q1')
        os.read(here, 1)
        for i in range(count):
            wire.send(udp(sport, b'%d %d' % (cpu, i)))
        os._exit(0)
    os.close(here)
    return pid, there


def test_cpus(_q1, q2):
    """Several CPUs have packets of one connection while others of it wait, and are let go"""
    count, cpus = 300, sorted(os.sched_getaffinity(0))[:4]
    if len(cpus) < 2:
        print('# one CPU')
        return
    q2.sock.setsockopt(socket.SOL_SOCKET, service.SO_RCVBUFFORCE, 16 << 20)
    template('pending_packets=256')
    d = daemon()
    before = drops(1).get(UPCALL_QUEUE, 0)
    bad, got = [], 0
    for sport in range(3000, 3010):
        senders = [sends_from(cpu, sport, count) for cpu in cpus]
        for _, start in senders:
            os.write(start, b'x')
            os.close(start)
        # at once, so that they still send
        wait_for(lambda: d.drain(0.001) or d.packets)
        if d.packets:
            answer(d, integer(d.packets.pop()[N.packet.pending]), sport)
        for pid, _ in senders:
            os.waitpid(pid, 0)
        last = {}
        for _, _, data in received(q2, count * len(cpus), 0.3):
            cpu, number = map(int, data.split())
            if number <= last.get(cpu, -1):
                bad.append((sport, cpu, last[cpu], number))
            last[cpu] = number
            got += 1
    T.equal(bad[:5], [], 'from each CPU they go on in order')
    lost = drops(1).get(UPCALL_QUEUE, 0) - before
    T.equal(got + lost, 10 * count * len(cpus), 'each is sent, or counted')
    T.ok(got >= 10 * 256, 'and no fewer than may wait', got, lost)
    T.equal(shown()['n_pending'], 0, 'nothing waits in the end')
    d.close()
    tear_down()


def test_reject(q1, q2):
    template()
    d = daemon()
    before = drops(1).get(REJECTED, 0)
    q1.send(udp(1000, b'a'), udp(1000, b'b'))
    pending = integer(d.collect(1)[0][N.packet.pending])
    reject(d, pending)
    T.equal(drops(1).get(REJECTED, 0) - before, 2, 'both are dropped for this reason')
    q1.send(udp(1000, b'c'))
    T.ok(wait_for(lambda: drops(1).get(REJECTED, 0) - before == 3), 'and those that follow')
    T.equal(d.collect(0), [], 'without a question')
    T.ok(wait_for(lambda: instances() == 0), 'for a while')
    q1.send(udp(1000, b'd'))
    T.equal(len(d.collect(1)), 1, 'then it is asked again')
    T.equal(received(q2, 1, 0.2), [], 'nothing got through')
    d.close()
    tear_down()


def test_bounds(q1, q2):
    template('pending_packets=2 pending_timeout=0.5')
    d = daemon()
    before = drops(1).get(UPCALL_QUEUE, 0)
    q1.send(*(udp(1000, b'%d' % n) for n in range(5)))
    T.equal(len(d.collect(1)), 1, 'one question')
    T.equal(drops(1).get(UPCALL_QUEUE, 0) - before, 3, 'there is room for two')
    before = drops(1).get(REJECTED, 0)
    T.ok(wait_for(lambda: drops(1).get(REJECTED, 0) - before == 2), 'no answer: they are dropped')
    T.equal(shown()['refused'].get('timeout'), 1, 'and it is counted why')
    d.close()
    tear_down()
    T.equal(received(q2, 1, 0.2), [], 'nothing got through')


def test_gone(q1, _q2):
    template('pending_timeout=60')
    d = daemon()
    q1.send(udp(1000, b'a'))
    T.equal(len(d.collect(1)), 1, 'a packet waits')
    d.close()
    T.ok(wait_for(lambda: shown()['n_pending'] == 0), 'not for a service that is gone')
    before = drops(1).get(NO_SERVICE, 0)
    q1.send(udp(1001, b'a'))
    T.ok(wait_for(lambda: drops(1).get(NO_SERVICE, 0) - before == 1), 'nor do others begin to')
    d = daemon()
    q1.send(udp(1002, b'a'))
    T.equal(len(d.collect(1)), 1, 'it is back')
    weft('flow', 'flush')
    weft('template', 'del', '5')
    T.ok('there is no template 5' in subprocess.run(['weft', 'template', 'show', '5'], text=True,
                                                    capture_output=True, check=False).stderr,
         'a template can be deleted while packets wait')
    template('pending_timeout=60')
    q1.send(udp(1003, b'a'))
    T.equal(len(d.collect(1)), 1, 'one more waits')
    weft('port', 'del', 'p1')
    T.equal(json.loads(weft('-j', 'port', 'show'))[0]['name'], 'p2', 'and so can a port')
    d.close()
    tear_down()


def main():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    weft('dp', 'add', DP)
    for n in ('1', '2', '3'):
        subprocess.run(['ip', 'link', 'set', f'p{n}', 'up'], check=True)
        subprocess.run(['ip', 'link', 'set', f'q{n}', 'up'], check=True)
    for n in ('1', '2'):
        weft('port', 'add', f'p{n}')
    q1, q2 = Wire('q1'), Far('q2')
    for test in (test_answer, test_order, test_cpus, test_reject, test_bounds, test_gone):
        print(f'# {test.__name__}')
        nothing(q2)
        test(q1, q2)
    weft('dp', 'del', DP)
    print(f'1..{T.n}')
    return 1 if T.failed else 0


if __name__ == '__main__':
    sys.exit(main())
