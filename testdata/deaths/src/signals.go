package main

import (
	"fmt"
	"io/ioutil"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func init() {
	register(map[string]func(){
		"send":              send,
		"quit-idle":         func() { sendMe(syscall.SIGQUIT); select {} },
		"abort-idle":        func() { sendMe(syscall.SIGABRT); select {} },
		"segv-idle":         func() { sendMe(syscall.SIGSEGV); select {} },
		"bus-idle":          func() { sendMe(syscall.SIGBUS); select {} },
		"fpe-idle":          func() { sendMe(syscall.SIGFPE); select {} },
		"ill-idle":          func() { sendMe(syscall.SIGILL); select {} },
		"trap-idle":         func() { sendMe(syscall.SIGTRAP); select {} },
		"sys-idle":          func() { sendMe(syscall.SIGSYS); select {} },
		"abort-running":     func() { sendMe(syscall.SIGABRT); spin(1) },
		"segv-running":      func() { sendMe(syscall.SIGSEGV); spin(2) },
		"abort-clock":       func() { sendMe(syscall.SIGABRT); readClock() },
		"quit-preempted":    func() { sendMe(syscall.SIGQUIT); crowd() },
		"quit-syscalls":     func() { sendMe(syscall.SIGQUIT); inSystemCalls() },
		"quit-leaking":      func() { leak(); sendMe(syscall.SIGQUIT); select {} },
		"abort-self":        func() { syscall.Kill(syscall.Getpid(), syscall.SIGABRT); select {} },
		"segv-self":         func() { syscall.Kill(syscall.Getpid(), syscall.SIGSEGV); select {} },
		"abort-thread":      func() { killThread(syscall.SIGABRT) },
		"segv-thread":       func() { killThread(syscall.SIGSEGV) },
		"bus-file":          busFile,
		"alive":             func() { leak(); wait() },
		"alive-recovered":   aliveRecovered,
		"alive-deadlocked":  aliveDeadlocked,
		"alive-running":     func() { go spin(1); wait() },
		"alive-in-deferred": aliveInDeferred,
	})
}

// sendMe starts another process, which sends the signal and says so first.
func sendMe(number syscall.Signal) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	command := exec.Command(self, "send", strconv.Itoa(os.Getpid()), strconv.Itoa(int(number)))
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		panic(err)
	}
}

func send() {
	pid, _ := strconv.Atoi(os.Args[2])
	number, _ := strconv.Atoi(os.Args[3])
	time.Sleep(200 * time.Millisecond)
	fmt.Fprintf(os.Stderr, "sent by process %d\n", os.Getpid())
	syscall.Kill(pid, syscall.Signal(number))
}

var spun int

//go:noinline
func spin(n int) {
	for {
		spun += n
	}
}

// readClock is nearly always inside the vdso.
func readClock() {
	for {
		spun += time.Now().Nanosecond()
	}
}

// crowd has more goroutines run than there are processors, so that most are stopped in the middle.
func crowd() {
	runtime.GOMAXPROCS(2)
	for i := 0; i < 6; i++ {
		go spin(i)
	}
	spin(6)
}

func inSystemCalls() {
	for i := 0; i < 4; i++ {
		go blockInRead()
	}
	blockInRead()
}

func leak() {
	for i := 0; i < 20; i++ {
		answer := make(chan string)
		go func() { answer <- "too late" }()
	}
	time.Sleep(10 * time.Millisecond)
}

func killThread(number syscall.Signal) {
	runtime.LockOSThread()
	syscall.Syscall(syscall.SYS_TGKILL, uintptr(os.Getpid()), uintptr(syscall.Gettid()), uintptr(number))
	select {}
}

// busFile reads a page of a mapping behind the end of its file.
func busFile() {
	file, err := ioutil.TempFile("/tmp", "deaths")
	if err != nil {
		panic(err)
	}
	os.Remove(file.Name())
	file.Truncate(8192)
	data, err := syscall.Mmap(int(file.Fd()), 0, 8192, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic(err)
	}
	file.Truncate(0)
	fmt.Println(data[5000])
}

func wait() {
	fmt.Fprintln(os.Stderr, "ready to be dumped")
	select {}
}

func aliveRecovered() {
	defer func() {
		fmt.Fprintln(os.Stderr, "recovered:", recover())
		wait()
	}()
	fmt.Println(numbers[nine])
}

func aliveDeadlocked() {
	a, b := make(chan int), make(chan int)
	go func() { a <- <-b }()
	go func() { b <- <-a }()
	wait()
}

func aliveInDeferred() {
	defer wait()
	panic(&code{11})
}
