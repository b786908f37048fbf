#!/usr/bin/env python3
"""Aborts real Go programs, as Debian and npm ship them, and compares what gocrash says with what they print themselves.

    real_programs.py [--root DIR] [--only PATTERN] [--signal NAME] [--keep DIR] GOCRASH

Each program of the list below that is found, in PATH or anywhere below DIR (where dpkg -x or npm pack has left packages), is
started under GOTRACEBACK=crash, sent SIGABRT once it has been up for two seconds, and its core read four times: with its
binary, with one that has neither symbols nor section headers, without naming it, and the same below --sysroot. Every goroutine
must be in all, as the program printed it; those that it printed as running, runnable or in a system call went on between
the print and the dump, and are not compared. The JSON report must be what the schema says, the Markdown one be printed, and
none tell of a deadlock, of goroutines that can never go on, or of another cause than the signal: nothing was wrong with the
program. --keep leaves core, standard error and text report of each there. One for arm64 runs under qemu-aarch64-static, whose cores do not name their
executable. Needs core_pattern to be a plain name.
"""
import argparse
import fcntl
import fnmatch
import glob
import json
import os
import pty
import resource
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "golden"))
from common import CheckFailed, read_text, run  # noqa: E402
from json_valid import load_validator  # noqa: E402
from recording import cut_section_headers  # noqa: E402
from traceback_equal import compare  # noqa: E402

# name, arguments; {d} is an empty directory of its own, {p} a port; "on a terminal": it wants one
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
    ("lefthook", ["run", "pre-commit", "--force"]),
    ("skopeo", ["login", "--password-stdin", "-u", "nobody", "127.0.0.1:9"]),
    ("dbmate", ["--url", "postgres://127.0.0.1:9/none?sslmode=disable", "--wait-timeout=60s", "wait"]),
    ("ngrok", ["http", "--log=stderr", "9"]),
    ("prometheus-blackbox-exporter", ["--config.file={d}/blackbox.yml", "--web.listen-address=127.0.0.1:{p}"]),
    ("dockerd", ["--data-root={d}/data", "--exec-root={d}/exec", "--pidfile={d}/pid", "--host=unix://{d}/sock", "--bridge=none",
                 "--iptables=false"]),
    ("docker-registry", ["serve", "{d}/registry.yml"]),
    ("packer", ["console"]),
    ("crowdsec", ["-c", "{d}/crowdsec.yaml"]),
    ("lxd", ["daemon", "--group", "root"]),
    ("gopls", ["serve", "-listen=127.0.0.1:{p}"]),
    ("gobgpd", ["--api-hosts=127.0.0.1:{p}"]),
    ("gobgp", ["-u", "127.0.0.1", "-p", "{p}", "monitor", "global", "rib"]),
    ("v2ray", ["-config={d}/v2ray.json"]),
    ("v2ctl", ["api", "--server=127.0.0.1:{p}", "--timeout=60", "StatsService.QueryStats", ""]),
    ("termshark", ["-i", "lo"], "on a terminal"),
    ("aerc", [], "on a terminal"),
    ("micro", [], "on a terminal"),
    ("lf", [], "on a terminal"),
    ("zabbix_agent2", ["-f", "-c", "{d}/zabbix.conf"]),
    ("godoc", ["-http=127.0.0.1:{p}"]),
    ("present", ["-http=127.0.0.1:{p}"]),
    ("prometheus-snmp-exporter", ["--config.file={d}/empty.yml", "--web.listen-address=127.0.0.1:{p}"]),
    ("prometheus-postgres-exporter", ["--web.listen-address=127.0.0.1:{p}"]),
    ("snowflake-proxy", ["-broker", "http://127.0.0.1:9/"]),
    ("tty-share", ["--listen=127.0.0.1:{p}"], "on a terminal"),
    ("websocketd", ["--port={p}", "--address=127.0.0.1", "cat"]),
    ("coredhcp", ["--conf", "{d}/dhcp.yml"]),
    ("snapd", []),
    ("nebula-cert", ["ca", "-name", "x", "-out-crt", "/dev/stdout"]),
    ("turbo", ["login"]),
    ("local-functions-proxy", ["--port", "{p}", "--host", "127.0.0.1", "--origin", "http://127.0.0.1:9"]),
    ("cerbos-linux-x64", ["server", "--set=storage.driver=disk", "--set=storage.disk.directory={d}",
                          "--set=server.httpListenAddr=127.0.0.1:{p}", "--set=server.grpcListenAddr=unix:{d}/grpc"]),
    ("sst", ["dev"]),
    ("depot", ["login"]),
    ("litestream", ["replicate", "{d}/db", "file://{d}/replica"]),
    ("kubernetes-mcp-server-linux-amd64", ["--kubeconfig={d}/kubeconfig"]),
    ("slack-mcp-server-linux-amd64", ["--transport", "stdio"]),
    ("d2", ["--watch", "--browser=0", "--port={p}", "{d}/in.d2"]),
    ("tsgolint", ["headless"]),
    ("rslint", ["--lsp"]),
    ("fastly", ["profile", "create"], "on a terminal"),
    ("go-blueprint", ["create"], "on a terminal"),
    ("whodb", []),
    ("trivy", ["server", "--listen=127.0.0.1:{p}", "--cache-dir={d}", "--skip-db-update"]),
]
MACHINE_AARCH64 = 183
FILES = {  # that programs want
    "blackbox.yml": "modules: {http: {prober: http}}\n",
    "lefthook.yml": "pre-commit: {commands: {wait: {run: sleep 60}}}\n",
    "registry.yml": "version: 0.1\nstorage: {filesystem: {rootdirectory: {d}/registry}}\nhttp: {addr: '127.0.0.1:{p}'}\n",
    "crowdsec.yaml": "common: {log_media: stdout, log_level: info}\nconfig_paths: {config_dir: {d}, data_dir: {d}, hub_dir: {d}}\n"
                     "db_config: {type: sqlite, db_path: {d}/crowdsec.db}\napi: {server: {listen_uri: '127.0.0.1:{p}', "
                     "profiles_path: {d}/profiles.yaml}}\n",
    "profiles.yaml": "name: none\nfilters: ['false']\ndecisions: [{type: ban, duration: 4h}]\non_success: break\n",
    "v2ray.json": '{"inbounds": [{"port": {p}, "listen": "127.0.0.1", "protocol": "socks"}], "outbounds": [{"protocol": "freedom"}]}',
    "zabbix.conf": "Server=127.0.0.1\nHostname=x\nLogType=console\nListenPort={p}\nControlSocket={d}/agent.sock\n",
    "empty.yml": "{}\n",
    "dhcp.yml": "server4: {listen: ['127.0.0.1:{p}'], plugins: [server_id: 127.0.0.1]}\n",
    "kubeconfig": "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\n"
                  "contexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\nusers: [{name: u, user: {}}]\n",
    "in.d2": "a -> b\n",
}


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


def start(words, directory, emulated, on_terminal):
    """The process, its standard error in stderr.txt; standard input is a pipe, or a terminal of its own."""
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": directory, "GOTRACEBACK": "crash", "TERM": "xterm",
                   "XDG_RUNTIME_DIR": directory, "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
    master = slave = None
    if on_terminal:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))

    def prepare():
        if on_terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if emulated:  # no core of the emulator itself
            with open("/proc/self/coredump_filter", "w", encoding="ascii") as file:
                file.write("0")

    with open(os.path.join(directory, "stderr.txt"), "wb") as stderr:
        process = subprocess.Popen(words, cwd=directory, env=environment, stdin=slave if on_terminal else subprocess.PIPE,
                                   stdout=slave if on_terminal else subprocess.DEVNULL, stderr=stderr, preexec_fn=prepare,
                                   start_new_session=True)
    if on_terminal:
        os.close(slave)
    return process, master


def abort(path, arguments, directory, port, options, on_terminal):
    """Returns what it printed on standard error, None if it ended by itself."""
    emulated = machine_of(path) == MACHINE_AARCH64
    words = (["qemu-aarch64-static"] if emulated else []) + [path] + [word.format(d=directory, p=port) for word in arguments]
    if shutil.which("git"):  # some want to be in a repository
        subprocess.run(["git", "init", "-q", directory], check=True)
    for name, text in FILES.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text.replace("{d}", directory).replace("{p}", str(port)))
    process, master = start(words, directory, emulated, on_terminal)
    end = time.monotonic() + (8 if emulated else 3)
    while time.monotonic() < end:  # a terminal that nobody reads fills up
        if master is not None and select.select([master], [], [], 0.2)[0]:
            try:
                os.read(master, 65536)
            except OSError:
                break
        elif master is None:
            time.sleep(0.2)
    if process.poll() is not None:
        return None
    process.send_signal(getattr(signal, "SIG" + options.signal))
    try:
        process.wait(120)
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)  # its children
        except ProcessLookupError:
            pass
    if master is not None:
        os.close(master)
    else:
        process.stdin.close()
    return read_text(os.path.join(directory, "stderr.txt"))


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


def check_reports(options, path, core):
    """Nothing was wrong with the program: the reports must not say so. Returns the text."""
    text = run([options.gocrash, "analyze", path, core]).expect_status(0).stdout
    run([options.gocrash, "analyze", "--format", "markdown", path, core]).expect_status(0)
    report = json.loads(run([options.gocrash, "analyze", "--format", "json", path, core]).expect_status(0).stdout)
    for error in options.schema.iter_errors(report):
        raise CheckFailed("JSON: %s: %s" % (error.json_path, error.message[:200]))
    bad = [finding["summary"] for finding in report.get("findings", []) if finding["kind"] in ("deadlock", "goroutine_leak")]
    if bad:
        raise CheckFailed("said of a program that nothing is wrong with: %s" % "; ".join(bad))
    if report["crash"]["kind"] not in ("signal", "fatal_error"):
        raise CheckFailed("it died of a %s: %s" % (report["crash"]["kind"], report["crash"].get("message")))
    return text


def check(options, path, arguments, port, on_terminal):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        subprocess.run(["git", "init", "-q", directory], check=False)
        printed = abort(path, arguments, directory, port, options, on_terminal)
        emulated = machine_of(path) == MACHINE_AARCH64
        cores = glob.glob(os.path.join(directory, "qemu_*.core" if emulated else "core*"))
        if printed is None:
            return "ended by itself: " + read_text(os.path.join(directory, "stderr.txt")).strip()[-200:].replace("\n", " | ")
        if len(cores) != 1:
            return "left %d cores" % len(cores)
        kept = os.path.join(options.keep, "%s.%x" % (os.path.basename(path), zlib.crc32(path.encode()))) if options.keep else None
        if kept:
            shutil.copy(cores[0], kept + ".core")
            shutil.copy(os.path.join(directory, "stderr.txt"), kept + ".stderr.txt")
            with open(kept + ".path", "w", encoding="utf-8") as file:
                file.write(path + "\n")
        said = []
        for how, words in ways_to_read(path, cores[0], directory, emulated):
            start_time = time.monotonic()
            output = run([options.gocrash, "traceback"] + words).expect_status(0)
            seconds = time.monotonic() - start_time
            try:
                counts = compare(printed, output.stdout, exempt_running=True)
            except CheckFailed as failure:
                raise CheckFailed("%s: %s" % (how, failure)) from failure
            said.append((how, counts, seconds))
        report = check_reports(options, path, cores[0])
        version = next((line for line in report.split("\n") if line.startswith("Program")), "").split()
        if kept:
            with open(kept + ".txt", "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(report)
        if len({counts for _, counts, _ in said}) != 1:
            raise CheckFailed("not the same number of goroutines: %s" % said)
        return "%d equal, %d not compared, in each of %d ways, %.1f s; %s, %s, %d MB" % (
            *said[0][1], len(said), said[0][2], " ".join(w for w in version if w.startswith("go1")),
            "arm64" if emulated else "amd64", os.path.getsize(path) >> 20)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root")
    parser.add_argument("--only", default="*")
    parser.add_argument("--signal", default="ABRT")
    parser.add_argument("--keep", metavar="DIR")
    parser.add_argument("gocrash")
    options = parser.parse_args()
    options.gocrash = os.path.abspath(options.gocrash)
    options.schema = load_validator(os.path.join(HERE, "..", "..", "docs", "report.schema.json"))
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    failed = checked = 0
    port = 20000 + os.getpid() % 20000
    for name, arguments, *how in PROGRAMS:
        if not fnmatch.fnmatchcase(name, options.only):
            continue
        for path in find(name, options.root):
            port += 1
            try:
                said = check(options, path, arguments, port, "on a terminal" in how)
                checked += "equal" in said
            except CheckFailed as failure:
                said, failed = "FAILED\n%s" % failure, failed + 1
            print("%s %s: %s" % (path, " ".join(arguments[:1]), said), flush=True)
    print("%d programs compared, %d failed" % (checked, failed))
    sys.exit(1 if failed or not checked else 0)


if __name__ == "__main__":
    main()
