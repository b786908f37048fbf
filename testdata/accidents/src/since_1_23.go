//go:build go1.23
// +build go1.23

package main

import (
	"iter"
	"os"
	"runtime/debug"
	"unique"
)

func init() {
	register(map[string]func(){
		"range-after-exit": func() {
			var kept func(int) bool
			for range func(yield func(int) bool) { kept = yield; yield(1) } {
			}
			kept(2)
		},
		"range-after-panic": func() {
			for range func(yield func(int) bool) {
				func() { defer func() { recover() }(); yield(1) }()
				yield(2)
			} {
				panic("in the body")
			}
		},
		"range-swallowed": func() {
			for range func(yield func(int) bool) { defer func() { recover() }(); yield(1) } {
				panic("in the body")
			}
		},
		"pull-panic": func() {
			next, _ := iter.Pull(func(yield func(int) bool) { yield(1); panic("in the sequence") })
			next()
			next()
		},
		"pull-goexit": func() {
			next, stop := iter.Pull(func(yield func(int) bool) { yield(1); <-make(chan int) })
			defer stop()
			next()
			next()
		},
		"pull-nested": func() {
			outer, _ := iter.Pull(func(yield func(int) bool) {
				inner, _ := iter.Pull(func(yield func(int) bool) { yield(numbersOf()[nine]) })
				v, _ := inner()
				yield(v)
			})
			outer()
		},
		"unique-panic": func() { println(unique.Make[any]([]int{1}).Value()) },
		"crash-output": func() {
			file, _ := os.CreateTemp("/tmp", "accidents")
			os.Remove(file.Name())
			debug.SetCrashOutput(file, debug.CrashOptions{})
			debug.SetTraceback("single")
			panic("written twice")
		},
	})
}

func numbersOf() []int { return make([]int, 3) }
