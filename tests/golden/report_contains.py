"""Runs a command and looks for lines in what it prints.

    report_contains.py [--status N] {--line TEXT | --part TEXT | --absent TEXT}… -- COMMAND…

--line: a whole line, --part: a piece of one; they must come in the order given. --absent: in no line. Blanks at the ends
do not count, and those inside count as one, so that a column may move.
"""
import argparse

from common import CheckFailed, main, run


def collapse(line):
    return " ".join(line.split())


def check_contains(printed, wanted, absent):
    """wanted: pairs of "line" or "part" and its text."""
    lines = [collapse(line) for line in printed.split("\n")]
    position = 0
    for kind, text in wanted:
        text = collapse(text)
        found = next((i for i in range(position, len(lines))
                      if (lines[i] == text if kind == "line" else text in lines[i])), None)
        if found is None:
            elsewhere = any(text in line for line in lines[:position])
            raise CheckFailed("%s: %s\n%s, in:\n%s" % (kind, text, "only before the one asked for earlier" if elsewhere
                                                       else "not printed", printed))
        # several parts may be of one line, as long as they are named in order
        position = found + 1 if kind == "line" else found
    for text in absent:
        line = next((line for line in lines if collapse(text) in line), None)
        if line is not None:
            raise CheckFailed("%s\nshould not be printed, but is: %s" % (text, line))
    return "%d texts found, %d absent" % (len(wanted), len(absent))


class Wanted(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        namespace.wanted.append((option_string.lstrip("-"), values))


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("--line", "--part", action=Wanted, dest="wanted", default=[])
    parser.add_argument("--absent", action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args(arguments)
    if not options.wanted:
        raise CheckFailed("no --line and no --part: nothing would be checked")
    output = run(options.command).expect_status(options.status)
    return check_contains(output.stdout + output.stderr, options.wanted, options.absent)


if __name__ == "__main__":
    main(check)
