// Accidents dies in the way that its argument names: by misuse of the standard library, broken memory, limits, and in
// places where it hands out goroutines and stacks of its own.
package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"sort"
	"strings"
	"time"
)

var accidents = map[string]func(){}

func register(more map[string]func()) {
	for name, run := range more {
		accidents[name] = run
	}
}

var zero, nine = 0, 9

func main() {
	if len(os.Args) < 2 || accidents[os.Args[1]] == nil {
		names := []string{}
		for name := range accidents {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Println(names)
		os.Exit(2)
	}
	go func() { select {} }()
	go func() { <-make(chan int) }()
	time.Sleep(20 * time.Millisecond)
	if strings.Contains(os.Args[1], "overflow") {
		debug.SetMaxStack(16 << 20) // the limit of 1 GB would all be in the core
	}
	accidents[os.Args[1]]()
}
