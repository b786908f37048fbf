"""What happens to gocrash's files while it works: they are cut, go away, cannot be written, nobody reads the report.

    disturbed.py GOCRASH TESTDATA

Each ends in one line on standard error and exit status 1, leaves no file behind, or is not noticed at all.
"""
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from common import CheckFailed, main, run
from interfaces_stripped import plain_copy

SECONDS = 60


def need(condition, what, *seen):
    if not condition:
        raise CheckFailed("%s: %r" % (what, seen))


def one_line(what, text, part):
    need(text.startswith("gocrash: ") and text.count("\n") == 1 and part in text, what, text)


class Prompt:
    """`gocrash shell`, driven through pipes; the core is mapped as long as it runs."""

    def __init__(self, gocrash, files):
        self.process = subprocess.Popen([gocrash, "shell"] + files, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)

    def type(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # end() tells what it ended with

    def wait_for(self, text):
        """Reads until a line with text comes."""
        line = b"-"
        while line and text not in line:
            line = self.process.stdout.readline()
        need(line, "the prompt ended before it said", text)

    def end(self):
        out, errors = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out.decode(), errors.decode()


def check_shrunk(gocrash, binary, core, scratch):
    """Nothing can be read any more of a mapped file that was cut."""
    copy = os.path.join(scratch, "shrinks.core")
    shutil.copyfile(core, copy)
    prompt = Prompt(gocrash, [binary, copy])
    prompt.type("whatis users")
    prompt.wait_for(b"map[int]*main.User")
    os.truncate(copy, 4096)
    prompt.type("goroutines -t")
    prompt.type("x -size 8 -len 64 0x401000")
    prompt.type("stack -full")
    status, _, errors = prompt.end()
    need(status == 1, "a core that shrinks", status, errors)
    one_line("a core that shrinks", errors, "was cut while it was read")


def check_removed(gocrash, binary, core, scratch):
    """What is mapped stays."""
    copies = [shutil.copyfile(path, os.path.join(scratch, name)) for path, name in ((binary, "gone"), (core, "gone.core"))]
    whole = run([gocrash, "stack", "--full", binary, core]).expect_status(0).stdout
    prompt = Prompt(gocrash, copies)
    prompt.type("whatis users")
    prompt.wait_for(b"map[int]*main.User")
    for path in copies:
        os.unlink(path)
    prompt.type("stack -full")
    status, out, errors = prompt.end()
    need(status == 0 and not errors and out == whole, "files that were removed", status, errors, out, whole)


def check_full_disk(gocrash, binary, core, scratch):
    """A limit on the size of files stands for a full disk: both are an error of write(2)."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    directory = os.path.join(scratch, "full")
    os.mkdir(directory)
    path = os.path.join(directory, "report.json")
    with open(path, "w") as old:
        old.write("old")
    for name, command, stdin in (
            ("the report", ["analyze", "--format", "json", "--full", "--output", path, binary, core], None),
            ("the core from a pipe", ["analyze", binary, "-"], core)):
        feeder = subprocess.Popen(["cat", stdin], stdout=subprocess.PIPE) if stdin else None
        done = subprocess.run([gocrash] + command, stdin=feeder.stdout if feeder else subprocess.DEVNULL, preexec_fn=limit,
                              capture_output=True, env=dict(os.environ, TMPDIR=directory), timeout=SECONDS)
        if feeder:
            feeder.stdout.close()
            feeder.wait()
        need(done.returncode == 1 and not done.stdout, "no room for " + name, done)
        one_line("no room for " + name, done.stderr.decode(), "File too large")
    with open(path) as old:
        need(old.read() == "old" and os.listdir(directory) == ["report.json"], "no room", os.listdir(directory))


def check_killed(gocrash, binary, scratch):
    """A signal while the core is still coming: nothing is left of the report, nor of the core."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        directory = os.path.join(scratch, "killed")
        os.mkdir(directory)
        process = subprocess.Popen([gocrash, "analyze", "--output", os.path.join(directory, "report"), binary, "-"],
                                   stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, TMPDIR=directory))
        process.stdin.write(b"\x7fELF" * 1024)
        process.stdin.flush()
        time.sleep(0.2)
        process.send_signal(number)
        _, errors = process.communicate(timeout=SECONDS)
        need(process.returncode == -number and not errors, "a signal", process.returncode, errors)
        need(os.listdir(directory) == [], "files are left over", os.listdir(directory))
        os.rmdir(directory)


def check_nobody_reads(gocrash, binary, core):
    """The reader goes away: the rest is dropped in silence."""
    for command in (["analyze", "--format", "json", "--full"], ["traceback"], ["funcs"], ["mem", "--size", "1"]):
        words = [gocrash] + command + [binary, core] + (["0x401000", "500000"] if command[0] == "mem" else [])
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.read(10)
        process.stdout.close()
        errors = process.stderr.read()
        process.stderr.close()
        process.wait(SECONDS)
        need(process.returncode >= 0 and not errors, "nobody reads " + command[0], process.returncode, errors)


def check_unreadable(gocrash, binary, core, scratch):
    """A directory that may not be entered, and a file that may not be read, by a user who is not root."""
    locked = os.path.join(scratch, "locked")
    os.mkdir(locked)
    inside, closed = os.path.join(locked, "core"), os.path.join(scratch, "closed.core")
    for path in (inside, closed):
        shutil.copyfile(core, path)
    os.chmod(closed, 0)
    os.chmod(locked, 0)
    os.chmod(scratch, 0o755)

    def drop():
        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)

    try:
        for path in (inside, closed):
            done = subprocess.run([gocrash, "analyze", binary, path], capture_output=True, preexec_fn=drop, timeout=SECONDS)
            need(done.returncode == 1 and not done.stdout, "no permission", done)
            one_line("no permission", done.stderr.decode(), "Permission denied")
    finally:
        os.chmod(locked, 0o700)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = os.path.abspath(arguments[0]), arguments[1]
    recording = os.path.join(testdata, "nilmap", "go1.27-noopt")
    with tempfile.TemporaryDirectory() as scratch:
        binary = plain_copy(os.path.join(recording, "binary.zst"), scratch, "binary")
        core = plain_copy(os.path.join(recording, "crash.core.zst"), scratch, "core")
        check_shrunk(gocrash, binary, core, scratch)
        check_removed(gocrash, binary, core, scratch)
        check_full_disk(gocrash, binary, core, scratch)
        check_killed(gocrash, binary, scratch)
        check_nobody_reads(gocrash, binary, core)
        check_unreadable(gocrash, binary, core, scratch)
    return "cut, removed, no room, killed, unread, unreadable: as they should be"


if __name__ == "__main__":
    main(check)
