"""What `gocrash info` says of a binary as it was linked and of its stripped twin, held against what other tools say of it.

    info.py GOCRASH TESTDATA

Build ids and mappings come from readelf, symbols and DWARF from what is in the file, the rest from the recipe.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

from common import CheckFailed, main, read_text, run
from debug_files import tool
from interfaces_stripped import plain_copy

SOURCES_WITH = {"arguments by name and locals": "DWARF", "package variables": "DWARF", "goroutines and threads": "symbol table",
                "uptime and the runtime's numbers": "symbol table",
                "functions, files and lines": "Go's own tables", "layouts of the runtime's structures": "built-in tables",
                "values of interfaces, panics and errors": "type descriptors"}
SOURCES_WITHOUT = dict(SOURCES_WITH, **{"arguments by name and locals": "nothing", "package variables": "nothing",
                                        "goroutines and threads": "memory", "uptime and the runtime's numbers": "memory"})
CGO = "names of the program's C functions"


def readelf(*arguments):
    return subprocess.run(("readelf", "-W") + arguments, check=True, capture_output=True, text=True).stdout


def check_one(gocrash, binary, core, recipe, sources):
    info = json.loads(run([gocrash, "info", "--format", "json", binary, core]).expect_status(0).stdout)
    said = {source["part"]: source["source"] for source in info["sources"]}
    wrong = ["%s: %s instead of %s" % (part, said.get(part), wanted) for part, wanted in sources.items() if said.get(part) != wanted]
    version = re.search(r"^toolchain +go version (\S+)|^toolchain +(\S+)", recipe, re.MULTILINE).group(0).split()[1]
    if info["binary"]["go_version"] != version:
        wrong.append("Go version %s instead of %s" % (info["binary"]["go_version"], version))
    build_id = re.search(r"Build ID: ([0-9a-f]+)", readelf("-n", binary))
    if info["binary"].get("build_id") != (build_id.group(1) if build_id else None):
        wrong.append("build id %s" % info["binary"].get("build_id"))
    notes = subprocess.run(("eu-readelf", "-n", core), check=True, capture_output=True, text=True).stdout
    mapped = re.findall(r"^ +([0-9a-f]+)-([0-9a-f]+) [0-9a-f]+ \d+ +(/.*)$", notes, re.MULTILINE)
    found = [(m["start"], m["end"], m["path"]) for m in info["mappings"]]
    if found != [("0x%x" % int(start, 16), "0x%x" % int(end, 16), path) for start, end, path in mapped]:
        wrong.append("mappings %s instead of %s" % (found, mapped))
    if CGO in said and CGO not in sources:
        wrong.append("there is no C in it")
    for source in info["sources"]:
        if source["source"] == "nothing" and "advice" not in source:
            wrong.append("%s: no advice" % source["part"])
    if any("DWARF" in text for text in info["missing"]) != ("nothing" in sources.values()):
        wrong.append("missing: %s" % info["missing"])
    text = run([gocrash, "info", binary, core]).expect_status(0).stdout
    for part, source in sources.items():
        if not re.search("^  %s +%s" % (re.escape(part), re.escape(source)), text, re.MULTILINE):
            wrong.append("the text does not say that %s: %s" % (part, source))
    if not text.isprintable() and re.search("[\\x00-\\x09\\x0b-\\x1f]", text):
        wrong.append("control characters in the text: %r" % re.search("[\\x00-\\x09\\x0b-\\x1f].*", text).group())
    if wrong:
        raise CheckFailed("%s\n%s" % (binary, "\n".join(wrong)))


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    with tempfile.TemporaryDirectory() as scratch:
        for build, scenario, names in (("nilmap/go1.15-noopt", "crash", {}), ("nilmap/go1.27-default", "crash", {}),
                                       ("cgo/go1.27-default", "go-assert", {CGO: "symbol table"})):
            directory = os.path.join(testdata, build)
            binary = plain_copy(os.path.join(directory, "binary.zst"), scratch, "binary")
            core = plain_copy(os.path.join(directory, scenario + ".core.zst"), scratch, "core")
            recipe = read_text(os.path.join(directory, scenario + ".recipe.txt"))
            check_one(gocrash, binary, core, recipe, dict(SOURCES_WITH, **names))
            twin = os.path.join(scratch, "stripped")
            tool("strip", "-s", "-o", twin, binary)
            check_one(gocrash, twin, core, recipe, dict(SOURCES_WITHOUT, **dict.fromkeys(names, "nothing")))
    return "6 binaries"


if __name__ == "__main__":
    main(check)
