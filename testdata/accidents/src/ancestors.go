package main

import (
	"os"
	"strings"
	"syscall"
	"time"
)

// What led to a goroutine is kept under a setting that the runtime reads once, before main.
const keepsAncestors = "tracebackancestors=5"

func init() {
	register(map[string]func(){"ancestors": func() { keepAncestors(); descendAndStart(120); time.Sleep(time.Minute) }})
}

func keepAncestors() {
	if strings.Contains(os.Getenv("GODEBUG"), keepsAncestors) {
		return
	}
	os.Setenv("GODEBUG", keepsAncestors)
	panic(syscall.Exec("/proc/self/exe", os.Args, os.Environ()))
}

func descendAndStart(n int) {
	if n > 0 {
		descendAndStart(n - 1)
		return
	}
	go startAnother(n)
}

func startAnother(n int) {
	time.Sleep(20 * time.Millisecond)
	func() {
		go func() {
			var p *int
			*p = n
		}()
	}()
	time.Sleep(time.Minute)
}
