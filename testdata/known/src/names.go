package main

import (
	"fmt"
	"os"
	"reflect"
	"syscall"
	"time"
)

type Level int

func (l Level) String() string { return "level" } // own methods are not run

//go:noinline
func names(next func()) {
	month, weekday, noMonth := time.March, time.Saturday, time.Month(13)
	plainMode, directory, odd := os.FileMode(0640), os.ModeDir|0755, os.ModeSymlink|os.ModeSetuid|os.ModeSticky|07
	device, pipe, irregular := os.ModeDevice|os.ModeCharDevice|0600, os.ModeNamedPipe, os.ModeIrregular|0777
	terminated, userSignal, realtime := syscall.SIGTERM, syscall.SIGUSR1, syscall.Signal(40)
	var signal os.Signal = syscall.SIGINT
	signals := []os.Signal{os.Interrupt, os.Kill}
	kind := reflect.Map
	level := Level(3)
	months := map[time.Month]int{time.January: 31, time.February: 28}
	file := os.Stdout

	says("month", month)
	says("weekday", weekday)
	is("noMonth", noMonth, "13")
	says("plainMode", plainMode)
	says("directory", directory)
	says("odd", odd)
	says("device", device)
	says("pipe", pipe)
	says("irregular", irregular)
	is("terminated", terminated, terminated.String()+" (SIGTERM)")
	is("userSignal", userSignal, userSignal.String()+" (SIGUSR1)")
	is("realtime", realtime, realtime.String())
	holds("signal", "os.Signal", signal, "interrupt (SIGINT)")
	is("signals", signals, "[(syscall.Signal) interrupt (SIGINT), (syscall.Signal) killed (SIGKILL)]")
	says("kind", kind)
	is("level", level, "3")
	is("months", months, "{January: 31, February: 28}")
	is("file", file, fmt.Sprintf("&%q (fd %d)", file.Name(), file.Fd()))
	next()
	use(month, weekday, noMonth, plainMode, directory, odd, device, pipe, irregular, terminated, userSignal, realtime, signal, signals,
		kind, level, months, file)
}
