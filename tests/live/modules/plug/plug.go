// Plug is a plugin whose functions die.
package main

import (
	"errors"
	"fmt"
	"time"

	"example.com/modules/common"
)

type order struct {
	ID    int
	Items []string
	Buyer *common.User
}

var pending = map[string]*order{"first": {ID: 41, Items: []string{"tea", "milk"}}}

var backlog = make(chan order, 2)

//go:noinline
func (o *order) buyer() string {
	return o.Buyer.Name
}

//go:noinline
func ship(key string, caller *common.User) int {
	stock := map[string]int{"tea": 3, "milk": 0}
	found := pending[key]
	total := found.ID + stock["tea"]
	fmt.Println(total, caller.Age)
	return total
}

//go:noinline
func refuse(caller *common.User) {
	var reason error = errors.New("out of milk")
	wrapped := fmt.Errorf("order 41 of %s: %w", caller.Name, reason)
	panic(wrapped)
}

//go:noinline
func wait(number int) {
	label := fmt.Sprint("waiter ", number)
	backlog <- order{ID: number}
	backlog <- order{ID: number + 1}
	fmt.Println(label)
}

// Serve is what the host calls.
func Serve(scenario string, caller *common.User) {
	backlog <- order{ID: 1}
	go wait(10)
	time.Sleep(200 * time.Millisecond)
	switch scenario {
	case "field":
		first := pending["first"]
		fmt.Println(first.buyer())
	case "missing":
		ship("second", caller)
	case "error":
		refuse(caller)
	}
}

func main() {}
