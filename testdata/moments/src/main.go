// Moments is a program that a signal from outside comes upon while it does something, or whose threads die at once.
//
//	moments WHAT SIGNAL   WHAT: running, preempted, syscalls, clock, collecting, printing; a child sends it the SIGNAL
//	moments faults N      N threads fault at once
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"
)

var moments = map[string]func(){
	"running": spin, "preempted": crowd, "syscalls": inSystemCalls, "clock": readClock, "collecting": collect, "printing": format,
}

// sendMe starts another process, which sends the signal and says so first.
func sendMe(number string) {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	pid := strconv.Itoa(os.Getpid())
	command := exec.Command(self, "send", pid, number)
	command.Stderr = os.Stderr
	if command.Start() == nil {
		return
	}
	// Under an emulator the kernel does not know how to run this file.
	command = exec.Command("/bin/sh", "-c", "sleep 0.2; echo sent by process $$ >&2; kill -"+number+" "+pid)
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		panic(err)
	}
}

func send(process, number string) {
	pid, _ := strconv.Atoi(process)
	signal, _ := strconv.Atoi(number)
	time.Sleep(200 * time.Millisecond)
	fmt.Fprintf(os.Stderr, "sent by process %d\n", os.Getpid())
	syscall.Kill(pid, syscall.Signal(signal))
}

var spun int

//go:noinline
func spin() {
	for {
		spun++
	}
}

// crowd has more goroutines run than there are processors, so that most are stopped in the middle.
func crowd() {
	runtime.GOMAXPROCS(2)
	for i := 0; i < 6; i++ {
		go spin()
	}
	spin()
}

func read(descriptor int) {
	var b [1]byte
	syscall.Read(descriptor, b[:])
}

// inSystemCalls has threads wait in the kernel, where the runtime knows of them.
func inSystemCalls() {
	var pipe [2]int
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	for i := 0; i < 4; i++ {
		go read(pipe[0])
	}
	read(pipe[0])
}

// readClock is nearly always inside the vdso.
func readClock() {
	for {
		spun += time.Now().Nanosecond()
	}
}

var kept [][]byte

// collect keeps the garbage collector busy.
func collect() {
	for {
		kept = append(kept, make([]byte, 1<<10))
		if len(kept) > 2000 {
			kept = nil
			runtime.GC()
		}
	}
}

func format() {
	for {
		spun += len(fmt.Sprintf("%v %q", map[string]int{"a": spun}, time.Now()))
	}
}

var pipe [2]int

// fault waits in a system call that the scheduler does not know of, so that nothing stops it between that and its death.
//
//go:noinline
func fault(address uintptr) {
	var b [1]byte
	syscall.RawSyscall(syscall.SYS_READ, uintptr(pipe[0]), uintptr(unsafe.Pointer(&b)), 1)
	*(*int)(*(*unsafe.Pointer)(unsafe.Pointer(&address))) = 1
}

func faults(count int) {
	runtime.GOMAXPROCS(count + 2)
	if err := syscall.Pipe(pipe[:]); err != nil {
		panic(err)
	}
	for i := 0; i < count; i++ {
		go fault(0xdeadbeef000 + uintptr(i)<<12)
	}
	pause := syscall.Timespec{Nsec: 200000000}
	syscall.Nanosleep(&pause, nil)
	syscall.Write(pipe[1], make([]byte, count))
	select {}
}

func main() {
	switch what := os.Args[1]; what {
	case "send":
		send(os.Args[2], os.Args[3])
	case "faults":
		count, _ := strconv.Atoi(os.Args[2])
		faults(count)
	default:
		sendMe(os.Args[2])
		moments[what]()
	}
}
