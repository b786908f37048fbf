"""Checks gocrash on all the cores that `scripts/record --matrix` made on this machine, and its speed against Delve's.

    run_live.py [--only PATTERN] [--every N] [--stripped] [--results FILE] GOCRASH CACHE

Prints what failed and, last, `N passed, M failed`; fails too if there was nothing to check. --only takes recordings whose
PROGRAM/BUILD/SCENARIO matches, and leaves Delve alone; --every takes one of so many. --stripped checks nothing but that the
report is the same with the binary stripped, less what DWARF alone says. --results writes how many checks passed of each build, for
scripts/support-matrix.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests" / "golden"), str(REPOSITORY / "tests" / "live")]
from common import CheckFailed, TIMEOUT_SECONDS
from delve_cgo import compare as compare_cgo_with_delve
from delve_values import check as check_values_of_delve
from elfutils_cgo import compare as compare_cgo_with_elfutils
from recording import Recordings, check_recording

MAX_SHARE_OF_DELVE = 1 / 5
MAX_MEMORY_MB = 64
TIMED_RUNS = 5


def find_recordings(cache):
    for core in sorted(cache.glob("*/*/*.core")):
        yield core.parent.parent.name, core.parent, core.name[:-len(".core")]


def check_all(gocrash, cache, only, every, stripped, results_path):
    """Returns (passed, failed)."""
    schema = REPOSITORY / "docs" / "report.schema.json"
    recordings = {}
    checks = []
    for number, (program, directory, scenario) in enumerate(find_recordings(cache)):
        if number % every or not fnmatch.fnmatchcase("%s/%s/%s" % (program, directory.name, scenario), only):
            continue
        if program not in recordings:
            recordings[program] = Recordings(REPOSITORY / "testdata" / program / "recordings")
        if scenario in recordings[program].how:  # a cache may hold what was dropped since
            kinds = ["traceback", "json", "text"]
            if recordings[program].printed:
                kinds.append("values")
                if recordings[program].printed == "variables" and directory.name.endswith("-noopt"):
                    kinds += ["interfaces", "cuts"]
            if stripped:
                kinds = ["stripped"]
            checks += [(program, directory, scenario, what) for what in kinds]

    def check_one(check):
        program, directory, scenario, what = check
        try:
            check_recording(gocrash, schema, recordings[program], directory, scenario, what)
        except CheckFailed as failure:
            return str(failure)
        return None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(check_one, checks))
    for (program, directory, scenario, what), failure in zip(checks, results):
        if failure:
            print("FAIL %s %s/%s/%s\n%s\n" % (what, program, directory.name, scenario, failure))
    for program in sorted(recordings):
        mine = [failure for check, failure in zip(checks, results) if check[0] == program]
        print("%s: %d of %d checks passed" % (program, mine.count(None), len(mine)))
    if results_path:
        write_results(results_path, checks, results)
    return results.count(None), len(results) - results.count(None)


def write_results(path, checks, results):
    """PROGRAM/BUILD → cores, and of each kind of check how many passed of how many."""
    builds = collections.defaultdict(lambda: {"cores": 0, "checks": collections.defaultdict(lambda: [0, 0])})
    for (program, directory, _, what), failure in zip(checks, results):
        build = builds["%s/%s" % (program, directory.name)]
        build["cores"] += what in ("traceback", "stripped")
        build["checks"][what][0] += failure is None
        build["checks"][what][1] += 1
    with open(path, "w", encoding="utf-8") as file:
        json.dump(builds, file, indent=1, sort_keys=True)


def timed(command):
    """Runs it several times; returns (best wall time in seconds, largest memory in MB)."""
    best, memory = float("inf"), 0
    for _ in range(TIMED_RUNS):
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        best = min(best, time.monotonic() - start)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise CheckFailed("%s: exit status %d" % (" ".join(map(str, command)), process.returncode))
        memory = max(memory, usage.ru_maxrss / 1024)
    return best, memory


def find_delve():
    unpacked = os.path.join(os.environ.get("GOCRASH_TOOLCHAINS", ""), "usr", "bin", "dlv")
    return shutil.which("dlv") or (unpacked if os.access(unpacked, os.X_OK) else None)


def check_speed(gocrash, cache):
    directory = cache / "nilmap" / "go1.27-noopt"
    binary, core = directory / "binary", directory / "crash.core"
    if not core.exists():
        print("speed: not measured, for there is no Go 1.27 here")
        return
    seconds, memory = timed([gocrash, "analyze", binary, core])
    print("speed: gocrash %.3f s, %.0f MB" % (seconds, memory))
    if memory > MAX_MEMORY_MB:
        raise CheckFailed("gocrash takes %.0f MB, more than %d" % (memory, MAX_MEMORY_MB))
    delve = find_delve()
    if not delve:
        print("speed: not compared, for there is no dlv here (scripts/go-toolchains DEST dlv)")
        return
    with tempfile.NamedTemporaryFile("w", suffix=".dlv") as script:
        script.write("bt\nstack -full\nexit\n")
        script.flush()
        command = [delve, "core", "--check-go-version=false", "--allow-non-terminal-interactive=true",
                   "--init", script.name, binary, core]
        printed = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS).stdout
        if b"users = " not in printed:
            raise CheckFailed("dlv printed no stack:\n%s" % printed.decode(errors="replace"))
        delve_seconds, delve_memory = timed(command)
    share = seconds / delve_seconds
    print("speed: Delve %.3f s, %.0f MB; gocrash takes %.3f of its time" % (delve_seconds, delve_memory, share))
    if share > MAX_SHARE_OF_DELVE:
        raise CheckFailed("gocrash takes more than %.2f of Delve's time" % MAX_SHARE_OF_DELVE)


def check_against_delve(gocrash, cache):
    """What both leave unread of optimised code. Returns (passed, failed)."""
    delve, passed, failed = find_delve(), 0, 0
    for directory in sorted(cache.glob("values/go1.2[567]-default")) if delve else []:
        files = [str(directory / name) for name in ("binary", "crash.core", "crash.stdout.txt")]
        try:
            print("values %s: %s" % (directory.name, check_values_of_delve([str(gocrash), delve] + files)))
            passed += 1
        except CheckFailed as failure:
            print("FAIL values %s: %s" % (directory.name, failure))
            failed += 1
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="*")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--stripped", action="store_true")
    parser.add_argument("--results")
    parser.add_argument("gocrash")
    parser.add_argument("cache")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="backslashreplace")
    gocrash, cache = Path(options.gocrash).resolve(), Path(options.cache)
    passed, failed = check_all(gocrash, cache, options.only, options.every, options.stripped, options.results)
    if not passed + failed:
        sys.exit("no recordings in %s; scripts/record --matrix makes them" % cache)
    if options.only != "*" or options.every > 1 or options.stripped:
        print("%d passed, %d failed" % (passed, failed))
        sys.exit(1 if failed else 0)
    try:
        check_speed(gocrash, cache)
        passed += 1
    except CheckFailed as failure:
        print("FAIL speed: %s" % failure)
        failed += 1
    more_passed, more_failed = check_against_delve(gocrash, cache)
    lines, worse = compare_cgo_with_delve(gocrash, cache)
    print("\n".join(lines))
    passed, failed = passed + more_passed + (bool(lines) and not worse), failed + more_failed + worse
    lines, missing = compare_cgo_with_elfutils(gocrash, cache) if shutil.which("eu-stack") else ([], 0)
    print("\n".join(lines))
    passed, failed = passed + (bool(lines) and not missing), failed + missing
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
