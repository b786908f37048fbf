"""Compares the variables that gocrash reads with what the program printed of them before it died.

    values_equal.py [--optimized] [--older] GOCRASH BINARY CORE PRINTED

The program prints a line NAME<TAB>TYPE<TAB>VALUE for each variable, in the words of the report; a duration that it cannot know
is written as the bounds between which it must lie, {{30ms to 60s}}. Every line must be found
among the variables of the crashed goroutine's frames. --optimized: a variable may be unreadable, or gone from its frame, but
none may have another value, unless the report says that it is of an earlier time ("provenance"); how many are unreadable or
marked is printed. --older: the program has variables whose value optimised code no longer knows; some must be read all the
same, and some marked ones must differ.
"""
import argparse
import json
import re

from common import CheckFailed, main, read_text, run

MAX_SHOWN = 12


def printed_lines(text):
    lines = [line.split("\t") for line in text.split("\n")]
    return [tuple(line) for line in lines if len(line) == 3 and line[0] and line[1]]


def variables(report):
    """Every variable of the crashed goroutine by name: a list of (type, text or None, frame's function,
    provenance or None)."""
    crashed = next(g for g in report["goroutines"] if g["id"] == report["crash"]["goroutine"])
    found = {}
    for frame in crashed["frames"]:
        for value in frame.get("args", []) + frame.get("locals", []):
            name = value.get("name", "") + (" (shadowed)" if value.get("shadowed") else "")
            found.setdefault(name, []).append(
                (value["type"], None if "unreadable" in value else value.get("text"), frame["function"],
                 value.get("provenance")))
    return found


BOUNDS = re.compile(r"\{\{(\S+) to (\S+)\}\}")
DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|µs|ns)")
UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}


def seconds(duration):
    return sum(float(number) * UNITS[unit] for number, unit in DURATION_PART.findall(duration))


def is_text(text, printed):
    """Whether the report's text is what the program printed, of which durations may be given by bounds."""
    parts = BOUNDS.split(printed)
    if len(parts) == 1 or text is None:
        return text == printed
    match = re.fullmatch(r"([0-9a-zµ.]+)".join(map(re.escape, parts[::3])), text)
    return match is not None and all(
        seconds(low) <= seconds(found) <= seconds(high)
        for found, low, high in zip(match.groups(), parts[1::3], parts[2::3]))


GONE = "<optimized out here>"
NOT_KNOWN = " (what it captured is not known)"


def is_unknown(text, printed):
    """The report says that it does not know the value, or what a closure captured, or knows a part, which is right."""
    if text is None:
        return True
    if GONE not in text and NOT_KNOWN not in text:
        return False
    if text[0] == "{" and printed[0] != "{":  # by its fields, for some are gone from which its words are made
        return True
    parts = [re.escape(part) for part in text.replace(NOT_KNOWN, GONE).split(GONE)]
    return re.fullmatch(".*".join(parts), printed) is not None


def check(report, printed, optimized):
    """Returns (equal ones, those of them that are marked, unreadable ones, marked ones that differ, wrong ones)."""
    found = variables(report)
    wrong, missing, equal, marked, older = [], [], 0, 0, 0
    for name, type_name, text in printed:
        candidates = found.get(name, [])
        same = [c for c in candidates if c[0] == type_name and is_text(c[1], text)]
        if same:
            equal += 1
            marked += all(c[3] is not None for c in same)
        elif optimized and any(c[1] is not None and c[3] is not None for c in candidates):
            older += 1
        elif not candidates or (optimized and any(is_unknown(c[1], text) for c in candidates)):
            missing.append("%s %s = %s" % (name, type_name, text))
        else:
            wrong.append("%s\n  printed %s = %s\n%s" % (name, type_name, text, "\n".join(
                "  read    %s = %s in %s (%s)" % c for c in candidates)))
    return equal, marked, missing, older, wrong


def check_values(gocrash, binary, core, printed_path, optimized, has_older=False):
    printed = printed_lines(read_text(printed_path))
    # fewer would mean that the program no longer prints what this holds the report against
    if len(printed) < (40 if has_older else 100):
        raise CheckFailed("only %d variables in %s" % (len(printed), printed_path))
    output = run([gocrash, "analyze", "--no-redact", "--format", "json", binary, core]).expect_status(0)
    equal, marked, missing, older, wrong = check(json.loads(output.stdout), printed, optimized)
    problems = wrong if optimized else wrong + missing
    summary = "%d of %d variables equal, %d of them marked as of earlier; %d unreadable or gone, %d of earlier differ, %d wrong" % (
        equal, len(printed), marked, len(missing), older, len(wrong))
    if has_older and optimized and (equal - marked < 4 or older < 10):
        problems.append("fewer than 4 are the variables' own, or fewer than 10 differ")
    if problems or not equal:
        raise CheckFailed(summary + "\n" + "\n".join(problems[:MAX_SHOWN]))
    return summary


def run_check(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--optimized", action="store_true")
    parser.add_argument("--older", action="store_true")
    for name in ("gocrash", "binary", "core", "printed"):
        parser.add_argument(name)
    args = parser.parse_args(argv)
    return check_values(args.gocrash, args.binary, args.core, args.printed, args.optimized, args.older)


if __name__ == "__main__":
    main(run_check)
