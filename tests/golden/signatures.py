"""The signatures of the recordings in the tree: one for one bug, another for another.

    signatures.py GOCRASH TESTDATA

- a scenario has one signature in all builds that lie here, whichever release and flags made them, and in the twin of
  each binary without symbols and DWARF;
- two scenarios have one signature only if class and user functions are the same.
"""
import collections
import concurrent.futures
import json
import os
import pathlib
import sys
import tempfile

from common import CheckFailed, main, run
from interfaces_stripped import plain_copy
from common import strip

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "live"))
import signatures_live as live  # noqa: E402

# What is not the same program in each release, for it has files for some alone, or not the same names: a closure of a generic
# method that optimisation inlined into the body of a loop over a function is numbered by the body.
OTHER_CODE = {"values": lambda build: build if build.startswith("go1.15") or build.endswith("default") else ""}


class Crash:
    def __init__(self, gocrash, core, binary, name):
        report = json.loads(run([gocrash, "analyze", "--stable", "--format", "json", binary, core]).expect_status(0).stdout)
        self.name, self.signature, self.key = name, report["crash"].get("signature"), live.user_functions(report)
        self.bug = None


def read_all(gocrash, testdata, scratch):
    jobs, twins = [], {}
    for core in sorted(pathlib.Path(testdata).glob("*/*/*.core.zst")):
        program, build, scenario = core.parts[-3], core.parts[-2], core.name.replace(".core.zst", "")
        other = OTHER_CODE.get(program, lambda build: "")(build)
        bug = (program, scenario, other)
        jobs.append((bug, core, core.parent / "binary.zst", f"{program}/{build}/{scenario}"))
        if program in ("nilmap", "deaths"):
            if core.parent not in twins:
                twins[core.parent] = os.path.join(scratch, f"{program}-{build}")
                strip(plain_copy(str(core.parent / "binary.zst"), scratch, f"{program}-{build}-plain"), twins[core.parent])
            jobs.append((bug, core, twins[core.parent], f"{program}/{build}/{scenario} stripped"))

    def read(job):
        crash = Crash(gocrash, *job[1:])
        crash.bug = job[0]
        return crash

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [crash for crash in pool.map(read, jobs) if crash.signature]


def check(arguments):
    gocrash, testdata = arguments
    with tempfile.TemporaryDirectory() as scratch:
        crashes = read_all(gocrash, testdata, scratch)
    by_bug, by_signature = collections.defaultdict(list), collections.defaultdict(list)
    for crash in crashes:
        by_bug[crash.bug].append(crash)
        by_signature[crash.signature].append(crash)
    for bug, alike in by_bug.items():
        if len({crash.signature for crash in alike}) > 1:
            raise CheckFailed("%s has several signatures:\n%s" % (bug, "\n".join(f"{c.signature} {c.name}" for c in alike)))
    for signature, alike in by_signature.items():
        plain = [crash for crash in alike if not crash.name.endswith("stripped")]
        # Builds differ in which frames are listed; within one build the key tells bugs apart.
        for one in plain:
            for other in plain:
                if one.bug != other.bug and one.key != other.key:
                    raise CheckFailed("%s is the signature of %s and of %s" % (signature, one.name, other.name))
    if len(by_signature) < 30 or len(crashes) < 90:
        raise CheckFailed("only %d signatures of %d crashes: recordings are missing" % (len(by_signature), len(crashes)))
    return "%d crashes, %d bugs, %d signatures" % (len(crashes), len(by_bug), len(by_signature))


if __name__ == "__main__":
    main(check)
