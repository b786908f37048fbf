"""`gocrash doctor` on the settings of hosts that are not this one: directories that stand for /.

    doctor.py GOCRASH
"""
import json
import os
import sys
import tempfile

from common import CheckFailed, main, run

LIMITS = ("Limit                     Soft Limit           Hard Limit           Units     \n"
          "Max file size             unlimited            unlimited            bytes     \n"
          "Max core file size        %s            %s            bytes     \n")
GOOD = {"proc/self/environ": "HOME=/root\0GOTRACEBACK=crash\0", "proc/self/limits": LIMITS % ("unlimited", "unlimited"),
        "proc/self/coredump_filter": "00000033\n", "proc/sys/kernel/core_pattern": "core.%e.%p\n",
        "proc/sys/kernel/core_uses_pid": "0\n", "proc/self/cgroup": "0::/user.slice\n"}
HANDLER = {"usr/lib/systemd/systemd-coredump": "#!"}
SYSTEMD = "|/usr/lib/systemd/systemd-coredump %P %u %g %s %t %c %h\n"

# name, files that differ (None: not there), exit status, subject → (level, part of the text, part of the remedy)
CASES = [
    ("all is well", {}, 0, {"GOTRACEBACK": ("good", "crash", ""), "core limit": ("good", "unlimited", ""),
                            "directory": ("good", "MB free", "")}),
    ("no GOTRACEBACK", {"proc/self/environ": "HOME=/\0"}, 5, {"GOTRACEBACK": ("problem", "is not set", "export GOTRACEBACK=crash")}),
    ("another GOTRACEBACK", {"proc/self/environ": "GOTRACEBACK=all\0"}, 5, {"GOTRACEBACK": ("problem", "is all", "Environment=")}),
    ("one that only ends in the name", {"proc/self/environ": "MY_GOTRACEBACK=crash\0"}, 5, {"GOTRACEBACK": ("problem", "is not set", "")}),
    ("limit 0", {"proc/self/limits": LIMITS % ("0", "unlimited")}, 5, {"core limit": ("problem", "is 0", "ulimit -c unlimited")}),
    ("hard limit 0", {"proc/self/limits": LIMITS % ("0", "0")}, 5, {"core limit": ("problem", "hard limit too", "LimitCORE=infinity")}),
    ("a small limit", {"proc/self/limits": LIMITS % ("1048576", "1048576")}, 0, {"core limit": ("note", "1048576 bytes", "LimitCORE")}),
    ("no heap in the core", {"proc/self/coredump_filter": "00000032\n"}, 5, {"coredump_filter": ("problem", "neither heap", "echo 0x33")}),
    ("systemd-coredump", dict(HANDLER, **{"proc/sys/kernel/core_pattern": SYSTEMD}), 0,
     {"core_pattern": ("good", "/var/lib/systemd/coredump", "")}),
    ("systemd-coredump keeps none", dict(HANDLER, **{"proc/sys/kernel/core_pattern": SYSTEMD,
                                                     "etc/systemd/coredump.conf": "[Coredump]\n#Storage=external\nStorage=none\n"}), 5,
     {"core_pattern": ("problem", "Storage=none", "Storage=external")}),
    ("systemd-coredump of the host of a container", {"proc/sys/kernel/core_pattern": SYSTEMD, "proc/self/cgroup": "0::/kubepods/pod1/a\n"}, 0,
     {"container": ("note", "Kubernetes", ""), "core_pattern": ("note", "on the host", "")}),
    ("apport", {"proc/sys/kernel/core_pattern": "|/usr/share/apport/apport -p%p\n"}, 0, {"core_pattern": ("note", "/var/lib/apport/coredump", "sysctl")}),
    ("a handler that is not there", {"proc/sys/kernel/core_pattern": "|/opt/handler %p\n"}, 5, {"core_pattern": ("problem", "not there", "sysctl")}),
    ("a handler that throws it away", {"proc/sys/kernel/core_pattern": "|/bin/false\n"}, 5, {"core_pattern": ("problem", "thrown away", "sysctl")}),
    ("an unknown handler, of the host", {"proc/sys/kernel/core_pattern": "|/opt/handler\n", ".dockerenv": ""}, 0,
     {"core_pattern": ("note", "outside of the container", "")}),
    ("an empty pattern", {"proc/sys/kernel/core_pattern": "\n"}, 5, {"core_pattern": ("problem", "is empty", "sysctl")}),
    ("an empty pattern with the pid", {"proc/sys/kernel/core_pattern": "\n", "proc/sys/kernel/core_uses_pid": "1\n"}, 0,
     {"core_pattern": ("good", ".PID: a file", "")}),
    ("one core over another", {"proc/sys/kernel/core_pattern": "core\n"}, 0, {"core_pattern": ("note", "takes its place", "sysctl")}),
    ("a directory that is not there", {"proc/sys/kernel/core_pattern": "/cores/core.%p\n"}, 5, {"directory": ("problem", "/cores", "mkdir")}),
    ("a directory that is there", {"proc/sys/kernel/core_pattern": "/cores/core.%p\n", "cores/x": ""}, 0, {"directory": ("good", "/cores", "")}),
    ("a limit of the cgroup", {"sys/fs/cgroup/memory.max": "536870912\n"}, 0, {"memory limit": ("note", "536870912", "GOMEMLIMIT")}),
    ("a socket", {"proc/sys/kernel/core_pattern": "@/run/coredump.socket\n"}, 0, {"core_pattern": ("note", "socket", "")}),
]


def make_root(root, differing):
    for path, text in dict(GOOD, **differing).items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as file:
            file.write(text)
        os.chmod(full, 0o755)
    os.makedirs(os.path.join(root, "work"), exist_ok=True)
    os.symlink(os.path.join(root, "work"), os.path.join(root, "proc/self/cwd"))


def check_case(gocrash, case):
    _, differing, status, expected = case
    with tempfile.TemporaryDirectory() as root:
        make_root(root, differing)
        output = run([gocrash, "doctor", "--format", "json", "--root", root]).expect_status(status)
        text = run([gocrash, "doctor", "--root", root]).expect_status(status).stdout
    findings = {one["subject"]: one for one in json.loads(output.stdout)["findings"]}
    for subject, (level, part, remedy) in expected.items():
        one = findings.get(subject)
        if not one or one["level"] != level or part not in one["text"] or remedy not in one.get("remedy", ""):
            raise CheckFailed("%s: expected %s, %r, %r; there is %s" % (subject, level, part, remedy, one))
        if part not in text:
            raise CheckFailed("%r is not in the text:\n%s" % (part, text))
    if ("leaves a usable core" in text) != (status == 0):
        raise CheckFailed("the first line says something else than exit status %d:\n%s" % (status, text))


def check(arguments):
    if len(arguments) != 1:
        sys.exit(__doc__)
    gocrash, failed = os.path.abspath(arguments[0]), 0
    for case in CASES:
        try:
            check_case(gocrash, case)
            print("ok    %s" % case[0])
        except CheckFailed as failure:
            print("FAIL  %s: %s" % (case[0], failure))
            failed += 1
    if failed:
        raise CheckFailed("%d of %d wrong" % (failed, len(CASES)))
    run([gocrash, "doctor", "--pid", str(os.getpid())])  # whatever this host is like, it says something
    output = run([gocrash, "doctor", "--pid", "999999999"]).expect_status(1)
    if output.stdout or "there is no process 999999999" not in output.stderr:
        raise CheckFailed("no such process: %s%s" % (output.stdout, output.stderr))
    return "%d hosts" % len(CASES)


if __name__ == "__main__":
    main(check)
