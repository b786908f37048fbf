"""Compares `gocrash traceback` with what the Go runtime printed when it died.

    traceback_equal.py [--exempt-running] GOCRASH BINARY CORE STDERR

The message of the death and each goroutine's block must be equal byte for byte, in the same order, none missing and none
too many. --exempt-running is for programs with several busy threads: goroutines that the runtime printed as running,
runnable or in a system call, other than the one that died, went on between the print and the dump; and one that was
printed as waiting may be runnable in the core, if its stack is the same.
"""
import argparse
import re

from common import CheckFailed, diff, main, read_text, run

HEADING = re.compile(r"goroutine (\d+) .*\[([^\],]*).*:$")
DEATH = re.compile(r"panic: |fatal error: |SIG[A-Z0-9]+: |runtime: |unexpected fault address ")
ANOTHER_DEATH = re.compile(r"panic: |fatal error: |\[signal SIG|SIG[A-Z0-9]+: ")
# What the unwinder says of a stack that it cannot follow, with its memory.
UNWINDER = re.compile(r"runtime: (g \d+|unexpected|unknown|traceback)|stack: frame=|(0x)?[0-9a-f]{16}: | +7 6 5 4 | +\^ ")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\udc80-\udcff]")
BUSY = ("running", "runnable", "syscall")
MAX_DIFFS_SHOWN = 3


def once(message):
    """Of what two threads said in turn, each the same lines, those of one."""
    half = len(message) // 2
    twice = half > 1 and message[:half] == message[half:] and any("fatal error: " in line for line in message)
    return message[:half] if twice else message


def without_others(lines):
    """Of several threads that die at once each says so before the first one prints its goroutines: the first one's lines."""
    message = []
    for line in once(lines):
        again = line.startswith("fatal error: ") and line in message
        address = line.startswith("unexpected fault address ")
        if not again and not (address and any(said.startswith("unexpected fault address ") for said in message)):
            message.append(line)
    return once(message)  # the explanation in front of it, twice too


class Traceback:
    """message: the lines of the death; blocks: the lines of each goroutine by its number, in the order printed."""

    def __init__(self, printed):
        # what follows the first ----- is printed by other threads when the crash is relayed to them
        lines = escaped(printed).split("\n-----\n")[0].split("\n")
        start = find_death(lines)
        if start is None:
            raise CheckFailed("no message of a death followed by goroutines in:\n%s" % "\n".join(lines[:40]))
        end = lines.index("", start)
        self.message = without_others(lines[start:end])
        several = len(self.message) < end - start
        self.blocks, self.cut = {}, set()
        block = key = None
        start = end
        if self.message[0].startswith("panic: "):  # whose own text may have empty lines, and look like a goroutine
            places = any(" fp=0x" in line for line in lines)
            start = next((i for i in range(end, len(lines)) if is_goroutine(lines, i, places)), end)
            if not several and not any(map(ANOTHER_DEATH.match, lines[end:start])):
                self.message += lines[end:start - 1]
        for line in lines[start:]:
            if ANOTHER_DEATH.match(line):  # of another thread: it prints when this one has
                break
            heading = HEADING.match(line)
            if heading or line == "runtime stack:":
                key = heading.group(1) if heading else line
                if key in self.blocks and several:
                    break
                if key in self.blocks:
                    raise CheckFailed("goroutine %s printed twice" % key)
                block = self.blocks[key] = []
            if line == "":
                block = None
            if block is not None and UNWINDER.match(line):
                self.cut.add(key)
            elif block is not None:
                block.append(line)

    def crashed(self):
        return next(iter(self.blocks))

    def busy(self, key):
        heading = HEADING.match(self.blocks[key][0])
        return bool(heading) and heading.group(2) in BUSY


def escaped(text):
    """As gocrash prints what is no text: \\x1b, \\a; one byte of invalid UTF-8 is a surrogate here."""
    named = {"\a": "\\a", "\b": "\\b", "\v": "\\v", "\f": "\\f", "\r": "\\r"}
    return CONTROL.sub(lambda match: named.get(match.group(), "\\x%02x" % (ord(match.group()) & 0xff)), text)


def find_death(lines):
    """The program's own output comes before and may look alike, but no goroutines follow its paragraph."""
    for i, line in enumerate(lines):
        if not DEATH.match(line):
            continue
        rest = lines[i:]
        after = next((x for x in rest[rest.index(""):] if x), "") if "" in rest else ""
        if HEADING.match(after) or after == "runtime stack:":
            return i
    return None


def is_goroutine(lines, at, places):
    """Whether the runtime's own block begins there. places: GOTRACEBACK=crash has its frames with theirs."""
    if not HEADING.match(lines[at]):
        return False
    block = lines[at + 1:lines.index("", at) if "" in lines[at:] else len(lines)]
    return not places or not block or any(" fp=0x" in line or "stack unavailable" in line or UNWINDER.match(line) for line in block)


def equal_blocks(recorded, actual, key):
    """Where the runtime could not follow a stack, more frames may be found than it printed."""
    wanted, found = recorded.blocks[key], actual.blocks[key]
    return wanted == (found[:len(wanted)] if key in recorded.cut else found)


def woken(recorded, actual, key):
    """Made runnable between the print and the dump, by a timer or by another thread: nothing but its state differs."""
    heading = HEADING.match(actual.blocks[key][0])
    return bool(heading) and heading.group(2) == "runnable" and recorded.blocks[key][1:] == actual.blocks[key][1:]


def compare(recorded, actual, exempt_running=False):
    """Two texts; returns (goroutines equal, goroutines exempt)."""
    recorded, actual = Traceback(recorded), Traceback(actual)
    failures = []
    if recorded.message != actual.message:
        failures.append("the message differs\n" + diff(recorded.message, actual.message))
    exempt = set()
    if exempt_running:
        exempt = {key for key in recorded.blocks if recorded.busy(key) and key != recorded.crashed()}
    wanted = [key for key in recorded.blocks if key not in exempt]
    missing = [key for key in wanted if key not in actual.blocks]
    extra = [key for key in actual.blocks if key not in recorded.blocks]
    if missing:
        failures.append("goroutines missing: " + ", ".join(missing))
    if extra and not exempt_running:
        failures.append("goroutines that the runtime did not print: " + ", ".join(extra))
    common = [key for key in wanted if key in actual.blocks]
    if common != [key for key in actual.blocks if key in common]:
        failures.append("the order differs: %s instead of %s" % (", ".join(actual.blocks), ", ".join(recorded.blocks)))
    differ = [key for key in common if not equal_blocks(recorded, actual, key)]
    if exempt_running:
        moved = {key for key in differ if woken(recorded, actual, key)}
        differ, common = [key for key in differ if key not in moved], [key for key in common if key not in moved]
        exempt |= moved
    for key in differ[:MAX_DIFFS_SHOWN]:
        failures.append("goroutine %s differs\n%s" % (key, diff(recorded.blocks[key], actual.blocks[key])))
    if len(differ) > MAX_DIFFS_SHOWN:
        failures.append("and so do: " + ", ".join(differ[MAX_DIFFS_SHOWN:]))
    if not wanted:
        failures.append("nothing to compare")
    if failures:
        failures.append("%d of %d goroutines equal" % (len(common) - len(differ), len(wanted)))
        raise CheckFailed("\n".join(failures))
    return len(common), len(exempt)


def check_traceback(gocrash, binary, core, stderr, exempt_running=False):
    output = run([gocrash, "traceback", "--no-redact", binary, core]).expect_status(0)
    equal, exempt = compare(read_text(stderr), output.stdout, exempt_running)
    return "%d goroutines equal, %d exempt" % (equal, exempt)


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exempt-running", action="store_true")
    for name in ("gocrash", "binary", "core", "stderr"):
        parser.add_argument(name)
    options = parser.parse_args(arguments)
    return check_traceback(options.gocrash, options.binary, options.core, options.stderr, options.exempt_running)


if __name__ == "__main__":
    main(check)
