//go:build go1.25
// +build go1.25

package main

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func init() {
	register(map[string]func(){
		"bubble-deadlock": func() {
			test("-test.v=false", func(t *testing.T) { synctest.Test(t, func(*testing.T) { <-make(chan int) }) })
		},
		"bubble-remaining": func() {
			test("-test.v=false", func(t *testing.T) { synctest.Test(t, func(*testing.T) { go func() { <-make(chan int) }() }) })
		},
		"bubble-panic": func() {
			test("-test.v=false", func(t *testing.T) {
				synctest.Test(t, func(*testing.T) { go time.Sleep(time.Hour); time.Sleep(time.Minute); println(numbersOf()[nine]) })
			})
		},
		"bubble-outside": func() {
			test("-test.v=false", func(t *testing.T) {
				c := make(chan int)
				synctest.Test(t, func(*testing.T) {
					d := make(chan int)
					go func() {
						select {
						case <-c:
						case <-d:
						}
					}()
					time.Sleep(1)
					println(*nobody())
				})
			})
		},
		"bubble-channel": func() {
			test("-test.v=false", func(t *testing.T) {
				c := make(chan chan int, 1)
				go func() { (<-c) <- 1 }()
				synctest.Test(t, func(*testing.T) { c <- make(chan int); busy(1 << 30) })
			})
		},
		"group-go": func() { var group sync.WaitGroup; group.Go(func() { panic("in a group") }); group.Wait() },
		"cleanup-throw": func() {
			func() { runtime.AddCleanup(&hidden{1, 2}, func(int) { unlock() }, 1) }()
			for {
				runtime.GC()
				time.Sleep(time.Millisecond)
			}
		},
		"cleanup-self": func() { h := &hidden{1, 2}; runtime.AddCleanup(h, func(*hidden) {}, h) },
	})
}

func nobody() *int { return nil }

var counted int

//go:noinline
func busy(n int) {
	for i := 0; i < n; i++ {
		counted += i
	}
}
