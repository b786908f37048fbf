package main

import (
	"fmt"
	"go/scanner"
	"os"
	textscanner "text/scanner"
	"unsafe"
)

var (
	numbers = []int{1, 2, 3}
	fixed   = [4]int{1, 2, 3, 4}
	word    = "word"
	nine    = 9
	two     = 2
	huge    = uint64(1) << 63
)

type sized struct{ f func() }

func init() {
	register(map[string]func(){
		"index-slice":       func() { fmt.Println(numbers[nine]) },
		"index-constant":    func() { fmt.Println(numbers[17]) },
		"index-negative":    func() { fmt.Println(numbers[minus]) },
		"index-huge":        func() { fmt.Println(numbers[huge]) },
		"index-array":       func() { fmt.Println(fixed[nine]) },
		"index-string":      func() { fmt.Println(word[nine]) },
		"index-byte":        func() { fmt.Println(fixed[uint8(nine)]) },
		"slice-high":        func() { fmt.Println(numbers[:nine]) },
		"slice-low":         func() { fmt.Println(numbers[nine:]) },
		"slice-order":       func() { fmt.Println(numbers[two:1]) },
		"slice-constant":    func() { fmt.Println(numbers[1:12]) },
		"slice-negative":    func() { fmt.Println(numbers[minus:]) },
		"slice-huge":        func() { fmt.Println(numbers[:huge]) },
		"slice-array":       func() { fmt.Println(fixed[:nine]) },
		"slice-array-order": func() { fmt.Println(fixed[nine-6 : two]) },
		"slice-string":      func() { fmt.Println(word[:nine]) },
		"slice-string-low":  func() { fmt.Println(word[nine:]) },
		"slice3-capacity":   func() { fmt.Println(numbers[0:1:nine]) },
		"slice3-length":     func() { fmt.Println(fixed[0:1:nine]) },
		"slice3-high":       func() { fmt.Println(numbers[0:3:two]) },
		"slice3-low":        func() { fmt.Println(numbers[nine-7+1 : two : 3]) },
		"slice3-negative":   func() { fmt.Println(numbers[0:1:minus]) },

		"assert-type":       func() { sink = 5; fmt.Println(sink.(string)) },
		"assert-nil":        func() { sink = nil; fmt.Println(sink.(string)) },
		"assert-pointer":    func() { var s shape = square{2}; fmt.Println(s.(*circle)) },
		"assert-missing":    func() { sink = 5; fmt.Println(sink.(shape)) },
		"assert-receiver":   func() { sink = circle{}; fmt.Println(sink.(shape)) },
		"assert-packages":   func() { sink = new(scanner.Scanner); fmt.Println(sink.(*textscanner.Scanner)) },
		"assert-scopes":     assertScopes,
		"assert-unexported": func() { sink = other{}; fmt.Println(sink.(interface{ hidden() })) },

		"divide":         func() { fmt.Println(len(os.Args) / zero) },
		"modulo":         func() { fmt.Println(len(os.Args) % zero) },
		"shift":          func() { fmt.Println(1 << minus) },
		"make-length":    func() { fmt.Println(len(make([]int, minus))) },
		"make-capacity":  func() { fmt.Println(len(make([]int, nine, two))) },
		"make-huge":      func() { fmt.Println(len(make([]int, 1<<62>>uint(zero)))) },
		"make-channel":   func() { fmt.Println(len(make(chan int, minus))) },
		"key-slice":      func() { map[interface{}]int{}[[]int{1}] = 2 },
		"key-struct":     func() { fmt.Println(map[interface{}]int{1: 1}[sized{}]) },
		"compare-slices": func() { compare([]int{1}, []int{1}) },
		"compare-funcs":  func() { compare(sized{}, sized{}) },
	})
}

type circle struct{ radius int }

func (c *circle) Area() int { return 3 * c.radius * c.radius }

type other struct{}

func (o other) Hidden() {}

func assertScopes() {
	type point struct{ x int }
	sink = point{1}
	func() {
		type point struct{ x, y int }
		fmt.Println(sink.(point))
	}()
}

//go:noinline
func compare(a, b interface{}) { fmt.Println(a == b) }

//go:noinline
func pointerAt(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }
