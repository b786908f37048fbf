"""The same bytes come out whatever the number of threads, and the same groups whether goroutines are described or not.

    threads.py GOCRASH TESTDATA
"""
import json
import os
import sys

from common import CheckFailed, diff, main, run

RECORDINGS = ("service/go1.27-noopt/late", "service/go1.27-default/die")
COMMANDS = (("analyze",), ("analyze", "--format", "json"), ("goroutines", "--group"), ("goroutines",), ("traceback",),
            ("traceback", "--level", "single"))


def output(gocrash, command, files, processors):
    """What is printed by a process that may run on so many processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(before)[:processors]))
    try:
        return run([gocrash, *command, *files]).expect_status(0).stdout
    finally:
        os.sched_setaffinity(0, before)


def check_recording(gocrash, testdata, recording):
    directory, scenario = os.path.split(recording)
    files = [os.path.join(testdata, directory, name) for name in ("binary.zst", scenario + ".core.zst")]
    for command in COMMANDS:
        one, all_of_them = (output(gocrash, command, files, count) for count in (1, None))
        if one != all_of_them:
            raise CheckFailed("%s: %s\n%s" % (recording, " ".join(command), diff(one.split("\n"), all_of_them.split("\n"))))
    described = json.loads(output(gocrash, ("analyze", "--format", "json"), files, None))["groups"]
    counted = json.loads(output(gocrash, ("goroutines", "--group", "--format", "json"), files, None))["groups"]
    if described != counted:
        raise CheckFailed("%s: groups\n%s" % (recording, diff(*(json.dumps(groups, indent=1).split("\n") for groups in (described, counted)))))
    if sum(group["count"] for group in counted) < 20:
        raise CheckFailed("%s has too few goroutines to need a second thread" % recording)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    for recording in RECORDINGS:
        check_recording(*arguments, recording)
    return "%d commands on %d recordings" % (len(COMMANDS), len(RECORDINGS))


if __name__ == "__main__":
    main(check)
