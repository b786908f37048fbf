"""Counts, on one core of the program `values`, what gocrash and Delve read of the variables that the program printed.

    delve_values.py GOCRASH DLV BINARY CORE PRINTED

A value that Delve alone gives is shown beside what the program printed, so that it can be judged: Delve also reads registers
and stack slots that no longer hold the variable. Fails if gocrash leaves more unread than Delve leaves unread or reads wrongly,
counting as wrong only those of Delve's slices that are empty where the program's was not, numbers that are others, and the like.
"""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))
from common import CheckFailed, main, read_text, run
from values_equal import is_unknown, printed_lines, variables

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
FRAME = re.compile(r"\s*\d+\s+0x[0-9a-f]+ in (.+)$")
VARIABLE = re.compile(r"        (\S+) = (.*)$")
EMPTY = re.compile(r"len: 0, cap: \d+, \[\]$|^interface \{\} nil$|nil$")
NUMBER = re.compile(r"-?\d+(\.\d+)?$")


COMPOSITE = ("[", "map[", "*", "chan ", "<-chan ", "chan<- ", "func(", "interface", "struct")


def may_be(type_name, value):
    """Whether what Delve prints of a variable can be of that type: several variables may have one name."""
    if value[0] == '"' or NUMBER.match(value):
        return not type_name.startswith(COMPOSITE)
    head = value.split(" ", 1)[0]
    return not head.startswith(("main.", "[", "map[")) or value.startswith(type_name)


def delve_variables(dlv, binary, core):
    """Name → what Delve prints of the variables so named in frames of package main."""
    with tempfile.NamedTemporaryFile("w", suffix=".init") as script:
        script.write("stack 400 -full\nexit\n")
        script.flush()
        output = subprocess.run([dlv, "core", binary, core, "--check-go-version=false", "--init", script.name,
                                 "--allow-non-terminal-interactive=true"], capture_output=True, check=False)
    found, function = {}, ""
    for line in ESCAPES.sub("", output.stdout.decode(errors="replace")).split("\n"):
        frame, variable = FRAME.match(line), VARIABLE.match(line)
        if frame:
            function = frame.group(1)
        elif variable and function.startswith("main.") and "(unreadable" not in variable.group(2):
            found.setdefault(variable.group(1), []).append(variable.group(2))
    if not found:
        raise CheckFailed("Delve printed no variable:\n%s" % output.stderr.decode(errors="replace")[:1000])
    return found


def check(argv):
    if len(argv) != 5:
        sys.exit(__doc__)
    gocrash, dlv, binary, core, printed = argv
    report = json.loads(run([gocrash, "analyze", "--no-redact", "--format", "json", binary, core]).expect_status(0).stdout)
    mine, theirs, lines = variables(report), delve_variables(dlv, binary, core), printed_lines(read_text(printed))
    unread, delve_read, delve_wrong, only = 0, 0, 0, []
    for name, type_name, text in lines:
        plain = name.replace(" (shadowed)", "")
        equal = (type_name, text) in [c[:2] for c in mine.get(name, []) if not is_unknown(c[1], text)]
        values = [v for v in theirs.get(plain, []) if may_be(type_name, v)]
        unread += not equal
        delve_read += bool(values)
        if values and not equal:
            wrong = bool(EMPTY.search(values[0])) and text not in ("nil", "[]", "{}")
            wrong = wrong or bool(NUMBER.match(values[0])) and text not in values
            delve_wrong += wrong
            only.append("%s %s: printed %s, Delve %s%s" % (name, type_name, text[:60], values[0][:60],
                                                          " (wrong)" if wrong else ""))
    summary = "%d printed; unread by gocrash %d; by Delve %d unread, %d wrong\n%s" % (
        len(lines), unread, len(lines) - delve_read, delve_wrong, "\n".join(only))
    if unread > len(lines) - delve_read + delve_wrong:
        raise CheckFailed(summary)
    return summary


if __name__ == "__main__":
    main(check)
