#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check_spec.py - hold the netlink specification against what it describes; output is TAP.

  check_spec.py            against uapi/linux/weft.h: names and numbers
  check_spec.py --kernel   against the running kernel's policies (CTRL_CMD_GETPOLICY)
"""

import os
import re
import sys

import yaml

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SPEC = os.path.join(TOP, 'Documentation/netlink/specs/weft.yaml')
HEADER = os.path.join(TOP, 'uapi/linux/weft.h')

# Names that the header writes as a range, "first" to "last"
RANGES = {
    'WEFT_FIELD_REG': (0, 15),
    'WEFT_DROP_USER': (0, 15),
    'WEFT_TUN_F_OPT': (0, 3),
    'WEFT_VARS_A_USER': (0, 5),
}
NOT_NUMBERS = {'WEFT_GENL_NAME', 'WEFT_MCGRP_EVENTS', 'WEFT_MCGRP_INSTANCES'}
OWN_PLACE = {'WEFT_GENL_VERSION': 'version'}


class Tap:
    def __init__(self):
        self.n = self.failed = 0

    def check(self, what, problems):
        self.n += 1
        self.failed += bool(problems)
        print(f'{"not " if problems else ""}ok {self.n} - {what}')
        for problem in problems:
            print(f'#   {problem}')

    def done(self):
        print(f'1..{self.n}')
        return 1 if self.failed or not self.n else 0


def c_name(prefix, name):
    return (prefix + name).upper().replace('-', '_')


# ---- the header ----------------------------------------------------------------------------

def read_header(path):
    """(constants, {enum: {name: number}}, {struct: [(type, name, length)]})"""
    with open(path, encoding='utf-8') as f:
        text = re.sub(r'/\*.*?\*/', '', f.read(), flags=re.S)
    env, defines, enums, structs = {}, {}, {}, {}
    for name, value in re.findall(r'^#define (WEFT_\w+)[ \t]+(\S.*)$', text, re.M):
        if name not in NOT_NUMBERS:
            # constant expressions of constants met before
            value = re.sub(r'\b(0x[0-9a-fA-F]+|\d+)U?L*\b', r'\1', value)
            env[name] = defines[name] = eval(value, {'__builtins__': {}}, env)
    for enum, body in re.findall(r'enum (\w+) \{(.*?)\};', text, re.S):
        number, enums[enum] = -1, {}
        for entry in filter(None, (e.strip() for e in body.split(','))):
            name, _, value = (part.strip() for part in entry.partition('='))
            # the header is ours: constant expressions of names met before
            number = eval(value, {'__builtins__': {}}, env) if value else number + 1
            env[name] = number
            if not name.startswith('__') and not value.startswith('__'):
                enums[enum][name] = number
    for name, body in re.findall(r'struct (\w+) \{(.*?)\};', text, re.S):
        structs[name] = [(kind, member, 1) if not length else
                         # to the specification, arrays are bytes
                         ('u8', member, eval(length, {'__builtins__': {}}, env) *
                          int(kind.strip('us')) // 8) for kind, member, length in
                         re.findall(r'__(\w+) (\w+)(?:\[(\w+)\])?;', body)]
    return defines, enums, structs


def in_range(name, number, header):
    """Is it one of those that the header does not spell out?"""
    match = re.match(r'(.*\D)(\d+)$', name)
    if not match or match[1] not in RANGES:
        return False
    first, last = RANGES[match[1]]
    index = int(match[2])
    base = header[match[1] + str(first)]
    step = base << index if match[1] == 'WEFT_TUN_F_OPT' else base + index
    return first <= index <= last and number == step


def compare(spec, header):
    """Both are {C name: number}; returns what is different"""
    problems = []
    for name, number in spec.items():
        if name in header:
            if header[name] != number:
                problems.append(f'{name} is {header[name]} in the header, {number} in the spec')
        elif not in_range(name, number, header):
            problems.append(f'{name} ({number}) is not in the header')
    for name in header:
        if name not in spec and not name.endswith('_UNSPEC'):
            problems.append(f'{name} is not in the spec')
    return problems


def numbered(entries, start, flags=False):
    """{name: number} of entries that count up unless they have a value"""
    result, number = {}, start - 1
    for entry in entries:
        number = entry.get('value', number + 1)
        result[entry['name']] = 1 << number if flags else number
    return result


def commands(spec):
    """{C name: number}; notifications carry the number of a command"""
    prefix = spec['operations']['name-prefix']
    result, problems = {}, []
    for op in spec['operations']['list']:
        name = c_name(prefix, re.sub(r'-ntf$', '', op['name']))
        for mode in ('do', 'dump', 'event'):
            if mode not in op:
                continue
            number = op['value'] if mode == 'event' else op[mode]['request']['value']
            if result.setdefault(name, number) != number:
                problems.append(f'{name} is {result[name]} and {number} in the spec')
    return result, problems


def check_references(spec):
    """What the spec names must be in the spec"""
    sets = {s['name']: {a['name'] for a in s['attributes']} for s in spec['attribute-sets']}
    types = {d['name']: d for d in spec['definitions']}
    groups = {g['name'] for g in spec['mcast-groups']['list']}
    numbers = set(commands(spec)[0].values())
    problems = []
    for attributes in spec['attribute-sets']:
        for a in attributes['attributes']:
            where = f'{attributes["name"]}.{a["name"]}'
            if a['type'] == 'nest' and a['nested-attributes'] not in sets:
                problems.append(f'{where}: no set {a["nested-attributes"]}')
            for key in ('enum', 'struct'):
                if key in a and a[key] not in types:
                    problems.append(f'{where}: no {key} {a[key]}')
    for op in spec['operations']['list']:
        known = sets[op['attribute-set']]
        messages = [op['event']] if 'event' in op else \
            [m for mode in ('do', 'dump') if mode in op for m in op[mode].values()]
        for message in messages:
            for name in message.get('attributes', []):
                if name not in known:
                    problems.append(f'{op["name"]}: no attribute {name}')
            if message.get('value', 0) not in numbers | {0}:
                problems.append(f'{op["name"]}: no command {message["value"]}')
        if op.get('mcgrp', 'events') not in groups:
            problems.append(f'{op["name"]}: no group {op["mcgrp"]}')
    return problems


def check_header(spec, tap):
    defines, enums, structs = read_header(HEADER)
    seen = set()

    tap.check('the specification refers to what it defines', check_references(spec))
    numbers = {c_name('weft-', d['name']): d['value']
               for d in spec['definitions'] if d['type'] == 'const'}
    numbers.update({c: spec[key] for c, key in OWN_PLACE.items()})
    tap.check('constants', compare(numbers, defines))

    for d in spec['definitions']:
        if d['type'] in ('enum', 'flags'):
            name = c_name('weft-', d['name']).lower()
            flags = d['type'] == 'flags'
            spec_enum = {c_name(d['name-prefix'], n): v for n, v in
                         numbered(d['entries'], d.get('value-start', 0), flags).items()}
            tap.check(f'enum {name}', compare(spec_enum, enums.get(name, {})))
            seen.add(name)
        elif d['type'] == 'struct':
            name = c_name('weft-', d['name']).lower()
            members = [('u8' if m['type'] == 'binary' else m['type'],
                        m['name'].replace('-', '_'), m.get('len', 1)) for m in d['members']]
            tap.check(f'struct {name}', [] if members == structs.pop(name, None) else
                      ['its members are not those of the header'])

    for s in spec['attribute-sets']:
        name = s['enum-name'].replace('-', '_')
        attributes = {c_name(s['name-prefix'], n): v
                      for n, v in numbered(s['attributes'], 1).items()}
        tap.check(f'enum {name}', compare(attributes, enums.get(name, {})))
        seen.add(name)

    ops, problems = commands(spec)
    name = spec['operations']['enum-name'].replace('-', '_')
    tap.check(f'enum {name}', problems + compare(ops, enums[name]))
    seen.add(name)
    tap.check('every enum and struct of the header is in the spec',
              sorted(set(enums) - seen) + sorted(structs))


# ---- the kernel ----------------------------------------------------------------------------

# enum netlink_attribute_type
KINDS = ('invalid', 'flag', 'u8', 'u16', 'u32', 'u64', 's8', 's16', 's32', 's64', 'binary',
         'string', 'nul-string', 'nest', 'nest-array', 'bitfield32')
# enum netlink_policy_type_attr
(KIND, MIN_S, MAX_S, MIN_U, MAX_U, MIN_LEN, MAX_LEN, POLICY, MAX_TYPE) = range(1, 10)
BITS = {'u8': 8, 'u16': 16, 'u32': 32, 'u64': 64}


def read_policies(genl, family):
    """({command: {mode: policy}}, {policy: {attribute: {property: number}}})"""
    ops, policies = {}, {}
    request = genl.u16(genl.CTRL_ATTR_FAMILY_ID, family)
    for _, data in genl.Genl().dump(genl.CTRL_CMD_GETPOLICY, request):
        for kind, value in genl.attrs(data):
            if kind == genl.CTRL_ATTR_OP_POLICY:
                for cmd, modes in genl.attrs(value):
                    ops.setdefault(cmd, {}).update(
                        {('do', 'dump')[m - 1]: int.from_bytes(v, sys.byteorder)
                         for m, v in genl.attrs(modes)})
            elif kind == genl.CTRL_ATTR_POLICY:
                for index, attributes in genl.attrs(value):
                    for a, properties in genl.attrs(attributes):
                        policies.setdefault(index, {})[a] = {
                            p: int.from_bytes(v, sys.byteorder)
                            for p, v in genl.attrs(properties)}
    return ops, policies


class Kernel:
    """Compares sets of attributes with policies, nested ones too"""

    def __init__(self, spec, policies):
        self.sets = {s['name']: s for s in spec['attribute-sets']}
        self.policies = policies
        self.accepted = self._accepted(spec)
        self.done = set()

    def _accepted(self, spec):
        """{set: names that requests may have}: a policy belongs to the object, not the request"""
        result = {}
        for op in spec['operations']['list']:
            for mode in ('do', 'dump'):
                if mode in op:
                    names = op[mode]['request'].get('attributes', [])
                    result.setdefault(op['attribute-set'], set()).update(names)
        return result

    def compare(self, set_name, policy):
        """What is different between a set and a policy, as text"""
        if (set_name, policy) in self.done:
            return []
        self.done.add((set_name, policy))
        problems, known = [], set()
        numbers = numbered(self.sets[set_name]['attributes'], 1)
        accepted = self.accepted.get(set_name)
        for a in self.sets[set_name]['attributes']:
            where, number = f'{set_name}.{a["name"]}', numbers[a['name']]
            known.add(number)
            have = self.policies.get(policy, {}).get(number)
            want = a['type'] != 'pad' and (accepted is None or a['name'] in accepted)
            if want and not have:
                problems.append(f'{where}: the kernel does not take it')
            elif have and not want:
                problems.append(f'{where}: the kernel takes it, no request has it')
            elif have:
                problems += [f'{where}: {p}' for p in self.attribute(a, have)]
        problems += [f'{set_name}: the kernel knows an attribute {n}'
                     for n in set(self.policies.get(policy, {})) - known]
        return problems

    def attribute(self, a, have):
        kind, checks = KINDS[have[KIND]], a.get('checks', {})
        expected = {'string': 'nul-string'}.get(a['type'], a['type'])
        if kind != expected:
            return [f'{kind} in the kernel, {expected} in the spec']
        problems = []

        def same(what, got, want):
            if got != want:
                problems.append(f'{what} is {got} in the kernel, {want} in the spec')

        if kind in BITS:
            same('min', have.get(MIN_U, 0), checks.get('min', 0))
            same('max', have.get(MAX_U, 2 ** BITS[kind] - 1),
                 checks.get('max', 2 ** BITS[kind] - 1))
        elif kind in ('nul-string', 'binary'):
            exact = checks.get('exact-len')
            # The kernel tells a minimum only as one end of a range (of 15 bits).
            if MIN_LEN in have or exact:
                same('min-len', have.get(MIN_LEN, 0), exact or checks.get('min-len', 0))
            same('max-len', have.get(MAX_LEN), exact or checks.get('max-len'))
        elif kind == 'nest' and POLICY in have:
            problems += self.compare(a['nested-attributes'], have[POLICY])
        return problems


def check_kernel(spec, tap):
    sys.path.insert(0, os.path.join(TOP, 'selftests/py'))
    import genl     # pylint: disable=import-outside-toplevel,import-error

    family = genl.Genl(spec['name'])
    tap.check('multicast groups', [] if set(family.groups) ==
              {g['name'] for g in spec['mcast-groups']['list']} else [str(family.groups)])
    ops, policies = read_policies(genl, family.family)
    kernel = Kernel(spec, policies)

    wanted = {}
    for op in spec['operations']['list']:
        for mode in ('do', 'dump'):
            if mode in op:
                wanted[op[mode]['request']['value'], mode] = op
    got = {(cmd, mode) for cmd, modes in ops.items() for mode in modes}
    names = {value: op['name'] for (value, _), op in wanted.items()}
    tap.check('the kernel has the requests of the spec, and a policy for each',
              [f'{names.get(cmd, cmd)} {mode}: {"kernel" if (cmd, mode) in got else "spec"} only'
               for cmd, mode in sorted(set(wanted) ^ got)])
    for (cmd, mode), op in sorted(wanted.items(), key=lambda item: item[0]):
        if (cmd, mode) in got:
            kernel.done.clear()
            tap.check(f'{op["name"]} {mode}',
                      kernel.compare(op['attribute-set'], ops[cmd][mode]))


def main():
    with open(SPEC, encoding='utf-8') as f:
        spec = yaml.safe_load(f)
    tap = Tap()
    if sys.argv[1:] == ['--kernel']:
        check_kernel(spec, tap)
    else:
        check_header(spec, tap)
    return tap.done()


if __name__ == '__main__':
    sys.exit(main())
