"""Programs of a Go release that gocrash does not know: layouts from their DWARF, else the nearest release's, and a warning.

    unknown_release.py GOCRASH TESTDATA

There is no such release yet, so that copies of recorded binaries and cores say that they are of one: the version in both is
overwritten here. A copy of the newest release's must give the same report but for the version and one warning, with
DWARF and without. A copy of an older one's shows that the layouts do come from DWARF: the tables of the newest are wrong for
it, do not fit the core, and are refused.
"""
import json
import os
import sys
import tempfile

from common import CheckFailed, main, run
from debug_files import tool
from interfaces_stripped import plain_copy

NEWEST = "go1.27"


def rewrite(path, old, new):
    with open(path, "rb") as file:
        data = file.read()
    if old.encode() not in data:
        raise CheckFailed("%s is not in %s" % (old, path))
    with open(path, "wb") as file:
        file.write(data.replace(old.encode(), new.encode()))


def report(gocrash, binary, core):
    whole = json.loads(run([gocrash, "analyze", "--stable", "--format", "json", binary, core]).expect_status(0).stdout)
    return whole


def disguise(gocrash, testdata, build, scratch):
    """(binary, core, their true version, the report of what they are) with copies that say go1.3x."""
    directory = os.path.join(testdata, "nilmap", build)
    binary = plain_copy(os.path.join(directory, "binary.zst"), scratch, build + ".binary")
    core = plain_copy(os.path.join(directory, "crash.core.zst"), scratch, build + ".core")
    true = report(gocrash, binary, core)
    version = true["binary"]["go_version"]
    for path in (binary, core):
        rewrite(path, version, version.replace("go1.2", "go1.3", 1))
    return binary, core, version, true


def differences(true, disguised, version):
    """The parts that differ beyond the version."""
    text = json.dumps(disguised).replace(version.replace("go1.2", "go1.3", 1), version)
    disguised = json.loads(text)
    return [key for key in true if key not in ("binary", "core", "warnings") and true[key] != disguised.get(key)]


def check_warning(disguised, wanted):
    said = [text for text in disguised["warnings"] if "newer than %s, the newest release known" % NEWEST in text]
    if len(said) != 1 or wanted not in said[0]:
        raise CheckFailed("one warning with %r is wanted: %s" % (wanted, disguised["warnings"]))


def check_newest(gocrash, testdata, build, scratch):
    binary, core, version, true = disguise(gocrash, testdata, build, scratch)
    disguised = report(gocrash, binary, core)
    check_warning(disguised, "those of its DWARF")
    wrong = differences(true, disguised, version)
    stripped = binary + ".stripped"
    tool("strip", "-s", "-o", stripped, binary)
    bare = report(gocrash, stripped, core)
    check_warning(bare, "the layouts of %s are used" % NEWEST)
    if wrong or [g["id"] for g in bare["goroutines"]] != [g["id"] for g in true["goroutines"]]:
        raise CheckFailed("%s: %s differ" % (build, wrong or "without DWARF the goroutines"))


def check_older(gocrash, testdata, build, scratch):
    """Of what the tables of the newest release would spoil: the goroutines and the places where they stand."""
    binary, core, _, true = disguise(gocrash, testdata, build, scratch)
    disguised = report(gocrash, binary, core)
    check_warning(disguised, "those of its DWARF")

    def places(whole):
        return [(g["id"], g["status"], [(f["function"], f.get("pc"), f.get("line")) for f in g["frames"]])
                for g in whole["goroutines"]]

    if places(disguised) != places(true) or disguised["crash"]["class"] != true["crash"]["class"]:
        raise CheckFailed("%s: the goroutines are not those of the true release" % build)
    stripped = binary + ".stripped"
    tool("strip", "-s", "-o", stripped, binary)
    output = run([gocrash, "analyze", "--stable", "--format", "json", stripped, core]).expect_status(1)
    if "do not fit the core" not in output.stderr or "--debug-file" not in output.stderr:
        raise CheckFailed("%s: layouts that do not fit: %s" % (build, output.stderr))
    disguised = json.loads(run([gocrash, "analyze", "--stable", "--format", "json", "--debug-file", binary, stripped,
                                core]).expect_status(0).stdout)
    if places(disguised) != places(true):
        raise CheckFailed("%s: the debug information given does not tell the layouts" % build)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    with tempfile.TemporaryDirectory() as scratch:
        for build in ("go1.27-noopt", "go1.27-default"):
            check_newest(gocrash, testdata, build, scratch)
        for build in ("go1.24-noopt", "go1.23-default", "go1.25-default"):
            check_older(gocrash, testdata, build, scratch)
    return "5 binaries of a release that nobody knows"


if __name__ == "__main__":
    main(check)
