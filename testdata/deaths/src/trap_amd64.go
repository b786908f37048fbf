package main

import (
	"syscall"
	"unsafe"
)

// trap_amd64.s
func illegal()
func divideByZero(a, b int) int
func breakpoint()
func vdsoFault()

func init() {
	register(map[string]func(){
		"trap-illegal":    illegal,
		"trap-divide":     func() { println(divideByZero(nine, zero)) },
		"trap-breakpoint": breakpoint,
		"trap-vdso":       vdsoFault,
		"trap-mapped":     trapMapped,
	})
}

// trapMapped runs code that belongs to no file: ud2.
func trapMapped() {
	code, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	copy(code, []byte{0x0f, 0x0b})
	entry := uintptr(unsafe.Pointer(&code[0]))
	place := &entry
	f := *(*func())(unsafe.Pointer(&place))
	f()
}
