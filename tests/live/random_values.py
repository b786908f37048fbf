"""Holds the values that gocrash gives in optimised code against programs made at random, whose variables are known.

    random_values.py GOCRASH [--seeds FIRST-LAST] [--kinds default,noopt] [--arm64] [--keep DIR] GO...

GO is the `go` of a toolchain; all releases of Go do. With --arm64 the programs are built for that machine and run under
qemu-aarch64-static. A program is a chain of functions that call one another, with assignments,
copies, branches and loops, until the last one dies. What each variable is worth then is worked out here, while the program is
written: nothing in the program prints or keeps it, so that the compiler drops, moves, folds and merges as it likes. Functions
are methods here and there, and what dies may stand in a closure, the body of a loop over a function, or an inlined
function, whose variables are compared as well. gocrash may leave a variable out, or say that its value is of earlier; another value, as the variable's own, is a failure.
"""
import argparse
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FUNCTIONS = 70
ENVIRONMENT = dict(os.environ, GOTOOLCHAIN="local", GO111MODULE="off", GOFLAGS="")

PRELUDE = """package main

type node struct {
	n    int
	next *node
}
type pair struct{ a, b int }
type large struct{ a, b, c, d, e int }
type failure struct{ n int }
type record struct {
	s string
	n int16
	p *pair
}

func (f *failure) Error() string { return "failure" }

var sink int
var words = [5]string{"alpha", "be", "", "delta-delta", "e"}

// inlined
func twice(x int) int { t := x * 2; u := t + 1; return u }
func clamped(x, k int) int {
	d := x - k
	if x > k {
		return d
	}
	e := twice(x)
	return e + k
}
"""

ITERATOR = """
func sequence(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

//go:noinline
func hiddenSequence(n int) func(func(int) bool) { return sequence(n) }
"""

# Functions that the compiler knows nothing of: name, parameters and results, body.
OPAQUE = [
    ("get", "(n int) int", "return n * 3"),
    ("same", "(n int) int", "return n"),
    ("numbers", "(n int) []int", "return make([]int, n)"),
    ("word", "(k int) string", "return words[k]"),
    ("newPair", "(a, b int) pair", "return pair{a, b}"),
    ("newSlice", "(n int) []int", "return []int{n, n + 1}"),
    ("grown", "(s []int, n int) []int", "t := append(make([]int, 0, len(s)+1), s...); return append(t, n)"),
    ("noNode", "() *node", "return nil"),
    ("newNode", "(n int) *node", "return &node{n: n}"),
    ("numberOf", "(p *node) int", "if p == nil { return -1 }; return p.n"),
    ("boxNumber", "(n int) interface{}", "return n"),
    ("boxWord", "(s string) interface{}", "return s"),
    ("fail", "(n int) error", "if n > 2 { return &failure{n} }; return nil"),
    ("newLarge", "(n int) large", "return large{n, n + 1, n + 2, n + 3, n + 4}"),
    ("newArray", "(n int) [5]int", "return [5]int{n, n + 1, n + 2, n + 3, n + 4}"),
    ("narrow", "(n int) int16", "return int16(n & 1023)"),
    ("newRecord", "(s string, n int16) record", "return record{s, n, &pair{int(n), 1}}"),
    ("newWords", "(s string) []string", "return []string{s, words[1]}"),
    ("newMap", "(s string, n int) map[string]int", "return map[string]int{s: n}"),
    ("toPair", "(p pair) *pair", "return &p"),
    ("call", "(f func())", "f()"),
    ("useNarrow", "(n int16)", "sink += int(n)"),
    ("useRecord", "(r record)", "sink += len(r.s)"),
    ("useWords", "(w []string)", "sink += len(w)"),
    ("useMap", "(m map[string]int)", "sink += len(m)"),
    ("useToPair", "(p *pair)", "if p != nil { sink += p.b }"),
    ("useInt", "(n int)", "sink += n"),
    ("useString", "(s string)", "sink += len(s)"),
    ("usePair", "(p pair)", "sink += p.a"),
    ("useSlice", "(s []int)", "sink += len(s)"),
    ("useBool", "(b bool)", "if b { sink++ }"),
    ("useFloat", "(f float64)", "sink += int(f)"),
    ("useNode", "(p *node)", "if p != nil { sink += p.n }"),
    ("useByte", "(b uint8)", "sink += int(b)"),
    ("useAny", "(v interface{})", "if v != nil { sink++ }"),
    ("useError", "(err error)", "if err != nil { sink++ }"),
    ("useLarge", "(l large)", "sink += l.c"),
    ("useArray", "(a [5]int)", "sink += a[2]"),
]
WORDS = ["alpha", "be", "", "delta-delta", "e"]


def wrapped(number):
    """What an int of 64 bits makes of it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def five(number):
    return tuple(wrapped(number + i) for i in range(5))


def fields(names, numbers):
    return "{%s}" % ", ".join("%s: %d" % part for part in zip(names, numbers))


def items(numbers):
    return "[%s]" % ", ".join(map(str, numbers))


Kind = collections.namedtuple("Kind", "use zero text")
KINDS = {
    "int": Kind("useInt", "0", str),
    "string": Kind("useString", '""', json.dumps),
    "pair": Kind("usePair", "pair{}", lambda v: fields("ab", v)),
    "[]int": Kind("useSlice", "nil", items),
    "bool": Kind("useBool", "false", lambda v: "true" if v else "false"),
    "float64": Kind("useFloat", "0", lambda v: "%g" % v),
    "*node": Kind("useNode", "nil", lambda v: "nil" if v is None else "&{n: %d, next: nil}" % v),
    "uint8": Kind("useByte", "0", str),
    "interface{}": Kind("useAny", "nil", lambda v: "(%s) %s" % (type(v).__name__.replace("str", "string"), json.dumps(v))),
    "error": Kind("useError", "nil", lambda v: "nil" if v is None else "(*main.failure) &{n: %d}" % v),
    "large": Kind("useLarge", "large{}", lambda v: fields("abcde", v)),
    "[5]int": Kind("useArray", "[5]int{}", items),
    "int16": Kind("useNarrow", "0", str),
    "record": Kind("useRecord", "record{}", lambda v: "{s: %s, n: %d, p: &{a: %d, b: 1}}" % (json.dumps(v[0]), v[1], v[1])),
    "[]string": Kind("useWords", "nil", lambda v: "[%s]" % ", ".join(map(json.dumps, v))),
    "map[string]int": Kind("useMap", "nil", lambda v: "{%s: %d}" % (json.dumps(v[0]), v[1])),
    "*pair": Kind("useToPair", "nil", lambda v: "&" + fields("ab", v)),
}
# Those that can have methods, and how one writes a value of theirs in front of a dot.
RECEIVERS = ("pair", "large", "record", "*pair", "*node")
CHOICE = ["int"] * 3 + list(KINDS)


class Died(Exception):
    """The program has come to the call from which it does not return."""


class Scopes:
    """Variables that are known by their values: a list of blocks, the innermost last."""

    def __init__(self, blocks=None):
        self.blocks = blocks or [{}]

    def block_of(self, name):
        return next(block for block in reversed(self.blocks) if name in block)

    def get(self, name):
        return self.block_of(name)[name][1]

    def set(self, name, value):
        block = self.block_of(name)
        block[name] = (block[name][0], value)

    def declare(self, name, kind, value):
        self.blocks[-1][name] = (kind, value)


class Function:
    """One function while it is written. A statement is its lines and what it does to a Scopes."""

    def __init__(self, rng, number, parameters, next_parameters, iterates):
        self.rng, self.number, self.next_parameters, self.iterates = rng, number, next_parameters, iterates
        self.closures = 0  # that what is written now lies in
        self.names, self.placed = 0, False
        self.declared = [{"p%d" % i: kind for i, kind in enumerate(parameters)}, {}]
        self.arguments, self.left = [], []

    def fresh(self, letter):
        self.names += 1
        return "%s%d" % (letter, self.names)

    def visible(self, kind):
        merged = {}
        for block in self.declared:
            merged.update(block)
        return [name for name, its_kind in merged.items() if its_kind == kind]

    def expression(self, kind, depth=0):
        """Returns its text, and what gives its value."""
        names = self.visible(kind)
        if names and self.rng.random() < 0.35:
            name = self.rng.choice(names)
            return name, lambda s: s.get(name)
        if kind == "int":
            return self.number_expression(depth)
        if kind == "string":
            k = self.rng.randrange(5)
            return self.rng.choice(["word(%d)" % k, json.dumps(WORDS[k])]), lambda s: WORDS[k]
        x, x_of = self.expression("int", depth + 1)
        if kind == "pair":
            y, y_of = self.expression("int", depth + 1)
            form = self.rng.choice(["newPair(%s, %s)", "pair{%s, %s}"])
            return form % (x, y), lambda s: (x_of(s), y_of(s))
        if kind == "[]int":
            if names and self.rng.random() < 0.5:
                name = self.rng.choice(names)
                if self.rng.random() < 0.7:
                    return "grown(%s, %s)" % (name, x), lambda s: s.get(name) + (x_of(s),)
                return name + "[:1]", lambda s: s.get(name)[:1]
            return "newSlice(%s)" % x, lambda s: five(x_of(s))[:2]
        if kind == "bool":
            k = self.rng.randint(0, 50)
            return "(%s > %d)" % (x, k), lambda s: x_of(s) > k
        if kind == "float64":
            return "float64(%s%%100)/2" % x, lambda s: abs(x_of(s)) % 100 / 2 * (1 if x_of(s) >= 0 else -1)
        if kind == "*node":
            none = self.rng.random() < 0.4
            return ("noNode()", lambda s: None) if none else ("newNode(%s)" % x, x_of)
        if kind == "uint8":
            return "uint8(%s & 63)" % x, lambda s: x_of(s) & 63
        if kind == "interface{}":
            if self.rng.random() < 0.5:
                return "boxNumber(%s)" % x, x_of
            y, y_of = self.expression("string", depth + 1)
            return "boxWord(%s)" % y, y_of
        if kind == "int16":
            return "narrow(%s)" % x, lambda s: x_of(s) & 1023
        if kind == "*pair":
            y, y_of = self.expression("pair", depth + 1)
            return "toPair(%s)" % y, y_of
        if kind in ("record", "[]string", "map[string]int"):
            y, y_of = self.expression("string", depth + 1)
            if kind == "[]string":
                return "newWords(%s)" % y, lambda s: (y_of(s), WORDS[1])
            if kind == "map[string]int":
                return "newMap(%s, %s)" % (y, x), lambda s: (y_of(s), x_of(s))
            n, n_of = self.expression("int16", depth + 1)
            return "newRecord(%s, %s)" % (y, n), lambda s: (y_of(s), n_of(s))
        if kind == "error":
            return "fail(%s)" % x, lambda s: x_of(s) if x_of(s) > 2 else None
        return ("newLarge(%s)" if kind == "large" else "newArray(%s)") % x, lambda s: five(x_of(s))

    def number_expression(self, depth):
        constant, k = self.rng.randint(-9, 99), self.rng.randint(2, 9)
        if depth > 2 or self.rng.random() < 0.45:
            return str(constant), lambda s: constant
        x, x_of = self.expression("int", depth + 1)
        forms = [
            ("get(%s)" % x, lambda s: wrapped(x_of(s) * 3)),
            ("(%s + %d)" % (x, k), lambda s: wrapped(x_of(s) + k)),
            ("(%s * %d)" % (x, k), lambda s: wrapped(x_of(s) * k)),
            ("twice(%s)" % x, lambda s: wrapped(x_of(s) * 2 + 1)),
            ("clamped(%s, %d)" % (x, k),
             lambda s: wrapped(x_of(s) - k if x_of(s) > k else wrapped(x_of(s) * 2 + 1) + k)),
        ]
        pairs, nodes, texts = self.visible("pair"), self.visible("*node"), self.visible("string")
        if pairs:
            name_of_pair = self.rng.choice(pairs)
            forms.append((name_of_pair + ".a", lambda s: s.get(name_of_pair)[0]))
        if nodes:
            name_of_node = self.rng.choice(nodes)
            forms.append(("numberOf(%s)" % name_of_node,
                          lambda s: -1 if s.get(name_of_node) is None else s.get(name_of_node)))
        if texts:
            name_of_text = self.rng.choice(texts)
            forms.append(("len(%s)" % name_of_text, lambda s: len(s.get(name_of_text))))
        y, y_of = self.expression("int", depth + 1)
        forms.append(("(%s - %s)" % (x, y), lambda s: wrapped(x_of(s) - y_of(s))))
        return self.rng.choice(forms)

    def use(self):
        names = [(name, kind) for kind in KINDS for name in self.visible(kind)]
        if not names:
            return ["sink++"], lambda s: None
        name, kind = self.rng.choice(names)
        return ["%s(%s)" % (KINDS[kind].use, name)], lambda s: None

    def declare(self, depth):
        kind = self.rng.choice(CHOICE)
        outer = [name for name in self.visible(kind) if name not in self.declared[-1]]
        shadows = depth > 0 and outer and not self.closures and self.rng.random() < 0.12
        name = self.rng.choice(outer) if shadows else self.fresh("v")
        text, value_of = self.expression(kind)
        self.declared[-1][name] = kind
        return (["var %s %s = %s" % (name, kind, text), "_ = " + name],
                lambda s: s.declare(name, kind, value_of(s)))

    def copy(self):
        kind = self.rng.choice(CHOICE)
        if not self.visible(kind):
            return self.use()
        source, name = self.rng.choice(self.visible(kind)), self.fresh("c")
        self.declared[-1][name] = kind
        return ["%s := %s" % (name, source), "_ = " + name], lambda s: s.declare(name, kind, s.get(source))

    def assign(self):
        kind = self.rng.choice(CHOICE)
        if not self.visible(kind):
            return self.use()
        name = self.rng.choice(self.visible(kind))
        if kind == "int" and self.rng.random() < 0.3:
            return [name + "++"], lambda s: s.set(name, wrapped(s.get(name) + 1))
        part = {"pair": 1, "large": 3, "[5]int": self.rng.randrange(5)}.get(kind)
        if part is not None and self.rng.random() < 0.4:
            text, value_of = self.expression("int")
            place = "[same(%d)]" % part if kind == "[5]int" else ".%s" % "abcde"[part]
            return (["%s%s = %s" % (name, place, text)],
                    lambda s: s.set(name, s.get(name)[:part] + (value_of(s),) + s.get(name)[part + 1:]))
        text, value_of = self.expression(kind)
        return ["%s = %s" % (name, text)], lambda s: s.set(name, value_of(s))

    def swap(self):
        names = self.visible("int")
        if len(names) < 2:
            return self.use()
        a, b = self.rng.sample(names, 2)

        def execute(scopes):
            x, y = scopes.get(a), scopes.get(b)
            scopes.set(a, y)
            scopes.set(b, x)
        return ["%s, %s = %s, %s" % (a, b, b, a)], execute

    def block(self, depth, least, most, first=None):
        """Statements in a block of their own; `first` is declared in it."""
        self.declared.append(dict(first or {}))
        body = [self.statement(depth) for _ in range(self.rng.randint(least, most))]
        self.declared.pop()
        return body

    def branch(self, depth):
        text, value_of = self.expression("int")
        k = self.rng.randint(-5, 60)
        then, other = self.block(depth + 1, 1, 4), self.block(depth + 1, 1, 3)

        def execute(scopes):
            chosen = then if value_of(scopes) > k else other
            scopes.blocks.append({})
            for _, run in chosen:
                run(scopes)
            scopes.blocks.pop()
        return (["if %s > %d {" % (text, k)] + lines_of(then) + ["} else {"] + lines_of(other) + ["}"]), execute

    def loop(self, depth):
        # The counter is hidden from the body, which must not assign to it: it is copied where it is wanted.
        counter, name, count = self.fresh("i"), self.fresh("k"), self.rng.randint(1, 4)
        head = self.rng.choice(["for %s := 0; %s < same(%d); %s++ {" % (counter, counter, count, counter),
                                "for %s := range numbers(%d) {" % (counter, count)])
        body = self.block(depth + 1, 1, 4, {name: "int"})

        def execute(scopes):
            for i in range(count):
                scopes.blocks += [{counter: ("int", i)}, {name: ("int", i)}]
                for _, run in body:
                    run(scopes)
                del scopes.blocks[-2:]
        return [head, "%s := %s" % (name, counter), "_ = " + name] + lines_of(body) + ["}"], execute

    def closure(self, depth):
        """Statements in a function of their own, which may assign to what is around it."""
        self.closures += 1
        body = self.block(depth + 1, 1, 5)
        if not self.placed and self.rng.random() < 0.4:
            self.placed = True
            body.append(self.die())
        self.closures -= 1

        def execute(scopes):
            scopes.blocks.append({})
            for _, run in body:
                run(scopes)
            scopes.blocks.pop()
        head, tail = self.rng.choice([("func() {", "}()"), ("call(func() {", "})")])
        return [head] + lines_of(body) + [tail], execute

    def sequence(self, depth):
        """A loop over a function, whose body is a function."""
        name, count = self.fresh("k"), self.rng.randint(1, 4)
        self.closures += 1
        body = self.block(depth + 1, 1, 4, {name: "int"})
        self.closures -= 1

        def execute(scopes):
            for i in range(count):
                scopes.blocks.append({name: ("int", i)})
                for _, run in body:
                    run(scopes)
                scopes.blocks.pop()
        head = self.rng.choice(["for %s := range sequence(%d) {", "for %s := range hiddenSequence(%d) {"])
        return [head % (name, count), "_ = " + name] + lines_of(body) + ["}"], execute

    def die(self):
        arguments = [self.expression(kind) for kind in self.next_parameters]
        call = "f%d(%s)" % (self.number + 1, ", ".join(text for text, _ in arguments))
        if self.next_parameters and self.next_parameters[0] in RECEIVERS:
            texts = [text for text, _ in arguments]
            call = "(%s).f%d(%s)" % (texts[0], self.number + 1, ", ".join(texts[1:]))
        if self.rng.random() < 0.25:
            call = "inlined%d(%s)" % (self.number + 1, ", ".join(text for text, _ in arguments))
        names = self.visible("int")
        if names and self.rng.random() < 0.35:
            call = "%s = %s" % (self.rng.choice(names), call)
        elif self.rng.random() < 0.3:
            call = "sink += " + call

        def execute(scopes):
            self.arguments = [value_of(scopes) for _, value_of in arguments]
            self.left = [dict(block) for block in scopes.blocks]
            raise Died
        return [call], execute

    def statement(self, depth):
        if not self.placed and self.rng.random() < 0.07:
            self.placed = True
            return self.die()
        forms = [(self.declare, 27), (self.assign, 24), (self.copy, 9), (self.swap, 6), (self.use, 12)]
        if depth < 3:
            forms.append((self.branch, 11))
        if depth < 2:
            forms += [(self.loop, 7), (self.closure, 7)] + ([(self.sequence, 7)] if self.iterates else [])
        form = self.rng.choices([form for form, _ in forms], [weight for _, weight in forms])[0]
        return form(depth) if form in (self.declare, self.branch, self.loop, self.closure, self.sequence) else form()


def lines_of(statements):
    return [line for lines, _ in statements for line in lines]


def write_function(function, parameters, arguments):
    """Returns its text; function.arguments and .left are then what it left behind."""
    body = [function.statement(0) for _ in range(function.rng.randint(4, 14))]
    names = ["p%d" % i for i in range(len(parameters))]
    scopes = Scopes([dict(zip(names, zip(parameters, arguments))), {}])
    try:
        for _, run in body:
            run(scopes)
        del scopes.blocks[2:]
        body.append(function.die())
        _, run = body[-1]
        body += [function.use() for _ in range(function.rng.randint(0, 4))]
        run(scopes)
    except Died:
        pass
    both = ["%s %s" % pair for pair in zip(names, parameters)]
    is_method = bool(parameters) and parameters[0] in RECEIVERS
    receiver = "(%s) " % both.pop(0) if is_method else ""
    text = "//go:noinline\nfunc %sf%d(%s) int {\n\t%s\n\treturn %s\n}\n" % (
        receiver, function.number, ", ".join(both), "\n\t".join(lines_of(body)), function.expression("int")[0])
    return text + write_inlined(function.number, parameters, is_method)


def write_inlined(number, parameters, is_method):
    """A function that calls that one and is small enough to be inlined."""
    names = ["q%d" % i for i in range(len(parameters))]
    call = "%sf%d(%s)" % (names[0] + "." if is_method else "", number, ", ".join(names[is_method:]))
    lines = ["var copied %s = %s" % (parameters[-1], names[-1]), "_ = copied"] if names else []
    return "func inlined%d(%s) int {\n\t%s\n}\n" % (
        number, ", ".join("%s %s" % pair for pair in zip(names, parameters)),
        "\n\t".join(lines + ["sum := sink + %d" % number, "return %s + sum" % call]))


def plain_name(parameters, number):
    """What the function is called in a traceback."""
    if not parameters or parameters[0] not in RECEIVERS:
        return "main.f%d" % number
    kind = parameters[0]
    return "main.%s.f%d" % ("(%s)" % kind if kind[0] == "*" else kind, number)


def write_program(seed, iterates):
    """Returns its text, and function → name → the texts of its variables, the outermost first."""
    rng = random.Random(seed)
    signatures = [[]] + [[rng.choice(CHOICE) for _ in range(rng.randint(0, 5))] for _ in range(FUNCTIONS - 1)] + [[]]
    parts = [PRELUDE, ITERATOR if iterates else ""] + ["//go:noinline\nfunc %s%s { %s }\n" % opaque for opaque in OPAQUE]
    known, arguments = {}, []
    for number in range(FUNCTIONS):
        function = Function(rng, number, signatures[number], signatures[number + 1], iterates)
        parts.append(write_function(function, signatures[number], arguments))
        variables = known["main.inlined%d" % number] = {
            "q%d" % i: [KINDS[kind].text(value)] for i, (kind, value) in enumerate(zip(signatures[number], arguments))}
        if signatures[number]:
            variables["copied"] = [KINDS[signatures[number][-1]].text(arguments[-1])]
        arguments = function.arguments
        variables = known[plain_name(signatures[number], number)] = collections.defaultdict(list)
        for block in function.left:
            for name, (kind, value) in block.items():
                variables[name].append(KINDS[kind].text(value))
    parts.append(write_inlined(FUNCTIONS, [], False))
    parts.append("//go:noinline\nfunc f%d() int {\n\tvar p *int\n\treturn *p\n}\n\nfunc main() {\n\tf0()\n}\n" % FUNCTIONS)
    return "\n".join(parts), known


def has_sequences(go):
    version = subprocess.run([go, "env", "GOVERSION"], env=ENVIRONMENT, capture_output=True, text=True, check=True).stdout
    found = re.match(r"go1\.(\d+)", version)
    return bool(found) and int(found.group(1)) >= 23


def make_core(go, text, optimized, arm64, directory):
    """Builds and runs the program; returns (binary, core)."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "main.go").write_text(text)
    flags = [] if optimized else ["-gcflags=all=-N -l"]
    environment = dict(ENVIRONMENT, GOARCH="arm64", CGO_ENABLED="0") if arm64 else ENVIRONMENT
    subprocess.run([go, "build", *flags, "-o", "program", "main.go"], cwd=directory, env=environment, check=True)
    # the kernel would dump the emulator as well
    start = "echo 0 >/proc/self/coredump_filter; exec qemu-aarch64-static ./program" if arm64 else "exec ./program"
    subprocess.run(["bash", "-c", "ulimit -c unlimited; " + start], cwd=directory, check=False, capture_output=True,
                   env=dict(ENVIRONMENT, GOTRACEBACK="crash"))
    core = next(directory.glob("qemu_*.core" if arm64 else "core*"))
    for other in directory.glob("core*") if arm64 else []:
        other.unlink()
    return directory / "program", core


INNER = re.compile(r"(\.func\d+|-range\d+|\.\d+)+$")


def check_core(gocrash, binary, core, known):
    """Returns (counts, what was wrong)."""
    output = subprocess.run([gocrash, "analyze", "--format", "json", "--no-redact", "--max-depth", "9", binary, core],
                            capture_output=True, check=True)
    counts, wrong = collections.Counter(), []
    for goroutine in json.loads(output.stdout)["goroutines"]:
        for frame in goroutine["frames"]:
            # A closure's and a loop's body have the function's variables, and those around it have them no more.
            variables = known.get(INNER.sub("", frame["function"]))
            if variables is None:
                continue
            for variable in frame.get("args", []) + frame.get("locals", []):
                values = variables.get(variable["name"], [])
                # The compiler may leave no trace of the variable that hides it.
                is_parameter = variable in frame.get("args", [])
                text = variable.get("text", "<unreadable>")
                if variable["name"] in ("result", "sum") or (variable.get("shadowed") and len(values) != 2):
                    continue
                if "<" in text or variable.get("provenance"):
                    counts["of earlier" if variable.get("provenance") else "unread"] += 1
                elif values and (text == values[0 if variable.get("shadowed") or is_parameter else -1]
                                 # a closure's arguments are what it captured: either of the two
                                 or (is_parameter and text in values and INNER.search(frame["function"]))):
                    counts["equal"] += 1
                else:
                    wrong.append("%s: %s = %s, not %s" % (frame["function"], variable["name"], text, values or "declared yet"))
    return counts, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gocrash")
    parser.add_argument("--seeds", default="1-3")
    parser.add_argument("--kinds", default="default,noopt")
    parser.add_argument("--arm64", action="store_true")
    parser.add_argument("--keep", help="where the programs stay; else they are removed")
    parser.add_argument("go", nargs="+")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split("-"))
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(arguments.keep or temporary).resolve()
        for seed in range(first, last + 1):
            for go in arguments.go:
                text, known = write_program(seed, has_sequences(go))
                for kind in arguments.kinds.split(","):
                    directory = root / ("%d-%s-%s" % (seed, go.strip("/").replace("/", "_"), kind))
                    binary, core = make_core(go, text, kind == "default", arguments.arm64, directory)
                    counts, wrong = check_core(arguments.gocrash, binary, core, known)
                    if kind == "noopt" and (counts["unread"] or counts["of earlier"]):
                        wrong.append("some are not read without optimisation")
                    if not counts["equal"]:
                        wrong.append("none is the variable's own")
                    print("seed %d, %s, %s: %s, %d wrong" % (
                        seed, go, kind, ", ".join("%d %s" % (n, what) for what, n in sorted(counts.items())), len(wrong)))
                    for line in wrong:
                        print("  " + line)
                    failed += bool(wrong)
                    core.unlink()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
