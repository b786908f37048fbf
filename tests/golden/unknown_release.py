"""Programs of a Go release that gocrash does not know: layouts from their DWARF, else the nearest release's, and a warning.

    unknown_release.py GOCRASH TESTDATA

There is no such release yet, so that copies of recorded binaries and cores say that they are of one: the version in both is
overwritten here. A copy of the newest release's must give the same report but for the version and one warning, with
DWARF and without. Copies of the one before it show that the layouts do come from DWARF: the tables of the newest are wrong for
it. Where the runtime's functions are those of a known release, the version is not believed: copies that claim another, or none
that can be read, must give the same report with and without symbols, and say what it was chosen by.
"""
import json
import os
import sys
import tempfile

from common import CheckFailed, main, run
from debug_files import tool
from interfaces_stripped import plain_copy

NEWEST = "go1.27"
MARKS = [  # names of the runtime's that tell the release, two of each from 1.17 on
    "osyield_no_g", "usleep_no_g", "allGsSnapshot", "(*moduledata).textAddr", "(*scavengerState).park",
    "(*gcCPULimiterState).updateLocked", "(*m).becomeSpinning", "runExitHooks", "(*unwinder).next", "doInit1",
    "(*_panic).nextFrame", "mrandinit", "(*timer).unlockAndRun", "mProfStackInit", "mallocgcSmallNoscan",
    "mutexPreferLowLatency",
]
FALSE_CLAIMS = [  # all as long as the true version or shorter
    ("go1.15-default", ["go1.27.1", "go1.16.3", "unknown"]),
    ("go1.19-noopt", ["go1.18", "go1.20", "go1.24", "unknown"]),
    ("go1.23-default", ["go1.22.3", "go1.24.1", "go1.31.0"]),
    ("go1.24-default", ["go1.23.8", "go1.25.1", "unknown"]),
    ("go1.27-noopt", ["go1.26.1", "go1.15.1", "unknown"]),
]


def rewrite(path, old, new, required=True):
    with open(path, "rb") as file:
        data = file.read()
    if required and old.encode() not in data:
        raise CheckFailed("%s is not in %s" % (old, path))
    with open(path, "wb") as file:
        file.write(data.replace(old.encode(), new.encode()))


def report(gocrash, *words):
    return json.loads(run([gocrash, "analyze", "--stable", "--format", "json", *words]).expect_status(0).stdout)


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


def places(whole):
    return [(g["id"], g["status"], [(f["function"], f.get("pc"), f.get("line")) for f in g["frames"]])
            for g in whole["goroutines"]]


def check_older(gocrash, testdata, build, scratch):
    """Of what the tables of the newest release would spoil: the goroutines and the places where they stand."""
    binary, core, _, true = disguise(gocrash, testdata, build, scratch)
    disguised = report(gocrash, binary, core)
    check_warning(disguised, "those of its DWARF")
    if places(disguised) != places(true) or disguised["crash"]["class"] != true["crash"]["class"]:
        raise CheckFailed("%s: the goroutines are not those of the true release" % build)
    stripped = binary + ".stripped"
    tool("strip", "-s", "-o", stripped, binary)
    disguised = report(gocrash, "--debug-file", binary, stripped, core)
    if places(disguised) != places(true):
        raise CheckFailed("%s: the debug information given does not tell the layouts" % build)


def check_refused(gocrash, testdata, build, scratch):
    """Without DWARF and without names that tell the release, the tables of the newest do not fit the core, which is noticed."""
    binary, core, version, _ = disguise(gocrash, testdata, build, scratch)
    tool("strip", "-s", binary)
    for path in (binary, core):
        for name in MARKS[:2 * (int(version.split(".")[1]) - 16)]:
            rewrite(path, "\0runtime.%s\0" % name, "\0runtime.%s\0" % ("?" * len(name)), False)
    output = run([gocrash, "analyze", "--stable", "--format", "json", binary, core]).expect_status(1)
    if "do not fit the core" not in output.stderr or "--debug-file" not in output.stderr:
        raise CheckFailed("%s: layouts that do not fit: %s" % (build, output.stderr))


def check_false(gocrash, testdata, build, claims, scratch):
    """A binary that claims to be of another release, with its symbols and without."""
    directory = os.path.join(testdata, "nilmap", build)
    for claim in claims:
        binary = plain_copy(os.path.join(directory, "binary.zst"), scratch, build + ".false")
        core = plain_copy(os.path.join(directory, "crash.core.zst"), scratch, build + ".core")
        true = report(gocrash, binary, core)
        version = true["binary"]["go_version"]
        minor = version.split(".")[1]
        for path in (binary, core):  # some cores hold no copy of it
            rewrite(path, version, claim.ljust(len(version), "!"), path == binary)
        stripped = binary + ".stripped"
        tool("strip", "-s", "-o", stripped, binary)
        for path in (binary, stripped):
            false = report(gocrash, path, core)
            said = [text for text in false["warnings"] if "the binary says of itself that it was built by" in text]
            if len(said) != 1 or not said[0].endswith("as in go1." + minor) and "the layouts of go1." + minor not in said[0]:
                raise CheckFailed("%s as %s: %s" % (build, claim, false["warnings"]))
            if places(false) != places(true) or false["crash"]["message"] != true["crash"]["message"]:
                raise CheckFailed("%s as %s: not the report of its true release" % (build, claim))


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    with tempfile.TemporaryDirectory() as scratch:
        for build in ("go1.27-noopt", "go1.27-default"):
            check_newest(gocrash, testdata, build, scratch)
        for build in ("go1.26-noopt",):
            check_older(gocrash, testdata, build, scratch)
        check_refused(gocrash, testdata, "go1.24-noopt", scratch)
        for build, claims in FALSE_CLAIMS:
            check_false(gocrash, testdata, build, claims, scratch)
    return "4 binaries of a release that nobody knows, %d that claim a false one" % sum(len(claims) for _, claims in FALSE_CLAIMS)


if __name__ == "__main__":
    main(check)
