// Second is a plugin that calls what another plugin gave its host.
package main

import (
	"fmt"

	"example.com/modules/common"
)

type parcel struct {
	Weight int
	To     *common.User
	Labels map[string]int
}

var depot = map[string]parcel{"north": {Weight: 9}}

//go:noinline
func carry(one parcel, arrived chan parcel) {
	arrived <- one
	fmt.Println(one.Weight)
}

// Through is what the host calls.
func Through(serve func(string, *common.User), scenario string, caller *common.User) {
	note := parcel{Weight: 3, To: caller, Labels: map[string]int{"fragile": 1}}
	arrived := make(chan parcel)
	go carry(note, arrived)
	serve(scenario, caller)
	fmt.Println(note.Weight, <-arrived)
}

func main() {}
