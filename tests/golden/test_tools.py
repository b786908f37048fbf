"""The test tools themselves: each must pass what is right and fail what is wrong, nothing compared included."""
import os
import stat
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import golden
import json_valid
import recording
import report_contains
import traceback_equal
import wrong_input
from common import CheckFailed, Output

DIED = """panic: the program's own
panic: boom
	panic: again

goroutine 1 [running]:
main.main()
	/x/main.go:3 +0x1

goroutine 2 gp=0x1 m=nil [chan receive, 3 minutes] {k: "[x]"}:
main.f()
	/x/main.go:9 +0x2

goroutine 3 [running]:
	goroutine running on other thread; stack unavailable
"""
MESSAGE_ONLY = DIED[DIED.index("panic: boom"):]


class TracebackEqual(unittest.TestCase):
    def fails(self, actual, text, recorded=DIED, **options):
        with self.assertRaises(CheckFailed) as caught:
            traceback_equal.compare(recorded, actual, **options)
        self.assertIn(text, str(caught.exception))

    def test_equal(self):
        recorded = "log line\n\n" + MESSAGE_ONLY + "\n-----\n\ngoroutine 9 [running]:\n"
        self.assertEqual(traceback_equal.compare(recorded, MESSAGE_ONLY), (3, 0))

    def test_one_byte(self):
        self.fails(MESSAGE_ONLY.replace("+0x2", "+0x3"), "goroutine 2 differs", MESSAGE_ONLY)
        self.fails(MESSAGE_ONLY.replace("3 minutes", "2 minutes"), "goroutine 2 differs", MESSAGE_ONLY)
        self.fails(MESSAGE_ONLY.replace("\tpanic: again", "\tpanic: agein"), "message differs", MESSAGE_ONLY)

    def test_sets(self):
        cut = MESSAGE_ONLY[:MESSAGE_ONLY.index("goroutine 3")]
        self.fails(cut, "missing: 3", MESSAGE_ONLY)
        self.fails(MESSAGE_ONLY, "did not print: 3", cut)
        self.fails(MESSAGE_ONLY + "\ngoroutine 3 [running]:\n", "twice", MESSAGE_ONLY)

    def test_order(self):
        head, one, two, three = MESSAGE_ONLY.rstrip("\n").split("\n\n")
        self.fails("\n\n".join([head, one, three, two]) + "\n", "order", MESSAGE_ONLY)

    def test_exempt(self):
        other = MESSAGE_ONLY.replace("\tgoroutine running on other thread; stack unavailable", "main.g()\n\t/x/main.go:1 +0x1")
        self.assertEqual(traceback_equal.compare(MESSAGE_ONLY, other, exempt_running=True), (2, 1))
        self.fails(other, "goroutine 3", MESSAGE_ONLY)
        # the one that died is running too, and not exempt
        self.fails(MESSAGE_ONLY.replace("main.go:3", "main.go:4"), "goroutine 1", MESSAGE_ONLY, exempt_running=True)

    def test_two_deaths(self):
        twice = MESSAGE_ONLY + "panic: number 1\n\ngoroutine 3 [running]:\nmain.g()\n\ngoroutine 1 [waiting]:\n"
        self.assertEqual(traceback_equal.compare(twice, MESSAGE_ONLY), (3, 0))

    def test_deaths_together(self):
        once = MESSAGE_ONLY.replace("panic: boom\n\tpanic: again", "fatal error: concurrent map writes")
        both = "fatal error: concurrent map writes\n" + once + "\ngoroutine 3 [running]:\nmain.g()\n"
        self.assertEqual(traceback_equal.compare(both, once), (3, 0))

    def test_unwinder(self):
        dumped = MESSAGE_ONLY.replace("main.f()", "runtime: g 2 gp=0x1: unknown pc 0x5\nstack: frame={sp:0x0, fp:0x0}\n"
                                      "                   7 6 5 4  3 2 1 0\n000000c000068c10: 00 00\n    ^ <main.f+0x1>\nmain.f()")
        self.assertEqual(traceback_equal.compare(dumped, MESSAGE_ONLY), (3, 0))
        more = MESSAGE_ONLY.replace("main.go:9 +0x2\n", "main.go:9 +0x2\nmain.g()\n")
        self.assertEqual(traceback_equal.compare(dumped, more), (3, 0))
        self.fails(more, "goroutine 2 differs", MESSAGE_ONLY)

    def test_controls(self):
        recorded = MESSAGE_ONLY.replace("boom", "b\x07\x1b\udcff\t")
        self.assertEqual(traceback_equal.compare(recorded, MESSAGE_ONLY.replace("boom", "b\\a\\x1b\\xff\t")), (3, 0))

    def test_nothing(self):
        self.fails("", "no message", MESSAGE_ONLY)
        self.fails(MESSAGE_ONLY, "no message", "panic: boom\n")


REPORT = {"crash": {"kind": "panic", "message": ["a", "b=c"]}, "goroutines": [
    {"id": 1, "frames": [{"function": "main.f", "locals": [{"name": "n", "nil": True}]}]}, {"id": 7, "frames": []}]}


class JsonValid(unittest.TestCase):
    def test_facts(self):
        for fact in ("crash.kind=panic", "crash.message[1]=b=c", "goroutines[-1].id=7", "crash.kind~^pan",
                     'crash.message=["a", "b=c"]', "goroutines[id=1].frames[function=main.f].locals[name=n].nil=true",
                     "goroutines[frames.function=main.f].id=1"):
            json_valid.expect(REPORT, fact)

    def test_wrong_facts(self):
        for fact in ("crash.kind=none", "crash.sort=panic", "goroutines[2].id=7", "goroutines[id=2].id=2", "crash.kind",
                     "goroutines[0].id=\"1\"", "goroutines[0].id=true", "crash.kind~^x", "goroutines[0].id~1"):
            with self.assertRaises(CheckFailed, msg=fact):
                json_valid.expect(REPORT, fact)

    def test_closed(self):
        schema = {"type": "object", "properties": {"properties": {"type": "object", "properties": {"a": {}}}}}
        validator = json_valid.jsonschema.Draft202012Validator(json_valid.closed(schema))
        self.assertTrue(validator.is_valid({"properties": {"a": 1}}))
        self.assertFalse(validator.is_valid({"properties": {"b": 1}}))


class ReportContains(unittest.TestCase):
    printed = "first  line\n  user   *main.User = nil \nlast line\n"

    def test_found(self):
        report_contains.check_contains(self.printed, [("line", "first line"), ("line", "user *main.User = nil"),
                                                      ("part", "last"), ("part", "line")], ["users"])

    def test_not_found(self):
        for wanted, absent in (([("line", "first")], []), ([("line", "last line"), ("line", "first line")], []),
                               ([("line", "last line"), ("line", "last line")], []), ([], ["main.User"])):
            with self.assertRaises(CheckFailed):
                report_contains.check_contains(self.printed, wanted, absent)

    def test_nothing_wanted(self):
        with self.assertRaises(CheckFailed):
            report_contains.check(["--", "true"])

    def test_command(self):
        report_contains.check(["--status", "3", "--line", "x", "--", "sh", "-c", "echo x; exit 3"])
        with self.assertRaises(CheckFailed):
            report_contains.check(["--line", "x", "--", "sh", "-c", "echo x; exit 3"])


class WithFake(unittest.TestCase):
    """A gocrash that prints the file named by its last operand."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.fake = os.path.join(scratch.name, "gocrash")
        self.file = os.path.join(scratch.name, "go1.27-noopt", "crash.core")
        self.expected = os.path.join(scratch.name, "expected")
        os.mkdir(os.path.dirname(self.file))
        for path in (self.file, os.path.join(os.path.dirname(self.file), "binary"),
                     os.path.join(os.path.dirname(self.file), "crash.stderr.txt")):
            self.write(path, MESSAGE_ONLY)
        self.write(self.fake, '#!/bin/sh\nfor last; do :; done\ncat "$last"\n')
        os.chmod(self.fake, stat.S_IRWXU)

    def write(self, path, content):
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)

    def test_golden(self):
        with self.assertRaises(CheckFailed):
            golden.check([self.fake, self.expected, "--", self.file])
        self.write(self.expected, MESSAGE_ONLY)
        golden.check([self.fake, self.expected, "--", self.file])
        self.write(self.expected, MESSAGE_ONLY + "more\n")
        with self.assertRaises(CheckFailed):
            golden.check([self.fake, self.expected, "--", self.file])
        os.environ["UPDATE_GOLDEN"] = "1"
        self.addCleanup(os.environ.pop, "UPDATE_GOLDEN")
        golden.check([self.fake, self.expected, "--", self.file])
        with open(self.expected, encoding="utf-8") as file:
            self.assertEqual(file.read(), MESSAGE_ONLY)

    def test_recording(self):
        self.write(self.expected, "scenario crash core\nexpect crash go1.27-* part main.main\n")
        arguments = (self.fake, "", recording.Recordings(self.expected), os.path.dirname(self.file), "crash")
        self.assertEqual(recording.check_recording(*arguments, "traceback"), "3 goroutines equal, 0 exempt")
        recording.check_recording(*arguments, "text")
        with self.assertRaises(CheckFailed):  # no facts known
            recording.check_recording(*arguments, "json")
        self.write(self.expected, "scenario crash core\nexpect crash go1.27-* sort main.main\n")
        with self.assertRaises(CheckFailed):
            recording.Recordings(self.expected)


class Death(unittest.TestCase):
    CRASH = {"kind": "panic", "class": "nil_map_write", "message": ["panic: boom", "\tpanic: again"], "goroutine": 1, "frame": 1,
             "signal": {"sender_pid": 7}}
    REPORT = {"crash": CRASH, "goroutines": [{"frames": [{"function": "panic"}, {"function": "main.f[...]"}]}]}

    def check(self, death, printed=MESSAGE_ONLY, **changes):
        report = dict(self.REPORT, crash=dict(self.CRASH, **changes))
        return "\n".join(recording.check_death(report, death, printed))

    def test_death(self):
        right = ["panic", "nil_map_write", "main.f[...]"]
        self.assertEqual(self.check(right), "")
        self.assertEqual(self.check(["*", "*", "*"], "sent by process 7\n\n" + MESSAGE_ONLY), "")
        self.assertIn("kind", self.check(["signal"] + right[1:]))
        self.assertIn("class", self.check(right[:1] + ["live"] + right[2:]))
        self.assertIn("main.f[...]'s instead of main.g", self.check(right[:2] + ["main.g"]))
        self.assertIn("no goroutine died", self.check(right[:2] + ["-"]))
        self.assertIn("message", self.check(right, message=["panic: boom"]))
        self.assertIn("goroutine", self.check(right, goroutine=2))
        self.assertIn("sender", self.check(right, "sent by process 8\n\n" + MESSAGE_ONLY))


class WrongInput(unittest.TestCase):
    def test_refusals(self):
        wrong_input.check_refusal(Output([], 1, "", "gocrash: x: not a core\n"), "x", "core")
        for status, stdout, stderr in ((0, "", "gocrash: x: not a core\n"), (1, "a", "gocrash: x: not a core\n"),
                                       (1, "", "gocrash: x:\nnot a core\n"), (1, "", "gocrash: y: not a core\n"),
                                       (1, "", "gocrash: x: no\n"), (1, "", "x: not a core\n"), (1, "", "")):
            with self.assertRaises(CheckFailed):
                wrong_input.check_refusal(Output([], status, stdout, stderr), "x", "core")


if __name__ == "__main__":
    unittest.main()
