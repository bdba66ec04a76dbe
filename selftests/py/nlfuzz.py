#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""nlfuzz.py - malformed netlink messages at weft.ko, by its own description; output is TAP.

  nlfuzz.py [--seed N] [--count N] DEVICE...

Messages start as valid ones, made from Documentation/netlink/specs/weft.yaml, and are then
damaged. What the kernel refuses must say why and leave everything as it was; what it accepts
is undone from time to time. DEVICEs are given to the datapath as ports. That the kernel reported
no fault is seen by whoever runs the guest.
"""

import argparse
import errno
import os
import random
import struct
import sys
import time

import yaml

import genl

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPEC = os.path.join(TOP, 'Documentation/netlink/specs/weft.yaml')
DP = 'fuzz'
FRAME = bytes.fromhex('020000000002' '020000000001' '0800'
                      '4500001c00010000401166ce0a0000010a000002' '1000200000080000')
INTEGERS = {'u8': 1, 'u16': 2, 'u32': 4, 'u64': 8, 's32': 4}
# What changes without a request, by attribute set
VOLATILE = {'dp': {'cache', 'drops', 'lookups', 'version', 'n-masks'}, 'port': {'stats', 'drops'},
            'table': {'matched', 'missed', 'n-masks'},
            'flow': {'packets', 'bytes', 'age', 'idle'},
            'service': {'credits', 'queued', 'delivered', 'dropped'}, 'pool': set()}
FLOWS_MAX = 60      # before they are deleted
POOLS_MAX = 20


class Spec:
    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            spec = yaml.safe_load(f)
        self.sets, self.numbers = {}, {}
        for s in spec['attribute-sets']:
            number, numbers = 0, {}
            for a in s['attributes']:
                number = a.get('value', number + 1)
                numbers[a['name']] = number
            self.sets[s['name']] = {a['name']: a for a in s['attributes']}
            self.numbers[s['name']] = numbers
        self.structs = {d['name']: d for d in spec['definitions'] if d['type'] == 'struct'}
        self.requests = []      # (name, set, command, attributes, is a dump)
        for op in spec['operations']['list']:
            for mode in ('do', 'dump'):
                if mode in op:
                    request = op[mode]['request']
                    self.requests.append((op['name'], op['attribute-set'], request['value'],
                                          request.get('attributes', []), mode == 'dump'))
        self.commands = {name: value for name, _, value, _, _ in self.requests}


class Node:
    """An attribute before it is bytes; body: bytes, or a list of nodes"""

    def __init__(self, kind, body, flags=0):
        self.kind, self.body, self.flags = kind, body, flags
        self.length = None      # what to claim instead of the truth

    def bytes(self):
        body = self.body
        if isinstance(body, list):
            body = b''.join(n.bytes() for n in body)
        length = 4 + len(body) if self.length is None else self.length
        return genl.pad4(struct.pack('=HH', length & 0xffff,
                                     (self.kind | self.flags) & 0xffff) + body)


def every(nodes):
    """All nodes of a tree, with the list that each is in"""
    for node in nodes:
        yield nodes, node
        if isinstance(node.body, list):
            yield from every(node.body)


class Maker:
    """Valid messages, as far as one attribute alone can tell"""

    def __init__(self, spec, rng):
        self.spec, self.rng = spec, rng

    def integer(self, a):
        size = INTEGERS[a['type']]
        checks = a.get('checks', {})
        low, high = checks.get('min', 0), checks.get('max', 256 ** size - 1)
        value = self.rng.choice((low, high, self.rng.randint(low, high),
                                 min(high, low + self.rng.randint(0, 5))))
        return value.to_bytes(size, sys.byteorder)

    def text(self, name, a):
        if name == 'dp' or name == 'name' and self.rng.random() < 0.3:
            return DP.encode() + b'\0'
        length = self.rng.randint(1, a['checks']['max-len'])
        return bytes(self.rng.choice(b'abcxyz019-_.') for _ in range(length)) + b'\0'

    def field(self, a):
        length = a['checks']['min-len']
        mask = self.rng.choice((b'\xff' * length, self.rng.randbytes(length)))
        value = bytes(v & m for v, m in zip(self.rng.randbytes(length), mask))
        return value + mask if self.rng.random() < 0.5 else value

    def binary(self, set_name, name, a):
        checks = a.get('checks', {})
        if set_name == 'field':
            return self.field(a)
        if name == 'data':
            return FRAME + bytes(self.rng.choice((0, 20, 1400, 9000)))
        if 'struct' in a:
            return b''.join(map(self.member, self.spec.structs[a['struct']]['members']))
        return self.rng.randbytes(checks.get('exact-len', self.rng.randint(0, 20)))

    def member(self, m):
        """Of a structure; what is almost always refused is rare"""
        length = INTEGERS.get(m['type'], 0) or m['len']
        if m['name'] == 'reserved' and self.rng.random() < 0.9:
            return bytes(length)
        if m['name'] == 'family' and self.rng.random() < 0.9:
            return bytes([self.rng.choice((4, 6))])
        return self.rng.randint(0, 20).to_bytes(length, sys.byteorder)

    def attribute(self, set_name, name, depth=0):
        a, number = self.spec.sets[set_name][name], self.spec.numbers[set_name][name]
        kind = a['type']
        if kind in INTEGERS:
            return Node(number, self.integer(a))
        if kind == 'string':
            return Node(number, self.text(name, a))
        if kind == 'nest':
            return Node(number, self.nest(a['nested-attributes'], depth + 1),
                        genl.NLA_F_NESTED)
        if kind == 'binary':
            return Node(number, self.binary(set_name, name, a))
        return Node(number, b'')        # flag, pad

    def nest(self, set_name, depth):
        if depth > 4:
            return []
        names = list(self.spec.sets[set_name])
        count = 1 if set_name == 'field' else self.rng.randint(0, 4)
        return [self.attribute(set_name, self.rng.choice(names), depth) for _ in range(count)]

    def message(self, request):
        _, set_name, _, names, _ = request
        needed = {'dp', 'id', 'name', 'data', 'in-port'} if set_name != 'port' else {'dp'}
        return [self.attribute(set_name, name) for name in names
                if name in needed and self.rng.random() < 0.97 or self.rng.random() < 0.4]


class Damage:
    """One way each to spoil a message"""

    def __init__(self, spec, rng):
        self.spec, self.rng = spec, rng
        self.on_tree = (self.length, self.length, self.payload, self.payload, self.kind,
                        self.flags, self.twice, self.lost, self.shuffled, self.deep,
                        self.huge, self.extreme)
        self.on_bytes = (self.bits, self.bits, self.cut, self.tail, self.garbage)

    def pick(self, nodes):
        return self.rng.choice(list(every(nodes))) if nodes else (nodes, None)

    def length(self, nodes):
        _, node = self.pick(nodes)
        if node:
            true = len(node.bytes())
            node.length = self.rng.choice((0, 1, 3, 4, true - 1, true + 1, true + 4, 0xffff,
                                           self.rng.randint(0, 0xffff)))

    def payload(self, nodes):
        _, node = self.pick(nodes)
        if node:
            node.body = self.rng.randbytes(self.rng.choice((0, 1, 2, 3, 5, 7, 8, 15, 17, 33, 70)))

    def kind(self, nodes):
        _, node = self.pick(nodes)
        if node:
            node.kind = self.rng.choice((0, 1, self.rng.randint(0, 80), 0x3fff,
                                         self.rng.randint(0, 0x3fff)))

    def flags(self, nodes):
        _, node = self.pick(nodes)
        if node:
            node.flags ^= self.rng.choice((0x8000, 0x4000, 0xc000))

    def twice(self, nodes):
        parent, node = self.pick(nodes)
        if node:
            parent.append(node)

    def lost(self, nodes):
        parent, node = self.pick(nodes)
        if node:
            parent.remove(node)

    def shuffled(self, nodes):
        self.rng.shuffle(nodes)

    def clones(self, depth):
        """An action in so many clones, as bytes"""
        clone = self.spec.numbers['act']['clone']
        body = Node(self.spec.numbers['act']['output-lout'], b'').bytes()
        for _ in range(depth):
            body = Node(clone, body, genl.NLA_F_NESTED).bytes()
        return body

    def deep(self, nodes):
        """Clones in clones in a list of actions; in another nest it is strange, too"""
        nests = [n for _, n in every(nodes) if n.flags & genl.NLA_F_NESTED]
        if nests:
            self.rng.choice(nests).body = self.clones(
                self.rng.choice((1, 4, 5, 6, 11, 50, 1000, 5000)))

    def huge(self, nodes):
        """A nest of 64 KiB, as far as a length of 16 bits can tell"""
        nests = [n for _, n in every(nodes) if n.flags & genl.NLA_F_NESTED]
        if not nests:
            return
        node = self.rng.choice(nests)
        piece = self.rng.choice((
            [Node(self.rng.randint(0, 20), b'')],
            [Node(self.spec.numbers['act']['output'], struct.pack('=I', 1))],
            [Node(self.spec.numbers['act']['clone'], self.clones(3), genl.NLA_F_NESTED)],
            node.body if isinstance(node.body, list) and node.body else []))
        piece = b''.join(n.bytes() for n in piece) or self.clones(1)
        node.body = piece * (self.rng.choice((0x3ff0, 0x8000, 0xfff0)) // len(piece))

    def extreme(self, nodes):
        numbers = [n for _, n in every(nodes)
                   if isinstance(n.body, bytes) and len(n.body) in (1, 2, 4, 8)]
        if numbers:
            node = self.rng.choice(numbers)
            size = len(node.body)
            node.body = self.rng.choice((
                bytes(size), b'\xff' * size, b'\x7f' * size, b'\x80' * size,
                self.rng.randbytes(size),
                self.rng.randint(0, 70).to_bytes(size, sys.byteorder)))

    def bits(self, data):
        data = bytearray(data)
        for _ in range(self.rng.randint(1, 8)):
            if data:
                data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)
        return bytes(data)

    def cut(self, data):
        return data[:self.rng.randint(0, len(data))]

    def tail(self, data):
        return data + self.rng.randbytes(self.rng.randint(1, 40))

    def garbage(self, data):
        return self.rng.randbytes(self.rng.randint(0, 4 + len(data)))


class Fuzzer:
    def __init__(self, options):
        self.rng = random.Random(options.seed)
        self.spec = Spec(SPEC)
        self.maker = Maker(self.spec, self.rng)
        self.damage = Damage(self.spec, self.rng)
        self.devices = options.device
        self.state_socket = genl.Genl('weft')
        self.target = None
        self.family = self.state_socket.family
        self.counts = {'sent': 0, 'accepted': 0, 'refused': 0}
        self.silent, self.changed, self.refusals = [], [], {}
        self.set_up()

    # ---- the state, and how it is made ----

    def state_request(self, cmd, *attributes, flags=genl.NLM_F_ACK):
        return self.state_socket.request(self.spec.commands[cmd], b''.join(attributes), flags)

    def number(self, set_name, name):
        return self.spec.numbers[set_name][name]

    def dump(self, set_name):
        payload = b'' if set_name == 'dp' else \
            genl.attr(self.number(set_name, 'dp'), DP)
        hidden = {self.number(set_name, n) for n in VOLATILE[set_name]}
        try:
            answer = self.state_socket.dump(self.spec.commands[set_name + '-get'], payload)
        except genl.Refused as refused:
            return [('refused', refused.errno)]
        state = [genl.attrs(data) for _, data in answer]
        if set_name == 'service':   # one that only actions name goes some time after them
            members = self.number(set_name, 'members')
            state = [s for s in state if any(dict(s)[members])]
        return sorted(tuple(a for a in s if a[0] not in hidden) for s in state)

    def snapshot(self):
        return {name: self.dump(name) for name in VOLATILE}

    def clean(self):
        """No datapath of this namespace is left"""
        name = self.number('dp', 'name')
        for _, data in self.state_socket.dump(self.spec.commands['dp-get']):
            self.state_request('dp-del', genl.attr(name, dict(genl.attrs(data))[name]))

    def set_up(self):
        """A datapath with ports, entries of some kinds and a service"""
        self.clean()
        if self.target:
            self.target.close()
        self.target = genl.Genl('weft')
        self.target.sock.setblocking(False)
        n = self.number
        self.state_request('dp-new', genl.attr(n('dp', 'name'), DP))
        for i, device in enumerate(self.devices):
            self.state_request('port-new', genl.attr(n('port', 'dp'), DP),
                               genl.u32(n('port', 'id'), i + 1),
                               genl.attr(n('port', 'name'), device))
        self.add_flows()
        self.state = self.snapshot()

    def add_flows(self):
        n = self.number
        dp = genl.attr(n('flow', 'dp'), DP)
        match = genl.nest(n('flow', 'match'), genl.attr(n('field', 'in-port'),
                                                        struct.pack('>I', 1)))
        drop = genl.u32(n('act', 'drop'), 64)  # policy
        clone = genl.nest(n('act', 'clone'), genl.attr(n('act', 'output-lout')))
        service = genl.nest(n('act', 'service'), genl.attr(n('act-service', 'name'), 'fuzz'))
        for priority, actions in enumerate(((drop,), (clone, drop), (service, drop))):
            self.state_request('flow-new', dp, genl.u8(n('flow', 'table'), 0),
                               genl.u16(n('flow', 'priority'), priority), match,
                               genl.nest(n('flow', 'actions'), *actions),
                               flags=genl.NLM_F_ACK)

    # ---- messages ----

    def make(self):
        """(request, command, flags, payload)"""
        request = self.rng.choice(self.spec.requests)
        nodes = self.maker.message(request)
        cmd = request[2]
        flags = genl.NLM_F_REQUEST | (genl.NLM_F_DUMP if request[4] else genl.NLM_F_ACK)
        for _ in range(self.rng.choice((0, 1, 1, 1, 2, 3))):
            self.rng.choice(self.damage.on_tree)(nodes)
        payload = b''.join(n.bytes() for n in nodes)
        if self.rng.random() < 0.4:
            payload = self.rng.choice(self.damage.on_bytes)(payload)
        if self.rng.random() < 0.05:
            cmd = self.rng.randint(0, 255)
        if self.rng.random() < 0.05:
            flags ^= self.rng.choice((genl.NLM_F_DUMP, genl.NLM_F_REPLACE, genl.NLM_F_EXCL,
                                      genl.NLM_F_ECHO, 0x800))
            flags |= genl.NLM_F_ACK
        return request[0], cmd, flags, payload[:0x20000]

    def answer(self, seq):
        """(errno, text) of the end of the answer, None when there came none"""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            try:
                messages = self.target.receive()
            except BlockingIOError:
                return None
            except OSError as error:    # our own buffer ran over with upcalls
                if error.errno != errno.ENOBUFS:
                    raise
                continue
            for kind, flags, got, payload in messages:
                if got == seq and kind in (genl.NLMSG_ERROR, genl.NLMSG_DONE):
                    return genl.parse_error(kind, payload, flags)[:2]
        raise TimeoutError('a dump without an end')

    def send(self, message):
        name, cmd, flags, payload = message
        data = self.target.message(cmd, payload, flags)
        try:
            self.target.sock.send(data)
        except OSError as error:
            return error.errno, 'not sent'
        self.counts['sent'] += 1
        # Requests are handled before send() returns, and so is the first part of a dump.
        return self.answer(self.target.seq) or (0, None)

    def reached_handlers(self, cmd, flags, code):
        """Unknown commands and the like are refused by generic netlink, without words"""
        modes = [dump for _, _, value, _, dump in self.spec.requests if value == cmd]
        dump = flags & genl.NLM_F_DUMP == genl.NLM_F_DUMP
        return dump in modes and code not in (errno.EOPNOTSUPP, errno.EPERM)

    def judge(self, message, code, text):
        name, cmd, flags, payload = message
        if not code:
            self.counts['accepted'] += 1
            self.accepted()
            return
        self.counts['refused'] += 1
        self.refusals[text] = self.refusals.get(text, 0) + 1
        if not text and self.reached_handlers(cmd, flags, code):
            self.silent.append(f'{name} {os.strerror(code)}: {payload[:120].hex()}')
        now = self.snapshot()
        for kind, state in now.items():
            if state != self.state[kind]:
                was = [s for s in self.state[kind] if s not in state]
                self.changed.append(f'{name}, command {cmd}, {payload[:200].hex()}: {kind} was '
                                    f'{was}, is {[s for s in state if s not in self.state[kind]]}')
        self.state = now

    def expires(self, flow):
        """Will an entry go by itself?"""
        timeouts = {self.number('flow', 'idle-timeout'), self.number('flow', 'hard-timeout')}
        return any(kind in timeouts for kind, _ in flow)

    def settled(self):
        """A snapshot between whose parts no entry expired"""
        now = self.snapshot()
        while now != (now := self.snapshot()):
            pass
        return now

    def accepted(self):
        now = self.settled()
        if len(now['dp']) != 1 or len(now['port']) != len(self.devices) or \
           len(now['flow']) > FLOWS_MAX or len(now['service']) > 20 or \
           len(now['pool']) > POOLS_MAX or \
           any(map(self.expires, now['flow'])):
            self.set_up()
        else:
            self.state = now

    def run(self, count):
        for _ in range(count):
            message = self.make()
            self.judge(message, *self.send(message))


def tap(number, good, what, details=()):
    print(f'{"" if good else "not "}ok {number} - {what}')
    for line in list(details)[:30]:
        print(f'# {line[:1000]}')
    return good


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('--count', type=int, default=10000)
    parser.add_argument('device', nargs='+')
    options = parser.parse_args()
    print(f'# seed {options.seed}, repeat with: --seed {options.seed}', flush=True)
    fuzzer = Fuzzer(options)
    fuzzer.run(options.count)
    print(f'# {fuzzer.counts}; kinds of refusals:')
    for text, n in sorted(fuzzer.refusals.items(), key=lambda item: -item[1])[:40]:
        print(f'# {n:6} {text}')
    good = [
        tap(1, fuzzer.counts['refused'] > options.count / 4 and fuzzer.counts['accepted'],
            'messages were refused, and some accepted'),
        tap(2, not fuzzer.changed, 'what is refused changes nothing', fuzzer.changed),
        tap(3, not fuzzer.silent, 'every refusal says why', fuzzer.silent)]
    fuzzer.set_up()
    good.append(tap(4, len(fuzzer.state['flow']) == 3, 'the kernel works as before'))
    fuzzer.clean()
    print('1..4')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())
