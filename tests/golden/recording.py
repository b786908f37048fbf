"""Checks one recorded core of testdata, or of the cache that scripts/record --matrix fills.

    recording.py GOCRASH SCHEMA RECORDINGS DIRECTORY SCENARIO {traceback | json | text | values}

RECORDINGS is the file testdata/<program>/recordings, which also says what is expected:

    expect SCENARIO BUILD-PATTERN json PATH=VALUE | PATH~REGEXP    a fact of the JSON report (json_valid.py)
    expect SCENARIO BUILD-PATTERN line | part | absent TEXT        a line of the text report (report_contains.py)
    exempt-running                                                 see traceback_equal.py
    printed                                                        its standard output lists its variables (values_equal.py)

That binary.go_version is the release in the build's name is checked of all.

A core of a living process has no death to compare with: its traceback need only be one.
"""
import fnmatch
import os
import re
import sys

from common import CheckFailed, main, read_text, run
from json_valid import check_json, load_validator
from report_contains import check_contains
from traceback_equal import HEADING, check_traceback
from values_equal import check_values


class Recordings:
    """The file `recordings` of one program."""

    def __init__(self, path):
        self.how, self.expected, self.exempt_running, self.printed = {}, [], False, False
        for line in read_text(path).split("\n"):
            words = line.split(None, 4)
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("scenario", "extra"):
                self.how[words[1]] = words[2]
            elif words[0] == "exempt-running":
                self.exempt_running = True
            elif words[0] == "printed":
                self.printed = True
            elif words[0] == "expect" and len(words) == 5 and words[3] in ("json", "line", "part", "absent"):
                self.expected.append(words[1:])
            elif words[0] != "keep":
                raise CheckFailed("%s: cannot make sense of: %s" % (path, line))

    def expectations(self, scenario, build, *kinds):
        return [(kind, text) for of_scenario, pattern, kind, text in self.expected
                if of_scenario == scenario and kind in kinds and fnmatch.fnmatchcase(build, pattern)]


def find(path):
    """Plain in a cache, compressed in the tree."""
    for name in (path, path + ".zst"):
        if os.path.exists(name):
            return name
    raise CheckFailed("there is no %s" % path)


def check_recording(gocrash, schema, recordings, directory, scenario, what):
    build = os.path.basename(os.path.normpath(directory))
    binary, core = find(os.path.join(directory, "binary")), find(os.path.join(directory, scenario + ".core"))
    if what == "traceback":
        if recordings.how[scenario] == "gcore":
            return check_living(gocrash, binary, core)
        stderr = os.path.join(directory, scenario + ".stderr.txt")
        return check_traceback(gocrash, binary, core, stderr, recordings.exempt_running)
    if what == "json":
        facts = [text for _, text in recordings.expectations(scenario, build, "json")]
        if not facts:
            raise CheckFailed("no facts are known of %s %s" % (build, scenario))
        facts.append(r"binary.go_version~^%s(\.|$)" % re.escape(build.split("-")[0]))
        return check_json(gocrash, load_validator(schema), binary, core, facts)
    if what == "text":
        wanted = recordings.expectations(scenario, build, "line", "part")
        if not wanted:
            raise CheckFailed("no lines are known of %s %s" % (build, scenario))
        absent = [text for _, text in recordings.expectations(scenario, build, "absent")]
        output = run([gocrash, "analyze", binary, core]).expect_status(0)
        if output.stderr:
            raise CheckFailed("standard error is not empty:\n%s" % output.stderr)
        for expected in wanted:  # one by one, in whatever order they are printed
            check_contains(output.stdout, [expected], absent)
        return "%d texts found, %d absent" % (len(wanted), len(absent))
    if what == "values":
        printed = os.path.join(directory, scenario + ".stdout.txt")
        return check_values(gocrash, binary, core, printed, optimized=build.endswith("-default"))
    raise CheckFailed("unknown check %s" % what)


def check_living(gocrash, binary, core):
    printed = run([gocrash, "traceback", binary, core]).expect_status(0).stdout
    goroutines = sum(bool(HEADING.match(line)) for line in printed.split("\n"))
    if not goroutines:
        raise CheckFailed("no goroutine in:\n%s" % printed[:2000])
    return "%d goroutines of a living process" % goroutines


def check(arguments):
    if len(arguments) != 6:
        sys.exit(__doc__)
    gocrash, schema, recordings, directory, scenario, what = arguments
    return check_recording(gocrash, schema, Recordings(recordings), directory, scenario, what)


if __name__ == "__main__":
    main(check)
