"""Holds the man page against what `gocrash --help` and each command's --help say, and every help against 80 columns.

    man_page.py GOCRASH MAN_PAGE

Every command has a section of its own under COMMANDS, which names the options that its help lists and no others; those
that every command takes that is given a core are named once, in front of the sections. Every option has an entry under
OPTIONS, with the same argument.
"""
import re
import sys

from common import CheckFailed, main, read_text, run

WIDTH = 80
OPTION = re.compile(r"^ +(?:-\w, )?\s*--([a-z-]+)(?:\[=[A-Z]+\])?(?: ([A-Z]\S*))?(?:  |$)", re.MULTILINE)


def plain(roff):
    """The text of a few lines of man(7): escapes and font macros taken away."""
    text = re.sub(r"^\.(?:B|I|BR|RB|BI|IB|RI|IR)\s+", "", roff, flags=re.MULTILINE)
    return re.sub(r"\\f.", "", text).replace("\\-", "-").replace('"', "")


def split_at(heading, roff):
    """[(title, text)] of the parts that begin with a macro: .SH, .SS or .TP."""
    parts = re.split(r"^\.%s\b ?" % heading, roff, flags=re.MULTILINE)[1:]
    return [(plain(part.split("\n", 1)[0]).strip(), part.split("\n", 1)[1]) for part in parts]


class ManPage:
    def __init__(self, roff):
        sections = dict(split_at("SH", roff))
        self.common = set(re.findall(r"--([a-z-]+)", plain(sections["COMMANDS"].split("\n.SS", 1)[0])))
        self.commands = {title: set(re.findall(r"--([a-z-]+)", plain(text)))
                         for title, text in split_at("SS", sections["COMMANDS"])}
        self.options = {}
        for _, text in split_at("TP", sections["OPTIONS"]):
            entry = plain(text.split("\n", 1)[0])
            name = re.search(r"--([a-z-]+)(?: +([A-Z][A-Z=]*))?", entry)
            if name:
                self.options[name.group(1)] = name.group(2)


def help_text(gocrash, *words):
    output = run([gocrash, *words, "--help"]).expect_status(0)
    name = " ".join(("gocrash",) + words)
    if output.stderr:
        raise CheckFailed("%s --help writes to standard error:\n%s" % (name, output.stderr))
    for line in output.stdout.split("\n"):
        if len(line) > WIDTH:
            raise CheckFailed("%s --help: a line of %d columns: %s" % (name, len(line), line))
    return output.stdout


def commands_of(text):
    listed = re.search(r"^Commands:\n((?:  .*\n)+)", text, re.MULTILINE)
    if not listed:
        raise CheckFailed("no list of commands in:\n%s" % text)
    # a summary may go on in a second line, which is indented further
    return re.findall(r"^  (\w\S*)", listed.group(1), re.MULTILINE)


def check_options(options, page, where):
    wrong = []
    for name, argument in options:
        if name not in page.options:
            wrong.append("%s has --%s, which has no entry under OPTIONS" % (where, name))
        elif page.options[name] != (argument or None):
            wrong.append("%s: --%s takes %s, the man page says %s" % (where, name, argument or "nothing", page.options[name]))
    return wrong


def compare(gocrash, page):
    """What is wrong, line by line; and how many commands were looked at."""
    overview = help_text(gocrash)
    general = OPTION.findall(overview)
    commands = commands_of(overview)
    wrong = check_options([(name, "") for name, _ in general], page, "gocrash")
    seen = {name for name, _ in general}
    for command in commands:
        text = help_text(gocrash, command)
        options = OPTION.findall(text)
        names = {name for name, _ in options} - {"help"}
        seen |= names
        common = page.common if " CORE" in text.split("\n", 1)[0] else set()
        missing = common - names
        wrong += ["%s does not take --%s as all commands do" % (command, name) for name in sorted(missing)]
        names -= common
        wrong += check_options(options, page, command)
        if command not in page.commands:
            wrong.append("%s has no section under COMMANDS" % command)
            continue
        wrong += ["%s: its section does not name --%s" % (command, name) for name in sorted(names - page.commands[command])]
        wrong += ["%s: its section names --%s, its help does not" % (command, name)
                  for name in sorted(page.commands[command] - names)]
    wrong += ["%s has a section and is no command" % name for name in page.commands if name not in commands]
    wrong += ["--%s has an entry and is no option" % name for name in page.options if name not in seen | {"help", "version"}]
    return wrong, len(commands)


def check(arguments):
    if len(arguments) != 2:
        sys.exit(__doc__)
    gocrash, path = arguments
    page = ManPage(read_text(path))
    wrong, count = compare(gocrash, page)
    if wrong:
        raise CheckFailed("\n".join(wrong))
    return "%d commands, %d options" % (count, len(page.options))


if __name__ == "__main__":
    main(check)
