// Requests runs one of many small programs, the one that its argument names.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
)

var scenarios = map[string]func(args []string){}

func register(more map[string]func(args []string)) {
	for name, run := range more {
		scenarios[name] = run
	}
}

func usage() {
	var names []string
	for name := range scenarios {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Fprintln(os.Stderr, "usage: requests NAME")
	for _, name := range names {
		fmt.Fprintln(os.Stderr, "\t"+name)
	}
	os.Exit(2)
}

func main() {
	if len(os.Args) < 2 || scenarios[os.Args[1]] == nil {
		usage()
	}
	debug.SetMaxStack(4 << 20)
	scenarios[os.Args[1]](os.Args[1:])
}
