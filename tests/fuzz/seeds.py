"""Makes the fuzz targets' seeds out of recorded cores: a few small files each.

    seeds.py TESTDATA CORPUS OUTPUT

OUTPUT/<target>/* are seeds; OUTPUT/found/<target>/* is what CORPUS/<target>.tar.zst holds; OUTPUT/data/{binary,core} is
the recording that fuzz_program changes, the one in OUTPUT/data/expression that in which fuzz_expression and fuzz_shell work.
"""
import os
import shutil
import struct
import subprocess
import sys

PT_LOAD, PT_NOTE, PAGE = 1, 4, 4096
BASE = "nilmap/go1.27-noopt"
EVALUATED = "expressions/go1.27-noopt"
RELEASES = ["go1.15-default", "go1.19-default", "go1.21-default", "go1.27-noopt"]


def unpack(path):
    return bytearray(subprocess.run(["zstd", "-dqc", path], check=True, stdout=subprocess.PIPE).stdout)


def segments(data):
    phoff = struct.unpack_from("<Q", data, 32)[0]
    count = struct.unpack_from("<H", data, 56)[0]
    return [list(struct.unpack_from("<IIQQQQQQ", data, phoff + 56 * i)) for i in range(count)]


def sections(data):
    """{name: (type, flags, address, bytes, link, info, entry size)}"""
    shoff = struct.unpack_from("<Q", data, 40)[0]
    count, names = struct.unpack_from("<HH", data, 60)
    headers = [struct.unpack_from("<IIQQQQIIQQ", data, shoff + 64 * i) for i in range(count)]
    table = headers[names][4]
    found = {}
    for name, kind, flags, address, offset, size, *_ in headers:
        text = data[table + name:data.index(0, table + name)].decode()
        found[text] = (kind, flags, address, bytes(data[offset:offset + size]) if kind != 8 else b"")
    return found


def build_elf(kind, entry, loads, named=()):
    """A small ELF file of segments (type, flags, address, bytes) and sections (name, type, flags, address, bytes)."""
    header_size = 64 + 56 * len(loads)
    body, program_headers = b"", b""
    for segment_type, flags, address, data in loads:
        program_headers += struct.pack("<IIQQQQQQ", segment_type, flags, header_size + len(body), address, 0, len(data),
                                       len(data), 8)
        body += data + bytes(-len(data) % 8)
    names = b"\0"
    section_headers = bytes(64)
    for name, section_type, flags, address, data in named:
        section_headers += struct.pack("<IIQQQQIIQQ", len(names), section_type, flags, address, header_size + len(body),
                                       len(data), len(named) + 1 if section_type != 2 else 2, 0, 1, 24)
        names += name.encode() + b"\0"
        body += data + bytes(-len(data) % 8)
    section_headers += struct.pack("<IIQQQQIIQQ", len(names), 3, 0, 0, header_size + len(body), len(names) + 10, 0, 0, 1, 0)
    names += b".shstrtab\0"
    body += names + bytes(-len(names) % 8)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, entry, 64, header_size + len(body), 0,
                                                        64, 56, len(loads), 64, len(named) + 2, len(named) + 1)
    return header + program_headers + body + section_headers


def shrink_core(core):
    """The core with its pages that are not empty alone."""
    loads = []
    for kind, flags, offset, address, _, size, _, _ in segments(core):
        if kind == PT_NOTE:
            loads.append((kind, flags, address, bytes(core[offset:offset + size])))
            continue
        run = None
        for at in range(0, size + PAGE, PAGE):
            page = core[offset + at:offset + min(at + PAGE, size)]
            if page and any(page):
                run = at if run is None else run
            elif run is not None:
                loads.append((kind, flags, address + run, bytes(core[offset + run:offset + at])))
                run = None
    return build_elf(4, 0, loads)


def core_seeds(core):
    """Headers and notes, and a page each of two segments."""
    parts = []
    for kind, flags, offset, address, _, size, _, _ in segments(core):
        if kind == PT_NOTE or len(parts) < 6:
            parts.append((kind, flags, address, bytes(core[offset:offset + (size if kind == PT_NOTE else min(size, 64))])))
    plain = build_elf(4, 0, parts)
    yield "plain", plain
    for name, tool in (("gzip", ["gzip", "-nc"]), ("zstd", ["zstd", "-qc"]), ("lz4", ["lz4", "-qc"]), ("xz", ["xz", "-c"])):
        if not shutil.which(tool[0]):
            continue
        yield name, subprocess.run(tool, input=plain, check=True, stdout=subprocess.PIPE).stdout


def buildinfo_seed(binary):
    found = sections(binary)
    name = ".go.buildinfo"
    kind, flags, address, data = found[name]
    loads = [(PT_LOAD, 6, address, data)]
    if not data[15] & 2:  # two pointers to strings: their pages come along
        for pointer in struct.unpack_from("<QQ", data, 16):
            for where in (pointer, None):
                target = where or struct.unpack_from("<Q", loads[-1][3], 0)[0]
                for _, _, start, content in found.values():
                    if start and start <= target < start + len(content):
                        loads.append((PT_LOAD, 6, target, content[target - start:target - start + (16 if where else 600)]))
                        break
    return build_elf(2, 0, loads, [(name, kind, flags, address, data)])


def pclntab_seed(binary, release):
    """Twenty functions with what their records refer to, as fuzz_pclntab takes them."""
    found = sections(binary)
    table = found[".gopclntab"][3]
    text = found[".text"][2]
    new = release >= 18
    header = struct.unpack_from("<8Q", table, 8)  # pcHeader behind magic, quantum and pointer size
    if release >= 18:
        count, _, _, names, cus, file_names, pcs, table_at = header
    elif release >= 16:
        count, _, names, cus, file_names, pcs, table_at = header[:7]
    else:
        count, names, cus, file_names, pcs, table_at = header[0], 0, 0, 0, 0, 16
    step, kept, limit = (8, 20, 6000) if new else (16, 20, 6000)
    first = table_at + step * (count // 2)
    entries = [struct.unpack_from("<II" if new else "<QQ", table, first + step * i) for i in range(kept + 1)]
    base = entries[0][0]
    low = min(record for _, record in entries)
    body, ftab = b"", b""
    size = step * (kept + 1)
    slices = []
    start = (table_at if release >= 16 else 0) + low
    slices.append(table[start:start + limit])
    for at in (names, cus, file_names, pcs):
        slices.append(table[at:at + limit])
    for entry, record in entries:
        ftab += struct.pack("<II" if new else "<QQ", entry - base if new else entry - base + 0x401000, record - low)
    offsets = []
    for data in slices:
        offsets.append(size + len(body))
        body += data
    return struct.pack("<B5II", release - 15, *offsets, kept) + ftab + body


def dwarf_seed(binary, scratch):
    """The units of package main with the abbreviations and the lists' starts."""
    path = os.path.join(scratch, "plain")
    with open(path, "wb") as file:
        file.write(binary)
    subprocess.run(["objcopy", "--decompress-debug-sections", path], check=True)
    with open(path, "rb") as file:
        found = sections(bytearray(file.read()))
    os.unlink(path)
    info = found[".debug_info"][3]
    units, at = [], 0
    while at + 4 < len(info):
        size = struct.unpack_from("<I", info, at)[0] + 4
        unit = info[at:at + size]
        if b"main.main\0" in unit or size < 600:
            units.append(unit)
        at += size
    text, symbol = found[".text"][2], found[".symtab"][3]
    strings = found[".strtab"][3]
    entry = next((value for name, _, _, _, value, _ in struct.iter_unpack("<IBBHQQ", symbol)
                  if strings[name:name + 10] == b"main.main\0"), text)
    named = [(".debug_info", 1, 0, 0, b"".join(units)[:40000])]
    for name, limit in ((".debug_abbrev", 4000), (".debug_loc", 4000), (".debug_loclists", 4000), (".debug_rnglists", 4000),
                        (".debug_ranges", 4000), (".debug_addr", 4000), (".debug_str", 2000), (".debug_line_str", 2000)):
        if name in found:
            named.append((name, 1, 0, 0, found[name][3][:limit]))
    return build_elf(2, entry, [(PT_LOAD, 5, text, bytes(16))], named)


def elf_seed(binary):
    found = sections(binary)
    named = []
    for name in (".note.go.buildid", ".note.gnu.build-id", ".symtab", ".strtab", ".debug_info", ".zdebug_info", ".zdebug_abbrev",
                 ".debug_abbrev"):
        if name in found:
            kind, flags, address, data = found[name]
            named.append((name, kind, flags, address, data if "abbrev" in name else data[:2400]))
    notes = found.get(".note.go.buildid", (0, 0, 0, b""))[3]
    return build_elf(2, 0x401000, [(PT_NOTE, 4, 0x400f78, notes), (PT_LOAD, 5, 0x401000, b"\x90" * 16)], named)


def type_seed(binary, release):
    """The first types of the module with their names, as fuzz_type takes them."""
    found = sections(binary)
    if ".go.type" in found:
        types = found[".go.type"][3]
    else:
        strings = found[".strtab"][3]
        at = next(value for name, _, _, _, value, _ in struct.iter_unpack("<IBBHQQ", found[".symtab"][3])
                  if strings[name:name + 14] == b"runtime.types\0")
        _, _, start, rodata = found[".rodata"]
        types = rodata[at - start:]
    return bytes([release - 15 | 128]) + types[:0x8000]


def moduledata_seed(binary, release):
    """The first moduledata and the starts of the tables that it points to, moved together (fuzz_moduledata)."""
    found = sections(binary)
    strings, symbols = found[".strtab"][3], found[".symtab"][3]
    address = next(value for name, _, _, _, value, _ in struct.iter_unpack("<IBBHQQ", symbols)
                   if strings[name:name + 24] == b"runtime.firstmoduledata\0")
    data = next(content[address - start:address - start + 0x400] for _, _, start, content in found.values()
                if start and start <= address < start + len(content))
    _, _, table, content = found[".gopclntab"]
    words, parts, at, kept = list(struct.unpack("<%dQ" % (len(data) // 8), data[:len(data) // 8 * 8])), [], 0x10400, 0xa00
    for i, word in enumerate(words):
        if not table <= word < table + len(content):
            continue
        part = content[word - table:word - table + kept]
        parts.append(part + bytes(kept - len(part)))
        if i + 2 < len(words) and words[i + 1] == words[i + 2]:
            words[i + 1] = words[i + 2] = min(words[i + 1], kept // 16)
        words[i], at = at, at + kept
    memory = struct.pack("<%dQ" % len(words), *words)
    return bytes([release - 15]) + (memory + bytes(0x400 - len(memory)) + b"".join(parts))[:0x8000]


def shell_seeds():
    """What is typed at the prompt."""
    for i, text in enumerate((b"bt\nframe 2\nlocals\nargs\n", b"goroutines -t\ngoroutine 1\nup\ndown\n", b"p xs[1:3]\np m[\"a\"]\n",
                              b"x -fmt hex -len 64 0x401000\n", b"regs\ndisass\nlist\nexit\n", b"config max-items 3\nstack -full\n",
                              b"whatis p\ntypes main\nfuncs main\nvars main\nsources\n", b"help\nhelp bt\nnothing\n\"unclosed\n",
                              b"goroutines -group --status waiting\nthreads\ndeferred\n")):
        yield "typed-%d" % i, text


def program_seeds():
    yield "nothing", bytes(12)
    for i in range(1, 40, 10):  # a few words here and there, by value and by copy
        yield "words-%d" % i, b"".join(
            struct.pack("<B", 3 | (0x80 if k % 2 else 0)) + struct.pack("<I", 997 * i * k + 128 * k)[:3] + struct.pack("<Q", i * k)
            for k in range(1, 6)) + bytes(i % 3)


def expression_seeds(recording):
    """The expressions that the recorded program printed, and some that are refused."""
    with open(os.path.join(recording, "crash.stdout.txt"), "rb") as file:
        for i, line in enumerate(file):
            yield "printed-%d" % i, line.split(b"\t")[0]
    for i, text in enumerate((b"", b"(", b"1/0", b"1<<4096", b"\"\\xff", b"main.nothing", b"*(*int)(8)", b"p.(error)",
                              b"Point{1, 2}", b"((((((((1))))))))", b"-9223372036854775808/-1", b"xs[1:0]")):
        yield "refused-%d" % i, text


def main():
    testdata, corpus, output = sys.argv[1:]

    def write(target, name, data):
        os.makedirs(os.path.join(output, target), exist_ok=True)
        with open(os.path.join(output, target, name), "wb") as file:
            file.write(data)

    for name in sorted(os.listdir(corpus)):
        if name.endswith(".tar.zst"):
            unpacked = os.path.join(output, "found", name[:-len(".tar.zst")])
            os.makedirs(unpacked, exist_ok=True)
            subprocess.run(["tar", "--zstd", "-xf", os.path.join(corpus, name), "-C", unpacked], check=True)
    for release in RELEASES:
        directory = os.path.join(testdata, "nilmap", release)
        minor = int(release[4:6])
        binary, core = unpack(os.path.join(directory, "binary.zst")), unpack(os.path.join(directory, "crash.core.zst"))
        for name, data in core_seeds(core):
            write("core", release + "." + name, data)
        write("elf", release, elf_seed(binary))
        write("buildinfo", release, buildinfo_seed(binary))
        write("moduledata", release, moduledata_seed(binary, minor))
        write("type", release, type_seed(binary, minor))
        write("pclntab", release, pclntab_seed(binary, minor))
        write("dwarf", release, dwarf_seed(binary, output))
        if os.path.join("nilmap", release) == BASE:
            write("data", "binary", binary)
            if shutil.which("objcopy"):  # several times as many runs a second
                subprocess.run(["objcopy", "--decompress-debug-sections", os.path.join(output, "data/binary")], check=True)
            write("data", "core", shrink_core(core))
    for name, data in program_seeds():
        write("program", name, data)
    for name, data in shell_seeds():
        write("shell", name, data)
    evaluated = os.path.join(testdata, EVALUATED)
    for name, data in expression_seeds(evaluated):
        write("expression", name, data)
    write("data/expression", "binary", unpack(os.path.join(evaluated, "binary.zst")))
    write("data/expression", "core", unpack(os.path.join(evaluated, "crash.core.zst")))


if __name__ == "__main__":
    main()
