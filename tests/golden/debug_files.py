"""Debug information that lies elsewhere, and executables that nobody names.

    debug_files.py GOCRASH TESTDATA

The binary of a recording is stripped here, and its debug information put wherever it is looked for, in each form that
strip, objcopy and eu-strip give it: the report must be the one with the binary as it was linked. Without it, and with that
of another build, it must not.
"""
import contextlib
import http.server
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import threading

from common import CheckFailed, main, run
from interfaces_stripped import plain_copy
from recording import cut_section_headers

AT_ENTRY = 9  # elf.h


def tool(*command):
    subprocess.run(command, check=True)


def report(gocrash, *arguments, stable=True, environment=None):
    """The JSON report, without what it says of the binary's own file."""
    options = ["--stable"] if stable else []
    output = run([gocrash, "analyze", "--format", "json"] + options + list(arguments), env=environment).expect_status(0)
    if output.stderr:
        raise CheckFailed("standard error is not empty:\n%s" % output.stderr)
    whole = json.loads(output.stdout)
    for frame in (frame for goroutine in whole["goroutines"] for frame in goroutine["frames"]):
        for key in ("source", "source_note"):  # of this host's files, where the recording was made
            frame.pop(key, None)
    return whole, {key: value for key, value in whole.items() if key != "binary"}


class Recording:
    """One recording of nilmap with its binary in several forms; full is the report that all must give."""

    def __init__(self, gocrash, testdata, build, scratch):
        self.gocrash, self.scratch = gocrash, scratch
        os.makedirs(scratch)
        directory = os.path.join(testdata, "nilmap", build)
        self.core = os.path.join(directory, "crash.core.zst")
        self.plain = plain_copy(os.path.join(directory, "binary.zst"), scratch, "plain")
        self.stripped = self.path("stripped")
        tool("strip", "-s", "-o", self.stripped, self.plain)
        self.debug = self.path("nilmap.debug")
        tool("objcopy", "--only-keep-debug", self.plain, self.debug)
        whole, self.full = report(gocrash, self.plain, self.core)
        self.build_id = whole["binary"].get("build_id")
        self.bare = report(gocrash, self.stripped, self.core)[1]
        if self.bare == self.full or not any("no DWARF" in text for text in self.bare["warnings"]):
            raise CheckFailed("the report of the stripped binary does not say what is missing")

    def path(self, *parts):
        path = os.path.join(self.scratch, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def expect(self, what, expected, *arguments, stable=True, environment=None, debug=True):
        whole, actual = report(self.gocrash, *arguments, stable=stable, environment=environment)
        if not stable:  # where the core and the binary lie is said then
            actual["core"] = dict(actual["core"], path=self.full["core"]["path"])
        if not stable and "cause" not in expected["crash"]:  # this host's sources may name one where no DWARF does
            actual["crash"] = dict(actual["crash"], advice=expected["crash"].get("advice"))
            actual["crash"].pop("cause", None)
        if actual != expected:
            differ = [key for key in expected if actual.get(key) != expected[key]]
            raise CheckFailed("%s: the report differs in %s: %s" % (what, ", ".join(differ), actual["warnings"]))
        if debug != ("debug_file" in whole["binary"]):
            raise CheckFailed("%s: binary.debug_file is %s" % (what, whole["binary"].get("debug_file")))


def check_given(rec):
    """--debug-file in each form."""
    forms = {"the unstripped twin": rec.plain, "objcopy --only-keep-debug": rec.debug}
    split = rec.path("split")
    forms["eu-strip -f"] = rec.path("split.debug")
    shutil.copy(rec.plain, split)
    tool("eu-strip", "-f", forms["eu-strip -f"], split)
    for form in ("none", "zlib", "zlib-gnu"):
        forms["debug sections: " + form] = rec.path(form + ".debug")
        tool("objcopy", "--decompress-debug-sections", rec.debug, rec.path("open.debug"))
        if form == "none":
            shutil.copy(rec.path("open.debug"), forms["debug sections: none"])
        else:
            tool("objcopy", "--compress-debug-sections=" + form, rec.path("open.debug"), forms["debug sections: " + form])
    for what, path in forms.items():
        rec.expect(what, rec.full, "--debug-file", path, rec.stripped, rec.core)
    rec.expect("eu-strip's binary", rec.full, "--debug-file", forms["eu-strip -f"], split, rec.core)
    headless = rec.path("headless")
    shutil.copy(rec.stripped, headless)
    cut_section_headers(headless)
    rec.expect("without section headers", rec.full, "--debug-file", rec.debug, headless, rec.core)
    return len(forms) + 2


def check_found(rec):
    """Where it is looked for."""
    name = os.path.basename(rec.debug)
    linked = rec.path("beside", "prog")
    shutil.copy(rec.stripped, os.path.dirname(linked))
    shutil.copy(rec.stripped, linked)
    tool("objcopy", "--add-gnu-debuglink=" + rec.debug, linked)
    rec.expect("a link that leads nowhere", rec.bare, linked, rec.core, stable=False, debug=False)
    places = {"beside it": ("beside", name), "in .debug": ("beside", ".debug", name)}
    for what, place in places.items():
        shutil.copy(rec.debug, rec.path(*place))
        rec.expect(what, rec.full, linked, rec.core, stable=False)
        rec.expect(what + ", but --stable", rec.bare, linked, rec.core, debug=False)
        os.remove(rec.path(*place))
    shutil.copy(rec.debug, rec.path("archive", name))
    rec.expect("by its link in --debug-dir", rec.full, "--debug-dir", rec.path("archive"), linked, rec.core)
    shutil.copy(rec.plain, rec.path("twins", "prog"))
    rec.expect("the twin of its name in the second --debug-dir", rec.full, "--debug-dir", rec.path("empty", ""),
               "--debug-dir", rec.path("twins"), linked, rec.core)
    if rec.build_id:
        shutil.copy(rec.debug, rec.path("ids", ".build-id", rec.build_id[:2], rec.build_id[2:] + ".debug"))
        rec.expect("by build id", rec.full, "--debug-dir", rec.path("ids"), rec.stripped, rec.core)
    return check_checksum(rec, linked)


def check_checksum(rec, linked):
    """Debug information without a build id is known by its checksum, and by that alone."""
    nameless, name = rec.path("nameless", "nilmap.debug"), rec.path("anonymous", "prog")
    tool("objcopy", "--remove-section=.note.go.buildid", "--remove-section=.note.gnu.build-id", rec.debug, nameless)
    shutil.copy(rec.stripped, name)
    tool("objcopy", "--add-gnu-debuglink=" + nameless, name)
    rec.expect("by its checksum", rec.full, "--debug-dir", rec.path("nameless"), name, rec.core)
    with open(nameless, "ab") as file:
        file.write(b"\0")
    warned = dict(rec.bare, warnings=[text.replace("the binary has no DWARF", "the binary has no DWARF, and none was found "
                                                   "in the directories given for it") for text in rec.bare["warnings"]])
    rec.expect("with another checksum", warned, "--debug-dir", rec.path("nameless"), name, rec.core, debug=False)


def check_refused(rec, other):
    for what, path, said in (("another build's", other.debug, "build id is"), ("a text", __file__, "ELF file"),
                             ("a stripped file", rec.stripped, "neither DWARF nor symbols"),
                             ("what is not there", rec.path("nowhere"), "No such file"),
                             ("a directory", rec.scratch, "not a regular file")):
        output = run([rec.gocrash, "analyze", "--debug-file", path, rec.stripped, rec.core]).expect_status(1)
        if said not in output.stderr or path not in output.stderr or output.stdout or output.stderr.count("\n") != 1:
            raise CheckFailed("%s as --debug-file: %s" % (what, output.stderr))
    rec.expect("another build's in a directory",
               dict(rec.bare, warnings=[text.replace("no DWARF", "no DWARF, and none was found in the directories given "
                                                     "for it") for text in rec.bare["warnings"]]),
               "--debug-dir", other.path("archive"), "--debug-dir", other.path("ids"), rec.stripped, rec.core, debug=False)


def check_left_out(rec, other):
    """BINARY below a --sysroot, through a link that is absolute in the container."""
    recorded = rec.full["core"]["executable"]
    root = rec.path("root")
    shutil.copy(rec.plain, rec.path("root", "image", "program"))
    os.makedirs(os.path.dirname(root + recorded), exist_ok=True)
    os.symlink("/image/program", root + recorded)
    rec.expect("BINARY left out", rec.full, "--sysroot", root, rec.core, debug=False)
    shutil.copy(other.plain, rec.path("root", "image", "program"))
    output = run([rec.gocrash, "analyze", "--sysroot", root, rec.core]).expect_status(1)
    if "was replaced since" not in output.stderr:
        raise CheckFailed("another build below the sysroot: %s" % output.stderr)
    os.remove(root + recorded)
    output = run([rec.gocrash, "analyze", "--sysroot", root, rec.core]).expect_status(1)
    if root + recorded not in output.stderr or "give the executable" not in output.stderr:
        raise CheckFailed("nothing below the sysroot: %s" % output.stderr)


def check_linker(rec, other):
    """A program that the dynamic linker was told to run: AT_ENTRY is the linker's, and the build id says which program it is."""
    with open(rec.plain, "rb") as file:
        entry = struct.unpack_from("<Q", file.read(64), 24)[0]
    core = plain_copy(rec.core, rec.scratch, "core")
    with open(core, "rb") as file:
        data = file.read()
    auxv = data.index(struct.pack("<QQ", AT_ENTRY, entry))
    with open(core, "r+b") as file:
        file.seek(auxv)
        file.write(struct.pack("<QQ", AT_ENTRY, 0x7F0000001000))
    actual = report(rec.gocrash, rec.plain, core)[1]
    differ = [key for key in rec.full if key != "core" and actual.get(key) != rec.full[key]]  # which names the linker
    if differ:
        raise CheckFailed("another AT_ENTRY: the report differs in %s: %s" % (", ".join(differ), actual["warnings"]))
    output = run([rec.gocrash, "analyze", other.plain, core]).expect_status(1)
    if "is not the program that left this core" not in output.stderr:
        raise CheckFailed("another build where AT_ENTRY is the linker's: %s" % output.stderr)


@contextlib.contextmanager
def server(files):
    """A debuginfod: answers /buildid/ID/debuginfo; yields its URL and the list of what it was asked."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            path = files.get(self.path)
            self.send_response(200 if path else 404)
            if path:
                self.send_header("Content-Length", str(os.path.getsize(path)))
            self.end_headers()
            if path:
                with open(path, "rb") as file:
                    self.wfile.write(file.read())

        def log_message(self, format, *arguments):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d" % listener.server_port, asked
    listener.shutdown()


def check_debuginfod(rec, other):
    page = "/buildid/%s/debuginfo" % rec.build_id
    plain_environment = {key: value for key, value in os.environ.items() if not key.startswith("DEBUGINFOD")}
    for what, files, expected, found in (("it has it", {page: rec.debug}, rec.full, True), ("it has not", {}, rec.bare, False),
                                         ("it has another's", {page: other.debug}, None, False)):
        with server(files) as (url, asked):
            asking = dict(plain_environment, DEBUGINFOD_URLS=url, DEBUGINFOD_CACHE_PATH=rec.path("cache-" + what, ""),
                          HOME=rec.scratch)
            rec.expect("debuginfod, --stable", rec.bare, rec.stripped, rec.core, environment=asking, debug=False)
            rec.expect("no debuginfod", rec.bare, rec.stripped, rec.core, stable=False, environment=plain_environment, debug=False)
            run([rec.gocrash, "traceback", rec.stripped, rec.core], env=asking).expect_status(0)
            if asked:
                raise CheckFailed("debuginfod was asked without need: %s" % asked)
            if expected:
                rec.expect("debuginfod, " + what, expected, rec.stripped, rec.core, stable=False, environment=asking, debug=found)
            else:
                warnings = report(rec.gocrash, rec.stripped, rec.core, stable=False, environment=asking)[1]["warnings"]
                if not any("is not the debug information of" in text for text in warnings):
                    raise CheckFailed("another build's from debuginfod: %s" % warnings)
            if page not in asked:
                raise CheckFailed("debuginfod was not asked (is libdebuginfod1 installed?)")


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = arguments
    with tempfile.TemporaryDirectory() as scratch:
        new, old, other = (Recording(gocrash, testdata, build, os.path.join(scratch, build)) for build in
                           ("go1.27-noopt", "go1.15-noopt", "go1.27-default"))
        forms = check_given(new) + check_given(old)
        for rec in (other, new, old):
            check_found(rec)
        check_refused(new, other)
        check_refused(old, new)
        check_left_out(new, other)
        check_left_out(old, new)
        check_linker(new, other)
        check_debuginfod(new, other)
    return "%d forms of debug information, 3 binaries" % forms


if __name__ == "__main__":
    main(check)
