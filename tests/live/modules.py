#!/usr/bin/env python3
"""Programs of more than one module: a plugin that dies in its host, and a library of Go that dies in a program of C.

    modules.py [--arm64] [--builds PATTERN] GOCRASH SCRATCH

Builds tests/live/modules with each Go toolchain (those that scripts/record finds), without optimisation and with default flags,
runs every scenario under GOTRACEBACK=crash, and compares the goroutines with those that the program printed, with the binaries
as they were linked and stripped. Class, function, cause and values are what the sources say. Needs gcc and core_pattern to be
a plain name. SCRATCH holds the builds while they are checked. With --arm64 they are built for that machine and run under
qemu-aarch64-static (Debian: qemu-user-static, gcc-aarch64-linux-gnu).
"""
import argparse
import fnmatch
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
from common import CheckFailed, read_text, run  # noqa: E402
from traceback_equal import compare  # noqa: E402

PLUG = "example.com/modules/plug"
SECOND = "example.com/modules/second"
# host, module, argument, class, function, cause (of unoptimised code), {FUNCTION: {NAME: VALUE}} without optimisation
SCENARIOS = [
    ("host", "plug.so", "field", "nil_dereference", PLUG + ".(*order).buyer", "o.Buyer", {
        PLUG + ".(*order).buyer": {"o": '&{ID: 41, Items: ["tea", "milk"], Buyer: nil}'},
        "main.call": {"caller": '&{Name: "host", Age: 7}', "scenario": '"field"'}}),
    ("host", "plug.so", "missing", "nil_dereference", PLUG + ".ship", "found", {
        PLUG + ".ship": {"key": '"second"', "stock": '{"milk": 0, "tea": 3}', "found": "nil",
                         "caller": '&{Name: "host", Age: 7}'}}),
    ("host", "plug.so", "error", "explicit_panic", PLUG + ".refuse", "wrapped", {
        PLUG + ".refuse": {"caller": '&{Name: "host", Age: 7}'}}),
    ("host", "plug.so", "field second.so", "nil_dereference", PLUG + ".(*order).buyer", "o.Buyer", {
        PLUG + ".(*order).buyer": {"o": '&{ID: 41, Items: ["tea", "milk"], Buyer: nil}'},
        SECOND + ".Through": {"note": '{Weight: 3, To: &{Name: "host", Age: 7}, Labels: {"fragile": 1}}', "len(depot)": "1"},
        "main.call": {"caller": '&{Name: "host", Age: 7}'}}),
    ("chost", "shared.so", "0", "nil_dereference", "main.withdraw", "found", {
        "main.withdraw": {"number": "2", "amount": "5", "found": "nil"}}),
    ("chost", "shared.so", "1", "explicit_panic", "main.overdraw", None, {
        "main.overdraw": {"number": "1", "amount": "50", "owner": '"Alice"'}}),
]
# where the value at fault came from: the map is reached through the linker's table in a plugin, directly in a library
ORIGINS = {("plug.so", "missing"): "pending has no key", ("shared.so", "0"): "accounts has no key"}
EXPRESSIONS = [("plug.so", "missing", 'pending["first"].Items[1]', '"milk"'), ("plug.so", "missing", "len(backlog)", "2"),
               ("shared.so", "0", "accounts[1].Owner", '"Alice"')]

CROSS = "aarch64-linux-gnu-"
ARM64_ROOT = "/usr/aarch64-linux-gnu"  # where its C library is


def toolchains():
    listed = subprocess.run([str(HERE.parents[1] / "scripts" / "record"), "--toolchains"], check=True, capture_output=True,
                            text=True).stdout
    return [line.split()[:2] for line in listed.splitlines() if line.startswith("go1")]


def build(release, root, kind, prefix, directory):
    source = directory / "src"
    shutil.copytree(HERE / "modules", source)
    module = source / "go.mod"
    module.write_text(module.read_text().replace("go 1.15", "go " + release[2:]))
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(directory), "GOCACHE": str(directory.parent / "cache"), "GO111MODULE": "on",
                   "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "1", "GOROOT": root}
    if prefix:
        environment.update(GOARCH="arm64", CC=prefix + "gcc")
    flags = ["-gcflags=all=-N -l"] if kind == "noopt" else []
    for mode, name, package in (("plugin", "plug.so", "./plug"), ("plugin", "second.so", "./second"),
                                ("default", "host", "./host"), ("c-shared", "shared.so", "./shared")):
        subprocess.run([root + "/bin/go", "build", *flags, "-buildmode=" + mode, "-o", str(directory / name), package], cwd=source,
                       env=environment, check=True)
    subprocess.run([prefix + "gcc", "-g", "-O1", "-x", "c", str(source / "shared" / "host.c.txt"), "-o", str(directory / "chost"), "-ldl"],
                   check=True)


def crash(directory, prefix, host, module, argument):
    place = directory / ("%s-%s" % (host, argument.replace(" ", "-")))
    place.mkdir()
    first, *others = argument.split()
    words = [str(directory / host), str(directory / module), first] + [str(directory / name) for name in others]
    if prefix:  # the kernel would dump the emulator as well
        words = ["sh", "-c", 'echo 0 >/proc/self/coredump_filter; exec "$@"', "sh", "qemu-aarch64-static", "-L", ARM64_ROOT] + words
    with open(place / "stderr.txt", "wb") as stderr:
        subprocess.run(words, cwd=place, stdout=subprocess.DEVNULL, stderr=stderr,
                       env={"PATH": "/usr/bin:/bin", "GOTRACEBACK": "crash"}, check=False)
    cores = glob.glob(str(place / ("qemu_*.core" if prefix else "core*")))
    if len(cores) != 1:
        raise CheckFailed("left no core: " + read_text(str(place / "stderr.txt"))[:300])
    return cores[0], read_text(str(place / "stderr.txt"))


def check_values(gocrash, binary, core, values):
    """As the command `locals` and `args` print them: name, type, = value."""
    report = json.loads(run([gocrash, "analyze", "--format", "json", "--full", binary, core]).expect_status(0).stdout)
    dying = next(goroutine for goroutine in report["goroutines"] if goroutine.get("crashed"))
    for function, wanted in values.items():
        number = next((i for i, frame in enumerate(dying["frames"]) if frame["function"] == function), None)
        if number is None:
            raise CheckFailed("no frame of " + function)
        for name, value in wanted.items():
            printed = run([gocrash, "print", "-f", str(number), binary, core, name]).expect_status(0).stdout.strip()
            if printed != "%s = %s" % (name, value):
                raise CheckFailed("%s: %s instead of %s" % (function, printed, value))
    return report


def of_report(report):
    return {key: report[key] for key in ("crash", "goroutines", "groups")}


def check_separate(gocrash, directory, prefix, module, files, report):
    """The module's DWARF in a file of its own: beside it, in a directory that is named, and nowhere."""
    path, debug, elsewhere = directory / module, directory / (module + ".debug"), directory / "elsewhere"
    shutil.copy(path, directory / "kept")
    elsewhere.mkdir(exist_ok=True)
    for command in ([prefix + "objcopy", "--only-keep-debug", path, debug], [prefix + "strip", path],
                    [prefix + "objcopy", "--add-gnu-debuglink=%s" % debug, path]):
        subprocess.run([str(word) for word in command], check=True, cwd=directory)
    try:
        for options in ([], ["--debug-dir", str(elsewhere)]):
            if options:
                shutil.move(debug, elsewhere / debug.name)
            read = run([gocrash, "analyze", "--format", "json", "--full"] + options + files).expect_status(0).stdout
            if of_report(json.loads(read)) != of_report(report):
                raise CheckFailed("%s: another report with its debug information in a file of its own, %s" % (module, options))
        bare = json.loads(run([gocrash, "analyze", "--format", "json", "--full"] + files).expect_status(0).stdout)
        said = [text for text in bare["warnings"] if "no DWARF" in text]
        noted = sum("DWARF" in frame.get("variables_note", "") for goroutine in bare["goroutines"] for frame in goroutine["frames"])
        if len(said) != 1 or noted:
            raise CheckFailed("%s: that it has no DWARF is said %d times and at %d frames" % (module, len(said), noted))
    finally:
        os.replace(directory / "kept", path)
        for rest in (debug, elsewhere / debug.name):
            rest.unlink(missing_ok=True)


def check_gone(gocrash, directory, module, files):
    """The module's file is not here: that is said, and nothing is made of its host's line."""
    os.replace(directory / module, directory / "kept")
    try:
        report = json.loads(run([gocrash, "analyze", "--format", "json"] + files).expect_status(0).stdout)
    finally:
        os.replace(directory / "kept", directory / module)
    said = [text for text in report["warnings"] if str(directory / module) in text]
    if len(said) != 1 or "cause" in report["crash"] or report["crash"].get("class") == "cgo_crash":
        raise CheckFailed("%s is gone: said %d times; %s" % (module, len(said), report["crash"]))


def check(gocrash, directory, kind, prefix, scenario):
    host, module, argument, kind_of_death, function, cause, values = scenario
    binary = str(directory / host)
    core, printed = crash(directory, prefix, host, module, argument)
    equal, _ = compare(printed, run([gocrash, "traceback", binary, core]).expect_status(0).stdout, exempt_running=True)
    report = check_values(gocrash, binary, core, values if kind == "noopt" else {})
    died = report["crash"]
    frame = next(g for g in report["goroutines"] if g.get("crashed"))["frames"][died["frame"]]["function"]
    if (died["class"], frame) != (kind_of_death, function):
        raise CheckFailed("%s in %s instead of %s in %s" % (died["class"], frame, kind_of_death, function))
    said = died.get("cause", {}).get("expression")
    if said != cause and (kind == "noopt" or said):
        raise CheckFailed("the cause is %s instead of %s" % (said, cause))
    origin = ORIGINS.get((module, argument))
    if origin and not prefix and origin not in str(died.get("cause", {}).get("origin")):
        raise CheckFailed("the origin does not say that %s: %s" % (origin, died.get("cause", {}).get("origin")))
    for library, scenario_of_it, expression, value in EXPRESSIONS if kind == "noopt" else []:
        if (library, scenario_of_it) == (module, argument):
            told = run([gocrash, "print", binary, core, expression]).expect_status(0).stdout.strip()
            if told != "%s = %s" % (expression, value):
                raise CheckFailed("%s instead of %s" % (told, value))
    if kind == "noopt":
        check_separate(gocrash, directory, prefix, module, [binary, core], report)
    if host == "host" and not prefix:  # an emulator's core names no files
        check_gone(gocrash, directory, module, [binary, core])
    for name in (host, module):
        shutil.copy(directory / name, directory / (name + ".whole"))
        subprocess.run([prefix + "strip", str(directory / name)], check=True)
    try:
        stripped = run([gocrash, "traceback", binary, core]).expect_status(0).stdout
        compare(printed, stripped, exempt_running=True)
        missing = [w for w in json.loads(run([gocrash, "analyze", "--format", "json", binary, core]).expect_status(0).stdout)["warnings"]
                   if "DWARF" in w or "debug" in w]
        if len(missing) != len(set(missing)) or len(missing) > (2 if host == "host" else 1):  # each file once
            raise CheckFailed("stripped: what is missing is said %d times: %s" % (len(missing), missing))
    finally:
        for name in (host, module):
            os.replace(directory / (name + ".whole"), directory / name)
    return equal


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--builds", default="*")
    parser.add_argument("--arm64", dest="prefix", action="store_const", const=CROSS, default="")
    parser.add_argument("gocrash")
    parser.add_argument("scratch", type=Path)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    gocrash, failed, passed = os.path.abspath(options.gocrash), 0, 0
    options.scratch.mkdir(parents=True, exist_ok=True)
    for release, root in toolchains():
        for kind in ("noopt", "default"):
            if not fnmatch.fnmatchcase("%s-%s" % (release, kind), options.builds):
                continue
            directory = options.scratch.resolve() / ("%s-%s" % (release, kind))
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir()
            try:
                build(release, root, kind, options.prefix, directory)
            except subprocess.CalledProcessError as failure:
                print("%s-%s: not built: %s" % (release, kind, failure), flush=True)
                continue
            for scenario in SCENARIOS:
                try:
                    equal = check(gocrash, directory, kind, options.prefix, scenario)
                    passed += 1
                    print("%s-%s %s %s: %d goroutines equal" % (release, kind, scenario[0], scenario[2], equal), flush=True)
                except CheckFailed as failure:
                    failed += 1
                    print("FAILED %s-%s %s %s: %s" % (release, kind, scenario[0], scenario[2], str(failure)[:600]), flush=True)
            shutil.rmtree(directory)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
