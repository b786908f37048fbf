"""Compares everything that gocrash prints on standard output with a file.

    golden.py [--cwd DIR] [--status N] GOCRASH EXPECTED -- ARGUMENT…

With UPDATE_GOLDEN=1 in the environment the file is written instead, for review in the diff.
"""
import argparse
import os

from common import CheckFailed, diff, main, read_text, run


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cwd", help="run here, so that the paths printed are the same everywhere")
    parser.add_argument("--status", type=int, default=0)
    parser.add_argument("gocrash", type=os.path.abspath)
    parser.add_argument("expected")
    parser.add_argument("arguments", nargs="+")
    options = parser.parse_args(arguments)
    printed = run([options.gocrash] + options.arguments, cwd=options.cwd).expect_status(options.status).stdout
    if not printed:
        raise CheckFailed("nothing was printed")
    if os.environ.get("UPDATE_GOLDEN") == "1":
        with open(options.expected, "wb") as file:
            file.write(printed.encode("utf-8", "surrogateescape"))
        return "%s written" % options.expected
    if not os.path.exists(options.expected):
        raise CheckFailed("%s does not exist; UPDATE_GOLDEN=1 writes it" % options.expected)
    expected = read_text(options.expected)
    if printed != expected:
        raise CheckFailed("%s differs (UPDATE_GOLDEN=1 rewrites it)\n%s"
                          % (options.expected, diff(expected.split("\n"), printed.split("\n"), limit=200)))
    return "%d lines equal" % printed.count("\n")


if __name__ == "__main__":
    main(check)
