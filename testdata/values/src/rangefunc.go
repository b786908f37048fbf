//go:build go1.23
// +build go1.23

package main

import "iter"

func upTo(n int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; at < n; at++ {
			if !yield(at, "step") {
				return
			}
		}
	}
}

//go:noinline
func rangeFuncs(next func()) {
	outside := 100
	for step, word := range upTo(3) {
		body := outside + step
		if step == 1 {
			show("outside", outside)
			show("step", step)
			show("word", word)
			show("body", body)
			next()
		}
		use(body, word)
	}
	use(outside)
}
