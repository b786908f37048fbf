"""Cuts recorded cores off at many places and looks at what is left of the report.

    cuts.py [--long | --middle] [--only PROGRAM/BUILD/SCENARIO] [--at SIZE] GOCRASH REPOSITORY

Each core under testdata is cut at 200 places with --long, at 20 of them with --middle, else the cores of one program at
4: within the headers, within and around each note, at the borders of each segment and a byte beside them, in memory
that holds something, anywhere; always the same places. Every cut core must end in a report or a refusal within the
bounds of bounded.py. In a report, each goroutine whose g and stack lie whole in what is left is there; one that waits has
the stack that it has in the whole core's report. The counts are printed; fails where too few goroutines were held
against the bytes to mean anything.
"""
import argparse
import glob
import json
import os
import random
import struct
import subprocess
import tempfile

from bounded import judge, run_bounded
from common import CheckFailed, main
from layouts import Layouts
from mutate import PT_LOAD, Elf, map_file

PT_NOTE = 4
LONG, MIDDLE, SHORT = 200, 20, 4
G_SIZE = 448  # the fields of a g that are read lie below
STATUS_DEAD, STATUS_WAITING, STATUS_SCAN = 6, 4, 0x1000
COMMAND = ["analyze", "--format", "json"]


class Goroutine:
    def __init__(self, address, goid, stack, waits):
        self.address, self.goid, self.stack, self.waits = address, goid, stack, waits


class Recording:
    """A recorded core, unpacked, and what its whole report says."""

    def __init__(self, gocrash, path, layouts, scratch):
        self.name = os.path.relpath(path, os.path.dirname(os.path.dirname(os.path.dirname(path))))[:-len(".core.zst")]
        self.binary = os.path.join(scratch, "binary")
        self.core = os.path.join(scratch, "core")
        for source, target in ((os.path.join(os.path.dirname(path), "binary.zst"), self.binary), (path, self.core)):
            subprocess.run(["zstd", "-dqf", "--sparse", source, "-o", target], check=True)
        result = run_bounded([gocrash] + COMMAND + [self.binary, self.core], scratch)
        problem = judge(COMMAND, result)
        if problem or result.status:
            raise CheckFailed("%s, whole: %s" % (self.name, problem or result.errors))
        self.stacks = stacks_of(json.loads(result.output))
        self.elf = Elf(map_file(self.core))
        self.size = len(self.elf.data)
        self.used = max(offset + size for _, _, offset, _, size in self.elf.segments)
        self.goroutines = self.read_goroutines(layouts, int(path.split("/go1.")[1].split("-")[0]))

    def word(self, address, form="<Q"):
        offset = self.elf.offset_of(address)
        if offset is None or offset + 8 > self.size:
            return 0
        return struct.unpack_from(form, self.elf.data, offset)[0]

    def read_goroutines(self, layouts, minor):
        """Those of runtime.allgs; none where the loader moved the program and its symbols do not tell where to."""
        allgs = Elf(map_file(self.binary)).symbols().get("runtime.allgs")
        first, count = (self.word(allgs), self.word(allgs + 8)) if allgs else (0, 0)
        found = []
        for i in range(min(count, 100000)):
            g = self.word(first + 8 * i)
            status = self.word(g + layouts.offset("g_atomicstatus", minor), "<I") & ~STATUS_SCAN
            if g and status not in (0, STATUS_DEAD):
                found.append(Goroutine(g, self.word(g + layouts.offset("g_goid", minor)),
                                       (self.word(g + layouts.offset("g_sched_sp", minor)),
                                        self.word(g + layouts.offset("g_stack_hi", minor))), status == STATUS_WAITING))
        return [g for g in found if g.goid in self.stacks]

    def places(self, count):
        """Sizes to cut the core to, the largest first."""
        choose = random.Random(self.name)
        near = {0, 1, 64, self.elf.phoff + 56 * len(self.elf.segments)}
        near.update(at for at, *_ in self.elf.segments)
        for _, kind, offset, _, size in self.elf.segments:
            near.update((offset, offset + size))
            if kind == PT_NOTE:
                near.update(self.note_borders(offset, size))
        near = sorted({at + beside for at in near for beside in (-1, 0, 1) if 0 < at + beside < self.size})
        full = [offset for _, kind, offset, _, size in self.elf.segments if kind == PT_LOAD and size]
        pages = [at for at in full for at in range(at, at + 65536, 4096) if any(self.elf.data[at:at + 4096])]
        picked = set(choose.sample(near, min(len(near), count // 2)))
        picked.update(at + choose.randrange(4096) for at in choose.sample(pages, min(len(pages), count // 4)))
        while len(picked) < count:
            picked.add(choose.randrange(1, self.size))
        return sorted((at for at in picked if at < self.size), reverse=True)

    def note_borders(self, offset, size):
        at = offset
        while at + 12 <= offset + size:
            yield at
            names, bytes_, _ = struct.unpack_from("<III", self.elf.data, at)
            at += 12 + (names + 3 & ~3)
            yield at + bytes_ // 2
            at += bytes_ + 3 & ~3

    def is_left(self, address, end, size):
        """Whether the memory from address to end lies below size in the file."""
        while address < end:
            offset = self.elf.offset_of(address)
            if offset is None or offset >= size:
                return False
            address = (address | 4095) + 1
        last = self.elf.offset_of(end - 1)
        return last is not None and last < size


def stacks_of(report):
    return {one["id"]: [(frame["function"], frame.get("line")) for frame in one["frames"]] for one in report["goroutines"]}


def check_left(recording, size, report, counts):
    """What a report on the core cut to size lacks, or None."""
    left = stacks_of(report)
    for g in recording.goroutines:
        if not recording.is_left(g.address, g.address + G_SIZE, size) or not recording.is_left(*g.stack, size):
            continue
        counts["goroutines"] += 1
        if g.goid not in left:
            return "goroutine %d is not in the report, and all of it is in the core" % g.goid
        if g.waits:
            counts["stacks"] += 1
            if left[g.goid] != recording.stacks[g.goid]:
                return "goroutine %d: %r instead of %r" % (g.goid, left[g.goid], recording.stacks[g.goid])
    return None


def check_recording(gocrash, recording, sizes, counts, scratch):
    failures = []
    for size in sizes:
        os.truncate(recording.core, size)
        words = [gocrash] + COMMAND + [recording.binary, recording.core]
        result = run_bounded(words, scratch)
        problem = judge(COMMAND, result)
        counts["cuts"] += 1
        counts["reports"] += result.status == 0
        if not problem and result.status == 0:
            report = json.loads(result.output)
            problem = check_left(recording, size, report, counts)
            # behind its segments gcore writes section headers, which nobody needs
            if not problem and size < recording.used and not report["core"]["truncated"]:
                problem = "a cut core is not said to be truncated"
        if problem:
            failures.append("%s cut to %d bytes (--only %s --at %d): %s" % (recording.name, size, recording.name, size, problem))
            print(failures[-1], flush=True)
    return failures


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--middle", action="store_true")
    parser.add_argument("--only")
    parser.add_argument("--at", type=int)
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("repository")
    options = parser.parse_args(arguments)
    paths = sorted(glob.glob(os.path.join(options.repository, "testdata", "*", "*", "*.core.zst")))
    if options.only:
        paths = [path for path in paths if path.endswith("/%s.core.zst" % options.only)]
    elif not options.long and not options.middle:
        paths = [path for path in paths if "/nilmap/" in path]
    layouts = Layouts(options.repository)
    counts = dict.fromkeys(("cuts", "reports", "goroutines", "stacks"), 0)
    failures, unknown = [], []
    for path in paths:
        with tempfile.TemporaryDirectory() as scratch:
            recording = Recording(options.gocrash, path, layouts, scratch)
            if not recording.goroutines:
                unknown.append(recording.name)
            sizes = [options.at] if options.at else recording.places(LONG if options.long else MIDDLE if options.middle else SHORT)
            failures += check_recording(options.gocrash, recording, sizes, counts, scratch)
    summary = "%(cuts)d cuts: %(reports)d reports, the rest refused; %(goroutines)d goroutines and %(stacks)d stacks " \
              "whose bytes were left, all reported" % counts
    if unknown:
        summary += "; not held against the bytes: " + ", ".join(unknown)
    if failures:
        raise CheckFailed("%d failures; %s" % (len(failures), summary.replace(", all reported", "")))
    if not counts["cuts"]:
        raise CheckFailed("there is no such recording")
    if not options.only and counts["stacks"] < counts["cuts"] // 4:
        raise CheckFailed("too little was left to mean anything: " + summary)
    return summary


if __name__ == "__main__":
    main(check)
