#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables of instructions a packet, by the kernel's symbols.

  symbols.py COUNTS KALLSYMS LOG LINES     COUNTS is what the plugin (hot.c) wrote
"""
import bisect
import collections
import re
import sys

KERNEL = 1 << 63


def symbols(name):
    """-> sorted addresses, their names"""
    found = {}
    with open(name) as file:
        for line in file:
            address, kind, rest = line.split(None, 2)
            if kind in 'tTwW':
                # of several names for an address the first
                found.setdefault(int(address, 16), rest.strip().replace('\t', ' '))
    addresses = sorted(found)
    return addresses, [found[a] for a in addresses]


def segments(name):
    """-> [{address: count}]"""
    out = []
    with open(name) as file:
        for line in file:
            a, b = line.split()
            if a == 'segment':
                out.append({})
            else:
                out[-1][int(a, 16)] = int(b)
    return out


def main():
    counts, kallsyms, log, lines = sys.argv[1:]
    addresses, names = symbols(kallsyms)
    with open(log, errors='replace') as file:
        segments_of = re.findall(r'^PROFILE (\d+) (\S+) (\S+) (.*?)\r?$', file.read(), re.M)
    for (packets, what, dut, case), segment in zip(segments_of, segments(counts)):
        by_name = collections.Counter()
        by_module = collections.Counter()
        for address, n in segment.items():
            if address < KERNEL:
                name = '(user space)'
            else:
                i = bisect.bisect_right(addresses, address) - 1
                name = names[i] if i >= 0 else '(unknown)'
            by_name[name] += n
            module = re.search(r'\[(.*)\]', name)
            by_module[module[1] if module else 'kernel' if address >= KERNEL else 'user space'] += n
        total = sum(by_name.values())
        packets = int(packets)
        print(f'\n{dut}, {case}: {total / packets:,.0f} instructions a {what}, of {packets}')
        print('  ' + ', '.join(f'{m} {n / packets:,.0f}' for m, n in by_module.most_common()
                               if n >= packets))
        running = 0
        for name, n in by_name.most_common(int(lines)):
            running += n
            print(f'{n / packets:9.1f} {100 * n / total:6.2f} % {100 * running / total:6.1f} %  {name:<44} '
                  + '#' * round(40 * n / by_name.most_common(1)[0][1]))


if __name__ == '__main__':
    main()
