#!/usr/bin/env python3
"""Aborts real Go programs, as Debian and npm ship them, and compares what gocrash says with what they print themselves.

    real_programs.py [--root DIR] [--only PATTERN] GOCRASH

Each program of the list below that is found, in PATH or anywhere below DIR (where dpkg -x or npm pack has left packages), is
started under GOTRACEBACK=crash, sent SIGABRT once it has been up for two seconds, and its core read four times: with its
binary, with one that has neither symbols nor section headers, without naming it, and the same below --sysroot. Every goroutine
must be in all, as the program printed it; those that it printed as running, runnable or in a system call went on between
the print and the dump, and are not compared. One for arm64 runs under qemu-aarch64-static, whose cores do not name their
executable. Needs core_pattern to be a plain name.
"""
import argparse
import fnmatch
import glob
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "golden"))
from common import CheckFailed, read_text, run  # noqa: E402
from recording import cut_section_headers  # noqa: E402
from traceback_equal import compare  # noqa: E402

# name, arguments; {d} is an empty directory of its own, {p} a port
PROGRAMS = [
    ("esbuild", ["--serve={p}", "--servedir={d}"]),
    ("hugo", ["server", "--port", "{p}", "--source", "{d}", "--destination", "{d}/out"]),
    ("caddy", ["file-server", "--root", "{d}", "--listen", "127.0.0.1:{p}"]),
    ("prometheus", ["--config.file=/dev/null", "--storage.tsdb.path={d}/data", "--web.listen-address=127.0.0.1:{p}"]),
    ("prometheus-node-exporter", ["--web.listen-address=127.0.0.1:{p}"]),
    ("rclone", ["serve", "http", "--addr", "127.0.0.1:{p}", "{d}"]),
    ("syncthing", ["serve", "--home={d}", "--no-browser", "--gui-address=127.0.0.1:{p}"]),
    ("etcd", ["--data-dir", "{d}/etcd", "--listen-client-urls", "http://127.0.0.1:{p}", "--advertise-client-urls",
              "http://127.0.0.1:{p}", "--listen-peer-urls", "http://127.0.0.1:0"]),
    ("influxd", ["-config", "/dev/null"]),
    ("containerd", ["--root", "{d}/root", "--state", "{d}/state", "--address", "{d}/sock", "--config", "/dev/null"]),
    ("docker", ["-H", "tcp://10.255.255.1:9", "ps"]),
    ("podman", ["--root", "{d}/root", "--runroot", "{d}/run", "system", "service", "--time=0", "unix://{d}/sock"]),
    ("restic", ["-r", "{d}/repository", "init"]),
    ("fzf", ["--filter=nothing"]),
    ("gh", ["auth", "login", "--with-token"]),
    ("dlv", ["dap", "--listen=127.0.0.1:{p}"]),
    ("gocryptfs", ["-init", "-plaintextnames", "{d}"]),
    ("nats-server", ["-a", "127.0.0.1", "-p", "{p}"]),
    ("victoria-metrics", ["-storageDataPath={d}/data", "-httpListenAddr=127.0.0.1:{p}"]),
    ("prometheus-pushgateway", ["--web.listen-address=127.0.0.1:{p}"]),
    ("prometheus-alertmanager", ["--storage.path={d}/data", "--web.listen-address=127.0.0.1:{p}", "--cluster.listen-address=",
                                 "--config.file=/dev/null"]),
    ("mtail", ["-logs", "/dev/null", "-progs", "{d}", "-address", "127.0.0.1", "-port", "{p}"]),
    ("webhook", ["-ip", "127.0.0.1", "-port", "{p}"]),
    ("aptly", ["api", "serve", "-listen=127.0.0.1:{p}"]),
    ("kubectl", ["proxy", "--port={p}"]),
    ("yggdrasil", ["-useconf"]),
    ("elvish", []),
    ("cscli", ["completion", "bash"]),
    ("age", ["-d", "-i", "-"]),
    ("tsgo", ["--lsp", "--stdio"]),
    ("buf", ["lsp", "serve"]),
    ("lefthook", ["run", "pre-commit"]),
    ("skopeo", ["login", "--password-stdin", "-u", "nobody", "127.0.0.1:9"]),
    ("dbmate", ["--url", "postgres://127.0.0.1:9/none?sslmode=disable", "--wait-timeout=60s", "wait"]),
    ("ngrok", ["http", "--log=stderr", "9"]),
    ("prometheus-blackbox-exporter", ["--config.file={d}/blackbox.yml", "--web.listen-address=127.0.0.1:{p}"]),
]
MACHINE_AARCH64 = 183
FILES = {"blackbox.yml": "modules: {http: {prober: http}}\n", "lefthook.yml": "pre-commit: {commands: {wait: {run: sleep 60}}}\n"}  # that programs want


def find(name, root):
    found = shutil.which(name)
    paths = [found] if found else []
    if root:
        paths += glob.glob(os.path.join(root, "**", name), recursive=True)
    return sorted(set(os.path.realpath(path) for path in paths if os.path.isfile(path) and machine_of(path)))


def machine_of(path):
    """e_machine; None: it is no ELF file."""
    with open(path, "rb") as file:
        header = file.read(20)
    return header[18] + 256 * header[19] if header[:4] == b"\x7fELF" and len(header) == 20 else None


def abort(path, arguments, directory, port):
    """Returns what it printed on standard error, None if it ended by itself."""
    emulated = machine_of(path) == MACHINE_AARCH64
    words = (["qemu-aarch64-static"] if emulated else []) + [path] + [word.format(d=directory, p=port) for word in arguments]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory, "GOTRACEBACK": "crash"}
    printed = os.path.join(directory, "stderr.txt")
    for name, text in FILES.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def no_core_of_emulator():
        if emulated:
            with open("/proc/self/coredump_filter", "w", encoding="ascii") as file:
                file.write("0")

    with open(printed, "wb") as stderr:
        process = subprocess.Popen(words, cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=stderr, preexec_fn=no_core_of_emulator)
        time.sleep(8 if emulated else 2)
        if process.poll() is not None:
            return None
        process.send_signal(signal.SIGABRT)
        process.wait(120)
        process.stdin.close()
    return read_text(printed)


def ways_to_read(path, core, directory, emulated):
    """(how, options and files)."""
    bare, sysroot = os.path.join(directory, "bare"), os.path.join(directory, "sysroot")
    shutil.copy(path, bare)
    subprocess.run(["strip" if not emulated else "aarch64-linux-gnu-strip", "-s", bare], check=False, stderr=subprocess.DEVNULL)
    cut_section_headers(bare)
    yield "with BINARY", [path, core]
    yield "without section headers", [bare, core]
    if emulated:
        return
    os.makedirs(sysroot + os.path.dirname(path))
    shutil.copy(path, sysroot + path)
    yield "without BINARY", [core]
    yield "--sysroot", ["--sysroot", sysroot, core]


def check(gocrash, path, arguments, port):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        subprocess.run(["git", "init", "-q", directory], check=False)
        printed = abort(path, arguments, directory, port)
        emulated = machine_of(path) == MACHINE_AARCH64
        cores = glob.glob(os.path.join(directory, "qemu_*.core" if emulated else "core*"))
        if printed is None:
            return "ended by itself: " + read_text(os.path.join(directory, "stderr.txt")).strip()[-100:].replace("\n", " | ")
        if len(cores) != 1:
            return "left no core"
        said = []
        for how, words in ways_to_read(path, cores[0], directory, emulated):
            start = time.monotonic()
            output = run([gocrash, "traceback"] + words).expect_status(0)
            seconds = time.monotonic() - start
            try:
                counts = compare(printed, output.stdout, exempt_running=True)
            except CheckFailed as failure:
                raise CheckFailed("%s: %s" % (how, failure)) from failure
            said.append((how, counts, seconds))
        report = run([gocrash, "analyze", path, cores[0]]).expect_status(0).stdout
        version = next((line for line in report.split("\n") if line.startswith("Program")), "").split()
        kept = os.environ.get("KEEP")
        if kept:
            shutil.copy(cores[0], os.path.join(kept, os.path.basename(path) + ".core"))
        if len({counts for _, counts, _ in said}) != 1:
            raise CheckFailed("not the same number of goroutines: %s" % said)
        return "%d equal, %d not compared, in each of %d ways, %.1f s; %s, %s, %d MB" % (
            *said[0][1], len(said), said[0][2], " ".join(w for w in version if w.startswith("go1")),
            "arm64" if emulated else "amd64", os.path.getsize(path) >> 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root")
    parser.add_argument("--only", default="*")
    parser.add_argument("gocrash")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    failed = checked = 0
    port = 20000 + os.getpid() % 20000
    for name, arguments in PROGRAMS:
        if not fnmatch.fnmatchcase(name, options.only):
            continue
        for path in find(name, options.root):
            port += 1
            try:
                said = check(os.path.abspath(options.gocrash), path, arguments, port)
                checked += "equal" in said
            except CheckFailed as failure:
                said, failed = "FAILED\n%s" % failure, failed + 1
            print("%s %s: %s" % (path, " ".join(arguments[:1]), said), flush=True)
    print("%d programs compared, %d failed" % (checked, failed))
    sys.exit(1 if failed or not checked else 0)


if __name__ == "__main__":
    main()
