package main

import (
	"fmt"
	"os"
	"unsafe"
)

type account struct {
	name    string
	balance int
	parent  *account
}

type large struct {
	page [8192]byte
	last int
}

type shape interface {
	Area() int
}

type square struct{ side int }

func (s square) Area() int { return s.side * s.side }

func (a *account) total() int { return a.balance + 1 }

func (a account) describe() string { return a.name }

func parentBalance(a *account) int { return a.parent.balance }

//go:noinline
func balanceOf(a *account) int { return a.balance }

//go:noinline
func setBalance(a *account, to int) { a.balance = to }

//go:noinline
func lastOf(l *large) int { return l.last }

//go:noinline
func nilShape() shape { return (*square)(nil) }

//go:noinline
func none() *account { return nil }

var (
	sink  interface{}
	zero  int
	minus = -1
	table map[string]int
)

func init() {
	register(map[string]func(){
		"nil-start":  func() { fmt.Println(*(*int)(unsafe.Pointer(none()))) },
		"nil-field":  func() { fmt.Println(balanceOf(none())) },
		"nil-write":  func() { setBalance(none(), 7) },
		"nil-far":    func() { fmt.Println(lastOf((*large)(unsafe.Pointer(none())))) },
		"nil-inline": func() { fmt.Println(parentBalance(&account{})) },
		"nil-receiver": func() {
			fmt.Println(none().total())
		},
		"nil-method-value": func() {
			describe := none().describe
			fmt.Println(describe())
		},
		"nil-interface": func() {
			var s shape
			fmt.Println(s.Area())
		},
		"nil-wrapper": func() {
			fmt.Println(nilShape().Area())
		},
		"nil-func": func() {
			var f func() int
			fmt.Println(f())
		},
		"nil-map":   func() { table["a"] = 1 },
		"nil-array": func() { fmt.Println((*[4]int)(unsafe.Pointer(none()))[len(os.Args)]) },
	})
}
