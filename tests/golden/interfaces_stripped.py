"""Holds the value in every interface variable, read without DWARF, against the same value read with it.

    interfaces_stripped.py GOCRASH BINARY CORE

The binary's debug sections are removed here (strip -g); an interface's dynamic type then comes from the runtime's own type
descriptors. Fails if fewer than 20 interfaces were compared: the program `values` has more.
"""
import json
import os
import subprocess
import sys
import tempfile

from common import CheckFailed, main, run, strip

FEWEST = 20


def interfaces(report):
    """(name, type, address, text) of the interface variables of the crashed goroutine that lie in memory."""
    crashed = next(g for g in report["goroutines"] if g["id"] == report["crash"]["goroutine"])
    for frame in crashed["frames"]:
        for value in frame.get("args", []) + frame.get("locals", []):
            if value.get("kind") == "interface" and "address" in value and "unreadable" not in value:
                yield value["name"], value["type"], value["address"], value["text"]


def plain_copy(path, directory, name):
    target = os.path.join(directory, name)
    if path.endswith(".zst"):
        subprocess.run(["zstd", "-dqf", path, "-o", target], check=True)
    else:
        subprocess.run(["cp", path, target], check=True)
    return target


def check(argv):
    if len(argv) != 3:
        sys.exit(__doc__)
    gocrash, binary, core = argv
    report = json.loads(run([gocrash, "analyze", "--format", "json", binary, core]).expect_status(0).stdout)
    wanted = list(interfaces(report))
    if len(wanted) < FEWEST:
        raise CheckFailed("only %d interfaces found" % len(wanted))
    with tempfile.TemporaryDirectory() as directory:
        stripped = os.path.join(directory, "stripped")
        strip(plain_copy(binary, directory, "plain"), stripped, "-g")
        # An interface without methods holds its type, one with methods an itab: error stands for all of these.
        words = ["interface {}" if t in ("interface {}", "any", "atomic.Value") else "error" for _, t, _, _ in wanted]
        expressions = ["*(*%s)(%s)" % (word, address) for word, (_, _, address, _) in zip(words, wanted)]
        output = run([gocrash, "print", stripped, core] + expressions)
    lines = output.stdout.split("\n")
    wrong = ["%s %s\n  with DWARF    %s\n  without       %s" % (name, t, text, line)
             for (name, t, _, text), expression, line in zip(wanted, expressions, lines)
             if line != "%s = %s" % (expression, text)]
    if wrong or len(lines) != len(wanted) + 1:
        raise CheckFailed("%d of %d differ\n%s\n%s" % (len(wrong), len(wanted), "\n".join(wrong[:8]), output.stderr[:500]))
    return "%d interfaces equal" % len(wanted)


if __name__ == "__main__":
    main(check)
