//go:build go1.21
// +build go1.21

package main

import (
	"maps"
	"runtime"
	"slices"
	"sync"
	"unsafe"
)

func init() {
	register(map[string]func(){
		"once-func":            onceFunc,
		"once-value":           func() { sync.OnceValue(func() int { panic("no value") })() },
		"once-goexit":          func() { f := sync.OnceFunc(runtime.Goexit); go f(); runtime.Gosched(); f() },
		"unsafe-string":        func() { n := zero - 1; println(unsafe.String(new(byte), n)) },
		"unsafe-nil":           func() { var p *byte; println(len(unsafe.Slice(p, nine))) },
		"slices-insert":        func() { slices.Insert([]int{1}, nine, 2) },
		"slices-grow":          func() { slices.Grow([]int{1}, zero-1) },
		"map-clone":            mapClone,
		"overflow-generic":     func() { descend(box[string]{"a", 1}, 1) },
		"panic-generic":        func() { panic(box[map[string]int]{nil, 1}) },
		"panic-generic-number": func() { panic(number[int8](7)) },
		"clear-nil":            func() { var p *map[int]int; clear(*p) },
		"min-nil":              func() { var h *hidden; println(min(h.a, h.b)) },
	})
}

type box[T any] struct {
	value T
	n     int
}

type number[T any] int

//go:noinline
func descend[T any](b box[T], depth int) int {
	b.n++
	return descend(b, depth+1) + 1
}

func onceFunc() {
	f := sync.OnceFunc(func() { panic("only once") })
	func() {
		defer func() { recover() }()
		f()
	}()
	f()
}

func mapClone() {
	runtime.GOMAXPROCS(4)
	m := map[int]int{}
	for i := 0; i < 1000; i++ {
		m[i] = i
	}
	go func() {
		for {
			for i := 0; i < 100; i++ {
				m[i]++
			}
		}
	}()
	for {
		maps.Clone(m)
	}
}
