//go:build go1.20
// +build go1.20

package main

import (
	"errors"
	"fmt"
)

func init() {
	register(map[string]func(){
		"array-slice": func() { fmt.Println([4]int(numbers)) },
		"panic-joined": func() {
			panic(errors.Join(errors.New("one"), errors.New("two")))
		},
	})
}
