"""What gocrash says to files that it cannot analyse: one clear line on standard error, nothing else, exit status 1.

    wrong_input.py GOCRASH TESTDATA
"""
import glob
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

from common import CheckFailed, main, run

# name, the arguments, the one that must be named, what the line must say (a regular expression)
CASES = [
    ("the core is missing", ["{binary}", "{missing}"], "{missing}", r"no such file"),
    ("the executable is missing", ["{missing}", "{core}"], "{missing}", r"no such file"),
    ("a text file as core", ["{binary}", "{text}"], "{text}", r"core"),
    ("a text file as executable", ["{text}", "{core}"], "{text}", r"executable|ELF"),
    ("an empty file as core", ["{binary}", "{empty}"], "{empty}", r"empty|core"),
    ("an empty file as executable", ["{empty}", "{core}"], "{empty}", r"empty|executable|ELF"),
    ("a directory as core", ["{binary}", "{directory}"], "{directory}", r"directory"),
    ("a directory as executable", ["{directory}", "{core}"], "{directory}", r"directory"),
    ("an executable in the core's place", ["{binary}", "{binary}"], "{binary}", r"executable"),
    ("another executable in the core's place", ["{binary}", "{other_binary}"], "{other_binary}", r"executable"),
    ("a core in the executable's place", ["{core}", "{core}"], "{core}", r"core"),
    ("another core in the executable's place", ["{other_core}", "{core}"], "{other_core}", r"core"),
    ("swapped arguments", ["{core}", "{binary}"], "{core}", r"BINARY CORE|swap|order|first"),
    ("another program's executable", ["{other_binary}", "{core}"], "{other_binary}", r"build id"),
    ("another build of the same program", ["{other_build}", "{core}"], "{other_build}", r"build id"),
    ("another build, where the core holds no build id", ["{other_constants}", "{core_emulated}"], "{other_constants}", r"constants"),
    ("a release before 1.15", ["{binary_old}", "{core_old}"], "{binary_old}", r"go1\.14\.15 is older than go1\.15"),
    ("a program that is not Go's", ["/bin/true", "{core}"], "/bin/true", r"is no Go program, and the core is one's: of \S+/nilmap; give that"),
    ("a compressed file that is cut", ["{binary}", "{cut}"], "{cut}", r"."),
    ("more than --max-core-size", ["--max-core-size", "1M", "{binary}", "{core}"], "{core}", r"more than 1048576 bytes; --max-core-size"),
    ("a 32-bit core", ["{binary}", "{core_32}"], "{core_32}", r"64-bit"),
    ("a 32-bit executable", ["{binary_32}", "{core}"], "{binary_32}", r"64-bit"),
    ("a big-endian core", ["{binary}", "{core_big}"], "{core_big}", r"little-endian"),
    ("a big-endian executable", ["{binary_big}", "{core}"], "{binary_big}", r"little-endian"),
    ("a core of another machine", ["{binary}", "{core_riscv}"], "{core_riscv}", r"machine 243"),
    ("an executable of another machine", ["{binary_riscv}", "{core}"], "{binary_riscv}", r"machine 243"),
    ("a text file alone", ["{text}"], "{text}", r"core"),
    ("a missing file alone", ["{missing}"], "{missing}", r"no such file"),
]


def unpacked(path):
    return subprocess.run(["zstd", "-dqc", path], stdout=subprocess.PIPE, check=True).stdout


def altered_copies(testdata, scratch):
    """A binary whose constants are not those of an emulator's core, which holds no build id; and one that says go1.14."""
    emulated, old = os.path.join(testdata, "stale", "go1.19-arm64-default"), os.path.join(testdata, "nilmap", "go1.15-default")
    binary = bytearray(unpacked(os.path.join(emulated, "binary.zst")))
    start, size, count = struct.unpack_from("<Q14xHH", binary, 32)
    for i in range(count):
        kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", binary, start + i * size)
        if kind == 1 and flags == 4:  # PT_LOAD, PF_R
            for at in range(offset, offset + length, 4096):
                binary[at] ^= 1
    contents = {"other_constants": binary, "binary_old": unpacked(os.path.join(old, "binary.zst")).replace(b"go1.15.15", b"go1.14.15")}
    paths = {"core_emulated": glob.glob(os.path.join(emulated, "*.core.zst"))[0], "core_old": os.path.join(old, "crash.core.zst")}
    for name, data in contents.items():
        paths[name] = os.path.join(scratch, name)
        with open(paths[name], "wb") as file:
            file.write(data)
    return paths


def files(testdata, scratch):
    nilmap, service = os.path.join(testdata, "nilmap"), os.path.join(testdata, "service")
    paths = {
        "binary": os.path.join(nilmap, "go1.27-noopt", "binary.zst"),
        "core": os.path.join(nilmap, "go1.27-noopt", "crash.core.zst"),
        "other_build": os.path.join(nilmap, "go1.27-default", "binary.zst"),
        "other_binary": os.path.join(service, "go1.27-noopt", "binary.zst"),
        "other_core": os.path.join(service, "go1.27-noopt", "die.core.zst"),
    }
    for path in paths.values():
        if not os.path.exists(path):
            raise CheckFailed("%s is needed for this test" % path)
    for what in ("binary", "core"):
        plain = subprocess.run(["zstd", "-dqc", paths[what]], stdout=subprocess.PIPE, check=True).stdout[:1 << 20]
        for name, offset, value in (("32", 4, 1), ("big", 5, 2), ("riscv", 18, 243)):
            paths["%s_%s" % (what, name)] = os.path.join(scratch, "%s.%s" % (what, name))
            with open(paths["%s_%s" % (what, name)], "wb") as file:
                file.write(plain[:offset] + bytes([value]) + plain[offset + 1:])
    paths.update(altered_copies(testdata, scratch))
    for name in ("missing", "text", "empty", "directory", "cut"):
        paths[name] = os.path.join(scratch, name)
    with open(paths["text"], "w", encoding="ascii") as file:
        file.write("This is neither a core nor an executable.\n" * 100)
    open(paths["empty"], "w", encoding="ascii").close()
    os.mkdir(paths["directory"])
    with open(paths["core"], "rb") as whole, open(paths["cut"], "wb") as cut:
        cut.write(whole.read(64))
    return paths


def check_refusal(output, named, pattern):
    output.expect_status(1)
    if output.stdout:
        raise CheckFailed("standard output is not empty:\n%s" % output.stdout[:1000])
    if output.stderr.count("\n") != 1 or not output.stderr.endswith("\n"):
        raise CheckFailed("not one line on standard error:\n%s" % output.stderr)
    if not output.stderr.startswith("gocrash: "):
        raise CheckFailed("does not begin with the program's name: %s" % output.stderr)
    if named not in output.stderr:
        raise CheckFailed("does not name %s: %s" % (named, output.stderr))
    if not re.search(pattern, output.stderr.replace(named, ""), re.IGNORECASE):
        raise CheckFailed("does not say /%s/: %s" % (pattern, output.stderr))


# what the program is, the options of cc, its text, what the line must say
NOT_GO = [
    ("C, linked statically", ["-static"], "", r"not a Go program"),
    ("C", [], "", r"not a Go program"),
    ("of gccgo, by a name of its start", [], "void __go_init_main(void) {}", r"built by gccgo"),
    ("of TinyGo, by a name of its runtime", [], "void tinygo_scanCurrentStack(void) {}", r"built by TinyGo"),
]


def check_not_go(gocrash, scratch):
    """Cores of programs that are not the Go toolchain's: one sentence. Made here, where a compiler and cores are to be had."""
    compiler = shutil.which("cc")
    with open("/proc/sys/kernel/core_pattern") as file:
        pattern = file.read().strip()
    if not compiler or pattern != "core":
        return "not tried: cores of C programs (they need a compiler, and core_pattern 'core', which is '%s')" % pattern
    for name, options, text, said in NOT_GO:
        directory = tempfile.mkdtemp(dir=scratch)
        source, program = os.path.join(directory, "a.c"), os.path.join(directory, "a.out")
        with open(source, "w", encoding="ascii") as file:
            file.write("#include <stdlib.h>\n%s\nint main(void) { abort(); }\n" % text)
        subprocess.run([compiler] + options + ["-o", program, source], check=True)
        done = subprocess.run(["sh", "-c", "ulimit -c unlimited && exec ./a.out"], cwd=directory)
        cores = [file for file in os.listdir(directory) if file.startswith("core")]
        if done.returncode != -signal.SIGABRT or not cores:
            return "not tried: cores of C programs (none was left)"
        for operands in ([program, os.path.join(directory, cores[0])], [os.path.join(directory, cores[0])]):
            check_refusal(run([gocrash, "analyze"] + operands), program, said)
        print("ok    a core of a program %s" % name)
    return "%d programs that are not the Go toolchain's" % len(NOT_GO)


def check_forced(gocrash, paths):
    """--force reads another build's core; every line that comes of it is marked, and there is no verdict."""
    files = [paths["other_build"], paths["core"]]
    for command in (["analyze"], ["traceback"], ["goroutines"], ["threads"]):
        output = run([gocrash] + command + ["--force"] + files).expect_status(0)
        lines = [line for line in output.stdout.splitlines() if line]
        if not lines or any(not line.startswith("? ") for line in lines) or "is not the program" not in output.stderr:
            raise CheckFailed("%s --force: %r, %s" % (command[0], lines[:5], output.stderr))
    forced = json.loads(run([gocrash, "analyze", "--force", "--format", "json"] + files).expect_status(0).stdout)
    if forced["binary"]["matches_core"] != "no" or "cause" in forced["crash"]:
        raise CheckFailed("--force: %r, %r" % (forced["binary"], forced["crash"]))
    unforced = run([gocrash, "analyze", "--force", paths["binary"], paths["core"]]).expect_status(0)
    if any(line.startswith("?") for line in unforced.stdout.splitlines()):
        raise CheckFailed("--force marks the lines of the very build")


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    failed = []
    with tempfile.TemporaryDirectory() as scratch:
        paths = files(testdata, scratch)
        for name, words, named, pattern in CASES:
            output = run([gocrash, "analyze"] + [word.format(**paths) for word in words])
            try:
                check_refusal(output, named.format(**paths), pattern)
                print("ok    %s: %s" % (name, output.stderr.rstrip("\n")))
            except CheckFailed as failure:
                print("FAIL  %s: %s" % (name, failure))
                failed.append(name)
        steering = run([gocrash, "analyze", paths["binary"], os.path.join(scratch, "a\x1b[31m\nb")])
        check_refusal(steering, "a\\x1b[31m\\nb", "no such file")  # escaped: one line, no colour
        check_forced(gocrash, paths)
        not_go = check_not_go(gocrash, scratch)
    if failed:
        raise CheckFailed("%d of %d wrong" % (len(failed), len(CASES)))
    return "%d refusals; %s" % (len(CASES), not_go)


if __name__ == "__main__":
    main(check)
