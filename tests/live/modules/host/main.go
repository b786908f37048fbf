// Host loads a plugin and calls it; what dies, dies in the plugin.
//
//	host PLUGIN SCENARIO [SECOND]
//
// With a second plugin it is that one which calls the first.
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

func load(path, name string) plugin.Symbol {
	loaded, err := plugin.Open(path)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	symbol, err := loaded.Lookup(name)
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	return symbol
}

func main() {
	serve := load(os.Args[1], "Serve").(func(string, *common.User))
	if len(os.Args) > 3 {
		through := load(os.Args[3], "Through").(func(func(string, *common.User), string, *common.User))
		first := serve
		serve = func(scenario string, caller *common.User) { through(first, scenario, caller) }
	}
	call(serve, os.Args[2])
}
