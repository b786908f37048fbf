"""With --stable the same input gives the same bytes, wherever it lies and from wherever gocrash is run.

    stable.py GOCRASH TESTDATA
"""
import os
import shutil
import sys
import tempfile

from common import CheckFailed, diff, main, run

FORMATS = ("text", "json", "markdown")


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = map(os.path.abspath, arguments)
    recording = os.path.join(testdata, "nilmap", "go1.27-noopt")
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("binary.zst", "crash.core.zst"):
            shutil.copy(os.path.join(recording, name), scratch)
        for form in FORMATS:
            command = [gocrash, "analyze", "--stable", "--format", form]
            there = run(command + [os.path.join(recording, name) for name in ("binary.zst", "crash.core.zst")])
            here = run(command + ["binary.zst", "crash.core.zst"], cwd=scratch)
            one, other = there.expect_status(0).stdout, here.expect_status(0).stdout
            if one != other:
                raise CheckFailed("%s differs\n%s" % (form, diff(one.split("\n"), other.split("\n"))))
            if testdata in one:
                raise CheckFailed("%s names a directory of this host:\n%s" % (form, one))
    return "%d formats" % len(FORMATS)


if __name__ == "__main__":
    main(check)
