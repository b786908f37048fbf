// Command goroutines dies with many goroutines: main.wait at call depths of 5 to 30, in a mix of waits.
package main

import (
	"os"
	"strconv"
	"sync"
	"time"
)

type gate struct {
	in, out chan int
	mutex   sync.Mutex
	group   sync.WaitGroup
	cond    *sync.Cond
}

//go:noinline
func wait(g *gate, kind int) int {
	switch kind {
	case 0:
		return <-g.in
	case 1:
		g.out <- kind
	case 2:
		select {
		case v := <-g.in:
			return v
		case g.out <- kind:
		}
	case 3:
		g.mutex.Lock()
	case 4:
		g.group.Wait()
	case 5:
		g.cond.L.Lock()
		g.cond.Wait()
	default:
		time.Sleep(time.Hour)
	}
	return kind
}

//go:noinline
func descend(g *gate, kind, depth int) int {
	if depth > 0 {
		return descend(g, kind, depth-1) + 1
	}
	return wait(g, kind)
}

type user struct{ name string }

func main() {
	count, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	g := &gate{in: make(chan int), out: make(chan int)}
	g.cond = sync.NewCond(new(sync.Mutex))
	g.group.Add(1)
	g.mutex.Lock()
	for i := 0; i < count; i++ {
		// Besides these frames there are those of the wait itself.
		go descend(g, i%7, 2+i/7%26)
	}
	time.Sleep(time.Duration(1+count/100000) * time.Second)
	var u *user
	println(u.name)
}
