"""What the test tools share: running gocrash, and failing so that the reader sees why."""
import difflib
import subprocess
import sys

TIMEOUT_SECONDS = 300  # a sanitizer's build on a busy machine; nothing takes a tenth of it otherwise


class CheckFailed(Exception):
    """Its text says what was expected and what came."""


class Output:
    def __init__(self, command, status, stdout, stderr):
        self.command, self.status, self.stdout, self.stderr = command, status, stdout, stderr

    def expect_status(self, status):
        if self.status != status:
            raise CheckFailed("%s\nexit status %d instead of %d, standard error:\n%s"
                              % (" ".join(self.command), self.status, status, self.stderr))
        return self


def run(command, cwd=None, env=None):
    """Bytes that are not UTF-8 survive as surrogates, so that comparing texts compares bytes."""
    command = [str(word) for word in command]
    try:
        done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        raise CheckFailed("%s\nstill running after %d seconds" % (" ".join(command), TIMEOUT_SECONDS)) from None
    return Output(command, done.returncode, text(done.stdout), text(done.stderr))


def text(data):
    return data.decode("utf-8", "surrogateescape")


def read_text(path):
    with open(path, "rb") as file:
        return text(file.read())


def diff(expected, actual, limit=60):
    """The lines that differ, with a little context; expected and actual are lists of lines."""
    lines = list(difflib.unified_diff(expected, actual, "expected", "actual", lineterm="", n=2))
    if len(lines) > limit:
        lines[limit:] = ["… and %d more lines" % (len(lines) - limit)]
    return "\n".join(lines)


def main(check):
    """Runs a check, which returns the line to print on success, and ends the program with its result."""
    sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print(check(sys.argv[1:]))
    except CheckFailed as failure:
        print(failure)
        sys.exit(1)


def strip(path, out, what="-s"):
    """Strips a file of -s, all symbols, or -g, debug information. binutils know the host's machine alone, elfutils all."""
    with open(path, "rb") as file:
        file.seek(18)
        is_amd64 = file.read(2) == b"\x3e\x00"
    words = ["strip", what] if is_amd64 else ["eu-strip"] + (["-g"] if what == "-g" else [])
    subprocess.run(words + ["-o", out, path], check=True)
