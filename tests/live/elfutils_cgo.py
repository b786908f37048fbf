"""Whether gocrash shows every frame of C code that elfutils' eu-stack finds on any thread of the recordings of cgo.

    elfutils_cgo.py GOCRASH CACHE

eu-stack knows nothing of goroutines and ends in rubbish above the runtime's assembly; frames without a name are left out,
and so are those of Go and the C library's end of a signal handler. A frame is the same if its thread and its pc are.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

THREAD = re.compile(r"TID (\d+):$")
FRAME = re.compile(r"#\d+ +0x([0-9a-f]+)(?: - 1)? +(\S+)")
NOT_C = re.compile(r"(runtime|main|syscall|internal/.*)\.|__restore_rt$")


def frames_of_elfutils(binary, core):
    """(thread, pc, name) of each frame of C code. It ends in failure above Go's assembly: what it printed counts."""
    printed = subprocess.run(["eu-stack", "--core", core, "-e", binary], capture_output=True).stdout
    thread = 0
    for line in printed.decode(errors="replace").split("\n"):
        heading, frame = THREAD.match(line), FRAME.match(line)
        if heading:
            thread = int(heading.group(1))
        elif frame and not NOT_C.match(frame.group(2)):
            yield thread, int(frame.group(1), 16), frame.group(2)


def frames_of_gocrash(gocrash, binary, core):
    command = [gocrash, "threads", "--full", "--format", "json", binary, core]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return {(thread["tid"], int(frame["pc"], 16)) for thread in report["threads"] for frame in thread.get("frames", [])
            if "pc" in frame}


def compare(gocrash, cache):
    """Returns (lines to print, number of frames that gocrash lacks)."""
    cores = found = 0
    lines = []
    for core in sorted(Path(cache).glob("cgo/*/*.core")):
        binary = core.with_name("binary")
        ours = frames_of_gocrash(gocrash, binary, core)
        theirs = list(frames_of_elfutils(binary, core))
        cores, found = cores + bool(theirs), found + len(theirs)
        lines += ["FAIL cgo %s/%s: eu-stack shows %s at 0x%x on thread %d" % (core.parent.name, core.stem, name, pc, thread)
                  for thread, pc, name in theirs if (thread, pc) not in ours]
    missing = len(lines)
    if cores:
        lines.append("cgo: %d cores: of %d C frames that eu-stack shows gocrash shows %d" % (cores, found, found - missing))
    return lines, missing


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    lines, missing = compare(sys.argv[1], sys.argv[2])
    print("\n".join(lines))
    sys.exit(1 if missing or not lines else 0)


if __name__ == "__main__":
    main()
