//go:build go1.17
// +build go1.17

package main

import (
	"fmt"
	"unsafe"
)

func init() {
	register(map[string]func(){
		"array-pointer": func() { fmt.Println((*[4]int)(numbers)) },
		"unsafe-slice":  func() { fmt.Println(len(unsafe.Slice(&numbers[0], minus))) },
	})
}
