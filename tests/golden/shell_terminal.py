"""Drives `gocrash shell` through a pseudo-terminal, as a person would: editing, history, completion, Ctrl-C, end of input.

    shell_terminal.py GOCRASH TESTDATA
"""
import codecs
import fcntl
import os
import pty
import re
import select
import stat
import subprocess
import sys
import tempfile
import termios
import time

from common import TIMEOUT_SECONDS, CheckFailed, main

ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\r")
UNFINISHED = re.compile(r"(\x1b(\[[0-9;?]*)?)?\Z")
PROMPT = "gocrash g1 #3> "


class Terminal:
    """A session at a terminal of 80 columns; what it prints is kept without its escape sequences."""

    def __init__(self, command, state):
        self.master, slave = pty.openpty()
        suppressions = os.path.join(state, "leaks")  # libedit never frees the names of the functions that are added to it
        with open(suppressions, "w") as file:
            file.write("leak:wcsdup\n")
        environment = dict(os.environ, TERM="xterm", XDG_STATE_HOME=state, XDG_CONFIG_HOME=state, LC_ALL="C.UTF-8",
                           LSAN_OPTIONS="suppressions=%s:print_suppressions=0" % suppressions)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""  # of an escape sequence, or of what may become one: a read ends anywhere
        self.printed = ""

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # the other end is closed
            return False
        text = self.rest + self.decoder.decode(data)
        whole = UNFINISHED.search(text).start()
        self.printed, self.rest = self.printed + ESCAPES.sub("", text[:whole]), text[whole:]
        return bool(data)

    def wait_for(self, text):
        """Until the text has been printed; what was printed up to there, which is then forgotten."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while text not in self.printed:
            if time.monotonic() > end or (not self.read(1) and self.process.poll() is not None):
                raise CheckFailed("%r did not come; there is:\n%s" % (text, self.printed[-2000:]))
        before, self.printed = self.printed.split(text, 1)
        return before

    def type(self, keys):
        os.write(self.master, keys.encode())

    def wait_for_prompt(self, prompt=PROMPT):
        """Until the prompt stands there and the line is edited: libedit prints the one before it sets the terminal for the
        other, and what is typed in between goes the way of any terminal's line."""
        self.wait_for(prompt)
        end = time.monotonic() + TIMEOUT_SECONDS
        while termios.tcgetattr(self.master)[3] & termios.ICANON:
            if time.monotonic() > end:
                raise CheckFailed("the terminal stays as it is")
            time.sleep(0.01)

    def command(self, keys, text):
        """Types a line and waits for a text and the next prompt behind it."""
        self.type(keys)
        self.wait_for(text)
        self.wait_for_prompt()

    def end(self):
        while self.read(1):
            pass
        return self.process.wait(TIMEOUT_SECONDS)


def check_editing(terminal):
    terminal.command("int users[1].Age\x01pr\r", "users[1].Age = 30")  # Ctrl-A: to the start of the line
    terminal.command("print lenn(users)" + "\x1b[D" * 7 + "\x7f\r", "len(users) = 1")  # to the left, and backspace


def check_nothing(terminal):
    terminal.command("args\r", "(none)")
    terminal.command("goroutines -with goloc nobody\r", "(none)")


def check_history(terminal):
    terminal.command("print users[1].Name\r", 'users[1].Name = "Alice"')
    terminal.command("\x1b[A\r", 'users[1].Name = "Alice"')  # up
    terminal.command("\x1b[A\x7f\x7f\x7f\x7fAge\r", "users[1].Age = 30")  # up, and altered


def check_completion(terminal):
    terminal.command("whatis users[1].N\t\r", "users[1].Name  string")
    terminal.type("print use\t")
    terminal.wait_for("print user")
    terminal.type("\t")
    terminal.wait_for("users")  # user and users are listed
    terminal.command("s[1].Age\r", "users[1].Age = 30")
    terminal.command("disas\t\r", "main.go:17")
    terminal.command("disass -l main.ma\t\r", "main.go:17")
    terminal.command("goroutines -with run\t\r", "main.main, nilmap/main.go:17")
    terminal.command("config max-str\t64\r", "config max-string-len 64")
    terminal.command("vars runtime.allgle\t\r", "runtime.allglen  uintptr = ")
    terminal.type("goroutine \t")
    listed = terminal.wait_for("6")
    if not re.search(r"1\s+2\s+3\s+4\s+5\s+$", listed):
        raise CheckFailed("the goroutines are not listed:\n%s" % listed)
    terminal.type("2\r")
    terminal.wait_for_prompt("gocrash g2 #0> ")
    terminal.command("goroutine 1\r", "Goroutine 1, frame 3: main.main, nilmap/main.go:17")


def check_interrupt(terminal):
    terminal.type("print user.Name")
    terminal.wait_for("user.Name")
    terminal.type("\x03")  # gives the line up: nothing is run
    terminal.wait_for_prompt()
    terminal.command("print 41 + 1\r", "41 + 1 = 42")
    terminal.type("\x03")  # at an empty line: somebody wanted to stop a listing that was just over
    terminal.wait_for_prompt()
    terminal.command("print 42 + 1\r", "42 + 1 = 43")
    terminal.type("goroutines -exec goroutines -exec bt\r")
    terminal.wait_for("\n")
    terminal.wait_for("\n")
    terminal.type("\x03")  # ends all of it, not only what one goroutine was asked for
    terminal.wait_for_prompt()
    terminal.command("print 39 + 3\r", "39 + 3 = 42")
    terminal.type("funcs --full\r")  # more than a terminal keeps for whoever does not read it
    terminal.wait_for("\n")
    terminal.wait_for("\n")
    terminal.type("\x03")  # the terminal's pipe is not read meanwhile, so that the listing is not over
    terminal.wait_for("(interrupted)")
    terminal.wait_for_prompt()
    terminal.command("print 40 + 3\r", "40 + 3 = 43")


def check_file(state):
    path = os.path.join(state, "gocrash", "history")
    mode = stat.S_IMODE(os.stat(path).st_mode)
    if mode != 0o600:
        raise CheckFailed("the history has mode %o" % mode)
    with open(path) as file:
        kept = file.read().replace("\\040", " ")
    if "print users[1].Name" not in kept or "Alice" in kept:
        raise CheckFailed("the history holds:\n%s" % kept)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, testdata = map(os.path.abspath, arguments)
    recording = os.path.join(testdata, "nilmap", "go1.27-noopt")
    command = [gocrash, "shell", os.path.join(recording, "binary.zst"), os.path.join(recording, "crash.core.zst")]
    with tempfile.TemporaryDirectory() as state:
        terminal = Terminal(command, state)
        terminal.wait_for("panic: runtime error: invalid memory address or nil pointer dereference\n")
        terminal.wait_for("Goroutine 1, frame 3: main.main, nilmap/main.go:17")
        terminal.wait_for_prompt()
        for one in (check_editing, check_nothing, check_history, check_completion, check_interrupt):
            one(terminal)
            print("ok    %s" % one.__name__)
        terminal.type("\x04")  # end of input
        status = terminal.end()
        if status != 0:
            raise CheckFailed("end of input: exit status %d" % status)
        check_file(state)
        second = Terminal(command, state)
        second.wait_for_prompt()
        second.command("\x1b[A\r", "40 + 3 = 43")  # what the first session typed last
        second.type("exit\r")
        if second.end() != 0:
            raise CheckFailed("exit: exit status %d" % second.process.returncode)
    return "a session at a terminal"


if __name__ == "__main__":
    main(check)
