package main

import "fmt"

type Service struct{ name string }

// scopes has arguments, results, shadowed variables, variables on the heap, and a receiver below it.
//
//go:noinline
func scopes(first int, second string, rest []int, next func()) (sum int, err error) {
	sum = first + len(second)
	x := "outer"
	escaped := Point{1, 2}
	keep = &escaped
	show("first", first)
	show("second", second)
	show("rest", rest)
	show("sum", sum)
	line("err", "error", "nil")
	show("x (shadowed)", x)
	show("escaped", escaped)
	{
		x := 5
		show("x", x)
		for index := 3; index < 4; index++ {
			loop := index * 2
			show("index", index)
			show("loop", loop)
			(&Service{"svc"}).serve(10, next)
			use(loop)
		}
		use(x)
	}
	use(x, escaped, first, second, rest)
	return sum, fmt.Errorf("never")
}

var keep *Point

//go:noinline
func (s *Service) serve(limit int, next func()) {
	local := limit + 1
	captured, changed := "captured", 1
	line("s", "*main.Service", `&{name: "svc"}`)
	show("limit", limit)
	show("local", local)
	func() {
		changed++
		inside := len(captured)
		show("captured", captured)
		show("changed", changed)
		show("inside", inside)
		next()
		use(captured, changed, inside)
	}()
	use(s, local, captured, changed)
}
