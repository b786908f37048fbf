#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What runs cost, counted instead of timed: the instructions of gocrash's own code, as callgrind counts them.

    counts.py GOCRASH TESTDATA [--update]

The libraries' are left out, since each machine has others. A run may take a third more than what is written down here:
compilers differ. --update writes down what it takes now.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from common import CheckFailed, main

EXPECTED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "counts.json")
MARGIN = 4 / 3
RUNS = {
    "report of a nil dereference": ("nilmap/go1.27-default", "crash", ["analyze"]),
    "report of a service that hangs": ("service/go1.27-default", "hang", ["analyze"]),
    "traceback of a service": ("service/go1.27-default", "hang", ["traceback"]),
    "goroutines that wait for one another": ("waits/go1.27-default", "crash", ["analyze"]),
    "stack overflow": ("deaths/go1.27-noopt", "overflow", ["analyze"]),
}


def own_instructions(profile, program):
    """Adds up the cost lines of a profile that belong to one object file."""
    names, current, total, inclusive = {}, "", 0, False
    for line in profile:
        if match := re.match(r"ob=\((\d+)\)(?: (.*))?", line):
            current = names.setdefault(match[1], match[2] or "")
        elif match := re.match(r"cob=\((\d+)\)(?: (.*))?", line):
            names.setdefault(match[1], match[2] or "")
        elif line.startswith("calls="):
            inclusive = True  # the next line is what was called
        elif match := re.match(r"[+*-]?\d* (\d+)$", line):
            if not inclusive and os.path.basename(current) == program:
                total += int(match[1])
            inclusive = False
    return total


def count(gocrash, testdata, run):
    folder, scenario, command = run
    with tempfile.NamedTemporaryFile("r", suffix=".callgrind") as profile, tempfile.TemporaryDirectory() as scratch:
        files = [os.path.join(scratch, name) for name in ("binary", scenario + ".core")]
        for file in files: # inflating them would take most of the time
            subprocess.run(["zstd", "-qd", os.path.join(testdata, folder, os.path.basename(file) + ".zst"), "-o", file], check=True)
        done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + profile.name, gocrash, *command, *files],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            raise CheckFailed("status %d: %s" % (done.returncode, done.stderr[-500:]))
        return own_instructions(profile, os.path.basename(gocrash))


def check(arguments):
    gocrash, testdata, *rest = arguments
    counted = {name: count(gocrash, testdata, run) for name, run in RUNS.items()}
    lines = "\n".join("%14s  %s" % (format(value, ","), name) for name, value in counted.items())
    if rest == ["--update"]:
        with open(EXPECTED, "w", encoding="utf-8") as file:
            file.write(json.dumps(counted, indent=2) + "\n")
        return lines
    with open(EXPECTED, encoding="utf-8") as file:
        expected = json.load(file)
    for name, value in counted.items():
        if value < 10_000:
            raise CheckFailed("%s: %d instructions: not counted" % (name, value))
        if value > expected[name] * MARGIN:
            raise CheckFailed("%s: %s instructions, more than a third above %s" % (name, format(value, ","), format(expected[name], ",")))
    return lines


if __name__ == "__main__":
    main(check)
