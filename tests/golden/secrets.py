"""Whether anything that the program testdata/secrets planted gets out.

    secrets.py [--optimized | --stripped] GOCRASH BINARY CORE

Every output that has values is searched for every secret as text, reversed escapes included, in hex, base64 and as a
list of numbers, and for every eight bytes of it; what only looks like a secret must still be there, and with
--no-redact everything is.
"""
import argparse
import base64
import hashlib
import json
import os
import re
import tempfile

from common import CheckFailed, main, run
from interfaces_stripped import plain_copy
from common import strip

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

# place: size, as main.go has them
PLACES = {
    "flag": 24, "flag value": 20, "environment": 20, "environment url": 18, "environment look": 36, "local": 20,
    "header value": 30, "bytes": 32, "array": 24, "nested": 20, "map value": 22, "interface": 20, "channel": 24,
    "closure": 24, "value of a token": 24, "aws": 40, "google": 35, "gitlab": 20, "slack": 30, "stripe": 24,
    "npm": 36, "sendgrid": 22, "sendgrid 2": 43, "jwt body": 40, "jwt signature": 43, "pem": 64, "pem 2": 64,
    "pem 3": 64, "pem 4": 64, "azure": 64, "mysql": 18, "libpq": 18, "basic": 18, "userinfo": 18, "signature": 48,
    "parameter": 30, "json": 26, "builder": 20, "argv": 20, "late goroutine": 24, "label": 24, "global": 20,
    "global map": 24, "global list": 24, "field": 20, "deep field": 24, "dsn field": 18, "header": 30, "cookie": 32,
    "api key header": 24, "option": 20, "env var": 24, "cookie list": 24,
}

# What must stay, as it stands in the text of `locals` of main.serve.
LOOK_ALIKES = [
    "sentencepiece-v1-model", "= 128000", "= 4096", "Moneypenny-of-Section-6", "cookieJarLen", "= 7\n", "Bearer-typed",
    "at-least-12-characters", "prod/db/main-7f3a", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "7d3c1b0a-52de-4f1c-9a64-0c3f5a1be8d2", "9f3c1d2b7a6e5f40c8d9e0a1b2c3d4e5f6a7b8c9",
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "orders_pkey_20240131", "users/42/avatar.png", "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7",
    "BEGIN CERTIFICATE-----\\nMIIBszCCAVmgAwIBAgIUQ", "ssh://git@github.com/example/shop.git",
    "https://api.example.com/v1/items?page=3&sort=name", "invalid token: unexpected end of input", "15m0s",
    "hasPassword", "Alice-Authorson-42", "keyboard-layout-de-105", "33a64df551425fcc55e4d42a148795d9f25f89d4",
    "alice.smith+orders@example.com", "north-by-northwest-315", "the bearer of good news arrived at 10:42",
    # the parts of what holds a secret that are none
    "eu-central-1", "AccountName=shop", ";EndpointSuffix=core.windows.net", "tcp(db.internal:3306)/shop?parseTime=true",
    "host=db.internal user=app password=", " dbname=shop", "order=42", "X-Amz-Expires=300", "state=ok", "&page=2",
    "connecting with password=", "\"psql\"", "db.internal", "shop-frontend-eu", "https://login.example.com/oauth",
    "cluster0.example.net/shop", "application/json;q=0.9", "debug-verbose", "[110, 111, 116, 45, 97, 45, 107, 101, 121",
]


def secret(place, size):
    out = ""
    number = 0
    while len(out) < size:
        digest = hashlib.sha256(("%s/%d" % (place, number)).encode()).digest()
        out += "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest)
        number += 1
    return out[:size]


def pieces():
    """{size: {piece: place}}: every way in which eight bytes of a secret could be read out of a report."""
    by_size = {8: {}, 12: {}, 16: {}}
    for place, size in PLACES.items():
        data = secret(place, size).encode()
        for i in range(len(data) - 7):
            window = data[i:i + 8]
            by_size[8][window.decode()] = place
            for form in (window.hex(), window.hex().upper(), window[::-1].hex()):  # the last: as a word
                by_size[16][form] = place
        for lead in range(3):
            encoded = base64.b64encode(b"x" * lead + data).decode().rstrip("=")
            inner = encoded[2 + lead:-2]
            by_size[12].update({inner[i:i + 12]: place for i in range(len(inner) - 11)})
    return by_size


PIECES = pieces()
NUMBERS = re.compile(r"(?:(?:0x[0-9a-f]{1,2}|\b\d{1,3})(?:, ?| ))+(?:0x[0-9a-f]{1,2}|\d{1,3})")


def leaks(printed):
    found = {}
    for size, known in PIECES.items():
        for hit in known.keys() & {printed[i:i + size] for i in range(len(printed) - size + 1)}:
            at = printed.index(hit)
            found.setdefault(known[hit], "%r in %r" % (hit, printed[max(0, at - 60):at + 60]))
    for run_of_numbers in NUMBERS.finditer(printed):
        numbers = [int(word, 0) for word in re.findall(r"0x[0-9a-f]+|\d+", re.sub(r"\b0+(?=\d)", "", run_of_numbers.group(0)))]
        text = "".join(chr(number) for number in numbers)
        for i in range(len(text) - 7):
            if text[i:i + 8] in PIECES[8]:
                found.setdefault(PIECES[8][text[i:i + 8]], run_of_numbers.group(0)[:200])
    return ["%s: %s" % item for item in sorted(found.items())]


def outputs(options):
    """(name, arguments in front of the files, arguments behind them)"""
    yield "analyze", ["analyze", "--max-depth", "12", "--max-items", "200", "--max-string", "5000"], []
    yield "analyze, default limits", ["analyze"], []
    yield "analyze, short strings", ["analyze", "--full", "--max-string", "30", "--max-items", "12"], []
    yield "analyze, very short strings", ["analyze", "--full", "--max-string", "11"], []
    yield "analyze --full", ["analyze", "--full"], []
    yield "analyze json", ["analyze", "--format", "json"], []
    yield "analyze json, full", ["analyze", "--format", "json", "--full", "--max-string", "5000"], []
    yield "traceback", ["traceback"], []
    yield "goroutines", ["goroutines"], []
    yield "goroutines json", ["goroutines", "--format", "json"], []
    yield "goroutines, groups", ["goroutines", "--group"], []
    yield "stack --full --all", ["stack", "--full", "--all"], []
    yield "stack json", ["stack", "--full", "--all", "--format", "json"], []
    yield "stack", ["stack", "--full"], []
    yield "threads", ["threads", "--full"], []
    yield "threads json", ["threads", "--full", "--format", "json"], []
    yield "info", ["info"], []
    if options.stripped:  # there are no names of variables
        return
    yield "globals", ["globals"], []
    yield "globals json", ["globals", "--format", "json", "--max-string", "5000", "--max-items", "500"], []
    for frame in options.frames:
        for command in ("locals", "args"):
            yield "%s -f %d" % (command, frame), [command, "-f", str(frame), "--max-depth", "8", "--max-items", "200",
                                                  "--max-string", "5000"], []
            yield "%s -f %d json" % (command, frame), [command, "-f", str(frame), "--format", "json"], []
    if not options.optimized:
        for form in ([], ["--format", "json"]):
            yield "print", ["print"] + form, PRINTED


PRINTED = ["password", "password[2:14]", "string(password)", "[]byte(password)", "privateKey", "privateKey[4:20]",
           "signingKey", "credentials", "*credentials", "credentials.Pass", "clientSecrets", "clientSecrets[\"github\"]",
           "secretValue", "tokens", "refresh", "session", "session.Value", "aws", "aws.Other", "s.config", "*s",
           "s.config.Database.Auth.ClientSecret", "s.config.Headers", "s.config.Headers[\"Authorization\"]",
           "s.config.Headers[\"Cookie\"][0]", "s.cookies", "pem", "pem[40:90]", "copied", "copied[3:15]", "part", "inHex",
           "in64", "in64url", "numbers", "runes", "runes[2:12]", "inner", "argv", "argv[2]", "fail", "fail.Detail",
           "fail.err", "main.adminPassword", "main.innocent", "main.registry", "main.apiKeys", "s.config.Env",
           "credentials.Pass + \"!\"", "request", "download", "callback", "jwt", "jwt[30:60]"]


def frames_of(options, files):
    """The frames of the crashed goroutine that have variables."""
    report = json.loads(run([options.gocrash, "analyze", "--format", "json", *files]).expect_status(0).stdout)
    frames = report["goroutines"][0]["frames"]
    options.serve = next(i for i, frame in enumerate(frames) if frame["function"] == "main.serve")
    return range(len(frames))


def check_hidden(options, files):
    problems, searched = [], 0
    for name, before, behind in outputs(options):
        done = run([options.gocrash, *before, *files, *behind])
        if done.status not in (0, 1) or (done.status == 1 and "list" not in name and not behind and "locals" not in name
                                         and "args" not in name):
            raise CheckFailed("%s: exit status %d\n%s" % (name, done.status, done.stderr))
        searched += len(done.stdout)
        problems += ["%s: %s" % (name, leak) for leak in leaks(done.stdout + done.stderr)
                     if not (options.stripped and leak.split(":")[0] in NAMED)]
    if problems:
        raise CheckFailed("%d secrets got out\n%s" % (len(problems), "\n".join(problems[:40])))
    return searched


def check_readable(options, files):
    """Look-alikes stay, and --no-redact shows all."""
    command = [options.gocrash, "locals", "-f", options.serve, "--max-depth", "8", "--max-items", "200",
               "--max-string", "5000"]
    arguments = ["args", "-f", options.serve, "--max-depth", "8", "--max-string", "500"]
    shown = run(command + files).expect_status(0).stdout
    shown += run([options.gocrash] + arguments + files).expect_status(0).stdout
    missing = [text for text in LOOK_ALIKES if text not in shown]
    if missing:
        raise CheckFailed("hidden, though no secret: %s\n%s" % (missing, shown))
    everything = run(command[:1] + ["stack", "--no-redact", "--full", "--all", "--max-depth", "8", "--max-items", "200",
                                    "--max-string", "5000"] + files).expect_status(0).stdout
    everything += run([options.gocrash, "globals", "--no-redact", "--max-items", "100", *files]).expect_status(0).stdout
    everything += run([options.gocrash, "goroutines", "--no-redact", *files]).expect_status(0).stdout
    everything += run([options.gocrash, "analyze", "--no-redact", "--format", "json", *files]).expect_status(0).stdout
    hidden = [place for place, size in PLACES.items() if secret(place, size) not in everything]
    if set(hidden) - NOWHERE:
        raise CheckFailed("not shown by --no-redact either: %s" % sorted(set(hidden) - NOWHERE))
    if "<redacted" in everything:
        raise CheckFailed("--no-redact hides: %s" % re.search(r".*<redacted.*", everything).group(0))


# What only the name of a variable tells; without DWARF there is none. The report says so.
NAMED = {"local"}

# In base64, and as a list of numbers.
NOWHERE = {"basic", "array"}


def check(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--optimized", action="store_true", help="many variables are gone: only that nothing gets out")
    parser.add_argument("--stripped", action="store_true", help="the same with a twin of the binary that has no DWARF")
    parser.add_argument("gocrash")
    parser.add_argument("binary")
    parser.add_argument("core")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        if options.stripped:
            options.binary, options.optimized = stripped_twin(options.binary, scratch), True
        return check_files(options, [options.binary, options.core])


def stripped_twin(binary, scratch):
    twin = os.path.join(scratch, "stripped")
    strip(plain_copy(binary, scratch, "plain"), twin)
    return twin


def check_files(options, files):
    options.frames = frames_of(options, files)
    searched = check_hidden(options, files)
    if not options.optimized:
        check_readable(options, files)
    return "%d secrets nowhere in %d bytes" % (len(PLACES), searched)


if __name__ == "__main__":
    main(check)
