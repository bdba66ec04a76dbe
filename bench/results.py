#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns what guests printed into rows of results.

  results.py valid LOG...                             how many boots count, of the case that has fewest
  results.py merge FILE GROUP INSTRUMENT LOG...       replace a group's rows (of that instrument only;
                                                      with CASES in the environment only those there are)
  results.py gate BASELINE [--update] LOG...          compare medians with the baseline

A log is one boot. Rounds that lost packets do not count. Of a boot in which openvswitch differs
from openvswitch2, a second instance of it, by more than 2 % (TCP: 5 %), no time counts.
"""
import collections
import json
import os
import statistics
import sys

REFERENCE, CONTROL = 'openvswitch', 'openvswitch2'
OTHERS = ['nft', 'linux']  # that rows of groups which have it are compared with, too
# what user space does varies more, and so do extremes
TOLERANCE = collections.defaultdict(lambda: 0.02, {'Mbit/s': 0.05, 'per_s': 0.05})
LIMIT = 1.01
DIGITS = {'ratio': 3}  # behind the point; else 1


def read(name):
    """-> {(group, case, unit, instrument): {dut: {round: value}}}"""
    boot = collections.defaultdict(lambda: collections.defaultdict(dict))
    with open(name, errors='replace') as file:
        for line in file:
            if not line.startswith('DATA {'):
                continue
            row = json.loads(line[5:])
            if row['sent'] != row['got']:
                print(f"{name}: {row['case']} {row['dut']} round {row['round']}: "
                      f"{row['got']} of {row['sent']} came", file=sys.stderr)
                continue
            key = row['group'], row['case'], row['unit'], row['instrument']
            boot[key][row['dut']][row['round']] = row['value']
    return boot


def ratio(duts, dut, reference):
    """median of the ratios of rounds that both have"""
    a, b = duts.get(dut, {}), duts.get(reference, {})
    pairs = [a[r] / b[r] for r in a if b.get(r)]
    return statistics.median(pairs) if pairs else None


def quiet(key, duts):
    """the control says that this boot was not disturbed"""
    if key[3] == 'instr' or CONTROL not in duts:
        return True
    r = ratio(duts, CONTROL, REFERENCE)
    tolerance = 0.05 if '99th' in key[1] else TOLERANCE[key[2]]
    return r is not None and abs(r - 1) <= tolerance


def pool(logs):
    """-> {key: [duts of a valid boot...]}"""
    out = {}
    for name in logs:
        for key, duts in read(name).items():
            out.setdefault(key, [])
            if quiet(key, duts):
                out[key].append(duts)
            else:
                r = ratio(duts, CONTROL, REFERENCE)
                print(f'{name}: {key[1]}: void, the same differs by {r:.3f}', file=sys.stderr)
    return out


def rows(logs):
    for (group, case, unit, by), boots in pool(logs).items():
        for dut in dict.fromkeys(d for b in boots for d in b):
            values = [list(b[dut].values()) for b in boots if b.get(dut)]
            digits = DIGITS.get(unit, 1)
            medians = [statistics.median(v) for v in values]
            ratios = [r for r in (ratio(b, dut, REFERENCE) for b in boots) if r]
            others = {f'ratio_{o}': round(statistics.median(r), 3) for o in OTHERS
                      if (r := [r for r in (ratio(b, dut, o) for b in boots) if r])}
            yield {
                'group': group, 'case': case, 'dut': dut, 'unit': unit,
                'median': round(statistics.median(medians), digits),
                'min': round(min(medians), digits), 'max': round(max(medians), digits),
                'ratio_openvswitch': round(statistics.median(ratios), 3) if ratios else None,
                **others,
                'rounds': sum(len(v) for v in values), 'boots': len(values), 'instrument': by,
            }


def load(name):
    if not os.path.exists(name):
        return []
    with open(name) as file:
        return json.load(file)


def save(name, data):
    with open(name + '.new', 'w') as file:
        file.write('[\n' + ',\n'.join('\t' + json.dumps(row) for row in data) + '\n]\n')
    os.replace(name + '.new', name)


def instrument(row):
    return row.get('instrument') or ('instr' if row['unit'] == 'instr' else 'time')


def merge(name, group, only, logs):
    new = list(rows(logs))
    measured = {r['case'] for r in new}
    old = [r for r in load(name)
           if r['group'] != group or (only and instrument(r) != only) or
           (os.environ.get('CASES') and r['case'] not in measured)]
    save(name, sorted(old + new, key=lambda r: (int(r['group'][1:]), instrument(r))))
    case = None
    for r in new:
        if r['case'] != case:
            case = r['case']
            print(f"  {group} {case}")
        rel = '' if r['ratio_openvswitch'] is None else f"{r['ratio_openvswitch']:8.3f}"
        digits = DIGITS.get(r['unit'], 1)
        print(f"    {r['dut']:<14}{r['median']:>12,.{digits}f} {r['unit']:<8}{rel}"
              f"   [{r['min']:,.{digits}f} - {r['max']:,.{digits}f}]")


def gate(name, kernel, update, logs):
    """-> exit status; the last line counts.  Counts of another kernel say nothing about Weft."""
    # Hash tables have random seeds, and a chain more or less in a small one is 1 %: hence the mean
    # of several instances.
    boots = collections.defaultdict(list)
    for log in logs:
        instances = collections.defaultdict(list)
        for r in rows([log]):
            # hits, of which B1 to B3 say more; these depend on how far the cache has grown by then
            if not r['case'].startswith('again'):
                instances[r['group'], r['case'], r['dut'].rstrip('0123456789'), r['unit']].append(r['median'])
        for key, v in instances.items():
            boots[key].append(round(statistics.mean(v), 1))
    # What else happens in a boot only adds to it
    now = [dict(zip(('group', 'case', 'dut', 'unit'), key), median=min(v), kernel=kernel)
           for key, v in boots.items()]
    if update:
        save(name, now)
    base = {(r['group'], r['case'], r['dut'], r['unit']): r for r in load(name)}
    passed = failed = skipped = 0
    for r in now:
        key = r['group'], r['case'], r['dut'], r['unit']
        was = base.pop(key, None)
        if was and was['kernel'] != kernel:
            skipped += 1
            print(f"ok {passed + failed + skipped} - {r['group']} {r['case']} # SKIP {r['median']:,.1f} {r['unit']}; "
                  f"the baseline is of Linux {was['kernel']}, this is {kernel}")
            continue
        was = was and was['median']
        change = (r['median'] / was - 1) * 100 if was else None
        good = was is not None and r['median'] <= was * LIMIT
        passed, failed = passed + good, failed + (not good)
        print(f"{'ok' if good else 'not ok'} {passed + failed + skipped} - {r['group']} {r['case']}: "
              f"{r['median']:,.1f} {r['unit']}"
              + (f', {change:+.2f} % of {was:,.1f}' if was else ', not in the baseline'))
        if good and change < -1:
            print('# better: write it down with bench/gate --update')
    for key in base:
        failed += 1
        print(f"not ok {passed + failed + skipped} - {key[0]} {key[1]}: was not measured")
    print(f'bench-gate: {passed} passed, {failed} failed, {skipped} skipped')
    return int(failed > 0 or passed + skipped == 0)


def main(argv):
    if argv[0] == 'valid':
        pools = pool(argv[1:])
        print(min((len(b) for b in pools.values()), default=0))
    elif argv[0] == 'merge':
        merge(argv[1], argv[2], argv[3], argv[4:])
    elif argv[0] == 'gate':
        update = '--update' in argv
        return gate(argv[1], argv[2], update, [a for a in argv[3:] if a != '--update'])
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
