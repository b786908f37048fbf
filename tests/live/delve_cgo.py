"""How many of the frames that the sources of testdata/cgo say must be there gocrash and Delve's `bt` show.

    delve_cgo.py GOCRASH CACHE

Reads the recordings of cgo with what `scripts/record --matrix` noted of Delve beside them (SCENARIO.delve.txt). Counted
are frames of functions of the program, C and Go, in their order, from the death down to main.main or to the start of C's
thread. Cores of arm64 are counted apart, without Delve, which does not read them. Prints a line a scenario, summed over all builds. Fails where gocrash shows fewer of a core than Delve, and where
it misses a frame of C code although a word of the core's stacks still returns into one of its functions.
"""
import json
import re
import struct
import subprocess
import sys
from pathlib import Path

ENDS = {"fault": ["fault"], "jump": ["jump"], "bare": ["fault", "bare"], "divide": ["divide"], "abort": [], "assert": [],
        "vdso": ["read_clock"], "back": ["main.(*shop).ship", "main.goShip", "goShip"]}
DELVE_FRAME = re.compile(r"^ *\d+ +0x[0-9a-f]+ in (?:C\.)?(.*)$")
COLOUR = re.compile(r"\x1b\[\d+m")
C_FUNCTIONS = re.compile(r"^([0-9a-f]+) ([0-9a-f]+) [tT] (misbehave|price_of|checkout|goShip)$", re.MULTILINE)
STACKS_FROM = 0x700000000000  # those of C threads and of the first thread; Go's heap lies below
EMULATED_STACKS = range(0x5500000000, 0x5600000000)  # under qemu-aarch64-static


def expected_frames(scenario):
    where, how = scenario.split("-")
    if how not in ENDS:
        return None  # another goroutine dies
    outer = {"go": ["checkout", "main.(*shop).buy", "main.main"], "nested": ["checkout", "main.(*shop).buy", "main.main"],
             "plain": ["checkout_plain", "main.(*shop).buyPlain", "main.main"], "thread": ["checkout", "thread_main"]}[where]
    called = ["misbehave", "price_of"]
    frames = ENDS[how] + called
    if where == "nested":
        frames += ["checkout", "main.(*shop).buy", "main.(*shop).ship", "main.goShip", "goShip"] + called
    return frames + outer


def found_in_order(expected, frames):
    """The longest common subsequence's length."""
    row = [0] * (len(frames) + 1)
    for name in expected:
        above = row
        row = [0]
        for i, frame in enumerate(frames):
            row.append(above[i] + 1 if frame == name else max(above[i + 1], row[i]))
    return row[-1]


def frames_of_gocrash(gocrash, binary, core):
    command = [gocrash, "analyze", "--format", "json", "--max-depth", "1", binary, core]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    first = report["goroutines"][0] if report["goroutines"] else {"frames": []}
    return [frame["function"] for frame in first["frames"]]


def frames_of_delve(path):
    lines = COLOUR.sub("", path.read_text(errors="replace")).split("\n")
    return [match.group(1) for match in map(DELVE_FRAME.match, lines) if match]


def writable_memory(core):
    """The contents of the core's writable segments where C's stacks can be."""
    data = core.read_bytes()
    offset, count = struct.unpack_from("<Q", data, 32)[0], struct.unpack_from("<H", data, 56)[0]
    for at in range(offset, offset + 56 * count, 56):
        kind, flags, place, address, _, size = struct.unpack_from("<IIQQQQ", data, at)
        if kind == 1 and flags & 2 and (address >= STACKS_FROM or address in EMULATED_STACKS):
            yield data[place:place + size]


def words_that_return(binary, core):
    """How many words of the core's stacks are return addresses into the program's C functions."""
    listed = subprocess.run(["nm", "-S", binary], check=True, capture_output=True, text=True).stdout
    places = [(int(start, 16), int(start, 16) + int(size, 16)) for start, size, _ in C_FUNCTIONS.findall(listed)]
    lowest, highest = min(start for start, _ in places), max(end for _, end in places)
    count = 0
    for memory in writable_memory(core):
        for (word,) in struct.iter_unpack("<Q", memory[:len(memory) // 8 * 8]):
            count += lowest < word < highest and any(start < word < end for start, end in places)
    return count


def compare(gocrash, cache):
    """Returns (lines to print, number of cores of which gocrash shows fewer frames)."""
    sums, worse = {}, []
    for core in sorted(Path(cache).glob("cgo/*/*.core")):
        scenario = core.name[:-len(".core")]
        printed = core.with_name(scenario + ".delve.txt")
        arm64 = "-arm64-" in core.parent.name
        expected = expected_frames(scenario)
        if expected is None or not (arm64 or printed.exists()):
            continue
        ours = found_in_order(expected, frames_of_gocrash(gocrash, core.with_name("binary"), core))
        theirs = 0 if arm64 else found_in_order(expected, frames_of_delve(printed))
        total = sums.setdefault(("arm64 " if arm64 else "") + scenario, [0, 0, 0, 0])
        for i, number in enumerate((1, len(expected), ours, theirs)):
            total[i] += number
        lost = words_that_return(core.with_name("binary"), core) if ours < len(expected) else 0
        if lost:
            worse.append("FAIL cgo %s/%s: of %d frames %d, but %d words of the stacks return into C" %
                         (core.parent.name, scenario, len(expected), ours, lost))
        if ours < theirs:
            worse.append("FAIL cgo %s/%s: %d frames, Delve shows %d" % (core.parent.name, scenario, ours, theirs))
    for machine in ("all", "arm64 all"):
        parts = [total for name, total in sums.items() if name.startswith("arm64 ") == machine.startswith("arm64 ")]
        if parts:
            sums[machine] = [sum(part[i] for part in parts) for i in range(4)]
    lines = ["cgo %-20s %3d cores: of %4d frames gocrash shows %4d, Delve %4d" % (name, *total) for name, total in sums.items()]
    return lines + worse, len(worse)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    lines, failed = compare(sys.argv[1], sys.argv[2])
    print("\n".join(lines))
    sys.exit(1 if failed or not lines else 0)


if __name__ == "__main__":
    main()
