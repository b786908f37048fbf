"""Cuts a page out of a core, one at a time, and looks at what that costs: the values that lay there, and no others.

    cut_memory.py GOCRASH BINARY CORE

The pages are those in which something that a variable of the crashed goroutine points to lies; those with the goroutine's
own frames stay. In a copy the segment is split around the page, with a program header of an empty segment for its second
part. Every variable must then read as before, or say at the place where the memory is gone that it is not in the core, or be
shown by its fields where what its words are made of is gone.
Fails if fewer than FEWEST values were ever lost: then nothing that mattered was cut.
"""
import json
import os
import re
import struct
import sys
import tempfile

from common import CheckFailed, main, run
from interfaces_stripped import plain_copy

PT_LOAD, PAGE, FEWEST, GONE = 1, 4096, 20, "in the core"
PASSED = re.compile(r", passed at least [^ ]+ ago")
HEADER = struct.Struct("<IIQQQQQQ")


class Core:
    """A core whose program headers can be rewritten in place."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            start = file.read(64)
            self.table, = struct.unpack_from("<Q", start, 32)
            count, = struct.unpack_from("<H", start, 56)
            file.seek(self.table)
            self.headers = [HEADER.unpack(file.read(HEADER.size)) for _ in range(count)]
        self.spare = next((i for i, h in enumerate(self.headers) if h[0] == PT_LOAD and h[5] == 0), None)
        if self.spare is None:
            raise CheckFailed("no empty segment whose header could be used")

    def write(self, index, header):
        with open(self.path, "r+b") as file:
            file.seek(self.table + HEADER.size * index)
            file.write(HEADER.pack(*header))

    def segment_of(self, address):
        for i, (kind, _, _, start, _, size, _, _) in enumerate(self.headers):
            if kind == PT_LOAD and start <= address < start + size:
                return i
        return None

    def cut(self, page):
        index = self.segment_of(page)
        kind, flags, offset, start, physical, size, memory, align = self.headers[index]
        before, after = page - start, page - start + PAGE
        self.write(index, (kind, flags, offset, start, physical, before, before, align))
        self.write(self.spare, (kind, flags, offset + after, start + after, physical, max(size - after, 0),
                                max(memory - after, 0), align))
        return index

    def restore(self, index):
        self.write(index, self.headers[index])
        self.write(self.spare, self.headers[self.spare])


def crashed_goroutine(report):
    return next(g for g in report["goroutines"] if g["id"] == report["crash"]["goroutine"])


def variables(report):
    found = {}
    for number, frame in enumerate(crashed_goroutine(report)["frames"]):
        for value in frame.get("args", []) + frame.get("locals", []):
            found[(number, frame["function"], value["name"], value.get("shadowed", False))] = value
    return found


def addresses(value):
    """Where the parts of a value lie, as deep as the report goes."""
    pending = [value]
    while pending:
        part = pending.pop()
        if "address" in part:
            yield int(part["address"], 16)
        pending += part.get("elements", []) + part.get("fields", [])
        for entry in part.get("entries", []):
            pending += [entry["key"], entry["value"]]


def analyze(gocrash, binary, core):
    """None where the list of all goroutines, or the program's own tables, lay in that page too: said in one line."""
    output = run([gocrash, "analyze", "--format", "json", binary, core])
    if output.status == 1 and not output.stdout and output.stderr.count("\n") == 1:
        return None
    report = json.loads(output.expect_status(0).stdout)
    return report if "goroutine" in report["crash"] else None  # who died lay there


def lost_words(before, after):
    """Whether a value of a well-known type is shown by its fields now, with another bound of how long ago a deadline passed, or,
    of those whose words show others in brief, a part by its type alone."""
    if before.startswith("reflect.Value of ") and after.startswith("reflect.Value of "):
        return True
    if "*errors.errorString" in before.replace("(*errors.errorString)", ""):
        return False
    if "*errors.errorString" in after and ("context.Background" in before or "context.TODO" in before):
        return True
    return after.count("{") > before.count("{") or PASSED.sub("", after) == PASSED.sub("", before)


def compare(page, whole, now):
    """How many variables changed."""
    changed = 0
    for key, value in whole.items():
        if key not in now:
            raise CheckFailed("without page %#x: %s in %s is not listed any more" % (page, key[2], key[1]))
        if now[key].get("text") == value.get("text"):
            continue
        changed += 1
        if GONE not in json.dumps(now[key]) and not lost_words(value.get("text", ""), now[key].get("text", "")):
            raise CheckFailed("without page %#x: %s in %s\nbefore %s\nafter  %s" % (
                page, key[2], key[1], value.get("text"), json.dumps(now[key])))
    return changed


def check(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    gocrash, binary, path = argv
    with tempfile.TemporaryDirectory() as directory:
        binary, path = plain_copy(binary, directory, "binary"), plain_copy(path, directory, "core")
        os.chmod(path, 0o600)
        core, report = Core(path), analyze(gocrash, binary, path)
        crashed, whole = crashed_goroutine(report), variables(report)
        stack = [int(frame[key], 16) // PAGE for frame in crashed["frames"] for key in ("sp", "fp") if key in frame]
        kept = set(range(min(stack), max(stack) + 1)) | {int(crashed["g"], 16) // PAGE}
        pages = {a // PAGE for value in whole.values() for a in addresses(value)} - kept
        pages = sorted(page * PAGE for page in pages if core.segment_of(page * PAGE) is not None)
        changed = lists = 0
        for page in pages:
            index = core.cut(page)
            try:
                now = analyze(gocrash, binary, path)
            finally:
                core.restore(index)
            lists += now is None
            changed += compare(page, whole, variables(now)) if now else 0
        summary = "%d pages cut, %d values lost, every other of %d variables as before; %d times no report" % (
            len(pages), changed, len(whole), lists)
        if changed < FEWEST or lists * 2 > len(pages):
            raise CheckFailed(summary)
        return summary


if __name__ == "__main__":
    main(check)
