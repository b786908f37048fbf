// Host loads a plugin and calls it; what dies, dies in the plugin.
//
//	host PLUGIN SCENARIO
package main

import (
	"fmt"
	"os"
	"plugin"

	"example.com/modules/common"
)

//go:noinline
func call(serve func(string, *common.User), scenario string) {
	caller := &common.User{Name: "host", Age: 7}
	serve(scenario, caller)
	fmt.Println(caller.Name)
}

func main() {
	loaded, err := plugin.Open(os.Args[1])
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	symbol, err := loaded.Lookup("Serve")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	call(symbol.(func(string, *common.User)), os.Args[2])
}
