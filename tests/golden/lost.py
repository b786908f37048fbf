"""What is left of a report when a part of the core that much depends on is lost: the rest, whole.

    lost.py GOCRASH TESTDATA

On copies of recorded cores: the list of goroutines cannot be read (all of them are found in memory); the file ends
behind its notes (every thread is told, with its function); the notes are lost (goroutines that wait are as before);
the executable's own memory is lost, all its variables and the first m in it (the crash and all stacks are as before).
"""
import json
import os
import shutil
import struct
import sys
import tempfile

from common import CheckFailed, main, run
from mutate import Original, PT_LOAD

RECORDINGS = ["go1.15-default", "go1.19-noopt", "go1.23-default", "go1.24-noopt", "go1.27-noopt"]
PT_NOTE = 4


def report(gocrash, original, core):
    return json.loads(run([gocrash, "analyze", "--format", "json", original.paths["binary"], core])
                      .expect_status(0).stdout)


def stacks(whole, of_status=None):
    return {one["id"]: [(frame["function"], frame.get("line")) for frame in one["frames"]]
            for one in whole["goroutines"] if of_status in (None, one["status"])}


def write(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def list_lost(gocrash, original, core, whole):
    elf, symbols = original.files["core"], original.files["binary"].symbols()
    write(core, elf.offset_of(symbols["runtime.allgs"]), struct.pack("<Q", 0x1000))
    left = report(gocrash, original, core)
    if stacks(left) != stacks(whole):
        raise CheckFailed("the list lost: %r instead of %r" % (stacks(left), stacks(whole)))
    if left["crash"]["message"] != whole["crash"]["message"] or left["crash"]["class"] != whole["crash"]["class"]:
        raise CheckFailed("the list lost: %r" % left["crash"])
    if not any("the list of" in warning for warning in left["warnings"]):
        raise CheckFailed("the list lost, and no warning: %r" % left["warnings"])
    return len(left["goroutines"])


def memory_lost(gocrash, original, core, whole):
    notes = next(segment for segment in original.files["core"].segments if segment[1] == PT_NOTE)
    os.truncate(core, notes[2] + notes[4])
    left = report(gocrash, original, core)
    functions = [(thread["tid"], thread["function"]) for thread in left["threads"]]
    if functions != [(thread["tid"], thread["function"]) for thread in whole["threads"]]:
        raise CheckFailed("the memory lost: threads %r" % functions)
    if left["crash"]["class"] != "unknown" or "cause" in left["crash"] or not left["core"]["truncated"]:
        raise CheckFailed("the memory lost, and yet a verdict: %r" % left["crash"])
    text = run([gocrash, "analyze", original.paths["binary"], core]).expect_status(0).stdout
    for tid, function in functions:
        if not any(line.split()[:1] == [str(tid)] and function in line for line in text.splitlines()):
            raise CheckFailed("the memory lost: thread %d in %s is not in the text:\n%s" % (tid, function, text))
    return len(functions)


def notes_lost(gocrash, original, core, whole):
    for header, kind, *_ in original.files["core"].segments:
        if kind == PT_NOTE:
            write(core, header + 32, bytes(8))
    left = report(gocrash, original, core)
    waiting = stacks(whole, "waiting")
    if not waiting or any(stacks(left).get(goid) != frames for goid, frames in waiting.items()):
        raise CheckFailed("the notes lost: %r instead of %r" % (stacks(left), waiting))
    return len(waiting)


def variables_lost(gocrash, original, core, whole):
    """As in a core that is cut in front of a position-independent program, which lies behind the heap."""
    elf = original.files["core"]
    last = max(address + size for address, _, size in original.files["binary"].sections.values())
    lost = [header for header, kind, _, address, size in elf.segments if kind == PT_LOAD and size and address < last]
    for header in lost:
        write(core, header + 32, bytes(8))
    left = report(gocrash, original, core)
    if not lost or stacks(left) != stacks(whole):
        raise CheckFailed("the variables lost: %r instead of %r" % (stacks(left), stacks(whole)))
    for field in ("message", "class", "goroutine"):
        if left["crash"].get(field) != whole["crash"].get(field):
            raise CheckFailed("the variables lost: %r" % left["crash"])
    return len(left["goroutines"])


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    counts = [0, 0, 0, 0]
    for name in RECORDINGS:
        with tempfile.TemporaryDirectory() as scratch:
            original = Original(os.path.join(testdata, "nilmap", name), name, scratch)
            whole = report(gocrash, original, original.paths["core"])
            if PT_LOAD not in [segment[1] for segment in original.files["core"].segments]:
                raise CheckFailed("%s: no PT_LOAD" % name)
            core = os.path.join(scratch, "lost.core")
            for i, lose in enumerate((list_lost, memory_lost, notes_lost, variables_lost)):
                shutil.copyfile(original.paths["core"], core)
                try:
                    counts[i] += lose(gocrash, original, core, whole)
                except CheckFailed as failure:
                    raise CheckFailed("%s: %s" % (name, failure)) from None
    return "%d goroutines without their list, %d threads without memory, %d goroutines without notes, %d without variables" % tuple(counts)


if __name__ == "__main__":
    main(check)
