"""What is said of source on this host that is not, or may not be, what the program was built from.

    source_notes.py GOCRASH TESTDATA

The source beside the recording of nilmap stands for the recorded one by --source-map; then it is made newer, shorter,
or other in the line that the crash names.
"""
import json
import os
import re
import shutil
import sys
import tempfile

from common import CheckFailed, main, run

RECORDED = "/tmp/gocrash-record/nilmap"


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = map(os.path.abspath, arguments)
    recording = os.path.join(testdata, "nilmap", "go1.27-noopt")
    with open(os.path.join(testdata, "nilmap", "src", "main.go"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    number = next(i for i, line in enumerate(lines, 1) if "user.Name" in line)
    with tempfile.TemporaryDirectory() as scratch:
        files = [os.path.join(scratch, name) for name in ("binary.zst", "crash.core.zst")]
        for path in files:
            shutil.copy(os.path.join(recording, os.path.basename(path)), path)
        os.utime(files[0], (2_000_000_000, 2_000_000_000))
        source = os.path.join(scratch, "main.go")

        def report(text, modified, form):
            with open(source, "w", encoding="utf-8") as file:
                file.write("\n".join(text))
            os.utime(source, (modified, modified))
            return run([gocrash, "analyze", "--format", form, "--source-map", "%s=%s" % (RECORDED, scratch)] + files).expect_status(0).stdout

        def other(line):
            return lines[:number - 1] + [line] + lines[number:]

        shown = re.compile(r"^ *> +%d +%s$" % (number, re.escape(lines[number - 1].strip())), re.MULTILINE)
        cases = [
            ("as it was built", lines, 1_000_000_000, True, None),
            ("newer", lines, 2_100_000_000, True, "is newer than the executable"),
            ("cut", lines[:5] + [""], 1_000_000_000, False, "has only 5 lines"),
            ("a comment", other("\t// user.Name was read here"), 1_000_000_000, False, "line %d of .*main.go has no code" % number),
            ("empty", other(""), 1_000_000_000, False, "line %d of .*main.go has no code" % number),
            ("package", other("package other"), 1_000_000_000, False, "line %d of .*main.go has no code" % number),
        ]
        for name, text, modified, is_shown, note in cases:
            printed = report(text, modified, "text")
            if bool(shown.search(printed)) != is_shown:
                raise CheckFailed("%s: the line is%s shown:\n%s" % (name, " not" if is_shown else "", printed))
            if note and not re.search(note, printed):
                raise CheckFailed("%s: nothing like %r is said:\n%s" % (name, note, printed))
            if not note and ("has no code" in printed or "is newer" in printed or "has only" in printed):
                raise CheckFailed("%s: the file is doubted:\n%s" % (name, printed))
            json.loads(report(text, modified, "json"))
        return "%d files" % (len(cases) + check_calls(gocrash, scratch, files))


def check_calls(gocrash, scratch, files):
    """The line of a frame that called another must be able to hold a call: of runtime.main, which called main.main."""
    whole = json.loads(run([gocrash, "analyze", "--stable", "--format", "json"] + files).expect_status(0).stdout)
    crashed = next(g for g in whole["goroutines"] if g["id"] == whole["crash"]["goroutine"])
    index, frame = next((i, f) for i, f in enumerate(crashed["frames"]) if f["function"] == "runtime.main")
    directory, name = os.path.split(frame["file"])
    cases = {"fn()": False, "x++": True, "}": False, "return": False, "for v := range sequence {": False, "y := a[i].b": True}
    for line, is_doubted in cases.items():
        path = os.path.join(scratch, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("\t\n" * (frame["line"] - 1) + "\t" + line + "\n")
        os.utime(path, (1_000_000_000, 1_000_000_000))
        listed = run([gocrash, "list", "-f", str(index), "--source-map", "%s=%s" % (directory, scratch)] + files)
        if ("has no call, and main.main was called there" in listed.stdout + listed.stderr) != is_doubted:
            raise CheckFailed("%r: it is%s doubted that it can hold a call: %s%s" % (line, " not" if is_doubted else "", listed.stdout, listed.stderr))
    return len(cases)


if __name__ == "__main__":
    main(check)
