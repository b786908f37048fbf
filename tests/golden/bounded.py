"""Runs of gocrash on broken input: within bounds of time and memory, ending in a whole report or in one line.

A run may take SECONDS of processor time and MEMORY bytes of its own (RssAnon: what of the files is mapped can be had
again); a build with sanitizers ten seconds and a gigabyte. It must end by itself, with exit status 0 and a whole report
(JSON that parses), or with 1, one line on standard error and nothing on standard output: no signal, no sanitizer's report.
"""
import functools
import json
import os
import re
import resource
import signal
import subprocess
import tempfile
import threading
from collections import namedtuple

SECONDS, MEMORY = 2, 256 << 20
SANITIZER_SECONDS, SANITIZER_MEMORY = 10, 1 << 30  # shadow and quarantine included
WAITING = 300  # seconds until a run that does not compute is taken for hung, on a machine that does much else
MAX_OUTPUT = 64 << 20

Result = namedtuple("Result", "status output errors cpu memory bounds")


@functools.lru_cache
def bounds_of(gocrash):
    """(seconds, bytes) that a run may take."""
    with open(gocrash, "rb") as file:
        sanitized = b"__asan_init" in file.read()
    return (SANITIZER_SECONDS, SANITIZER_MEMORY) if sanitized else (SECONDS, MEMORY)


def anonymous_memory(pid):
    try:
        with open("/proc/%d/status" % pid) as file:
            found = re.search(r"^RssAnon:\s+(\d+) kB", file.read(), re.MULTILINE)
    except OSError:
        return 0
    return int(found.group(1)) << 10 if found else 0


def watch_memory(pid, stop, peak):
    while not stop.wait(0.004):
        peak[0] = max(peak[0], anonymous_memory(pid))


def run_bounded(command, scratch, stdin=subprocess.DEVNULL):
    seconds, memory = bounds_of(command[0])

    def limit_resources():
        limit = 4 * seconds  # beyond the bound, to tell how far
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_OUTPUT << 6, MAX_OUTPUT << 6))  # temporary files too

    environment = dict(os.environ, TMPDIR=scratch,
                       ASAN_OPTIONS="hard_rss_limit_mb=%d:allocator_may_return_null=1:exitcode=99:abort_on_error=0:"
                                    "detect_leaks=1" % (SANITIZER_MEMORY >> 20),
                       UBSAN_OPTIONS="exitcode=99:print_stacktrace=1")
    with tempfile.TemporaryFile(dir=scratch) as output, tempfile.TemporaryFile(dir=scratch) as errors:
        process = subprocess.Popen(command, stdin=stdin, stdout=output, stderr=errors, env=environment,
                                   preexec_fn=limit_resources)
        stop, peak = threading.Event(), [0]
        watcher = threading.Thread(target=watch_memory, args=(process.pid, stop, peak))
        watcher.start()
        timer = threading.Timer(WAITING, process.kill)
        timer.start()
        _, wait_status, usage = os.wait4(process.pid, 0)
        stop.set()
        timer.cancel()
        watcher.join()
        process.returncode = os.waitstatus_to_exitcode(wait_status)
        output.seek(0)
        errors.seek(0)
        return Result(process.returncode, output.read(), errors.read(), usage.ru_utime + usage.ru_stime, peak[0],
                      (seconds, memory))


def judge_refusal(result, text):
    if result.output:
        return "exit status 1 and %d bytes on standard output\n%s" % (len(result.output), text)
    if not text.startswith("gocrash: ") or text.count("\n") != 1:
        return "exit status 1 without one line that says why:\n%s" % text
    return None


def judge(command, result):
    """What is wrong with a run, or None."""
    text = result.errors.decode("utf-8", "replace")
    seconds, memory = result.bounds
    if result.status < 0:
        return "ended by %s\n%s" % (signal.Signals(-result.status).name, text)
    if result.status not in (0, 1):
        return "exit status %d\n%s" % (result.status, text)
    if result.cpu > seconds:
        return "%.1f s of processor time" % result.cpu
    if result.memory > memory:
        return "%d MB of memory" % (result.memory >> 20)
    if result.status == 1:
        return judge_refusal(result, text)
    if result.errors:
        return "a report, and on standard error:\n%s" % text
    if not result.output and command[0] == "traceback":
        return None  # of a core that holds no goroutine any more
    if len(result.output) > MAX_OUTPUT:
        return "%d MB of output" % (len(result.output) >> 20)
    if not result.output.endswith(b"\n"):
        return "the report is not whole: %r" % result.output[-80:]
    if "json" in command:
        try:
            json.loads(result.output)
        except ValueError as problem:
            return "the JSON does not parse: %s" % problem
    return None
