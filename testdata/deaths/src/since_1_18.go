//go:build go1.18
// +build go1.18

package main

import "fmt"

type stack[T any] struct{ items []T }

//go:noinline
func (s *stack[T]) pop() T {
	last := s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return last
}

type number interface{ ~int | ~float64 }

//go:noinline
func largest[K comparable, V number](of map[K]V, unless K) V {
	var best V
	for key, value := range of {
		if key == unless {
			panic(fmt.Sprint("met ", key))
		}
		if value > best {
			best = value
		}
	}
	return best
}

func apply[T any](items []T, f func(T)) {
	for i := range items {
		f(items[i])
	}
}

func init() {
	register(map[string]func(){
		"generic-method":   func() { fmt.Println((&stack[string]{}).pop()) },
		"generic-function": func() { fmt.Println(largest(map[string]int{"a": 1}, "a")) },
		"generic-closure":  func() { apply(numbers, func(n int) { fmt.Println(numbers[n*n]) }) },
		"generic-value": func() {
			panic(stack[level]{[]level{1}})
		},
	})
}
