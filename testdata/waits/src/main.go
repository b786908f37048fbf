// Goroutines that wait for one another in circles, and some that merely wait. Each circle's members are
// printed as the program itself knows them, before it is dumped.
//
//	waits partial SHAPE:N …   the circles SHAPE of N goroutines stand still, the program lives and says so
//	waits crash SHAPE:N …     the same, then another goroutine panics
//	waits total SHAPE:N       everything stands still: the runtime ends the program
package main

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// goid reads the number of the running goroutine off its own traceback.
func goid() int {
	text := make([]byte, 64)
	text = text[:runtime.Stack(text, false)]
	number := 0
	for i := len("goroutine "); i < len(text) && text[i] != ' '; i++ {
		number = 10*number + int(text[i]-'0')
	}
	return number
}

// circle is what the members of one circle tell of themselves.
type circle struct {
	name    string
	size    int32
	ready   int32
	members chan int
}

// meet returns once all members have taken what they hold.
func (c *circle) meet() {
	c.members <- goid()
	atomic.AddInt32(&c.ready, 1)
	for atomic.LoadInt32(&c.ready) < c.size {
		time.Sleep(time.Millisecond)
	}
}

func newCircle(name string, size int) *circle {
	return &circle{name: name, size: int32(size), members: make(chan int, size)}
}

func say(line string) {
	os.Stderr.WriteString(line + "\n")
}

// tell prints the truth once all have met.
func (c *circle) tell() {
	for atomic.LoadInt32(&c.ready) < c.size {
		time.Sleep(time.Millisecond)
	}
	line := "circle " + c.name
	for i := int32(0); i < c.size; i++ {
		line += " " + strconv.Itoa(<-c.members)
	}
	say(line)
}

func parse(argument string) (string, int) {
	colon := 0
	for colon < len(argument) && argument[colon] != ':' {
		colon++
	}
	size, err := strconv.Atoi(argument[colon+1:])
	if err != nil || shapes[argument[:colon]] == nil {
		say("no such shape: " + argument)
		os.Exit(2)
	}
	return argument[:colon], size
}

func main() {
	mode := os.Args[1]
	var all sync.WaitGroup
	if mode == "partial" {
		go beside()
	}
	for _, argument := range os.Args[2:] {
		name, size := parse(argument)
		c := newCircle(name, size)
		shapes[name](c, size, &all)
		c.tell()
	}
	time.Sleep(20 * time.Millisecond)
	switch mode {
	case "total":
		all.Wait()
	case "crash":
		go crash(nil)
		time.Sleep(time.Hour)
	default:
		say("ready to be dumped")
		time.Sleep(time.Hour)
	}
}

func crash(p *int) {
	*p = 1
}

// beside is a part of the program that is well.
func beside() {
	jobs := make(chan int)
	for i := 0; i < 3; i++ {
		go func() {
			for range jobs {
			}
		}()
	}
	for range time.Tick(5 * time.Millisecond) {
		jobs <- 1
	}
}
