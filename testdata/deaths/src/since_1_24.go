//go:build go1.24
// +build go1.24

package main

import (
	"runtime"
	"time"
)

func init() {
	register(map[string]func(){
		"place-cleanup": func() {
			func() {
				runtime.AddCleanup(&account{name: "cleaned"}, func(n int) { panic("in a cleanup") }, 1)
			}()
			for {
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		},
	})
}
