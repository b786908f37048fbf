// Shared is a library of Go for a program of C.
package main

import "C"

import (
	"fmt"
	"time"
)

type account struct {
	Owner   string
	Balance int
}

var accounts = map[int]*account{1: {Owner: "Alice", Balance: 30}}

//go:noinline
func withdraw(number, amount int) int {
	found := accounts[number]
	rest := found.Balance - amount
	return rest
}

//go:noinline
func overdraw(number, amount int) {
	owner := accounts[number].Owner
	panic(fmt.Sprintf("%s has no %d", owner, amount))
}

//export Serve
func Serve(scenario C.int) C.int {
	gate := make(chan string)
	go func() {
		name := "listener"
		gate <- name
	}()
	time.Sleep(200 * time.Millisecond)
	if scenario == 0 {
		return C.int(withdraw(2, 5))
	}
	overdraw(1, 50)
	return 0
}

func main() {}
