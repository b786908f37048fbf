"""Runs gocrash on cores that were made to cost it time and memory: cycles, shared nodes, counts that nothing backs.

    hostile.py [--long] [--only NAME] GOCRASH REPOSITORY

The limits and the verdict are bounded.py's: work is bounded by the size of the input, not by what it claims.
"""
import argparse
import os
import shutil
import struct
import subprocess
import tempfile

from bounded import judge, run_bounded
from common import CheckFailed, main
from layouts import Layouts
from mutate import COMMANDS, PT_LOAD, Original, copy_sparse

RECORDINGS = ["go1.15-default", "go1.27-noopt"]
HEAP_AT = 0x6000000000  # nothing of a recorded core lies here
KIND_ARRAY, KIND_MAP, KIND_POINTER, KIND_SLICE, KIND_STRING = 17, 21, 22, 23, 24  # of runtime type descriptors
SELF = object()


class Target:
    """A copy of a recorded core to write into, by address."""

    def __init__(self, original, layouts, path):
        self.original, self.layouts, self.path = original, layouts, path
        self.binary_path = original.paths["binary"]
        copy_sparse(original.paths["core"], path)
        self.file = open(path, "r+b")
        self.core = original.files["core"]
        self.symbols = original.files["binary"].symbols()

    def offset(self, name):
        return self.layouts.offset(name, int(self.original.name[4:6]))

    def put(self, address, *words):
        self.file.seek(self.core.offset_of(address))
        self.file.write(struct.pack("<%dQ" % len(words), *words))

    def get(self, address):
        self.file.seek(self.core.offset_of(address))
        return struct.unpack("<Q", self.file.read(8))[0]

    def write_at(self, offset, *words):
        self.file.seek(offset)
        self.file.write(struct.pack("<%dQ" % len(words), *words))

    def patch_binary(self, address, data):
        """Into a copy of the executable."""
        if self.binary_path == self.original.paths["binary"]:
            self.binary_path = shutil.copyfile(self.binary_path, self.path + ".binary")
        with open(self.binary_path, "r+b") as file:
            file.seek(self.original.files["binary"].offset_of(address))
            file.write(data)

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
    struct.pack_into("<QQ", model, target.offset("panic_arg"), target.original.string_type, HEAP_AT)
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


def claims_64_gigabytes(target):
    """Four kilobytes that say they are the start of 64 GB."""
    for header, kind, *_ in target.core.segments:
        if kind == PT_LOAD:
            target.write_at(header + 32, 64 << 30, 64 << 30)
    target.file.truncate(4096)


def million_program_headers(target):
    """As PN_XNUM counts them; each is a page."""
    count = 1000000
    target.file.seek(0, os.SEEK_END)
    end = -(-target.file.tell() // 4096) * 4096
    target.file.seek(target.core.segments[0][0])
    headers = target.file.read(56 * len(target.core.segments))
    headers += b"".join(struct.pack("<IIQQQQQQ", 1, 6, 4096 * (i & 1023), HEAP_AT + (i << 12), 0, 4096, 4096, 4096)
                        for i in range(count - len(target.core.segments)))
    target.file.seek(end)
    target.file.write(headers)
    target.write_at(32, end, end + len(headers))  # e_phoff, e_shoff
    target.write_at(54, 56 | 0xffff << 16 | 64 << 32 | 1 << 48)  # e_phentsize, e_phnum, e_shentsize, e_shnum
    target.file.seek(end + len(headers))
    target.file.write(struct.pack("<IIQQQQIIQQ", 0, 0, 0, 0, 0, 1, 0, count, 0, 0))


def million_threads(target):
    count = 1000000
    note = struct.pack("<III8s", 5, 336, 1, b"CORE")
    notes = bytearray((note + bytes(336)) * count)
    for i in range(count):
        struct.pack_into("<I", notes, 356 * i + 20 + 32, 1000 + i)
    target.file.seek(0, os.SEEK_END)
    at = target.file.tell()
    target.file.write(notes)
    target.file.seek(target.core.segments[0][0])
    target.file.write(struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), 0, 4))


def panic_string(target, address, size):
    """The panic's value becomes a string with that header."""
    target.add_memory(struct.pack("<QQ", address, size))
    panic = target.get(target.crashed() + target.offset("g_panic"))
    target.put(panic + target.offset("panic_arg"), target.original.string_type, HEAP_AT)


def string_of_2_to_the_63(target):
    panic_string(target, HEAP_AT, 1 << 63)


def string_of_all_memory(target):
    panic_string(target, 0, (1 << 64) - 1)


def type_contains_itself(target, kind, *words):
    """The descriptor of the panic's value becomes a composite type of itself."""
    panic = target.get(target.crashed() + target.offset("g_panic"))
    address = target.get(panic + target.offset("panic_arg"))
    target.patch_binary(address, struct.pack("<Q", 1 << 40))  # its size
    target.patch_binary(address + 23, bytes([kind]))
    target.patch_binary(address + 48, struct.pack("<%dQ" % len(words), *(address if word is SELF else word for word in words)))
    target.add_memory(struct.pack("<QQQ", HEAP_AT, 1 << 40, 1 << 40))  # a slice of itself
    target.put(panic + target.offset("panic_arg") + 8, HEAP_AT)


def array_of_itself(target):
    type_contains_itself(target, KIND_ARRAY, SELF, SELF, 1 << 40)


def pointer_to_itself(target):
    type_contains_itself(target, KIND_POINTER, SELF)


def slice_of_itself(target):
    type_contains_itself(target, KIND_SLICE, SELF)


def map_of_itself(target):
    type_contains_itself(target, KIND_MAP, SELF, SELF, SELF)


def zstd_frame(size, fill):
    """A zstd frame (RFC 8878) of size bytes that are all the same: four bytes for 128 KB."""
    block = 128 << 10
    header = struct.pack("<I", 0xfd2fb528) + bytes([0, 7 << 3])  # no size given; a window of 128 KB
    body = (struct.pack("<I", block << 3 | 1 << 1)[:3] + fill) * (size // block)
    return header + body + struct.pack("<I", 1)[:3]  # the last block: raw, empty


def bomb(target, size, fill):
    """The core, compressed, with a great deal behind it."""
    target.file.seek(0)
    plain = target.file.read()
    packed = subprocess.run(["zstd", "-qc1"], input=plain, stdout=subprocess.PIPE, check=True).stdout
    target.file.seek(0)
    target.file.truncate()
    target.file.write(packed + zstd_frame(size, fill))


def zstd_bomb_of_zeros(target):
    bomb(target, 1 << 36, b"\0")


def zstd_bomb_of_ones(target):
    bomb(target, 1 << 36, b"\1")


ATTACKS = [claims_64_gigabytes, million_program_headers, million_threads, string_of_2_to_the_63, string_of_all_memory,
           array_of_itself, pointer_to_itself, slice_of_itself, map_of_itself, zstd_bomb_of_zeros, zstd_bomb_of_ones,
           allgs_many_claimed, allgs_of_nothing, allgs_all_the_same, allgs_share_a_deep_stack, panic_cycle,
           panics_of_everyone, panic_of_a_large_value, defer_cycle, machine_cycle, machines_overlap, module_cycle,
           module_of_many_functions, stack_of_everything, segments_overlap, allgs_in_overlapping_segments]


def string_type(original):
    """The address of a type descriptor whose kind is string: symbols of types are gone from newer releases."""
    sections, data = original.files["binary"].sections, original.files["binary"].data
    address, offset, size = sections.get(".go.type") or sections[".rodata"]
    for at in range(offset + -address % 8, offset + size - 48, 8):
        if data[at] == 16 and data[at + 23] & 31 == KIND_STRING and data[at + 21:at + 23] == b"\x08\x08" and \
                struct.unpack_from("<QQ", data, at) == (16, 8):
            return address + at - offset
    raise CheckFailed("%s: no type descriptor of a string" % original.name)


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true", help="on cores of several releases, through every output")
    parser.add_argument("--only", help="one attack; its core is kept in ./hostile.core, its binary in ./hostile.binary")
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("repository")
    options = parser.parse_args(arguments)
    failures, runs = [], 0
    layouts = Layouts(options.repository)
    with tempfile.TemporaryDirectory() as scratch:
        for name in RECORDINGS if options.long else RECORDINGS[-1:]:
            original = Original(os.path.join(options.repository, "testdata/nilmap", name), name, scratch)
            original.string_type = string_type(original)
            for attack in ATTACKS:
                if options.only and attack.__name__ != options.only:
                    continue
                core = os.path.join(scratch, "core")
                target = Target(original, layouts, core)
                attack(target)
                target.file.close()
                if options.only:
                    copy_sparse(core, "hostile.core")
                    shutil.copyfile(target.binary_path, "hostile.binary")
                for command in COMMANDS if options.long else COMMANDS[:2]:
                    words = [options.gocrash] + command + [target.binary_path, core]
                    result = run_bounded(words, scratch)
                    print("%-16s %-32s %-28s %5.2f s %5d MB: %s"
                          % (name, attack.__name__, " ".join(command), result.cpu, result.memory >> 20,
                             result.errors.decode("utf-8", "replace").strip() or "a report"), flush=True)
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
