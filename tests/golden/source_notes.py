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
    return "%d files" % len(cases)


if __name__ == "__main__":
    main(check)
