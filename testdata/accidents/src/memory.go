package main

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

func init() {
	if len(os.Args) > 1 && os.Args[1] == "init-deadlock" {
		<-make(chan int)
	}
	register(map[string]func(){
		"init-deadlock":      func() {},
		"nil-duff":           func() { copyLarge(nil, new(large)) },
		"nil-duff-source":    func() { copyLarge(new(large), nil) },
		"nil-zero":           func() { zeroLarge(nil) },
		"nil-huge":           func() { copyHuge(nil, new([100000]int)) },
		"nil-pointers":       func() { copyPointers(nil, new(pointers)) },
		"fault-copy":         func() { copy(bytesAt(0xdead0000, 100), "hello, world, and so on, for more than a few bytes") },
		"fault-index":        func() { fmt.Println(bytes.IndexByte(bytesAt(0xdead0000, 100), 'x')) },
		"fault-compare":      func() { fmt.Println(bytes.Compare(bytesAt(0xdead0000, 100), make([]byte, 100))) },
		"fault-equal":        func() { fmt.Println(string(bytesAt(0xdead0000, 100)) == strings.Repeat("a", 100+zero)) },
		"nil-copy":           func() { copy(bytesAt(8, 100), "hello, world, and so on") },
		"map-broken":         mapBroken,
		"interface-broken":   interfaceBroken,
		"stack-pointer":      func() { badStackPointer(0x10) },
		"smash":              func() { smash(1) },
		"overflow-limit":     func() { debug.SetMaxStack(1 << 16); sum(1 << 30) },
		"overflow-three":     func() { first(1, "a") },
		"overflow-closure":   overflowClosure,
		"overflow-method":    func() { (&hidden{1, 2}).descend(1, 2.5) },
		"overflow-interface": func() { var d descender = hidden{1, 2}; d.next(0, d) },
		"overflow-deferred":  func() { defer sum(1 << 40); panic("before") },
		"overflow-string":    func() { fmt.Println(loud{1}) },
		"heap-gone":          heapGone,
		"netpoll":            netpoll,
		"seccomp":            func() { seccomp(0x00030000); syscall.Getppid() },
		"seccomp-kill":       func() { seccomp(0x80000000); syscall.Getppid() },
		"default-segv":       func() { setDefault(syscall.SIGSEGV); new(node).next.value++ },
		"default-abort":      func() { setDefault(syscall.SIGABRT); syscall.Kill(syscall.Getpid(), syscall.SIGABRT); select {} },
	})
}

type node struct {
	next  *node
	value int
}

type large [30]int

//go:noinline
func copyLarge(to, from *large) { *to = *from }

//go:noinline
func zeroLarge(to *large) { *to = large{} }

//go:noinline
func copyHuge(to, from *[100000]int) { *to = *from }

type pointers [40]*int

//go:noinline
func copyPointers(to, from *pointers) { *to = *from }

func bytesAt(address uintptr, size int) []byte {
	var b []byte
	header := (*reflect.SliceHeader)(unsafe.Pointer(&b))
	header.Data, header.Len, header.Cap = address, size, size
	return b
}

func mapBroken() {
	m := map[int]int{}
	for i := 0; i < 100; i++ {
		m[i] = i
	}
	words := *(**[6]uintptr)(unsafe.Pointer(&m))
	for i := 1; i < 6; i++ {
		if words[i] > 1<<20 {
			words[i] = 0xdead0000
		}
	}
	fmt.Println(m[nine])
}

func interfaceBroken() {
	var v interface{} = &hidden{1, 2}
	(*[2]uintptr)(unsafe.Pointer(&v))[0] = 0xdead0000
	fmt.Println(v)
}

//go:noinline
func badStackPointer(address uintptr) int {
	var p *int
	*(*uintptr)(unsafe.Pointer(&p)) = address
	n := sum(10000)
	runtime.KeepAlive(p)
	return n
}

//go:noinline
func sum(n int) int {
	var filler [20]int
	if n == 0 {
		return filler[zero]
	}
	filler[zero] = n
	return sum(n-1) + filler[zero]
}

//go:noinline
func smash(n int) int {
	var words [2]uintptr
	p := uintptr(unsafe.Pointer(&words))
	for i := uintptr(0); i < 12; i++ {
		*(*uintptr)(unsafe.Pointer(p + i*8)) = 0xdead0001
	}
	return int(words[0]) + n
}

//go:noinline
func first(n int, s string) int { return second(n+1, s, 'x') + 1 }

//go:noinline
func second(n int, s string, r rune) int { return third(n+1, []byte(s)) + 1 }

//go:noinline
func third(n int, b []byte) int { return first(n+1, string(b[:1])) + 1 }

func overflowClosure() {
	var f func(n int) int
	calls := 0
	f = func(n int) int {
		calls++
		return f(n+2) + calls
	}
	f(1)
}

//go:noinline
func (h *hidden) descend(n int, f float64) int {
	h.a++
	return h.descend(n+3, f*2) + 1
}

type descender interface {
	next(n int, d descender) int
}

//go:noinline
func (h hidden) next(n int, d descender) int {
	h.a++
	return d.next(n+1, h) + 1
}

type loud struct{ n int }

func (l loud) String() string { return fmt.Sprintf("%v!", loud{l.n + 1}) }

// heapGone takes memory away from the heap, which the garbage collector finds out.
func heapGone() {
	kept := make([]*node, 0, 5000)
	for i := 0; i < 5000; i++ {
		kept = append(kept, &node{value: i})
	}
	page := uintptr(unsafe.Pointer(kept[2500])) &^ 8191
	syscall.Syscall(syscall.SYS_MPROTECT, page, 8192, syscall.PROT_NONE)
	runtime.GC()
	fmt.Println(kept[2501].value)
}

// netpoll closes the descriptor that the runtime waits on.
func netpoll() {
	reader, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go reader.Read(make([]byte, 1))
	for fd := 3; fd < 12; fd++ {
		link, _ := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
		if strings.Contains(link, "eventpoll") {
			syscall.Dup3(0, fd, 0)
		}
	}
	for {
		time.Sleep(time.Millisecond)
	}
}

// seccomp has the kernel do action at the system call getppid.
func seccomp(action uint32) {
	type filter struct {
		code   uint16
		jt, jf uint8
		k      uint32
	}
	program := []filter{{0x20, 0, 0, 0}, {0x15, 0, 1, syscall.SYS_GETPPID}, {0x06, 0, 0, action}, {0x06, 0, 0, 0x7fff0000}}
	header := struct {
		size   uint16
		filter *filter
	}{uint16(len(program)), &program[0]}
	runtime.LockOSThread()
	syscall.RawSyscall6(syscall.SYS_PRCTL, 38, 1, 0, 0, 0, 0)
	_, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, 22, 2, uintptr(unsafe.Pointer(&header)))
	if errno != 0 {
		panic(errno)
	}
}

// setDefault gives a signal back to the kernel, as a library that knows nothing of Go could.
func setDefault(number syscall.Signal) {
	var action [4]uintptr
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(number), uintptr(unsafe.Pointer(&action)), 0, 8, 0, 0)
}
