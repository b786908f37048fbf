// Cgo is a program whose C code faults, aborts, calls back into Go and starts threads.
//
//	cgo WHERE HOW    WHERE: go (C called from Go), plain (the same without optimisation), nested (C called from a Go
//	                 function that C called from Go), thread (on a thread of C's own)
//	                 HOW: fault divide abort assert vdso; jump: C calls a bad pointer; bare: a fault below assembly
//	                 without unwind rules; back: C calls Go, which panics; sleep: C sleeps for a minute and another
//	                 goroutine panics
package main

/*
#cgo CFLAGS: -O2 -fomit-frame-pointer
#include <stdlib.h>
#include "native.h"
*/
import "C"

import (
	"fmt"
	"os"
	"time"
	"unsafe"
)

var hows = map[string]C.int{
	"fault": C.FAULT, "divide": C.DIVIDE, "abort": C.ABORT, "assert": C.ASSERT, "back": C.CALL_BACK,
	"vdso": C.VDSO, "sleep": C.SLEEP, "jump": C.JUMP, "bare": C.BARE,
}

// What C does that the first callback calls; -1: the callback panics.
var inner C.int = -1

type shop struct {
	name string
}

//go:noinline
func (s *shop) ship(id int) int {
	if how := inner; how >= 0 {
		inner = -1
		return s.buy(id+100, how)
	}
	panic(fmt.Sprintf("%s: order %d is lost", s.name, id))
}

// What C calls.
//
//export goShip
func goShip(id C.int) C.long {
	s := &shop{name: "example"}
	return C.long(s.ship(int(id)))
}

// The order lies in C's memory: C keeps no pointers into Go's.
//
//go:noinline
func (s *shop) buy(id int, how C.int) int {
	order := (*C.struct_order)(C.calloc(1, C.size_t(unsafe.Sizeof(C.struct_order{}))))
	order.id = C.int(id)
	return int(C.checkout(order, how))
}

//go:noinline
func (s *shop) buyPlain(id int, how C.int) int {
	order := (*C.struct_order)(C.calloc(1, C.size_t(unsafe.Sizeof(C.struct_order{}))))
	order.id = C.int(id)
	return int(C.checkout_plain(order, how))
}

func main() {
	where, how := os.Args[1], hows[os.Args[2]]
	s := &shop{name: "example"}
	go func() { // somebody who waits
		select {}
	}()
	if os.Args[2] == "sleep" {
		go func() {
			time.Sleep(300 * time.Millisecond)
			panic("nobody answers")
		}()
	}
	switch where {
	case "go":
		fmt.Println(s.buy(1, how))
	case "plain":
		fmt.Println(s.buyPlain(1, how))
	case "nested":
		inner = how
		fmt.Println(s.buy(1, C.CALL_BACK))
	case "thread":
		C.run_on_thread(how)
	}
}
