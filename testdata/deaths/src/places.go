package main

import (
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

func init() {
	if len(os.Args) > 1 && os.Args[1] == "place-init" {
		fmt.Println(numbers[nine])
	}
	register(map[string]func(){
		"place-goroutine":  func() { go func() { panic("in a goroutine") }(); select {} },
		"place-pool":       placePool,
		"place-finalizer":  placeFinalizer,
		"place-init":       func() {},
		"place-locked":     placeLocked,
		"place-timer":      func() { time.AfterFunc(time.Millisecond, func() { panic("in a timer") }); select {} },
		"place-once":       func() { new(sync.Once).Do(func() { panic("once") }) },
		"place-sort":       func() { sort.Slice(numbers, func(i, j int) bool { return numbers[i+9] < numbers[j] }) },
		"place-reflect":    func() { reflect.ValueOf(balanceOf).Call([]reflect.Value{reflect.ValueOf(none())}) },
		"place-fault":      func() { placeFault(0xdeadbeef000) },
		"place-fault-0x80": func() { placeFault(0xdead000000000000) },
		"place-two":        func() { placeMany(2) },
		"place-three":      func() { placeMany(3) },
		"place-deep":       func() { descend(150, nil) },
		"place-closure":    placeClosure(4),
		"place-method":     func() { run := (&account{}).climb; run(5) },
		"place-embedded":   func() { var o outer; fmt.Println(shape(o).Area()) },
		"place-gc":         placeGC,
		"place-wide":       func() { wide(1, 2, "three", []int{4}, 5.5, pair{6, "b"}, nil, 8, true, 'x', 11, 12, "end") },
		"close-twice":      func() { c := make(chan int); close(c); close(c) },
		"close-nil":        func() { var c chan int; close(c) },
		"send-closed":      func() { c := make(chan int, 1); close(c); c <- 1 },
		"send-then-closed": sendThenClosed,
		"select-closed":    selectClosed,
		"waitgroup":        func() { var group sync.WaitGroup; group.Add(1); group.Add(-2) },
		"library-fault":    func() { var v atomic.Value; v.Store(1); v.Store("x") },
	})
}

func placePool() {
	jobs := make(chan int)
	for i := 0; i < 4; i++ {
		go func() {
			for job := range jobs {
				fmt.Println(numbers[job])
			}
		}()
	}
	for _, job := range []int{0, 1, 2, 3} {
		jobs <- job
	}
	select {}
}

func placeFinalizer() {
	func() {
		a := &account{name: "finalized"}
		runtime.SetFinalizer(a, func(a *account) { panic("in the finalizer of " + a.name) })
	}()
	for {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func placeLocked() {
	go func() {
		runtime.LockOSThread()
		panic("on a locked thread")
	}()
	select {}
}

func placeFault(address uintptr) {
	debug.SetPanicOnFault(true)
	fmt.Println(*(*int)(pointerAt(address)))
}

// placeMany has goroutines panic as nearly at once as can be done.
func placeMany(count int32) {
	runtime.GOMAXPROCS(4)
	var ready int32
	for i := int32(0); i < count; i++ {
		go func(i int32) {
			atomic.AddInt32(&ready, 1)
			for atomic.LoadInt32(&ready) < count {
			}
			panic(fmt.Sprint("number ", i))
		}(i)
	}
	select {}
}

//go:noinline
func descend(n int, p *int) int {
	if n == 0 {
		return *p
	}
	return descend(n-1, p) + 1
}

func placeClosure(n int) func() {
	return func() {
		func() {
			n++
			fmt.Println(numbers[n])
		}()
	}
}

func (a *account) climb(n int) int {
	if n == 0 {
		return a.parent.balance
	}
	return a.climb(n - 1)
}

type outer struct{ *square }

// placeGC dies while garbage collections go on.
func placeGC() {
	for i := 0; i < 2; i++ {
		go func() {
			for {
				runtime.GC()
			}
		}()
	}
	var kept [][]int
	for i := 0; i < 200; i++ {
		kept = append(kept, make([]int, 1000))
	}
	fmt.Println(kept[len(kept)+zero][0])
}

//go:noinline
func wide(a int, b int8, c string, d []int, e float64, f pair, g *account, h uint16, i bool, j rune, k, l int, m string) {
	fmt.Println(a, b, c, d, e, f, h, i, j, k, l, m)
	fmt.Println(g.balance)
}

func sendThenClosed() {
	c := make(chan int)
	go func() {
		time.Sleep(5 * time.Millisecond)
		close(c)
	}()
	c <- 1
}

func selectClosed() {
	c, d := make(chan int, 1), make(chan int)
	close(c)
	select {
	case c <- 1:
	case <-d:
	}
}
