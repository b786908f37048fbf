package main

import (
	"fmt"
	"io/ioutil"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	register(map[string]func(){
		"deadlock-channel":   func() { <-make(chan int) },
		"deadlock-mutex":     func() { var m sync.Mutex; m.Lock(); m.Lock() },
		"deadlock-waitgroup": func() { var g sync.WaitGroup; g.Add(1); g.Wait() },
		"deadlock-select":    func() { select {} },
		"deadlock-goexit":    runtime.Goexit,
		"deadlock-left":      runtime.Goexit,
		"map-writes":         mapWrites,
		"map-read":           mapRead,
		"map-iteration":      mapIteration,
		"unlock":             func() { var m sync.Mutex; m.Unlock() },
		"unlock-rw":          func() { var m sync.RWMutex; m.Unlock() },
		"unlock-read":        func() { var m sync.RWMutex; m.RUnlock() },
		"mutex-state":        mutexState,
		"overflow":           func() { debug.SetMaxStack(1 << 20); fmt.Println(down(0, "x")) },
		"overflow-mutual":    func() { debug.SetMaxStack(1 << 20); fmt.Println(ping(0)) },
		"overflow-huge":      func() { debug.SetMaxStack(1 << 20); fmt.Println(hugeFrames(1)) },
		"overflow-goroutine": func() { debug.SetMaxStack(1 << 20); go down(0, "y"); select {} },
		"memory-limit":       memoryLimit,
		"threads":            threads,
		"bad-pointer":        badPointer,
		"go-nil":             func() { var f func(); go f(); select {} },
		"fault-read":         func() { fmt.Println(*(*int)(pointerAt(0xdeadbeef000))) },
		"fault-write":        func() { *(*int)(pointerAt(0xdeadbeef000)) = 1 },
		"fault-read-only":    func() { writeInto("constant") },
		"fault-code":         faultCode,
		"fault-noncanonical": func() { fmt.Println(*(*int)(pointerAt(0xdead000000000000))) },
		"fault-call":         faultCall,
	})
	for _, name := range []string{"deadlock-channel", "deadlock-mutex", "deadlock-waitgroup", "deadlock-select", "deadlock-left"} {
		asleep[name] = true
	}
	alone["deadlock-goexit"] = true
}

var shared = map[int]int{1: 1}

func writeForever(m map[int]int) {
	for {
		m[1]++
	}
}

func mapWrites() {
	runtime.GOMAXPROCS(4)
	go writeForever(shared)
	writeForever(shared)
}

func mapRead() {
	runtime.GOMAXPROCS(4)
	go writeForever(shared)
	for {
		zero += shared[1] - shared[1]
	}
}

func mapIteration() {
	runtime.GOMAXPROCS(4)
	for i := 0; i < 100; i++ {
		shared[i] = i
	}
	go writeForever(shared)
	for {
		for key := range shared {
			nine += key - key
		}
	}
}

// mutexState breaks a mutex while another goroutine waits for it.
func mutexState() {
	var m sync.Mutex
	m.Lock()
	go m.Lock()
	time.Sleep(10 * time.Millisecond)
	const locked, starving = 1, 4
	*(*int32)(unsafe.Pointer(&m)) = locked | starving // and nobody waits
	m.Unlock()
	select {}
}

//go:noinline
func down(n int, name string) int {
	var pad [20]int
	pad[n%20] = n
	return down(n+1, name) + pad[0]
}

//go:noinline
func ping(n int) int { return pong(n+1) + 1 }

//go:noinline
func pong(n int) int { return ping(n*2) + 1 }

//go:noinline
func hugeFrames(n byte) int {
	var pad [100000]byte
	for i := range pad {
		pad[i] = n
	}
	return hugeFrames(n+1) + int(pad[n])
}

func memoryLimit() {
	statm, err := ioutil.ReadFile("/proc/self/statm")
	if err != nil {
		panic(err)
	}
	var pages uint64
	fmt.Sscan(string(statm), &pages)
	limit := pages*4096 + 64<<20
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
		panic(err)
	}
	for {
		blocks = append(blocks, make([]byte, 1<<20))
	}
}

var blocks [][]byte

func threads() {
	debug.SetMaxThreads(20)
	for i := 0; i < 30; i++ {
		go blockInRead()
	}
	select {}
}

type holder struct{ p *[4096]int }

var held = &holder{}

//go:noinline
func addressOfFreed() uintptr { return uintptr(unsafe.Pointer(new([4096]int))) }

func badPointer() {
	address := addressOfFreed()
	runtime.GC()
	runtime.GC()
	held.p = (*[4096]int)(pointerAt(address))
	for {
		runtime.GC()
	}
}

//go:noinline
func writeInto(text string) {
	data := *(*uintptr)(unsafe.Pointer(&text))
	*(*byte)(pointerAt(data)) = 'C'
	fmt.Println(strings.ToUpper(text))
}

// faultCode writes over the code of a function.
func faultCode() {
	f := writeInto
	entry := **(**uintptr)(unsafe.Pointer(&f))
	*(*byte)(pointerAt(entry)) = 0xcc
}

// faultCall calls a function that is not there.
func faultCall() {
	entry := uintptr(0xdeadbeef000)
	place := &entry
	f := *(*func())(unsafe.Pointer(&place))
	f()
}
