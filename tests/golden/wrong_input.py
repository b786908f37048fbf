"""What gocrash says to files that it cannot analyse: one clear line on standard error, nothing else, exit status 1.

    wrong_input.py GOCRASH TESTDATA
"""
import json
import os
import re
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
    ("a program that is not Go's", ["/bin/true", "{core}"], "/bin/true", r"."),
    ("a compressed file that is cut", ["{binary}", "{cut}"], "{cut}", r"."),
    ("more than --max-core-size", ["--max-core-size", "1M", "{binary}", "{core}"], "{core}", r"more than 1048576 bytes; --max-core-size"),
    ("a text file alone", ["{text}"], "{text}", r"core"),
    ("a missing file alone", ["{missing}"], "{missing}", r"no such file"),
]


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
        check_forced(gocrash, paths)
    if failed:
        raise CheckFailed("%d of %d wrong" % (len(failed), len(CASES)))
    return "%d refusals" % len(CASES)


if __name__ == "__main__":
    main(check)
