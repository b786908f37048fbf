"""Checks one recorded core of testdata, or of the cache that scripts/record --matrix fills.

    recording.py GOCRASH SCHEMA RECORDINGS DIRECTORY SCENARIO {traceback | json | text | values | interfaces | cuts | stripped}

RECORDINGS is the file testdata/<program>/recordings, which also says what is expected:

    expect SCENARIO BUILD-PATTERN json PATH=VALUE | PATH~REGEXP    a fact of the JSON report (json_valid.py)
    expect SCENARIO BUILD-PATTERN line | part | absent TEXT        a line of the text report (report_contains.py)
    death SCENARIO KIND CLASS FUNCTION                             crash.kind, crash.class, and the function of the frame to
                                                                   look at first (a pattern; -: no goroutine died; *: any),
                                                                   in every build. The message and the goroutine that died
                                                                   must be those that the program printed.
                                                                   A BUILD-PATTERN may end in !PATTERN: but for those, as
                                                                   what needs DWARF is not of `trimmed` builds
    exempt-running [SCENARIO…]                                     of these or of all: see traceback_equal.py
    printed                                                        its standard output lists its variables (values_equal.py)
    printed older                                                  the same, of variables that optimised code leaves behind
    printed expressions                                            … lists Go expressions (expressions_equal.py)
    circles                                                        its standard error lists goroutines that wait for one another,
                                                                   "circle NAME ID…": the findings `deadlock` are these, no more

That binary.go_version is the release in the build's name is checked of all.

A core of a living process, or of one that died in silence, has no death to compare with: its traceback need only be one.
"""
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

import cut_memory
import interfaces_stripped
from common import CheckFailed, diff, main, read_text, run, strip
from expressions_equal import check_expressions
from json_valid import check_json, load_validator, look_up
from report_contains import check_contains
from traceback_equal import HEADING, Traceback, check_traceback, escaped, without_others
from values_equal import check_values


def libraries_of(build):
    """Options: where the host has the libraries of another machine."""
    root = "/usr/aarch64-linux-gnu"
    return ["--sysroot", root] if "-arm64-" in build and os.path.isdir(root) else []


DIED = ("core", "kernel")  # and the runtime printed why


class Recordings:
    """The file `recordings` of one program."""

    def __init__(self, path):
        self.how, self.expected, self.exempt_running, self.printed = {}, [], [], False
        self.deaths, self.circles = {}, False
        for line in read_text(path).split("\n"):
            words = line.split(None, 4)
            if not words or words[0].startswith("#"):
                continue
            if words[0] in ("scenario", "extra"):
                self.how[words[1]] = words[2]
            elif words[0] == "exempt-running":
                self.exempt_running += " ".join(words[1:]).split() or ["*"]
            elif words[0] == "death" and len(words) == 5:
                self.deaths[words[1]] = words[2:]
            elif words[0] == "circles":
                self.circles = True
            elif words[0] == "printed":
                self.printed = words[1] if len(words) > 1 else "variables"
            elif words[0] == "expect" and len(words) == 5 and words[3] in ("json", "line", "part", "absent"):
                self.expected.append(words[1:])
            elif words[0] not in ("keep", "since", "cgo", "flavours", "without", "pack"):
                raise CheckFailed("%s: cannot make sense of: %s" % (path, line))

    def is_exempt(self, scenario):
        return any(fnmatch.fnmatchcase(scenario, pattern) for pattern in self.exempt_running)

    def expectations(self, scenario, build, *kinds):
        return [(kind, text) for of_scenario, pattern, kind, text in self.expected
                if of_scenario == scenario and kind in kinds and of_build(build, pattern)]


def of_build(build, pattern):
    """`go1.2*!*trimmed*`: those that match, but for those that match what follows the mark."""
    wanted, _, unwanted = pattern.partition("!")
    return fnmatch.fnmatchcase(build, wanted) and not (unwanted and fnmatch.fnmatchcase(build, unwanted))


def find(path):
    """Plain in a cache, compressed in the tree."""
    for name in (path, path + ".zst"):
        if os.path.exists(name):
            return name
    raise CheckFailed("there is no %s" % path)


def check_recording(gocrash, schema, recordings, directory, scenario, what):
    build = os.path.basename(os.path.normpath(directory))
    binary, core = find(os.path.join(directory, "binary")), find(os.path.join(directory, scenario + ".core"))
    stderr = os.path.join(directory, scenario + ".stderr.txt")
    if what == "traceback":
        if recordings.how[scenario] not in DIED:
            return check_living(gocrash, binary, core)
        return check_traceback(gocrash, binary, core, stderr, recordings.is_exempt(scenario))
    if what == "stripped":
        printed = stderr if recordings.how[scenario] in DIED else None
        circles = read_text(stderr) if recordings.circles else None
        return check_stripped(gocrash, binary, core, printed, recordings.is_exempt(scenario), circles)
    if what == "json":
        facts = [text for _, text in recordings.expectations(scenario, build, "json")]
        death = recordings.deaths.get(scenario)
        if not facts and not death and not recordings.circles:
            raise CheckFailed("no facts are known of %s %s" % (build, scenario))
        facts.append(r"binary.go_version~^%s(\.|$)" % re.escape(build.split("-")[0]))
        printed = read_text(stderr) if recordings.how[scenario] in DIED else None

        def more(report):
            failures = check_death(report, death, printed) if death else []
            if death and printed is not None:
                failures += check_frames(report, Traceback(printed))
            return failures + (check_circles(report, read_text(stderr)) if recordings.circles else [])

        return check_json(gocrash, load_validator(schema), binary, core, facts, more, libraries_of(build))
    if what == "text":
        wanted = recordings.expectations(scenario, build, "line", "part")
        if scenario in recordings.deaths and recordings.how[scenario] in DIED:
            wanted += [("part", line) for line in Traceback(read_text(stderr)).message[:1]]
        if scenario in recordings.deaths and recordings.how[scenario] not in DIED:
            wanted += [("part", "Goroutine")]
        if recordings.circles:
            wanted.append(("part", "Goroutine"))
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
        optimized = build.endswith("-default")
        if recordings.printed == "expressions":
            return check_expressions(gocrash, binary, core, printed, optimized)
        return check_values(gocrash, binary, core, printed, optimized, has_older=recordings.printed == "older")
    if what in ("interfaces", "cuts"):
        return (interfaces_stripped if what == "interfaces" else cut_memory).check([gocrash, binary, core])
    raise CheckFailed("unknown check %s" % what)


def check_death(report, death, printed):
    """What a report says of a death against what is expected, and against what the program printed, None if it lived."""
    kind, wanted_class, function = death
    crash, failures = report["crash"], []
    for field, wanted in (("kind", kind), ("class", wanted_class)):
        if wanted != "*" and crash[field] != wanted:
            failures.append("crash.%s is %s instead of %s" % (field, crash[field], wanted))
    if function == "-" and "frame" in crash:
        failures.append("crash.frame is %d, but no goroutine died" % crash["frame"])
    elif function not in ("-", "*"):
        found = look_up(report, "goroutines[0].frames[%d].function" % crash["frame"]) if "frame" in crash else None
        if found is None or not fnmatch.fnmatchcase(found, function.replace("[", "[[]")):
            failures.append("the frame to look at first is %s's instead of %s's" % (found, function))
    if printed is not None:
        failures += check_printed(crash, printed)
    return failures


def check_circles(report, printed):
    """The circles that the program knows to stand still must be found, and no others."""
    planted = {frozenset(map(int, ids.split())): name
               for name, ids in re.findall(r"^circle (\S+) ([\d ]+)$", printed, re.MULTILINE)}
    found = {frozenset(finding["goroutines"]): finding for finding in report["findings"] if finding["kind"] == "deadlock"}
    failures = ["the circle %s of %s was not found" % (planted[ids], sorted(ids)) for ids in planted if ids not in found]
    failures += ["a circle that is none: %s" % found[ids] for ids in found if ids not in planted]
    for ids, finding in found.items():
        named = set(map(int, re.findall(r"goroutine (\d+)", "\n".join(finding["evidence"]))))
        if not named or not named <= ids:
            failures.append("the steps of %s name %s" % (sorted(ids), sorted(named)))
    if planted and report["crash"].get("class") == "deadlock":  # what keeps all from going on is a circle
        named = set(report["crash"].get("cause", {}).get("goroutines", []))
        if not named or not any(named <= ids for ids in planted):
            failures.append("the cause names goroutines %s, which are of no circle" % sorted(named))
    return failures


def check_printed(crash, printed):
    traceback, failures = Traceback(printed), []
    paragraph = traceback.message[:traceback.message.index("")] if "" in traceback.message else traceback.message
    message = [escaped(line) for line in crash["message"]]
    if "fatal error: fault" in message:
        message = without_others(message)
    if message[1:2] == message[:1]:  # see Traceback
        del message[0]
    if message != paragraph:
        failures.append("crash.message differs\n" + diff(paragraph, message))
    first = traceback.crashed()
    if first.isdigit() and first != "0" and "deadlock" not in traceback.message[0] and crash.get("goroutine") != int(first):
        failures.append("crash.goroutine is %s instead of %s" % (crash.get("goroutine"), first))
    sender = re.search(r"^sent by process (\d+)$", printed, re.MULTILINE)
    if sender and crash["signal"].get("sender_pid") != int(sender.group(1)):
        failures.append("the sender is %s instead of %s" % (crash["signal"].get("sender_pid"), sender.group(1)))
    return failures


PRINTED_PLACE = re.compile(r"\t(.*:\d+)(?: \+0x[0-9a-f]+)?(?: fp=.*)?$")
NAMELESS = re.compile(r"\?$|.*\+0x[0-9a-f]+$")


def printed_places(block):
    """Of the frames of a block, innermost first; the place of `created by` is none."""
    end = next((i for i, line in enumerate(block) if line.startswith("created by ")), len(block))
    return [match.group(1) for match in map(PRINTED_PLACE.match, block[:end]) if match]


def check_frames(report, traceback):
    """
    Of a goroutine that the process printed no frame is shown that it did not print, other than C frames; nor is Go code
    without its name. One that ran on, on another thread, and a stack that the runtime could not follow are left out; so
    is the outer end of a stack of which releases up to 1.20 print the first 100 frames only, and what lies beyond a fault in
    C code on the goroutine's own stack: there the runtime takes old words of the stack for frames.
    """
    failures = []
    ends_early = int(re.match(r"go1\.(\d+)", report["binary"]["go_version"]).group(1)) <= 20
    for goroutine in report["goroutines"]:
        key = str(goroutine["id"])
        if key not in traceback.blocks or key in traceback.cut or (traceback.busy(key) and key != traceback.crashed()):
            continue
        places, callee = iter(printed_places(traceback.blocks[key])), None
        for frame in goroutine["frames"][:goroutine.get("frames_elided_after") if ends_early else None]:
            place = "%s:%s" % (frame.get("file"), frame.get("line"))
            if frame["native"] and callee == "runtime.sigpanic":
                break
            callee = frame["function"]
            if frame["native"]:
                continue
            if NAMELESS.match(frame["function"]):
                failures.append("goroutine %s has a frame of Go without a name: %s" % (key, frame))
            if place not in places:  # goes on behind the one before
                failures.append("goroutine %s has a frame that was not printed: %s, %s" % (key, frame["function"], place))
                break
    return failures


def check_stripped(gocrash, binary, core, stderr, exempt_running, circles):
    """
    The traceback needs neither symbols nor section headers: with each twin of the binary it is the runtime's own (stderr
    None: nothing was printed). The report is that of the binary as it was linked, less what DWARF alone says; and
    the goroutines that wait for one another are found all the same.
    """
    with tempfile.TemporaryDirectory() as directory:
        plain, twin = interfaces_stripped.plain_copy(binary, directory, "plain"), os.path.join(directory, "stripped")
        strip(plain, twin)
        full, variables, said = report_without_dwarf(gocrash, plain, core)
        wanted = max(variables, sum("no DWARF" in text for text in said))  # it may have been linked with -w
        for form in ("without symbols", "without section headers"):
            if form == "without section headers":
                cut_section_headers(twin)
            if stderr:
                check_traceback(gocrash, twin, core, stderr, exempt_running)
            bare, _, said = report_without_dwarf(gocrash, twin, core)
            differ = [key for key in full if key != "activity" and full[key] != bare.get(key)]
            invented = [one for one in activity(bare) if one not in activity(full)]
            if invented:
                raise CheckFailed("%s the report says what its variables do not: %s" % (form, invented))
            if differ:
                raise CheckFailed("%s the report differs in %s\n%s" % (form, ", ".join(differ), diff(
                    pretty(full[differ[0]]), pretty(bare.get(differ[0])))))
            # where no variable would be shown, none is missed
            if sum("no DWARF" in text for text in said) != wanted:
                raise CheckFailed("%s: that there is no DWARF is not said once: %s" % (form, said))
        if circles is not None:
            report = json.loads(run([gocrash, "analyze", "--no-redact", "--format", "json", twin, core]).expect_status(0).stdout)
            failures = check_circles(report, circles)
            if failures:
                raise CheckFailed("\n".join(failures))
    return "%d goroutines alike" % len(full["goroutines"])


def activity(report):
    """What the crashed goroutine was doing, but for profiler labels, which need no DWARF: from variables or arguments."""
    return [one["text"] for one in report["activity"] if one["kind"] != "label"]


def pretty(part):
    return json.dumps(part, indent=1, sort_keys=True).split("\n")


ONLY_IN_DWARF = {"args", "locals", "variables_note"}
NAMES_OF_C = {"function", "file", "line", "offset"}  # nothing but symbols and DWARF has them


def report_without_dwarf(gocrash, binary, core):
    """
    The JSON report less what comes from DWARF alone: variables, and what was concluded from them; whether it had any; and
    its warnings.
    """
    report = json.loads(run([gocrash, "analyze", "--no-redact", "--stable", "--format", "json", binary, core]).expect_status(0).stdout)
    variables = False
    for stack in report["goroutines"] + report["threads"]:
        for frame in stack.get("frames", []):
            variables |= "args" in frame or "locals" in frame or "variables_note" in frame
            for name in ONLY_IN_DWARF | (NAMES_OF_C if frame.get("native") else set()):
                frame.pop(name, None)
    for goroutine in report["goroutines"]:
        waiting_on = goroutine.get("waiting_on", {})
        for name in ("expression", "summary"):  # which variable it waits on
            for part in [waiting_on] + waiting_on.get("cases", []):
                part.pop(name, None)
    for name in ("cause", "advice"):
        report["crash"].pop(name, None)
    told = []
    for goroutine in report["goroutines"]:
        mine = goroutine.pop("activity", [])
        goroutine["labels of its activity"] = [one for one in mine if one["kind"] == "label"]
        told += mine
    kept = {key: report[key] for key in ("crash", "goroutines", "groups", "threads", "runtime")}
    kept["activity"] = told
    kept["core"] = {key: value for key, value in report["core"].items() if key != "path"}
    return kept, variables, report["warnings"]


def cut_section_headers(path):
    """Leaves the program headers alone: e_shoff, e_shnum and e_shstrndx become 0."""
    with open(path, "r+b") as file:
        file.seek(40)
        file.write(bytes(8))
        file.seek(60)
        file.write(bytes(4))


def check_living(gocrash, binary, core):
    printed = run([gocrash, "traceback", "--no-redact", binary, core]).expect_status(0).stdout
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
