#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures gocrash beside Delve, gdb and a plain read of the same core, and writes the table of docs/performance.md.

    run.py --gocrash build/release/gocrash --scratch DIR [--go GO] [--delve DLV] [--cases NAME,…] [--results FILE]
    run.py --results FILE --document docs/performance.md

Each case's core is made anew unless DIR holds it. gocrash and the read are run in turn, five times each, the median
counts; a peer runs once and is stopped at ten minutes. A case of 8 GB or of a million goroutines wants as much memory
and twice as much disk: --cases leaves out what does not fit, and --remove deletes each core behind its case.
--results keeps what was measured, a case of one release replacing an older one; --document makes the page of it.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import re
import subprocess
import sys
import threading
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
RUNS, PEER_SECONDS, STACK_BYTES = 5, 600, 512 << 20


class Measured:
    """One run of a program: times in seconds, memory in bytes."""

    def __init__(self, command, stdin_text=None, timeout=None, memory=None):
        self.wall = self.cpu = 0.0
        self.anonymous = self.mapped = self.faults = 0
        self.ended = True
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL,
                                   preexec_fn=memory and (lambda: resource.setrlimit(resource.RLIMIT_AS, (memory, memory))))
        sampler = threading.Thread(target=self.sample, args=(process,))
        sampler.start()
        try:
            process.communicate((stdin_text or "").encode(), timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            self.ended = False
        self.wall = time.monotonic() - start
        sampler.join()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.faults = after.ru_minflt + after.ru_majflt - before.ru_minflt - before.ru_majflt
        self.status = process.returncode

    def sample(self, process):
        while process.poll() is None:
            try:
                with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
                    fields = dict(line.split(":", 1) for line in file if line.startswith("Rss"))
                self.anonymous = max(self.anonymous, int(fields["RssAnon"].split()[0]) << 10)
                self.mapped = max(self.mapped, int(fields["RssFile"].split()[0]) << 10)
            except (OSError, KeyError, ValueError):
                pass
            time.sleep(0.002)


def read_core(path, size=None):
    """Seconds, and processor seconds, that read(2) in 1 MiB blocks takes."""
    block, left = bytearray(1 << 20), size or os.path.getsize(path)
    fd = os.open(path, os.O_RDONLY)
    start, start_cpu = time.monotonic(), time.process_time()
    while left > 0:
        got = os.readv(fd, [block])
        if not got:
            break
        left -= got
    result = time.monotonic() - start, time.process_time() - start_cpu
    os.close(fd)
    return result


def inflate_once(binary):
    """Seconds that zlib takes for .debug_info and the location lists; their inflated bytes."""
    with open(binary, "rb") as file:
        data = file.read()
    offset = int.from_bytes(data[40:48], "little")
    entry, count, names = (int.from_bytes(data[at:at + 2], "little") for at in (58, 60, 62))
    headers = [data[offset + i * entry:offset + (i + 1) * entry] for i in range(count)]
    field = lambda header, at: int.from_bytes(header[at:at + 8], "little")
    table = data[field(headers[names], 24):]
    start, size = time.process_time(), 0
    for header in headers:
        at = int.from_bytes(header[:4], "little")
        name = table[at:table.index(b"\0", at)]
        if name in (b".debug_info", b".debug_loc", b".debug_loclists") and header[8] & 8 == 0 and field(header, 8) & 0x800:
            body = data[field(header, 24) + 24:field(header, 24) + field(header, 32)]
            size += len(zlib.decompress(body))
    return time.process_time() - start, size


class Case:
    """A program, what it is given, and what is asked of its core."""

    def __init__(self, name, program, arguments, command, delve, title, compressed=False):
        self.name, self.program, self.arguments = name, program, arguments
        self.command, self.delve, self.title, self.compressed = command, delve, title, compressed
        self.counted = name not in ("goroutines-1000000", "overflow", "maps")  # callgrind takes fifty times as long


FULL = "bt\nstack -full\nexit\n"
CASES = [
    Case("demo", "heap", ["0"], ["analyze"], FULL, "`analyze` of a small program"),
    *(Case(f"goroutines-{n}", "goroutines", [str(n)], ["analyze"], "goroutines -t\nexit\n", f"{n:,} goroutines, all stacks grouped")
      for n in (1000, 10_000, 100_000, 1_000_000)),
    Case("zstd-10000", "goroutines", ["10000"], ["analyze"], None, "10,000 goroutines, out of a core compressed with zstd", True),
    Case("zstd-100000", "goroutines", ["100000"], ["analyze"], None, "100,000 goroutines, out of a core compressed with zstd", True),
    Case("json-10000", "goroutines", ["10000"], ["analyze", "--format", "json"], None, "10,000 goroutines as JSON"),
    Case("json-100000", "goroutines", ["100000"], ["analyze", "--format", "json"], None, "100,000 goroutines as JSON"),
    Case("traceback-10000", "goroutines", ["10000"], ["traceback"], "goroutines -t 50\nexit\n", "`traceback` of 10,000 goroutines"),
    Case("overflow", "overflow", [], ["analyze"], "bt 50\nexit\n", "stack overflow at the default limit"),
    Case("heap-2", "heap", ["2"], ["analyze"], FULL, "2 GB heap, nil dereference"),
    Case("heap-8", "heap", ["8"], ["analyze"], FULL, "8 GB heap, nil dereference"),
    Case("maps", "maps", [], ["analyze"], FULL, "locals: maps of 10,000 and 10 million entries"),
    Case("large", "large", [], ["analyze"], FULL, "binary of more than 100 MB with DWARF"),
    Case("large-single", "large", [], ["traceback", "--level", "single"], "bt\nexit\n", "the same, `traceback --level single`"),
]


def build(program, scratch, go):
    """The path of a benchmark's binary, built where it is not there."""
    binary = scratch / "bin" / program
    if binary.exists():
        return binary
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=mod", GOCACHE=str(scratch / "go-cache"))
    source = HERE / "programs" / program
    if program == "large":
        source = scratch / "large-source"
        subprocess.run([sys.executable, HERE / "large_program.py", source], check=True)
    target = ["."] if program == "large" else ["main.go"]
    subprocess.run([go, "build", "-o", binary, *target], cwd=source, env=environment, check=True)
    return binary


def make_core(case, binary, scratch):
    """The path of a core of that program with those arguments."""
    folder = scratch / "-".join([case.program, *case.arguments])
    core = folder / "the.core"
    if core.exists():
        return core
    folder.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    subprocess.run([binary, *case.arguments], cwd=folder, env=dict(os.environ, GOTRACEBACK="crash"),
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    found = [path for path in folder.iterdir() if path.name.startswith("core")]
    if not found:
        sys.exit(f"{case.name}: no core in {folder}: /proc/sys/kernel/core_pattern must be a plain name")
    found[0].rename(core)
    return core


def compress(core):
    """The core's compressed twin, made where it is not there."""
    compressed = core.with_name(core.name + ".zst")
    if not compressed.exists():
        subprocess.run(["zstd", "-q", core, "-o", compressed], check=True)
    return compressed


def megabytes(size):
    return f"{size / (1 << 20):,.0f} MB"


def seconds(value):
    return f"{value:.2f} s" if value >= 0.1 else f"{value * 1000:.0f} ms"


def instructions(command):
    """How many instructions a run takes, as callgrind counts them; None where it is not there."""
    if not shutil.which("valgrind"):
        return None
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *map(str, command)],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    return int(found[1]) if found else None


def run_peer(command, text, options):
    peer = Measured(command, text, PEER_SECONDS, options.peer_memory << 30)
    return {"wall": peer.wall, "cpu": peer.cpu, "anonymous": peer.anonymous, "ended": peer.ended, "status": peer.status}


def measure(case, options):
    """What one case costs, as numbers."""
    binary = build(case.program, options.scratch, options.go)
    core = make_core(case, binary, options.scratch)
    given = compress(core) if case.compressed else core
    command = [options.gocrash, *case.command, binary, given]
    runs, reads = [], []
    for _ in range(options.runs):
        if case.compressed:
            unpacking = Measured(["zstd", "-dqc", given])
            reads.append((unpacking.wall, unpacking.cpu))
        else:
            reads.append(read_core(core, STACK_BYTES if case.name == "overflow" else None))
        runs.append(Measured(command))
    if any(run.status for run in runs):
        sys.exit(f"{case.name}: gocrash ended with status {runs[-1].status}")
    middle = lambda values: statistics.median(list(values))
    result = {
        "case": case.name,
        "release": subprocess.run([options.go, "version"], capture_output=True, text=True, check=True).stdout.split()[2],
        "core": core.stat().st_size, "runs": options.runs,
        "wall": middle(run.wall for run in runs), "cpu": middle(run.cpu for run in runs),
        "read": middle(one[0] for one in reads), "read_cpu": middle(one[1] for one in reads),
        "anonymous": max(run.anonymous for run in runs), "mapped": max(run.mapped for run in runs),
        "faults": middle(run.faults for run in runs), "load": os.getloadavg()[0],
    }
    if case.name == "large":
        result["inflating"], result["inflated"] = inflate_once(binary)
    if case.counted and options.instructions:
        result["instructions"] = instructions(command)
    if case.delve and options.delve:
        delve = [options.delve, "--allow-non-terminal-interactive=true", "--check-go-version=false", "core", binary, core]
        result["delve"] = run_peer(delve, case.delve, options)
    if case.delve == FULL and options.gdb:
        result["gdb"] = run_peer([options.gdb, "-batch", "-nx", "-ex", "bt", "-ex", "info locals", binary, core], None, options)
    if options.remove:
        shutil.rmtree(core.parent)
    return result


HEADINGS = ["case", "core", "time", "processor time", "Delve, same output", "bound", "anonymous memory", "mapped pages",
            "page faults", "instructions"]


def peer_text(result, name):
    peer = result.get(name)
    if not peer:
        return "-"
    if not peer["ended"]:
        return f"> {PEER_SECONDS / result['wall']:,.0f} × (stopped at 10 minutes, {megabytes(peer['anonymous'])})"
    if peer["status"]:
        return f"ended with status {peer['status']} after {seconds(peer['wall'])}, {megabytes(peer['anonymous'])}"
    return (f"{peer['cpu'] / result['cpu']:,.1f} × ({seconds(peer['cpu'])}, {megabytes(peer['anonymous'])}); "
            f"by the clock {peer['wall'] / result['wall']:,.1f} ×")


def row(result):
    """A line of the table."""
    case = next(case for case in CASES if case.name == result["case"])
    title = case.title
    if result["runs"] != RUNS:
        title += f" ({result['runs']} runs)"
    of = "`zstd -dc`" if case.compressed else "reading the stack" if result["case"] == "overflow" else "a read"
    bound = f"{result['cpu'] / result['read_cpu']:.1f} × {of} ({seconds(result['read_cpu'])}); by the clock {result['wall'] / result['read']:.1f} ×"
    if "inflating" in result:
        bound = f"{result['cpu'] / result['inflating']:.2f} × inflating with zlib ({seconds(result['inflating'])}, {megabytes(result['inflated'])})"
    count = result.get("instructions")
    return "| " + " | ".join([
        title, megabytes(result["core"]), seconds(result["wall"]), seconds(result["cpu"]), peer_text(result, "delve"), bound,
        megabytes(result["anonymous"]), megabytes(result["mapped"]), f"{result['faults']:,.0f}",
        f"{count / 1e6:,.0f} million" if count else "-"]) + " |"


def table(results):
    return "\n".join(["| " + " | ".join(HEADINGS) + " |", "|" + "---|" * len(HEADINGS), *map(row, results)])


PAGE = """# What gocrash costs

Made by `benchmarks/run.py --document` out of what it measured: it makes the cores (`benchmarks/programs`,
`benchmarks/large_program.py`), runs gocrash and a plain `read(2)` of the core in turn (the median of five runs, where no
other number is said) and Delve once, a case in one go (the rows of one table may be of several runs). gocrash is the preset `static`: linked to its libraries when it
starts, a run takes 3 to 5 ms more. The programs are default builds for amd64. Delve prints the same (`goroutines -t`, `bt` and `stack -full`). Ratios are of processor
time: of all threads together, which a machine with free processors shares out; the clock's stand beside them. The
machine had {processors} processors and, meanwhile, others' work on them: a load of {low:.0f} to {high:.0f}. So times vary by a
third, the clock's by more; instructions (callgrind) and pages do not. Under 50 ms the pages are what tells: of the core
of 10,000 goroutines those that hold goroutines and stacks are mapped, each once.

What regressions are held against are counts: `unit.analysis.costs` (what is read of the DWARF, how many goroutines are
described), `counts.instructions` and `golden.threads` (the same bytes from one thread and from many).
"""


def write_document(results, path):
    loads = [result["load"] for result in results]
    text = PAGE.format(processors=os.cpu_count(), low=min(loads), high=max(loads))
    for release in sorted({result["release"] for result in results}, reverse=True):
        own = [next((one for one in results if one["case"] == case.name and one["release"] == release), None) for case in CASES]
        text += f"\n## {release.replace('go', 'Go ', 1)}\n\n{table([one for one in own if one])}\n"
        gdb = [one for one in own if one and "gdb" in one]
        if gdb:
            text += "\ngdb (`bt` and `info locals`, which know no goroutines) against gocrash: " + "; ".join(
                f"{one['case']} {peer_text(one, 'gdb')}" for one in gdb) + ".\n"
    missing = [case.title for case in CASES if case.name not in {result["case"] for result in results}]
    if missing:
        text += "\nNot measured: " + "; ".join(missing) + ".\n"
    text += "\nviewcore (golang.org/x/debug) was not at hand to build.\n"
    path.write_text(text, encoding="utf-8")


def keep(result, path):
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    same = lambda one: (one["case"], one["release"]) == (result["case"], result["release"])
    results = [one for one in results if not same(one)] + [result]
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gocrash", type=pathlib.Path)
    parser.add_argument("--scratch", type=pathlib.Path)
    parser.add_argument("--go", default="go")
    parser.add_argument("--delve", default=shutil.which("dlv"))
    parser.add_argument("--gdb", default=shutil.which("gdb"))
    parser.add_argument("--peer-memory", type=int, default=12, help="GB of address space that a peer may have")
    parser.add_argument("--cases", default=",".join(case.name for case in CASES))
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--instructions", action="store_true", help="count them too, by callgrind")
    parser.add_argument("--remove", action="store_true", help="delete each core behind its case")
    parser.add_argument("--results", type=pathlib.Path, help="keep the numbers in this file")
    parser.add_argument("--document", type=pathlib.Path, help="measure nothing, write the page out of the results")
    options = parser.parse_args()
    if options.document:
        write_document(json.loads(options.results.read_text(encoding="utf-8")), options.document)
        return
    if not options.gocrash or not options.scratch:
        parser.error("--gocrash and --scratch are needed")
    options.scratch, options.gocrash = options.scratch.resolve(), options.gocrash.resolve()
    wanted = options.cases.split(",")
    unknown = set(wanted) - {case.name for case in CASES}
    if unknown:
        sys.exit(f"no such case: {', '.join(sorted(unknown))}")
    print(table([]), flush=True)
    for case in CASES:
        if case.name in wanted:
            result = measure(case, options)
            print(row(result), flush=True)
            if options.results:
                keep(result, options.results)


if __name__ == "__main__":
    main()
