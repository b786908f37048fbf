package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

type code struct{ number int }

func (c *code) Error() string { return fmt.Sprintf("code %d", c.number) }

type textError string

func (t textError) Error() string { return "text " + string(t) }

type named string
type level int
type ratio float64
type wave complex128
type flag bool
type handle uintptr

type color int

func (c color) String() string { return [...]string{"red", "green"}[c] }

type pair struct {
	a int
	b string
}

type bad struct{}

func (bad) Error() string { panic("the error has no text") }

type badString struct{}

func (badString) String() string { panic(errors.New("the value has no text")) }

type worse struct{ next *account }

func (w worse) Error() string { return w.next.name }

var single float32 = 1.5

func init() {
	register(map[string]func(){
		"panic-string":        func() { panic("a string") },
		"panic-lines":         func() { panic("first line\nsecond line\n\tgoroutine 7 [running]:\nlast line") },
		"panic-empty":         func() { panic("") },
		"panic-controls":      func() { panic("tab\t, escape \x1b[31m, bell \a, invalid \xff, zero \x00, é 世") },
		"panic-long":          func() { panic("long " + strings.Repeat("0123456789", 300)) },
		"panic-error":         func() { panic(errors.New("an error")) },
		"panic-error-lines":   func() { panic(errors.New("an error\nof two lines")) },
		"panic-wrapped":       func() { panic(fmt.Errorf("cannot start: %w", errors.New("no port"))) },
		"panic-path":          panicPath,
		"panic-custom":        func() { panic(&code{7}) },
		"panic-text-error":    func() { panic(textError("of mine")) },
		"panic-named":         func() { panic(named("named \"string\"")) },
		"panic-stringer":      func() { panic(color(1)) },
		"panic-int":           func() { panic(42) },
		"panic-negative":      func() { panic(int8(-42)) },
		"panic-byte":          func() { panic(byte('x')) },
		"panic-rune":          func() { panic('世') },
		"panic-uint":          func() { panic(^uint64(0)) },
		"panic-uintptr":       func() { panic(uintptr(0x1234)) },
		"panic-bool":          func() { panic(true) },
		"panic-float":         func() { panic(3.25) },
		"panic-float32":       func() { panic(single) },
		"panic-small":         func() { panic(-1e-300) },
		"panic-complex":       func() { panic(complex(1, -2)) },
		"panic-named-int":     func() { panic(level(3)) },
		"panic-named-float":   func() { panic(ratio(0.1)) },
		"panic-named-complex": func() { panic(wave(complex(1, 2))) },
		"panic-named-bool":    func() { panic(flag(false)) },
		"panic-named-uintptr": func() { panic(handle(16)) },
		"panic-struct":        func() { panic(pair{1, "b"}) },
		"panic-pointer":       func() { panic(&pair{1, "b"}) },
		"panic-slice":         func() { panic([]int{1, 2}) },
		"panic-map":           func() { panic(map[string]int{"a": 1}) },
		"panic-func":          func() { panic(func() {}) },
		"panic-channel":       func() { panic(make(chan int)) },
		"panic-array":         func() { panic([2]int{1, 2}) },
		"panic-nil":           func() { panic(nil) },
		"panic-nil-error":     func() { panic((*code)(nil)) },
		"panic-nil-pointer":   func() { panic((*pair)(nil)) },
		"panic-bad-error":     func() { panic(bad{}) },
		"panic-bad-stringer":  func() { panic(badString{}) },
		"panic-worse-error":   func() { panic(worse{}) },
		"panic-library":       func() { fmt.Println(strings.Repeat("x", minus)) },
		"panic-like-runtime":  func() { panic("runtime error: index out of range [5] with length 3") },
	})
}

func panicPath() {
	_, err := os.Open("/nonexistent/file")
	panic(err)
}
