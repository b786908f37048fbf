"""Where output goes and what a terminal sees: --output, --color, links, width, the pager, progress, --last, --pid, Markdown.

    output.py GOCRASH TESTDATA
"""
import os
import pty
import re
import select
import shutil
import stat
import subprocess
import sys
import tempfile
import time

from common import CheckFailed, main, run

ANSI = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


def need(condition, what, text):
    if not condition:
        raise CheckFailed("%s:\n%s" % (what, text[:3000]))


def at_terminal(command, environment=None, columns=80):
    """What a command prints at a terminal; its standard error goes there too."""
    master, slave = pty.openpty()
    os.set_blocking(master, True)
    variables = dict(os.environ, TERM="xterm", PAGER="cat", COLUMNS=str(columns), LC_ALL="C.UTF-8")
    for name in ("NO_COLOR", "TERM_PROGRAM", "VTE_VERSION", "KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION"):
        variables.pop(name, None)
    variables.update(environment or {})
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=variables, start_new_session=True)
    os.close(slave)
    data = b""
    while True:
        try:
            more = os.read(master, 65536)
        except OSError:
            break
        if not more:
            break
        data += more
    os.close(master)
    process.wait()
    return data.decode("utf-8", "replace").replace("\r\n", "\n")


def check_terminal(gocrash, files):
    plain = run([gocrash, "analyze"] + files).expect_status(0).stdout
    need("\x1b" not in plain and not re.search(r"[\x00-\x08]", plain), "marks in a pipe", plain)
    wide = at_terminal([gocrash, "analyze"] + files, columns=500)
    need("\x1b[1m  #3 main.main()" in wide, "the user's frame is not bold", wide)
    need("\x1b[2m  #4 runtime.main()" in wide, "the runtime's frame is not dim", wide)
    need(ANSI.sub("", wide) == plain, "more than colours differ", ANSI.sub("", wide))
    need("\x1b" not in at_terminal([gocrash, "analyze"] + files, {"NO_COLOR": "1"}), "NO_COLOR is not heeded", wide)
    need("\x1b" not in at_terminal([gocrash, "analyze"] + files, {"TERM": "dumb"}), "a dumb terminal gets colours", wide)
    need("\x1b" not in at_terminal([gocrash, "analyze", "--color=never"] + files), "--color=never is not heeded", wide)
    need("\x1b[1m" in run([gocrash, "analyze", "--color=always"] + files).stdout, "--color=always is not heeded", wide)
    links = at_terminal([gocrash, "analyze"] + files, {"VTE_VERSION": "7000"}, 500)
    need(re.search(r"\x1b\]8;;file://[^/]*/tmp/gocrash-record/nilmap/main.go\x1b\\nilmap/main.go:17\x1b\]8;;\x1b\\", links), "no link", links)
    narrow = ANSI.sub("", at_terminal([gocrash, "analyze"] + files, columns=60))
    need(all(len(line) <= 60 for line in narrow.split("\n")), "lines are longer than the terminal", narrow)
    need("Advice     a map gives nil for a key that it does not have:\n           take the look-up's second result" in narrow, "lines are not broken between words", narrow)
    paged = at_terminal([gocrash, "analyze"] + files, {"PAGER": "sed s/^/paged:/"})
    need("paged:" in paged.split("\n")[0], "$PAGER does not run", paged)
    need("paged:" not in at_terminal([gocrash, "analyze", "--no-pager"] + files, {"PAGER": "sed s/^/paged:/"}), "--no-pager is not heeded", paged)
    bare = at_terminal([gocrash, "analyze"] + files, {"PAGER": "no-such-pager -R"})  # as less, which a bare Debian has not
    need("panic: runtime error" in bare.split("\n")[0], "nothing is shown without a pager", bare)
    refused = at_terminal([gocrash, "analyze"] + files, {"PAGER": "A=1 no-such-pager"})
    need("gocrash: the pager 'A=1 no-such-pager' cannot be run" in refused, "a pager that fails is not said", refused)


def check_progress(gocrash, files):
    """A core that does not come: after a second a line on the terminal of standard error, gone before the report."""
    master, slave = pty.openpty()
    began, said = time.monotonic(), ""
    with open(files[1], "rb") as core, subprocess.Popen([gocrash, "analyze", files[0], "-"], stdin=subprocess.PIPE,
                                                        stdout=subprocess.PIPE, stderr=slave) as process:
        os.close(slave)
        while " s" not in said:  # nothing is sent before: however slow this machine is, the line comes first
            if not select.select([master], [], [], 60)[0]:
                process.kill()
                raise CheckFailed("no word of progress in a minute")
            said += os.read(master, 65536).decode()
        waited = time.monotonic() - began
        report = process.communicate(subprocess.run(["zstd", "-dc"], stdin=core, stdout=subprocess.PIPE, check=True).stdout)[0]
    said += os.read(master, 65536).decode()
    os.close(master)
    need(re.match(r"\rgocrash: reading the files, \d+ s", said) and said.endswith("\r\x1b[K"), "no progress", repr(said))
    need(waited >= 1, "progress is told before a second has gone", "%.3f s" % waited)
    need(process.returncode == 0 and report.startswith(b"panic: "), "the report differs", report.decode())


def check_output(gocrash, files, scratch):
    path = os.path.join(scratch, "report.txt")
    plain = run([gocrash, "analyze"] + files).stdout
    done = run([gocrash, "analyze", "--output", path] + files).expect_status(0)
    with open(path) as file:
        need(file.read() == plain and not done.stdout, "--output has something else", done.stdout)
    need(stat.S_IMODE(os.stat(path).st_mode) == 0o600, "others may read it", oct(os.stat(path).st_mode))
    run([gocrash, "print", "--output", path] + files + ["nothing"]).expect_status(1)  # nothing was printed: the old one stays
    with open(path) as file:
        need(file.read() == plain, "a command that failed took the file away", "")
    failed = run([gocrash, "analyze", "--output", os.path.join(scratch, "none", "x")] + files).expect_status(1)
    need("cannot be written" in failed.stderr, "no word on why", failed.stderr)
    with open(path, "w") as full:
        failed = subprocess.run([gocrash, "analyze"] + files, stdout=open("/dev/full", "w"), stderr=full)
    with open(path) as file:
        need(failed.returncode == 1 and "cannot write the report" in file.read(), "a full disk passes for success", "")
    need(sorted(os.listdir(scratch)) == ["report.txt"], "files are left over", str(os.listdir(scratch)))


def check_markdown(gocrash, files):
    text = run([gocrash, "analyze", "--format", "markdown"] + files).expect_status(0).stdout
    need(text.startswith("## `nil_dereference in main.main, nilmap/main.go:17`\n\n```text\npanic: runtime error"), "another start", text)
    need(text.count("```") % 2 == 0 and "<details>\n<summary>Files</summary>" in text, "fences or folds", text)
    small = run([gocrash, "analyze", "--format", "markdown", "--full", "--max-size", "3000"] + files).expect_status(0).stdout
    need(len(small.encode()) <= 3000 and "more, cut to keep this short" in small, "--max-size is not kept", small)
    full = run([gocrash, "analyze", "--format", "markdown", "--full"] + files).expect_status(0).stdout
    need(len(full.encode()) <= 65536, "more than 64 KiB", full)


def check_full_disk(gocrash, files):
    for command in (["analyze"], ["shell", "-c", "funcs"], ["--help"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([gocrash] + command + (files if command[0] != "--help" else []), stdout=full, stderr=subprocess.PIPE, text=True)
        need(done.returncode == 1 and "gocrash: cannot write the report: No space left" in done.stderr, "a full disk passes for success: %s" % command, done.stderr)


def check_expectations(gocrash, files):
    for options, status in (("--expect-class nil_dereference", 0), ("--expect-class deadlock", 4), ("--expect-signature 06a6444f9a219dde", 0),
                            ("--expect-signature 0000000000000000", 4), ("--expect-signature 00", 2), ("--strict", 0)):
        said = run([gocrash, "analyze"] + options.split() + files).expect_status(status).stderr
        another = "gocrash: another crash than expected: class nil_dereference, signature 06a6444f9a219dde\n"
        need(said == {0: "", 4: another}.get(status, said), "what is said of %s" % options, said)


def check_found(gocrash, recording, scratch):
    """Cores where systemd-coredump, apport, or the kernel would have left them."""
    root, binary = os.path.join(scratch, "root"), os.path.join(recording, "binary.zst")
    kept, work = os.path.join(root, "var/lib/systemd/coredump"), os.path.join(scratch, "work")
    os.makedirs(kept)
    os.makedirs(work)
    name = "core.nilmap.0.0123456789abcdef0123456789abcdef.%d.%d.zst"
    shutil.copy(os.path.join(recording, "crash.core.zst"), os.path.join(kept, name % (10843, 1700000000000000)))
    with open(os.path.join(kept, name % (77, 1900000000000000)), "wb") as file:
        file.write(b"no core at all")
    with open(os.path.join(work, "core.txt"), "w") as file:
        file.write("notes on the core\n")
    for option in (["--last"], ["--pid", "10843"]):
        found = run([gocrash, "analyze", "--root", root] + option + [binary], cwd=work).expect_status(0)
        need("nil (*main.User)" in found.stdout and name % (10843, 1700000000000000) in found.stderr, "not found", found.stderr)
    printed = run([gocrash, "print", "--root", root, "--last", binary, "len(users)"], cwd=work).expect_status(0)
    need(printed.stdout == "len(users) = 1\n", "print", printed.stdout)
    newer = shutil.copy(os.path.join(os.path.dirname(recording), "go1.27-default", "crash.core.zst"), os.path.join(work, "core.5"))
    os.utime(newer, (1800000000, 1800000000))
    own = run([gocrash, "print", "--root", root, "--last", binary, "len(users)"], cwd=work).expect_status(0)
    need(name % (10843, 1700000000000000) in own.stderr, "not the newest of this executable's", own.stderr)
    os.unlink(newer)
    renamed = shutil.copy(os.path.join(recording, "crash.core.zst"), os.path.join(work, "from-monday"))
    try:
        os.setxattr(renamed, "user.coredump.pid", b"4711")
        os.setxattr(renamed, "user.coredump.timestamp", b"1600000000000000")
        found = run([gocrash, "analyze", "--root", root, "--pid", "4711", binary], cwd=work).expect_status(0)
        need("from-monday" in found.stderr, "systemd's attributes are not heeded", found.stderr)
    except OSError as problem:  # a file system without attributes
        print("attributes of files: not tried: %s" % problem)
    none = run([gocrash, "analyze", "--root", root, "--pid", "5"], cwd=work).expect_status(1)
    need("no core of process 5 in /var/lib/systemd/coredump" in none.stderr, "no such process", none.stderr)
    if os.geteuid() != 0:
        os.chmod(os.path.join(kept, name % (10843, 1700000000000000)), 0)
        denied = run([gocrash, "analyze", "--root", root, "--pid", "10843", binary], cwd=work).expect_status(1)
        need("try with sudo" in denied.stderr, "denied", denied.stderr)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = map(os.path.abspath, arguments)
    recording = os.path.join(testdata, "nilmap", "go1.27-noopt")
    files = [os.path.join(recording, "binary.zst"), os.path.join(recording, "crash.core.zst")]
    check_terminal(gocrash, files)
    check_markdown(gocrash, files)
    check_progress(gocrash, files)
    check_expectations(gocrash, files)
    check_full_disk(gocrash, files)
    with tempfile.TemporaryDirectory() as scratch:
        check_output(gocrash, files, scratch)
    with tempfile.TemporaryDirectory() as scratch:
        check_found(gocrash, recording, scratch)
    return "terminal, Markdown, files, cores of the host"


if __name__ == "__main__":
    main(check)
