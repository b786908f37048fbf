"""Counts what of the runtime's own tracebacks `gocrash traceback` gives byte for byte, over cores of `scripts/record --matrix`.

    goroutine_counts.py [--jobs N] [--results FILE] GOCRASH CACHE PROGRAM…

Counted are deaths, the goroutines that died, those that stood still, and those printed as running, runnable or in a system
call, which went on between the print and the dump. What differs of the first three is named. --results writes the counts of
each build, for scripts/support-matrix. Processes that were alive printed nothing and are left out.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tests" / "golden"))
from common import CheckFailed, main, read_text, run
from traceback_equal import Traceback, equal_blocks, woken

KINDS = ("deaths", "died", "still", "busy")


def count_core(gocrash, core):
    """({kind: (equal, of)}, what differs) of a core; None if the program printed no death."""
    printed = read_text(str(core.with_suffix("")) + ".stderr.txt")
    try:
        recorded = Traceback(printed)
    except CheckFailed:
        return None
    output = run([gocrash, "traceback", "--no-redact", core.parent / "binary", core]).expect_status(0)
    actual = Traceback(output.stdout)
    counts, differing = collections.Counter(), []

    def add(kind, equal, what):
        counts[kind, "of"] += 1
        counts[kind, "equal"] += equal
        if not equal and kind != "busy":
            differing.append("%s: %s" % (core.relative_to(core.parents[2]), what))

    add("deaths", recorded.message == actual.message, "the message")
    for key in recorded.blocks:
        there = key in actual.blocks
        equal = there and (equal_blocks(recorded, actual, key))
        if key == recorded.crashed():
            add("died", equal, "the goroutine that died")
        elif recorded.busy(key) or (there and not equal and woken(recorded, actual, key)):
            add("busy", equal, key)
        else:
            add("still", equal, "goroutine " + key)
    return counts, differing


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--results", type=Path)
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("cache", type=Path)
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args(arguments)
    cores = [core for program in options.programs for core in sorted((options.cache / program).glob("*/*.core"))]
    results, silent = collections.defaultdict(collections.Counter), 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for core, found in zip(cores, pool.map(lambda core: count_core(options.gocrash, core), cores)):
            if found is None:
                silent += 1
                continue
            results["/".join(core.parts[-3:-1])].update(found[0])
            for line in found[1]:
                print(line)
    if not results:
        raise CheckFailed("no core whose program printed its death below %s" % options.cache)
    total = sum(results.values(), collections.Counter())
    if options.results:
        options.results.write_text(json.dumps(
            {name: {"goroutines": {kind: [counts[kind, "equal"], counts[kind, "of"]] for kind in KINDS}}
             for name, counts in results.items()}, indent=1))
    return "%d cores, %d without a print; %s" % (
        len(cores), silent, ", ".join("%s %d of %d" % (kind, total[kind, "equal"], total[kind, "of"]) for kind in KINDS))


if __name__ == "__main__":
    main(check)
