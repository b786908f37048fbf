//go:build go1.23
// +build go1.23

package main

import (
	"fmt"
	"iter"
)

func count(yield func(int) bool) {
	for i := 0; ; i++ {
		if !yield(numbers[i]) {
			return
		}
	}
}

func stubborn(yield func(int) bool) {
	for i := 0; i < 3; i++ {
		yield(i)
	}
}

func init() {
	register(map[string]func(){
		"range-function": func() {
			for n := range count {
				fmt.Println(n)
			}
		},
		"range-body": func() {
			for n := range count {
				defer cleanUp("body")
				fmt.Println(numbers[n*3])
			}
		},
		"range-continued": func() {
			for n := range stubborn {
				if n == 1 {
					break
				}
			}
		},
		"coroutine": func() {
			next, stop := iter.Pull(iter.Seq[int](count))
			defer stop()
			for {
				n, ok := next()
				fmt.Println(n, ok)
			}
		},
	})
}
