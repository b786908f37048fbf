#!/usr/bin/env python3
"""Scores the causes that gocrash names against those that truth.tsv says, over a matrix of recordings.

    verdicts.py [--verbose] [--source] [--builds PATTERN] [--least NOOPT,DEFAULT] GOCRASH TRUTH MATRIX

MATRIX holds BUILD/binary and BUILD/SCENARIO.core, as scripts/record --matrix makes them. TRUTH is the table that
testdata/README.md describes: scenario, class, function, place, accepted expressions with | between them.
With --source the reports may use the sources where the binaries say that they are. Fails where a cause is wrong and called certain, or where fewer than the least shares (per cent) are right.
"""
import argparse
import concurrent.futures
import csv
import fnmatch
import json
import pathlib
import subprocess
import sys


def read_truth(path):
    with open(path, encoding='utf-8', newline='') as file:
        return {row['scenario']: row for row in csv.DictReader(file, delimiter='\t', quoting=csv.QUOTE_NONE)}


def in_order(text):
    """An expression without spaces; the sides of its one sum or product in the order of their letters: optimised code
    does not tell which the source has first, and the value is the same."""
    text = ''.join(text.split())
    if any(sign in text for sign in '(["-/%&|^<>'):
        return text
    for sign in '+*':
        if sign in text and not set('+*') - {sign} & set(text):
            return sign.join(sorted(text.split(sign)))
    return text


def accepted(row):
    """The expressions that name the culprit, without spaces."""
    return {in_order(text) for text in row['culprit'].split(' | ')}


def read_report(gocrash, binary, core, source):
    """source: False: none; True: where the binary says that it is; else FROM=TO of --source-map."""
    options = ['--stable'] if not source else [] if source is True else ['--source-map', source]
    run = subprocess.run([gocrash, 'analyze', *options, '--format', 'json', str(binary), str(core)],
                         capture_output=True, timeout=120, check=False)
    if run.returncode != 0:
        return None
    return json.loads(run.stdout)


# What the table calls a class, where the report has another word.
CLASSES = {
    'send_closed_channel': 'send_on_closed_channel', 'error_panic': 'explicit_panic', 'custom_panic': 'explicit_panic',
    'waitgroup_negative': 'negative_waitgroup', 'unlock_unlocked': 'mutex_misuse', 'slice_bounds': 'slice_bounds_out_of_range',
    'make_size': 'make_size_out_of_range',
}


def places_of(report):
    """Function and file:line of the frame to look at first; of a deadlock those of the goroutine that is named."""
    crash = report['crash']
    cause = crash.get('cause') or {}
    wanted = crash.get('goroutine') or next(iter(cause.get('goroutines', [])), None)
    for goroutine in report['goroutines']:
        if goroutine['id'] == wanted:
            frames = [goroutine['frames'][crash['frame']]] if 'frame' in crash else goroutine['frames']
            return [(frame['function'], f"{frame.get('file', '')}:{frame.get('line', 0)}") for frame in frames]
    return []


def judge(row, report):
    """right, nothing or wrong; whether it is called certain; what was said."""
    cause = report['crash'].get('cause') or {}
    said = cause.get('expression')
    sure = cause.get('confidence') == 'certain'
    if not said:
        return 'nothing', False, ''
    return ('right' if in_order(said) in accepted(row) else 'wrong'), sure, said


def notes_on(row, report):
    """Class, function and line, where they are not the table's."""
    notes = []
    places = places_of(report)
    wanted = {row['class'], CLASSES.get(row['class'])}
    if report['crash']['class'] not in wanted:
        notes.append(f"class {report['crash']['class']}, not {row['class']}")
    if not any(function == row['function'] and place.endswith('/' + row['place']) for function, place in places):
        notes.append(f"at {places[:1]}, not {row['function']} {row['place']}")
    return notes


def score_build(gocrash, truth, build, verbose, source):
    def one(scenario):
        core = build / f'{scenario}.core'
        return scenario, read_report(gocrash, build / 'binary', core, source) if core.exists() else False

    counts = {'right': 0, 'nothing': 0, 'wrong': 0, 'wrong and certain': 0, 'elsewhere': 0}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for scenario, report in pool.map(one, sorted(truth)):
            row = truth[scenario]
            if report is False:
                continue
            if report is None:
                counts['nothing'] += 1
                print(f'  {build.name} {scenario}: no report')
                continue
            verdict, sure, said = judge(row, report)
            notes = notes_on(row, report)
            counts[verdict] += 1
            counts['wrong and certain'] += verdict == 'wrong' and sure
            counts['elsewhere'] += bool(notes)
            if notes or (verbose and verdict != 'right') or (verdict == 'wrong' and sure):
                certain = ' (certain)' if sure else ''
                print(f"  {build.name} {scenario}: {verdict}{certain}: {said!r}, wanted {row['culprit']!r} {'; '.join(notes)}")
    return counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--verbose', action='store_true')
    parser.add_argument('--builds', default='*')
    parser.add_argument('--source', action='store_true')
    parser.add_argument('--least', default='95,80')
    parser.add_argument('gocrash')
    parser.add_argument('truth')
    parser.add_argument('matrix', type=pathlib.Path)
    args = parser.parse_args()
    truth = read_truth(args.truth)
    least_noopt, least_default = (float(part) for part in args.least.split(','))
    failed = scored = 0
    for build in sorted(args.matrix.iterdir()):
        if not fnmatch.fnmatch(build.name, args.builds) or not (build / 'binary').exists():
            continue
        counts = score_build(args.gocrash, truth, build, args.verbose, args.source)
        total = counts['right'] + counts['nothing'] + counts['wrong']
        share = 100 * counts['right'] / max(total, 1)
        least = least_noopt if build.name.endswith('noopt') else least_default
        enough = share >= least and not counts['wrong and certain'] and not counts['elsewhere']
        failed += not enough
        scored += 1
        print(f"{build.name}: {share:.1f} % of {total} right; {counts['nothing']} without a name, {counts['wrong']} wrong, "
              f"{counts['wrong and certain']} of them certain, {counts['elsewhere']} of another class or place"
              f"{'' if enough else ' — FAILED'}")
    if not scored:
        print('nothing to score')
    sys.exit(1 if failed or not scored else 0)


if __name__ == '__main__':
    main()
