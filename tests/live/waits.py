#!/usr/bin/env python3
"""Counts circles of waiting goroutines over matrices of recordings: those planted are all found, none is invented.

    waits.py [--except BUILD/SCENARIO…] GOCRASH MATRIX_OF_A_PROGRAM…

MATRIX_OF_A_PROGRAM holds BUILD/binary and BUILD/SCENARIO.core with SCENARIO.stderr.txt, as scripts/record --matrix makes them of the
programs waits and healthy: what they print on standard error lists the circles, and there are no others. Of a dump of
--except a circle may be missed (docs/support-matrix.md says which and why); none may be invented.
"""
import argparse
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / 'golden'))
import recording  # noqa: E402 (of tests/golden)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('gocrash')
    parser.add_argument('matrix', type=pathlib.Path, nargs='+')
    parser.add_argument('--except', dest='missed', action='append', default=[])
    args = parser.parse_args()
    failed = dumps = healthy = planted = goroutines = 0
    for matrix in args.matrix:
        for core in sorted(matrix.glob('*/*.core')):
            printed = core.with_suffix('.stderr.txt').read_text(encoding='utf-8', errors='surrogateescape')
            circles = re.findall(r'^circle \S+ ([\d ]+)$', printed, re.MULTILINE)
            run = subprocess.run([args.gocrash, 'analyze', '--no-redact', '--format', 'json', str(core.parent / 'binary'), str(core)],
                                 capture_output=True, timeout=600, check=False)
            name = f'{matrix.name}/{core.parent.name}/{core.stem}'
            if run.returncode:
                failed += 1
                print(f'FAILED: {name}: {run.stderr.decode()[:200]}')
                continue
            failures = recording.check_circles(json.loads(run.stdout), printed)
            if any(fnmatch.fnmatch(f'{core.parent.name}/{core.stem}', pattern) for pattern in args.missed):
                failures = [text for text in failures if not text.endswith('was not found')]
            dumps += 1
            healthy += not circles
            planted += len(circles)
            goroutines += sum(len(circle.split()) for circle in circles)
            if failures:
                failed += 1
                print(f'FAILED: {name}: ' + '\n    '.join(failures))
    print(f'{dumps} dumps, {healthy} of them healthy; {planted} circles of {goroutines} goroutines planted; {failed} dumps failed')
    sys.exit(1 if failed or not dumps else 0)


if __name__ == '__main__':
    main()
