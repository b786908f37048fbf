"""Runs gocrash on recorded cores and binaries that were cut and altered, as an attacker or a broken disk would.

    mutate.py [--long | --middle] [--seed N] [--count N] [--only K] [--jobs N] GOCRASH TESTDATA

Every run must end within the bounds of bounded.py, with a whole report or one line that says why there is none.

Mutation K of a seed is always the same; what fails is printed with both numbers, and --seed N --only K repeats it alone
and keeps its files. The short run is a sample, always of the same mutations; --long has ten thousand, of which --middle are the
first thousand.
"""
import argparse
import bisect
import concurrent.futures
import json
import mmap
import os
import random
import shutil
import struct
import subprocess
import tempfile

from bounded import judge, run_bounded
from common import CheckFailed, main

SHORT, MIDDLE, LONG = 40, 1000, 10000
FAILED_ONCE = [5323]  # of seed 1: a span that claims 2^40 bytes; in every run
PT_LOAD = 1
RECORDINGS = ["nilmap/" + name for name in (
    "go1.15-default", "go1.19-noopt", "go1.21-default", "go1.22-noopt", "go1.23-default", "go1.24-noopt", "go1.25-default",
    "go1.26-noopt", "go1.27-default", "go1.27-noopt")]
# maps, channels, interfaces, lists in variables
RECORDINGS += ["values/go1.15-noopt", "values/go1.23-noopt", "values/go1.27-noopt", "waits/go1.27-default"]
COMMANDS = [["analyze"], ["analyze", "--full", "--format", "json"], ["traceback"]]
# where the runtime's structures hang: what can be reached from here is hot
ROOTS = ["runtime.allgs", "runtime.firstmoduledata", "runtime.allm", "runtime.sched", "runtime.allp", "runtime.g0",
         "runtime.m0", "runtime.printBacklog", "runtime.typelinksinit"]


class Elf:
    """As much of an ELF file as it takes to find what is worth breaking."""

    def __init__(self, data):
        self.data = data
        phoff, self.shoff = struct.unpack_from("<QQ", data, 32)
        phnum, _, shnum, shstrndx = struct.unpack_from("<HHHH", data, 56)
        self.phoff = phoff
        self.segments = []  # (offset of the header, type, offset, address, size in the file)
        for i in range(phnum):
            at = phoff + 56 * i
            kind, _, offset, address, _, size = struct.unpack_from("<IIQQQQ", data, at)
            self.segments.append((at, kind, offset, address, size))
        self.sections = {}  # name: (address, offset, size)
        headers = [struct.unpack_from("<IIQQQQ", data, self.shoff + 64 * i) for i in range(shnum)]
        for name, kind, _, address, offset, size in headers:
            text = self.string(headers[shstrndx][4] + name)
            if kind not in (0, 8) and size:
                self.sections[text] = (address, offset, size)
        self.loads = sorted((address, address + size, offset) for _, kind, offset, address, size in self.segments
                            if kind == PT_LOAD and size)
        self.starts = [load[0] for load in self.loads]

    def string(self, offset):
        return bytes(self.data[offset:self.data.find(b"\0", offset)]).decode()

    def offset_of(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        if i >= 0 and address < self.loads[i][1]:
            return self.loads[i][2] + address - self.loads[i][0]
        return None

    def symbols(self):
        if ".symtab" not in self.sections:
            return {}
        _, offset, size = self.sections[".symtab"]
        names = self.sections[".strtab"][1]
        return {self.string(names + name): value
                for name, _, _, _, value, _ in struct.iter_unpack("<IBBHQQ", self.data[offset:offset + size])}


def reachable(core, roots, depth=4, piece=512, limit=6000):
    """Offsets of 512-byte pieces of the core that pointers lead to from the roots."""
    found, level = set(), [address & ~7 for address in roots]
    for _ in range(depth):
        following = []
        for address in level:
            offset = core.offset_of(address)
            if offset is None or offset in found or offset + piece > len(core.data):
                continue
            found.add(offset)
            if len(found) >= limit:
                return sorted(found)
            words = struct.unpack_from("<%dQ" % (piece // 8), core.data, offset)
            following.extend(word & ~7 for word in words if word > 4096)
        level = following
    return sorted(found)


class Original:
    """One recording, unpacked, with the places to break."""

    def __init__(self, directory, name, scratch):
        self.name = name
        self.paths = {}
        for what, file in (("binary", "binary"), ("core", "crash.core")):
            path = os.path.join(scratch, "%s.%s" % (name, what))
            subprocess.run(["zstd", "-dqf", "--sparse", os.path.join(directory, file + ".zst"), "-o", path], check=True)
            self.paths[what] = path
        if shutil.which("objcopy"):  # a flip in a compressed section only breaks its checksum
            subprocess.run(["objcopy", "--decompress-debug-sections", self.paths["binary"]], check=True)
        self.files = {what: Elf(map_file(path)) for what, path in self.paths.items()}
        self.choose_places()

    def choose_places(self):
        core, binary = self.files["core"], self.files["binary"]
        symbols = binary.symbols()
        roots = [symbols[name] for name in ROOTS if name in symbols]  # no PIE: nothing was relocated
        self.hot = reachable(core, roots)
        notes = [(offset, size) for _, kind, offset, _, size in core.segments if kind == 4]
        self.core_tables = [(0, 64), (core.phoff, 56 * len(core.segments))] + notes
        self.binary_tables = [(0, 64), (binary.phoff, 56 * len(binary.segments)),
                              (binary.shoff, 64 * struct.unpack_from("<H", binary.data, 60)[0])]
        self.binary_sections = [(offset, size) for name, (_, offset, size) in binary.sections.items() if name != ".text"]
        text = binary.sections[".text"]
        self.wild = [0, 1, 7, 8, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1 << 47, 1 << 62, 1 << 63, (1 << 64) - 1,
                     (1 << 64) - 8, (1 << 63) - 1, text[0], text[0] + text[2] - 1] + roots


def map_file(path):
    with open(path, "rb") as file:
        return mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)


class Mutation:
    """Bytes to write into a copy of one file, and where to cut it."""

    def __init__(self, seed, number, originals):
        self.random = random.Random(seed * 1000003 + number)
        self.original = originals[self.random.randrange(len(originals))]
        self.patches, self.size = [], None
        self.what = self.random.choice(["core", "core", "core", "binary"])
        self.file = self.original.files[self.what]
        kinds = [self.words, self.words, self.flips, self.table_words]
        kinds += [self.cut, self.drop_segments, self.links] if self.what == "core" else [self.runs]
        self.kind = self.random.choice(kinds)
        self.kind()

    def piece(self):
        """(offset, size) of a stretch worth breaking."""
        choose = self.random
        if self.what == "core":
            if choose.random() < 0.85 and self.original.hot:
                return choose.choice(self.original.hot), 512
            return choose.choice(self.original.core_tables)
        offset, size = choose.choice(self.original.binary_sections)
        if choose.random() < 0.3:  # headers of tables stand at their start
            size = min(size, 256)
        return offset, size

    def write(self, offset, data):
        if offset + len(data) <= len(self.file.data):
            self.patches.append((offset, data))

    def word(self):
        choose = self.random
        roll = choose.random()
        if roll < 0.4:
            return choose.choice(self.original.wild)
        if roll < 0.8 and self.original.hot:  # an object of another kind, or one seen before
            offset = choose.choice(self.original.hot)
            return struct.unpack_from("<Q", self.original.files["core"].data, offset + 8 * choose.randrange(64))[0]
        if roll < 0.9:
            return (choose.choice(self.original.wild) + choose.choice([-16, -8, -1, 1, 8])) & (1 << 64) - 1
        return choose.getrandbits(64)

    def words(self):
        for _ in range(self.random.choice([1, 1, 2, 4, 16, 64])):
            offset, size = self.piece()
            self.write(offset + 8 * self.random.randrange(max(1, size // 8)), struct.pack("<Q", self.word()))

    def table_words(self):
        tables = self.original.core_tables if self.what == "core" else self.original.binary_tables
        for _ in range(self.random.choice([1, 1, 2, 8])):
            offset, size = self.random.choice(tables)
            width = self.random.choice([1, 2, 4, 8])
            value = self.word() & (1 << 8 * width) - 1
            at = offset + width * self.random.randrange(max(1, size // width))
            self.write(at, value.to_bytes(width, "little"))

    def flips(self):
        for _ in range(self.random.choice([1, 1, 2, 8, 64])):
            offset, size = self.piece()
            at = offset + self.random.randrange(size)
            if at < len(self.file.data):
                self.write(at, bytes([self.file.data[at] ^ 1 << self.random.randrange(8)]))

    def runs(self):
        offset, size = self.piece()
        length = self.random.choice([4, 16, 64, 1024, 65536])
        fill = self.random.choice([b"\0", b"\xff", b"\x80", b"\x7f", b"\1"])
        at = offset + self.random.randrange(size)
        self.write(at, fill * min(length, len(self.file.data) - at))

    def links(self):
        """Pointers of hot objects lead back to hot objects: cycles, shared nodes, objects of the wrong type."""
        core = self.file
        pointers = [offset + 8 * i for offset in self.random.sample(self.original.hot, min(60, len(self.original.hot)))
                    for i in range(64)
                    if core.offset_of(struct.unpack_from("<Q", core.data, offset + 8 * i)[0]) is not None]
        for at in self.random.sample(pointers, min(len(pointers), self.random.choice([1, 2, 8, 64]))):
            offset = self.random.choice(self.original.hot)
            for low, high, start in core.loads:
                if start <= offset < start + high - low:
                    self.write(at, struct.pack("<Q", low + offset - start))

    def cut(self):
        borders = [0, 64, self.file.phoff + 56 * len(self.file.segments), len(self.file.data)]
        borders += [at for _, _, offset, _, size in self.file.segments for at in (offset, offset + size)]
        borders += [at for at, _, _, _, _ in self.file.segments]
        near = self.random.choice(borders) + self.random.choice([-8, -1, 0, 1, 8])
        anywhere = self.random.randrange(1, len(self.file.data))
        notes = self.original.core_tables[-1]
        in_notes = notes[0] + self.random.randrange(notes[1])
        self.size = min(max(1, self.random.choice([near, near, anywhere, in_notes])), len(self.file.data))

    def drop_segments(self):
        for _ in range(self.random.choice([1, 2, 8])):
            at = self.random.choice(self.file.segments)[0]
            other = self.random.choice(self.file.segments)[0]
            how = self.random.randrange(5)
            if how == 0:
                self.write(at, bytes(4))  # PT_NULL
            elif how == 1:
                self.write(at + 32, bytes(8))  # p_filesz
            elif how == 2:
                self.write(at + 16, bytes(self.file.data[other + 16:other + 24]))  # at another's address
            elif how == 3:
                self.write(at + 8, bytes(self.file.data[other + 8:other + 16]))  # with another's bytes
            else:
                self.write(at + 32, struct.pack("<QQ", self.word(), self.word()))

    def __str__(self):
        places = ", ".join("%#x: %s" % (offset, data[:8].hex()) for offset, data in self.patches[:4])
        return "%s %s, %s%s%s" % (self.original.name, self.what, self.kind.__name__,
                                  " to %d bytes" % self.size if self.size else "", " " + places if places else "")


def copy_sparse(source, target):
    with open(source, "rb") as from_file, open(target, "wb") as to_file:
        end = os.fstat(from_file.fileno()).st_size
        to_file.truncate(end)
        at = 0
        while at < end:
            try:
                at = os.lseek(from_file.fileno(), at, os.SEEK_DATA)
                stop = os.lseek(from_file.fileno(), at, os.SEEK_HOLE)
            except OSError:  # nothing but a hole is left
                break
            os.pwrite(to_file.fileno(), os.pread(from_file.fileno(), stop - at, at), at)
            at = stop


def write_files(mutation, scratch):
    """(binary, core): the one that is broken as a copy."""
    path = os.path.join(scratch, mutation.what)
    copy_sparse(mutation.original.paths[mutation.what], path)
    with open(path, "r+b") as file:
        for offset, data in mutation.patches:
            file.seek(offset)
            file.write(data)
        if mutation.size is not None:
            file.truncate(mutation.size)
    return [path if what == mutation.what else mutation.original.paths[what] for what in ("binary", "core")]


def check_one(gocrash, seed, number, originals, keep=None):
    """(failures, whether a report came)."""
    mutation = Mutation(seed, number, originals)
    failures, reported = [], False
    with tempfile.TemporaryDirectory() as scratch:
        files = write_files(mutation, scratch)
        if keep:
            files = [shutil.copy(path, keep) for path in files]
        for command in COMMANDS:
            words = [gocrash] + command + files
            result = run_bounded(words, scratch)
            reported |= result.status == 0
            problem = judge(command, result)
            if problem:
                failures.append("--seed %d --only %d (%s)\n%s\n%s" % (seed, number, mutation, " ".join(words), problem))
    return failures, reported


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_const", const=LONG, dest="count", help="%d mutations instead of %d" % (LONG, SHORT))
    parser.add_argument("--middle", action="store_const", const=MIDDLE, dest="count", help="%d" % MIDDLE)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int)
    parser.add_argument("--only", type=int, help="one mutation; its files are kept in ./mutated")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("testdata")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        originals = [Original(os.path.join(options.testdata, path), path.replace("/", "-"), scratch) for path in RECORDINGS]
        if options.only is not None:
            os.makedirs("mutated", exist_ok=True)
            failures, _ = check_one(options.gocrash, options.seed, options.only, originals, "mutated")
            if failures:
                raise CheckFailed("\n\n".join(failures))
            return "mutation %d: passed" % options.only
        count = options.count or SHORT
        numbers = [*range(count), *(number for number in FAILED_ONCE if number >= count and options.seed == 1)]
        failures, reports = [], 0
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for found, reported in pool.map(lambda n: check_one(options.gocrash, options.seed, n, originals), numbers):
                failures += found
                reports += reported
                for failure in found:
                    print(failure + "\n", flush=True)
    if failures:
        raise CheckFailed("%d failures in %d mutations" % (len(failures), len(numbers)))
    if not 0 < reports < len(numbers):  # all refused, or nothing broken: the mutations are no good
        raise CheckFailed("%d of %d mutated inputs gave a report" % (reports, len(numbers)))
    return "%d mutations: %d reports, %d refusals" % (len(numbers), reports, len(numbers) - reports)


if __name__ == "__main__":
    main(check)
