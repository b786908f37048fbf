"""Runs gocrash on cores that were made to cost it time and memory: cycles, shared nodes, counts that nothing backs.

    hostile.py [--long] [--only NAME] GOCRASH REPOSITORY

The limits and the verdict are mutate.py's: work is bounded by the size of the input, not by what it claims.
"""
import argparse
import os
import re
import struct
import tempfile
import time

from common import CheckFailed, main
from mutate import COMMANDS, Original, copy_sparse, judge, run_limited

RECORDINGS = ["go1.15-default", "go1.27-noopt"]
COLUMN = {"go1.15-default": 0, "go1.27-noopt": 12}  # of go_layouts.inc
HEAP_AT = 0x6000000000  # nothing of a recorded core lies here


class Target:
    """A copy of a recorded core to write into, by address."""

    def __init__(self, original, layouts, path):
        self.original, self.layouts, self.path = original, layouts, path
        copy_sparse(original.paths["core"], path)
        self.file = open(path, "r+b")
        self.core = original.files["core"]
        self.symbols = original.files["binary"].symbols()

    def offset(self, name):
        row = re.search(r"\[FIELD_%s\] = \{(.*)\}," % name, self.layouts).group(1)
        cells = re.findall(r"\{(\d+), \d+\}|(ABSENT)", row)
        return int(cells[COLUMN[self.original.name]][0])

    def put(self, address, *words):
        self.file.seek(self.core.offset_of(address))
        self.file.write(struct.pack("<%dQ" % len(words), *words))

    def get(self, address):
        self.file.seek(self.core.offset_of(address))
        return struct.unpack("<Q", self.file.read(8))[0]

    def symbol(self, name):
        return self.symbols["runtime." + name]

    def goroutines(self):
        first, count = self.get(self.symbol("allgs")), self.get(self.symbol("allgs") + 8)
        return [self.get(first + 8 * i) for i in range(count)]

    def crashed(self):
        """The g with a panic."""
        return next(g for g in self.goroutines() if self.get(g + self.offset("g_panic")))

    def add_memory(self, data):
        """Puts data at HEAP_AT: at the end of the file, in the place of the last segment's header."""
        self.file.seek(0, os.SEEK_END)
        at = -(-self.file.tell() // 4096) * 4096
        self.file.seek(at)
        self.file.write(data)
        self.file.seek(self.core.segments[-1][0])
        self.file.write(struct.pack("<IIQQQQQQ", 1, 6, at, HEAP_AT, 0, len(data), len(data), 4096))


def allgs_claims(target, count):
    target.put(target.symbol("allgs") + 8, count, count)


def allgs_many_claimed(target):
    allgs_claims(target, (1 << 28) - 1)


def allgs_of_nothing(target):
    """Every entry is there and 0."""
    target.add_memory(bytes(32 << 20))
    target.put(target.symbol("allgs"), HEAP_AT, 4 << 20, 4 << 20)


def allgs_all_the_same(target):
    """A million times the goroutine that crashed."""
    target.add_memory(struct.pack("<Q", target.crashed()) * (1 << 20))
    target.put(target.symbol("allgs"), HEAP_AT, 1 << 20, 1 << 20)


def allgs_share_a_deep_stack(target):
    """Goroutines that are each parked at the end of the same stack of 100,000 frames."""
    depth, count = 100000, 5000
    g, size = target.crashed(), 512
    target.file.seek(target.core.offset_of(g))
    model = bytearray(target.file.read(size))
    main_main = target.symbols["main.main"]
    # a function without a frame of its own: its return address follows at once
    entry = next(value for name, value in sorted(target.symbols.items()) if name == "runtime.publicationBarrier"
                 or name == "runtime.publicationBarrier.abi0")
    stack_at = HEAP_AT + 8 * count + size * count
    struct.pack_into("<QQ", model, target.offset("g_stack_lo"), stack_at - 8, stack_at + 8 * depth + 8)
    struct.pack_into("<I", model, target.offset("g_atomicstatus"), 4)
    struct.pack_into("<Q", model, target.offset("g_panic"), 0)
    struct.pack_into("<Q", model, target.offset("g_sched_pc"), entry)
    struct.pack_into("<Q", model, target.offset("g_sched_sp"), stack_at)
    struct.pack_into("<Q", model, target.offset("g_syscallsp"), 0)
    pieces = [struct.pack("<%dQ" % count, *(HEAP_AT + 8 * count + size * i for i in range(count)))]
    for i in range(count):
        struct.pack_into("<Q", model, target.offset("g_goid"), 100 + i)
        pieces.append(bytes(model))
    pieces.append(struct.pack("<Q", entry) * depth + struct.pack("<Q", main_main))
    target.add_memory(b"".join(pieces))
    target.put(target.symbol("allgs"), HEAP_AT, count, count)


def panic_cycle(target):
    """A panic that links to itself."""
    panic = target.get(target.crashed() + target.offset("g_panic"))
    target.put(panic + target.offset("panic_link"), panic)


def panics_of_everyone(target):
    """Every goroutine has the same endless panics."""
    panic_cycle(target)
    panic = target.get(target.crashed() + target.offset("g_panic"))
    for g in target.goroutines():
        target.put(g + target.offset("g_panic"), panic)


def panic_of_a_large_value(target):
    """4,000 panics, each with the same string of a megabyte."""
    g = target.crashed()
    panic = target.get(g + target.offset("g_panic"))
    stride = 256
    target.file.seek(target.core.offset_of(panic))
    model = bytearray(target.file.read(stride))
    types = [address for address in target.original.string_types if address]
    struct.pack_into("<QQ", model, target.offset("panic_arg"), types[0] if types else 0, HEAP_AT)
    pieces = [struct.pack("<QQ", HEAP_AT + 16, 1 << 20), b"x" * (1 << 20)]
    first = HEAP_AT + 16 + (1 << 20)
    for i in range(4000):
        struct.pack_into("<Q", model, target.offset("panic_link"), first + stride * (i + 1) if i < 3999 else 0)
        pieces.append(bytes(model))
    target.add_memory(b"".join(pieces))
    target.put(g + target.offset("g_panic"), first)


def defer_cycle(target):
    for g in target.goroutines():
        target.put(g + target.offset("g_defer"), g)


def machine_cycle(target):
    m = target.get(target.symbol("allm"))
    target.put(m + target.offset("m_alllink"), m)


def machines_overlap(target):
    """30,000 m's and as many threads are searched for one another."""
    count, size = 30000, 1024
    g = target.offset("g_m")
    pieces = bytearray(size * count)
    for i in range(count):
        at = size * i
        struct.pack_into("<Q", pieces, at + target.offset("m_g0"), HEAP_AT + at + 512)
        struct.pack_into("<Q", pieces, at + 512 + g, HEAP_AT + at)
        struct.pack_into("<Q", pieces, at + target.offset("m_procid"), 1000000 + i)
        struct.pack_into("<Q", pieces, at + target.offset("m_alllink"), HEAP_AT + at + size)
    notes = []
    for i in range(count):
        status = bytearray(336)
        struct.pack_into("<I", status, 32, 2000000 + i)
        notes.append(struct.pack("<III8s", 5, 336, 1, b"CORE") + status)
    notes = b"".join(notes)
    target.add_memory(bytes(pieces))
    target.put(target.symbol("allm"), HEAP_AT)
    target.file.seek(0, os.SEEK_END)
    at = target.file.tell()
    target.file.write(notes)
    target.file.seek(target.core.segments[-2][0])
    target.file.write(struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), 0, 4))


def module_cycle(target):
    module = target.symbol("firstmoduledata")
    target.put(module + target.offset("md_next"), module)


def module_claims(target, field, count):
    at = target.symbol("firstmoduledata") + target.offset(field)
    target.put(at + 8, count, count)


def module_of_many_functions(target):
    module_claims(target, "md_ftab", 1 << 24)


def stack_of_everything(target):
    """Stack bounds from 0 to the end of memory, sp anywhere."""
    for g in target.goroutines():
        target.put(g + target.offset("g_stack_lo"), 0, (1 << 64) - 1)
        target.put(g + target.offset("g_sched_sp"), (1 << 64) - 16)


def segments_overlap(target):
    """60,000 segments, each the whole file, a page further on than the one before."""
    target.file.seek(0, os.SEEK_END)
    end = -(-target.file.tell() // 4096) * 4096
    note, count = target.core.segments[0][0], 60000
    target.file.seek(note)
    headers = target.file.read(56 * len(target.core.segments))
    headers += b"".join(struct.pack("<IIQQQQQQ", 1, 6, 0, 0x700000000000 + (i << 12), 0, end, end, 4096)
                        for i in range(count))
    target.file.seek(end)
    target.file.write(headers)
    target.file.seek(32)
    target.file.write(struct.pack("<Q", end))
    target.file.seek(56)
    target.file.write(struct.pack("<H", len(headers) // 56))


def allgs_in_overlapping_segments(target):
    """60,000 times the same pages one behind the other make a list of 10^9 entries out of 40 MB."""
    target.file.seek(0, os.SEEK_END)
    end, count = target.file.tell(), 60000
    size = end & ~4095
    target.file.seek(target.core.segments[0][0])
    headers = target.file.read(56 * len(target.core.segments))
    headers += b"".join(struct.pack("<IIQQQQQQ", 1, 6, 0, 0x600000000000 + i * size, 0, size, size, 4096)
                        for i in range(count))
    at = -(-end // 4096) * 4096
    target.file.seek(at)
    target.file.write(headers)
    target.file.seek(32)
    target.file.write(struct.pack("<Q", at))
    target.file.seek(56)
    target.file.write(struct.pack("<H", len(headers) // 56))
    target.put(target.symbol("allgs"), 0x600000000000, (1 << 28) - 1, 1 << 28)


ATTACKS = [allgs_many_claimed, allgs_of_nothing, allgs_all_the_same, allgs_share_a_deep_stack, panic_cycle,
           panics_of_everyone, panic_of_a_large_value, defer_cycle, machine_cycle, machines_overlap, module_cycle,
           module_of_many_functions, stack_of_everything, segments_overlap, allgs_in_overlapping_segments]


def string_types(original):
    """Candidates for the type descriptor of string: the value of type:string."""
    symbols = original.files["binary"].symbols()
    return [symbols.get("type:string") or symbols.get("type.string")]


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="on cores of several releases, through every output")
    parser.add_argument("--only", help="one attack; its core is kept in ./hostile.core")
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("repository")
    options = parser.parse_args(arguments)
    failures, runs = [], 0
    with open(os.path.join(options.repository, "src/symbols/go_layouts.inc")) as file:
        layouts = file.read()
    with tempfile.TemporaryDirectory() as scratch:
        for name in RECORDINGS if options.long else RECORDINGS[-1:]:
            original = Original(os.path.join(options.repository, "testdata/nilmap", name), name, scratch)
            original.string_types = string_types(original)
            for attack in ATTACKS:
                if options.only and attack.__name__ != options.only:
                    continue
                core = os.path.join(scratch, "core")
                target = Target(original, layouts, core)
                attack(target)
                target.file.close()
                if options.only:
                    copy_sparse(core, "hostile.core")
                for command in COMMANDS if options.long else COMMANDS[:2]:
                    words = [options.gocrash] + command + [original.paths["binary"], core]
                    start = time.monotonic()
                    result = run_limited(words, scratch)
                    print("%-16s %-32s %-28s %5.1f s %5d MB" % (name, attack.__name__, " ".join(command),
                                                             time.monotonic() - start, result[3] >> 20), flush=True)
                    runs += 1
                    problem = judge(command, result)
                    if problem:
                        failures.append("%s %s: %s: %s" % (name, attack.__name__, " ".join(command), problem))
                        print(failures[-1], flush=True)
    if failures:
        raise CheckFailed("%d failures in %d runs" % (len(failures), runs))
    return "%d runs" % runs


if __name__ == "__main__":
    main(check)
