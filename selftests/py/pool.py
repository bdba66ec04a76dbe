#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pool.py - requests about pools and what they report; output is TAP. Run by pool.sh."""

import errno
import ipaddress
import struct
import sys

import genl
from genl import attr, nest, u8, u32
from nlfuzz import SPEC, Spec

DP = 'dp'
RANGES_MAX = 1024
S = Spec(SPEC)
N = S.numbers['pool']
RANGE, PAIR = (S.numbers['ranges'][n] for n in ('range', 'pair'))
MAP = 1
PRESERVE, RANDOM, SEQUENTIAL = range(3)


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
CTL = genl.Genl('weft')


def address(text):
    return ipaddress.ip_address(text).packed.ljust(16, b'\0')


def ports(first, last, first_port, last_port, family=None, reserved=0):
    """A range as an attribute"""
    family = ipaddress.ip_address(first).version if family is None else family
    return attr(RANGE, struct.pack('=B2xBHH', family, reserved, first_port, last_port) +
                address(first) + address(last))


def pair(source, target, prefix_len, family=None, reserved=0):
    family = ipaddress.ip_address(source).version if family is None else family
    return attr(PAIR, struct.pack('=BBxB', family, prefix_len, reserved) +
                address(source) + address(target))


def request(what, number=None, *others, dp=DP, **values):
    """values: integers, or lists of ranges"""
    payload = attr(N['dp'], dp) if dp else b''
    payload += u32(N['id'], number) if number is not None else b''
    for name, value in values.items():
        if isinstance(value, (list, tuple)):
            payload += nest(N[name], *value)
        else:
            payload += (u8 if name in ('parity', 'reuse') else u32)(N[name], value)
    return CTL.request(S.commands['pool-' + what], payload + b''.join(others))


def read(data):
    """A report as {name: value}"""
    names = {number: name for name, number in N.items()}
    result = {}
    for kind, value in genl.attrs(data):
        name = names[kind]
        if name == 'ranges':
            result[name] = [attr(k, v) for k, v in genl.attrs(value)]
        elif name == 'dp':
            result[name] = value.rstrip(b'\0').decode()
        elif name != 'pad':
            result[name] = int.from_bytes(value, sys.byteorder)
    return result


def get(number):
    return read(request('get', number)[0][1])


def dump():
    return [read(data) for _, data in CTL.dump(S.commands['pool-get'], attr(N['dp'], DP))]


def report(number, ranges, total, choice=PRESERVE, parity=0, reuse=0):
    return {'dp': DP, 'id': number, 'type': 0, 'choice': choice, 'parity': parity,
            'reuse': reuse, 'ranges': ranges, 'total': total, 'used': 0, 'refused': 0,
            'templates': 0}


def refused(code, text, what, *args, attribute=True, **values):
    """The request is refused with this error, these words and an attribute to blame"""
    try:
        request(what, *args, **values)
    except genl.Refused as error:
        T.ok(error.errno == code and (error.text or '') == text and
             (not attribute or error.offset), f'refused: {text}',
             f'{error}, attribute at {error.offset}')
    else:
        T.ok(False, f'refused: {text}', 'it was accepted')


def test_life():
    a = ports('11.0.1.1', '11.0.1.100', 1024, 65535)
    b = ports('2001:db8::1', '2001:db8::f000', 0, 0)
    request('new', 3, ranges=[b, a])
    T.equal(get(3), report(3, [a, b], 100 * 64512 + 0xf000), 'a pool with defaults')
    request('del', 3)
    request('new', 3, ranges=[a], choice=SEQUENTIAL, parity=1, reuse=1)
    T.equal(get(3), report(3, [a], 100 * 64512, SEQUENTIAL, 1, 1), 'a pool with all that it can say')
    b = ports('2001:db8::ffff:ffff', '2001:db8::1:0:0', 0, 9)
    request('set', 3, ranges=[b], withdraw=[a], choice=RANDOM, parity=0)
    T.equal(get(3), report(3, [b], 20, RANDOM, 0, 1), 'one range came, another one went')
    request('set', 3, ranges=[a])
    T.equal(get(3), report(3, [a, b], 100 * 64512 + 20, RANDOM, 0, 1), 'it came back')
    refused(errno.ENOENT, 'range: what is withdrawn is not in the pool, just so', 'set', 3,
            choice=PRESERVE, ranges=[ports('11.9.0.0', '11.9.0.0', 1, 1)],
            withdraw=[a, ports('11.0.1.1', '11.0.1.100', 1024, 65534)])
    T.equal(get(3), report(3, [a, b], 100 * 64512 + 20, RANDOM, 0, 1), 'nothing of it was done')
    request('del', 3)
    refused(errno.ENOENT, 'no pool has this number', 'get', 3)
    refused(errno.ENOENT, 'no pool has this number', 'set', 3, choice=0)
    refused(errno.ENOENT, 'no pool has this number', 'del', 3)
    request('new', 65535)
    T.equal(get(65535), report(65535, [], 0), 'a pool without ranges')
    request('del', 65535)


def test_map():
    a, b = pair('10.1.0.0', '192.168.0.0', 24), pair('10.0.0.7', '192.0.2.1', 32)
    c = pair('fd00::', '2001:db8::', 64)
    request('new', 5, type=MAP, ranges=[a, b, c])
    want = {'dp': DP, 'id': 5, 'type': MAP, 'ranges': [b, a, c], 'total': 0, 'used': 0,
            'refused': 0, 'templates': 0}
    T.equal(get(5), want, 'a map')
    request('set', 5, withdraw=[b])
    T.equal(get(5), want | {'ranges': [a, c]}, 'without one of its entries')
    for text, entry in {
        'map: the prefix overlaps another': pair('10.1.0.128', '10.9.0.0', 25),
        'map: the family is neither 4 nor 6': pair('10.2.0.0', '10.9.0.0', 24, family=5),
        'map: reserved bytes are not zero': pair('10.2.0.0', '10.9.0.0', 24, reserved=1),
        'map: no such prefix length': pair('10.2.0.0', '10.9.0.0', 33),
        'map: bytes behind an IPv4 address are not zero': pair('fd00::1', 'fd00::', 24, family=4),
        'map: bits behind the prefix of the first address are not zero':
            pair('10.2.0.1', '10.9.0.0', 24),
        'map: bits behind the prefix of the second address are not zero':
            pair('10.2.0.0', '10.9.0.1', 24),
        'a map has no ranges': ports('10.2.0.0', '10.2.0.0', 1, 1),
    }.items():
        refused(errno.EEXIST if 'overlaps' in text else errno.EINVAL, text, 'set', 5,
                ranges=[entry])
    refused(errno.ENOENT, 'map: what is withdrawn is not in it, just so', 'set', 5, withdraw=[b])
    refused(errno.ENOENT, 'map: withdrawn twice', 'set', 5, withdraw=[a, a])
    refused(errno.EINVAL, 'a map has no ranges', 'set', 5, withdraw=[ports('::', '::', 1, 1)])
    refused(errno.EINVAL, 'a map has no ports to choose from', 'set', 5, parity=1)
    refused(errno.EINVAL, 'a map has no ports to choose from', 'new', 6, type=MAP, reuse=0)
    T.equal(get(5), want | {'ranges': [a, c]}, 'the map is as it was')
    request('del', 5)


def test_refusals():
    a = ports('11.0.1.1', '11.0.1.100', 1024, 65535)
    request('new', 3, ranges=[a])
    for text, item in {
        'range: overlaps one of the pool': ports('11.0.1.100', '11.0.1.101', 65535, 65535),
        'range: the first address is above the last': ports('11.2.0.2', '11.2.0.1', 1, 1),
        'range: the first port is above the last': ports('11.2.0.1', '11.2.0.2', 2, 1),
        'range: the family is neither 4 nor 6': ports('11.2.0.1', '11.2.0.2', 1, 1, family=0),
        'range: reserved bytes are not zero': ports('11.2.0.1', '11.2.0.2', 1, 1, reserved=9),
        'range: bytes behind an IPv4 address are not zero': ports('::1', '::1', 1, 1, family=4),
        'range: more addresses than a pool may have': ports('11.2.0.0', '11.3.0.0', 1, 1),
        'too many addresses in all the ranges': ports('11.2.0.0', '11.2.255.255', 1, 1),
        'a pool of ranges has no map': pair('11.2.0.0', '11.2.0.0', 32),
    }.items():
        code = errno.EEXIST if 'overlaps' in text else \
            errno.ENOSPC if 'addresses' in text else errno.EINVAL
        refused(code, text, 'set', 3, ranges=[ports('11.9.0.0', '11.9.0.0', 1, 1), item])
        refused(errno.EEXIST if 'overlaps' in text else code,
                text.replace('one of the pool', 'another one of the request'), 'new', 4,
                ranges=[a, item])
    refused(errno.ENOENT, 'range: withdrawn twice', 'set', 3, withdraw=[a, a])
    refused(errno.EINVAL, 'a pool of ranges has no map', 'set', 3,
            withdraw=[pair('11.2.0.0', '11.2.0.0', 32)])
    refused(errno.EEXIST, 'there is a pool with this number', 'new', 3)
    refused(errno.EINVAL, 'neither ranges nor a choice to set', 'set', 3, attribute=False)
    refused(errno.EINVAL, 'this request cannot have this attribute', 'set', 3, type=0)
    refused(errno.EINVAL, 'this request cannot have this attribute', 'set', 3, reuse=0)
    refused(errno.EINVAL, 'this request cannot have this attribute', 'new', 4, withdraw=[a])
    refused(errno.EINVAL, 'this request cannot have this attribute', 'get', 3, choice=0)
    refused(errno.EINVAL, 'this request cannot have this attribute', 'del', 3, ranges=[])
    refused(errno.EINVAL, "the pool's number is missing", 'get', attribute=False)
    refused(errno.ENODEV, 'there is no datapath "none" in this namespace', 'get', 3, dp='none')
    refused(errno.EINVAL, "the datapath's name is missing", 'get', 3, dp=None, attribute=False)
    refused(errno.ERANGE, 'integer out of range', 'get', 0)
    refused(errno.ERANGE, 'integer out of range', 'new', 65536)
    refused(errno.ERANGE, 'integer out of range', 'new', 4, choice=SEQUENTIAL + 1)
    refused(errno.ERANGE, 'integer out of range', 'new', 4, type=MAP + 1)
    refused(errno.ERANGE, 'integer out of range', 'new', 4, parity=2)
    T.equal([p['id'] for p in dump()], [3], 'there is one pool')
    T.equal(get(3), report(3, [a], 100 * 64512), 'it is as it was')
    request('del', 3)


def test_many():
    many = [ports(f'11.{i >> 8}.{i & 255}.1', f'11.{i >> 8}.{i & 255}.64', 7, 9)
            for i in range(RANGES_MAX + 1)]
    for number in (9, 700, 40000):
        request('new', number, ranges=many[:RANGES_MAX])
    for number in range(100, 200):
        request('new', number, ranges=many[:number % 3])
    refused(errno.ENOSPC, 'the list is longer than that of a pool may be', 'set', 9, ranges=many)
    refused(errno.ENOSPC, 'too many ranges', 'set', 9, ranges=many[RANGES_MAX:])
    T.equal(get(700), report(700, many[:RANGES_MAX], 3 * 65536), 'a pool with many ranges')
    pools = dump()
    T.equal([p['id'] for p in pools], [9, *range(100, 200), 700, 40000], 'a dump has every pool')
    T.ok(all(p == get(p['id']) for p in pools), 'and says what a GET says')
    request('set', 9, withdraw=many[:RANGES_MAX], ranges=many[1:])
    T.equal(get(9)['ranges'], many[1:], 'as many ranges at once for others')
    for p in pools:
        request('del', p['id'])
    T.equal(dump(), [], 'no pool is left')


def test_events():
    listener = genl.Genl('weft')
    listener.join('events')
    a, b = ports('11.0.0.1', '11.0.0.1', 1, 1), ports('11.0.0.2', '11.0.0.2', 1, 1)
    request('new', 8, ranges=[a])
    request('set', 8, ranges=[b], withdraw=[a])
    request('del', 8)
    got = []
    listener.sock.settimeout(5)
    while len(got) < 3:
        got += [(payload[0], read(payload[4:])) for _, _, _, payload in listener.receive()]
    new, gone = S.commands['pool-new'], S.commands['pool-del']
    T.equal(got, [(new, report(8, [a], 1)), (new, report(8, [b], 1)), (gone, report(8, [b], 1))],
            'pools are announced')
    listener.close()


def main():
    name = attr(S.numbers['dp']['name'], DP)
    CTL.request(S.commands['dp-new'], name)
    for test in (test_life, test_map, test_refusals, test_many, test_events):
        print(f'# {test.__name__}')
        test()
    request('new', 1, ranges=[ports('11.0.0.1', '11.0.0.1', 1, 1)])
    CTL.request(S.commands['dp-del'], name)
    print(f'1..{T.n}')
    return 1 if T.failed else 0


if __name__ == '__main__':
    sys.exit(main())
