#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the source of a Go program whose binary is as large as wanted, nearly all of it DWARF.

A package of 400 types with a method each gives 1.2 MB of binary.
"""
import argparse
import pathlib

TYPES = 400

HEAD = """package p{p}

import "fmt"

"""

TYPE = """type T{p}x{t} struct {{
	Id, Size int64
	Name string
	Next *T{p}x{t}
	Children []*T{p}x{t}
	ByName map[string]*T{p}x{t}
	Done chan T{p}x{t}
}}

func (t *T{p}x{t}) Walk(depth int, visit func(any) error) (total int64, err error) {{
	for i, child := range t.Children {{
		if err := visit(child); err != nil {{
			return total, fmt.Errorf("child %d of %s: %w", i, t.Name, err)
		}}
		below, err := child.Walk(depth+1, visit)
		if err != nil {{
			return total, err
		}}
		total += below + child.Size
	}}
	if found := t.ByName[t.Name]; found != nil && depth < {t} {{
		name := found.Name + t.Name
		total += int64(len(name))
	}}
	return total, nil
}}

"""

MAIN_TAIL = """
type walker interface {
	Walk(depth int, visit func(any) error) (int64, error)
}

type user struct {
	name string
	tags []string
}

//go:noinline
func nameOf(users map[int]*user, id int, history []string) string {
	u := users[id]
	return u.name + history[0]
}

func main() {
	total := 0
	for _, v := range all() {
		n, err := v.(walker).Walk(0, func(any) error { return nil })
		if err != nil {
			panic(err)
		}
		total += int(n) + len(fmt.Sprint(v))
	}
	users := map[int]*user{1: {name: "Alice", tags: []string{"a", "b"}}}
	println(total, nameOf(users, 999, []string{"first"}))
}
"""


def write_package(root: pathlib.Path, p: int) -> None:
    text = HEAD.format(p=p)
    text += "".join(TYPE.format(p=p, t=t) for t in range(TYPES))
    text += "func All() []any {\n\treturn []any{\n"
    text += "".join(f"\t\t&T{p}x{t}{{}},\n" for t in range(TYPES))
    text += "\t}\n}\n"
    folder = root / f"p{p}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "types.go").write_text(text)


def write_program(root: pathlib.Path, packages: int) -> None:
    for p in range(packages):
        write_package(root, p)
    imports = "".join(f'\t"large/p{p}"\n' for p in range(packages))
    calls = "".join(f"\tvalues = append(values, p{p}.All()...)\n" for p in range(packages))
    (root / "go.mod").write_text("module large\n\ngo 1.21\n")
    (root / "main.go").write_text(
        f'package main\n\nimport (\n\t"fmt"\n\n{imports})\n\n'
        f"func all() []any {{\n\tvar values []any\n{calls}\treturn values\n}}\n{MAIN_TAIL}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--packages", type=int, default=90)
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    write_program(arguments.folder, arguments.packages)


if __name__ == "__main__":
    main()
