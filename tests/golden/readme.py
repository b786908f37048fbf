"""Runs the commands of README.md and docs/coming-from-delve.md and compares them with what stands below them.

    readme.py GOCRASH PROJECT

In a block of code, what stands below a line "$ gocrash …" is its output, all of it up to the next such line or the end
of the block. A line that begins with "gocrash" or pipes into it must succeed. Of the table for Delve's users every
command of the second column must succeed at the prompt.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

from common import CheckFailed, diff, main, read_text

FILES = {"nilmap": "nilmap/go1.27-noopt/binary.zst", "nilmap.core": "nilmap/go1.27-noopt/crash.core.zst",
         "service": "service/go1.27-noopt/binary.zst", "service.core": "service/go1.27-noopt/late.core.zst",
         "shop": "nilmap/go1.27-noopt/binary.zst", "core.10303": "nilmap/go1.27-noopt/crash.core.zst"}
NEEDS_THE_PROGRAM = "gocrash analyze core.10303"  # it would have to lie where the core says it was
NOTHING_THERE = "deferred 1"  # nothing is deferred in that program
MAY_SAY_NO = "gocrash doctor"  # what it says depends on the host


def blocks(text):
    return re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shell(command, directory, gocrash):
    path = os.path.dirname(gocrash) + os.pathsep + os.environ["PATH"]
    return subprocess.run(["bash", "-c", command], cwd=directory, env=dict(os.environ, PATH=path), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def check_shown(readme, directory, gocrash):
    count = 0
    for block in blocks(readme):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, expected = part.split("\n", 1)
            if not command.startswith("gocrash "):
                continue
            output = shell(command, directory, gocrash)
            shown = expected.rstrip("\n").split("\n")
            printed = output.stdout.rstrip("\n").split("\n")[:len(shown)] if "analyze" in command else output.stdout.rstrip("\n").split("\n")
            if printed != shown:
                raise CheckFailed("$ %s\n%s%s" % (command, diff(shown, printed), output.stderr))
            count += 1
    return count


def check_listed(readme, directory, gocrash):
    count = 0
    for block in blocks(readme):
        for line in block.split("\n"):
            command = line.split("#")[0].strip()
            known = command.startswith("gocrash ") or "| gocrash " in command
            if not known or NEEDS_THE_PROGRAM == command:
                continue
            if not shutil.which("jq"):  # a bare Debian has none
                command = command.split("| jq")[0]
            output = shell(command, directory, gocrash)
            if output.returncode != 0 and not (command == MAY_SAY_NO and output.returncode == 5):
                raise CheckFailed("%s\nexit status %d: %s" % (command, output.returncode, output.stderr))
            count += 1
    return count


def check_delve(page, directory, gocrash):
    """Each row of the table is a session of its own: what is typed there works, a command behind the other."""
    commands = []
    for row in re.findall(r"^\|.*\|$", page, re.MULTILINE)[2:]:
        typed = re.findall(r"`([^`]+)`", row.split("|")[2])
        commands += typed
        words = [word for command in typed for word in ("-c", command)]
        output = subprocess.run([gocrash, "shell", "--source-map", "/tmp/gocrash-record/nilmap=testdata/nilmap/src"] + words +
                                ["./nilmap", "nilmap.core"], cwd=directory, capture_output=True, text=True)
        nothing_there = NOTHING_THERE in typed and all("has no deferred call" in line for line in output.stderr.splitlines())
        if (output.returncode != 0 or output.stderr) and not nothing_there:
            raise CheckFailed("at the prompt: %s\nexit status %d: %s" % (", ".join(typed), output.returncode, output.stderr))
    if len(commands) < 90:
        raise CheckFailed("only %d commands in the table for Delve's users" % len(commands))
    return len(commands)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, project = map(os.path.abspath, arguments)
    readme = read_text(os.path.join(project, "README.md"))
    with tempfile.TemporaryDirectory() as directory:
        os.symlink(os.path.join(project, "testdata"), os.path.join(directory, "testdata"))
        for name, source in FILES.items():
            subprocess.run(["zstd", "-dqf", os.path.join(project, "testdata", source), "-o", os.path.join(directory, name)], check=True)
        shutil.copy(os.path.join(project, "testdata", FILES["nilmap.core"]), os.path.join(directory, "core.zst"))
        os.utime(os.path.join(directory, "core.10303"), (4e9, 4e9))  # the newest, for --last
        shown, listed = check_shown(readme, directory, gocrash), check_listed(readme, directory, gocrash)
        typed = check_delve(read_text(os.path.join(project, "docs", "coming-from-delve.md")), directory, gocrash)
    if shown < 4 or listed < 8:
        raise CheckFailed("only %d commands with output and %d without were found" % (shown, listed))
    return "%d commands with what they print, %d that succeed, %d at the prompt" % (shown, listed, typed)


if __name__ == "__main__":
    main(check)
