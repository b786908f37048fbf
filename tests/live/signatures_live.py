#!/usr/bin/env python3
"""Signatures over a matrix of recordings: one for a scenario in all of its builds, another for another bug.

    signatures_live.py [--builds PATTERN]… [--except NAME]… GOCRASH MATRIX_OF_A_PROGRAM…

MATRIX_OF_A_PROGRAM holds BUILD/binary and BUILD/SCENARIO.core, as scripts/record --matrix makes them. Two scenarios may share a signature
where class and user functions are the same. Those in functions init.N are only listed. Scenarios named with --except may differ from build to build: what they
show of themselves hangs on luck or on the release. tests/golden/signatures.py does the same with the
recordings in the tree and stripped twins of their binaries.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import pathlib
import re
import subprocess
import sys


RECORDED = '/tmp/gocrash-record/'  # where scripts/record builds: the user's code is there, and nothing else


def user_functions(report):
    """Class and the user's functions of the stack, each once, without type arguments; of a deadlock those of all goroutines."""
    crash, stacks = report['crash'], set()
    if crash['class'] == 'external_signal':  # whoever it came upon did nothing
        return crash['class'], (crash.get('signal', {}).get('name'),)
    for goroutine in report['goroutines']:
        if goroutine['id'] == crash.get('goroutine') or (crash['class'] == 'deadlock' and not goroutine.get('system')):
            stacks.add(tuple(dict.fromkeys(re.sub(r'\[.*\]', '', frame['function']) for frame in goroutine['frames']
                                           if not frame['runtime'] and not frame['native'] and frame.get('file', '').startswith(RECORDED))))
    return crash['class'], tuple(sorted(stacks))


def read_crash(gocrash, binary, core):
    """Signature, and class with user functions; None where it is no crash."""
    run = subprocess.run([gocrash, 'analyze', '--stable', '--format', 'json', str(binary), str(core)],
                         capture_output=True, timeout=300, check=False)
    if run.returncode:
        return None
    report = json.loads(run.stdout)
    if 'signature' not in report['crash']:
        return None
    return report['crash']['signature'], user_functions(report)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--builds', action='append', default=[])
    parser.add_argument('--except', action='append', default=[], dest='excepted')
    parser.add_argument('gocrash')
    parser.add_argument('matrix', type=pathlib.Path, nargs='+')
    args = parser.parse_args()
    jobs = []
    for matrix in args.matrix:
        for build in sorted(matrix.iterdir()):
            if (build / 'binary').exists() and any(fnmatch.fnmatch(build.name, p) for p in args.builds or ['*']):
                jobs += [(matrix.name, build, core) for core in sorted(build.glob('*.core'))]
    by_bug, by_signature = collections.defaultdict(dict), collections.defaultdict(dict)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for job, crash in zip(jobs, pool.map(lambda job: read_crash(args.gocrash, job[1] / 'binary', job[2]), jobs)):
            if crash:
                program, build, core = job
                by_bug[program, core.stem][build.name] = crash
                by_signature[crash[0]][program, core.stem, build.name] = crash[1]
    differ = 0
    for bug, builds in sorted(by_bug.items()):
        if len({signature for signature, _ in builds.values()}) > 1:
            # Inits are numbered along the files that a release builds: with others it is another program.
            numbered = any(re.search(r'\.init\.\d', str(key)) for _, key in builds.values())
            excepted = bug[1] in args.excepted or numbered
            differ += not excepted
            print(f"{'' if excepted else 'FAILED: '}{bug[0]} {bug[1]} has several signatures:")
            for build, (signature, key) in builds.items():
                print(f'    {signature} {build} {key}'[:200])
    clashes = 0
    for signature, crashes in by_signature.items():
        builds = collections.defaultdict(set)
        for (_, _, build), key in crashes.items():
            builds[build].add(key)
        if any(len(keys) > 1 for keys in builds.values()):
            clashes += 1
            print(f'FAILED: {signature} is shared by {sorted({(program, name) for program, name, _ in crashes})}')
    distinct = len({key for crashes in by_signature.values() for key in crashes.values()})
    print(f'{len(jobs)} recordings of {len(by_bug)} bugs: {len(by_signature)} signatures, {distinct} pairs of class and functions; '
          f'{differ} bugs with several, {clashes} shared by different bugs')
    sys.exit(1 if differ or clashes or not by_bug else 0)


if __name__ == '__main__':
    main()
