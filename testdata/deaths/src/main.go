// Deaths dies in the way that its argument names; some ways leave it alive and wait to be dumped.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"time"
)

var deaths = map[string]func(){}

// asleep are those in which all goroutines must be, alone those without any other.
var asleep, alone = map[string]bool{}, map[string]bool{}

func register(more map[string]func()) {
	for name, run := range more {
		deaths[name] = run
	}
}

// park leaves a goroutine behind in every state that a program is usually full of. Without timers and file
// descriptors the runtime can still find out that all are asleep.
func park(waking bool) {
	requests, replies := make(chan int), make(chan string, 1)
	var unset chan bool
	go func() { <-requests }()
	go func() {
		replies <- "one"
		replies <- "two"
	}()
	go func() { <-unset }()
	go func() {
		select {
		case n := <-requests:
			fmt.Println(n)
		case unset <- true:
		}
	}()
	go func() { select {} }()
	for i := 0; i < 3; i++ {
		go func(i int) { requests2 <- i }(i)
	}
	var locked sync.Mutex
	locked.Lock()
	go func() { locked.Lock() }()
	var guarded sync.RWMutex
	guarded.Lock()
	go func() { guarded.RLock() }()
	go func() { guarded.Lock() }()
	var group sync.WaitGroup
	group.Add(1)
	go group.Wait()
	cond := sync.NewCond(&sync.Mutex{})
	go func() {
		cond.L.Lock()
		cond.Wait()
	}()
	go func() {
		runtime.LockOSThread()
		<-requests
	}()
	if waking {
		parkWaking()
	}
	time.Sleep(20 * time.Millisecond)
}

var requests2 = make(chan int)

func parkWaking() {
	go time.Sleep(time.Hour)
	go func() { <-time.After(time.Hour) }()
	reader, _, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	go reader.Read(make([]byte, 16))
	go blockInRead()
}

// blockInRead sits in a system call on a thread of its own.
func blockInRead() {
	var fds [2]int
	if err := syscall.Pipe(fds[:]); err != nil {
		panic(err)
	}
	syscall.Read(fds[0], make([]byte, 16))
}

func main() {
	if len(os.Args) < 2 || deaths[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: deaths NAME")
		os.Exit(2)
	}
	name := os.Args[1]
	if name == "send" {
		deaths[name]()
		return
	}
	if !alone[name] {
		park(!asleep[name])
	}
	deaths[name]()
}
