package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

func init() {
	register(map[string]func(){
		"chain-deferred":        func() { defer func() { panic("second") }(); panic("first") },
		"chain-three":           chainThree,
		"chain-runtime":         func() { defer func() { table["b"] = 2 }(); fmt.Println(numbers[nine]) },
		"chain-recovered":       chainRecovered,
		"chain-again":           func() { defer func() { panic(recover()) }(); fmt.Println(balanceOf(none())) },
		"chain-again-error":     func() { defer func() { panic(recover()) }(); panic(errors.New("the same")) },
		"chain-again-other":     func() { defer func() { panic(fmt.Sprint("again: ", recover())) }(); panic("first") },
		"chain-again-twice":     chainAgainTwice,
		"chain-again-deep":      chainAgainDeep,
		"chain-goexit":          func() { go goexitPanic(); select {} },
		"chain-goexit-in-panic": func() { go goexitInPanic(); select {} },
		"chain-goexit-nested":   func() { go goexitNested(); select {} },
		"chain-running":         chainRunning,
		"chain-fatal":           func() { defer func() { new(sync.Mutex).Unlock() }(); panic("first") },
		"chain-fault":           func() { defer fatalInside(); panic("first") },
		"defers":                defers,
		"defers-loop":           defersLoop,
		"defers-conditional":    func() { defersConditional(3) },
	})
}

func chainThree() {
	defer func() { panic("third") }()
	defer func() { panic(fmt.Errorf("second")) }()
	panic("first")
}

// chainRecovered dies of a panic after another was recovered for good.
func chainRecovered() {
	func() {
		defer func() { fmt.Println(recover()) }()
		panic("recovered")
	}()
	panic("not recovered")
}

func chainAgainTwice() {
	defer func() { panic(recover()) }()
	defer func() { panic(recover()) }()
	panic("first")
}

func chainAgainDeep() {
	defer func() { panic(recover()) }()
	func() {
		defer func() {
			defer func() { panic(fmt.Sprint("of the handler: ", recover())) }()
			panic("in the handler")
		}()
		panic("first")
	}()
}

func goexitPanic() {
	defer func() { panic("after Goexit") }()
	runtime.Goexit()
}

func goexitInPanic() {
	defer func() { panic("last") }()
	defer runtime.Goexit()
	panic("first")
}

func goexitNested() {
	defer func() {
		defer func() { panic(fmt.Sprint("recovered ", recover())) }()
		panic("in the deferred function")
	}()
	runtime.Goexit()
}

// chainRunning is ended by another goroutine while its deferred function still runs.
func chainRunning() {
	go func() {
		defer func() { select {} }()
		panic(&code{9})
	}()
	time.Sleep(10 * time.Millisecond)
	panic("elsewhere")
}

//go:noinline
func cleanUp(name string) { fmt.Println("clean up", name) }

// defers are all still pending where it dies: the inner function's panic comes while they wait.
func defers() {
	defer cleanUp("outer")
	a := &account{name: "a"}
	defer a.describe()
	defer func() { fmt.Println(a.name) }()
	dieInDeferred()
}

func dieInDeferred() {
	defer cleanUp("inner")
	defer func() { panic("in the deferred function") }()
	panic("first")
}

// defersLoop has calls deferred in a loop, which lie on the heap, and one that lies on the stack.
func defersLoop() {
	for i := 0; i < 3; i++ {
		defer cleanUp(fmt.Sprint(i))
	}
	if nine > 3 {
		defer cleanUp("conditional")
	}
	fatalInside()
}

func fatalInside() {
	defer cleanUp("never run")
	fmt.Println(*(*int)(pointerAt(0xdeadbeef000)))
}

// defersConditional has open-coded defers, of which some were reached.
func defersConditional(n int) {
	defer cleanUp("always")
	if n > 2 {
		defer cleanUp("reached")
	}
	if n > 5 {
		defer cleanUp("not reached")
	}
	fatalInside()
	defer cleanUp("too late")
}
