package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"os/signal"
	"reflect"
	"regexp"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"text/template"
	"time"
)

func init() {
	register(map[string]func(){
		"log-panic":         func() { log.Panicf("order %d: %v", 7, io.EOF) },
		"must-regexp":       func() { regexp.MustCompile("a(b") },
		"must-template":     func() { template.Must(template.New("t").Parse("{{.a")) },
		"repeat":            func() { strings.Repeat("a", zero-1) },
		"buffer-grow":       func() { new(bytes.Buffer).Grow(zero - 1) },
		"ticker":            func() { time.NewTicker(time.Duration(zero)) },
		"timer-reset":       func() { new(time.Timer).Reset(1) },
		"builder-copied":    builderCopied,
		"cond-copied":       condCopied,
		"reflect-zero":      func() { reflect.Value{}.Int() },
		"reflect-private":   func() { reflect.ValueOf(&hidden{}).Elem().Field(0).SetInt(1) },
		"reflect-kind":      func() { reflect.ValueOf("x").Int() },
		"reflect-select":    func() { reflect.Select(make([]reflect.SelectCase, 70000)) },
		"reflect-call":      func() { reflect.ValueOf(fmt.Sprint).Call([]reflect.Value{reflect.ValueOf(1)})[0].Index(nine) },
		"reflect-map":       func() { reflect.ValueOf(map[string]int(nil)).SetMapIndex(reflect.ValueOf("a"), reflect.ValueOf(1)) },
		"context-key":       func() { context.WithValue(context.Background(), nil, 1) },
		"context-parent":    func() { context.WithCancel(nilContext()) },
		"deadline":          deadline,
		"panic-errno":       func() { panic(syscall.ENOENT) },
		"panic-signal":      func() { panic(os.Interrupt) },
		"panic-duration":    func() { panic(90 * time.Second) },
		"panic-ip":          func() { panic(net.IPv4(10, 1, 2, 3)) },
		"panic-big":         func() { panic(big.NewInt(1 << 40)) },
		"panic-value":       func() { panic(reflect.ValueOf(1)) },
		"panic-eof":         func() { panic(io.EOF) },
		"panic-huge":        func() { panic(strings.Repeat("0123456789abcdef", 1<<16)) },
		"panic-huge-error":  func() { panic(errors.New(strings.Repeat("line\n", 40000))) },
		"panic-stack":       panicStack,
		"panic-embedded":    func() { panic(wrapped{}) },
		"panic-anonymous":   func() { panic(struct{ a, b int }{1, 2}) },
		"panic-empty-array": func() { panic([0]int{}) },
		"panic-local":       func() { type local int; panic(local(3)) },
		"panic-named-error": func() { panic(textError("said")) },
		"panic-complex64":   func() { panic(complex64(1 + 2i)) },
		"panic-escapes":     func() { panic("a\r\x1b[31mred\x1b[0m\tb c\xff\xfe\x7f") },
		"chain-fifty":       func() { nest(50) },
		"chain-rethrown":    rethrown,
		"goexit-deferred":   func() { defer func() { panic("while leaving") }(); runtime.Goexit() },
		"defer-nil":         func() { var f func(); defer f() },
		"defer-loop-nil": func() {
			for i := 0; i < 3; i++ {
				var f func()
				defer f()
			}
		},
		"overflow-error":   func() { panic(recursive{1}) },
		"timer-throw":      func() { time.AfterFunc(time.Millisecond, unlock); select {} },
		"finalizer-throw":  finalizerThrow,
		"finalizer-twice":  func() { p := new(hidden); runtime.SetFinalizer(p, done); runtime.SetFinalizer(p, done) },
		"finalizer-inside": func() { p := new([4]hidden); runtime.SetFinalizer(&p[1], done) },
		"finalizer-wrong":  func() { runtime.SetFinalizer(new(hidden), func(int) {}) },
		"notified-segv":    notifiedSegv,
		"labels":           labels,
		"once-again":       onceAgain,
		"map-compare":      func() { m := new(sync.Map); m.Store([]int{1}, 1) },
		"wait-reused":      waitReused,
		"select-many":      selectMany,
		"callback-sort": func() {
			regexp.MustCompile("a").ReplaceAllStringFunc("bab", func(string) string { panic("in a replacement") })
		},
		"grow":            func() { fmt.Println(append([]byte{1}, make([]byte, int(^uint(0)>>1)-nine)...)) },
		"goroutine-names": func() { go hidden{}.run(1); go (&hidden{}).runPointer(2); go func(n int) { panic(n) }(3); select {} },
	})
}

type hidden struct{ a, b int }

func (h hidden) run(n int)         { time.Sleep(time.Hour) }
func (h *hidden) runPointer(n int) { time.Sleep(time.Hour) }

func done(*hidden) {}

type textError string

func (t textError) Error() string { return string(t) + " by an error" }

type wrapped struct{ error }

type recursive struct{ n int }

func (r recursive) Error() string { return fmt.Sprint(recursive{r.n + 1}) }

func nilContext() context.Context { return nil }

func builderCopied() {
	var a strings.Builder
	a.WriteString("x")
	b := a
	b.WriteString("y")
}

func condCopied() {
	a := sync.NewCond(new(sync.Mutex))
	a.Signal()
	b := reflect.New(reflect.TypeOf(*a))
	b.Elem().Set(reflect.ValueOf(a).Elem())
	b.Interface().(*sync.Cond).Signal()
}

func deadline() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	<-ctx.Done()
	panic(ctx.Err())
}

type stacked struct {
	value interface{}
	stack []byte
}

func (s stacked) String() string { return fmt.Sprintf("%v\n\n%s", s.value, s.stack) }

// panicStack hands a panic to another goroutine with the stack it came from, as groups of goroutines do.
func panicStack() {
	result := make(chan interface{})
	go func() {
		defer func() {
			result <- stacked{recover(), []byte("goroutine 900007 [running]:\nmain.work()\n\t/main.go:7 +0x1d\n")}
		}()
		panic("first")
	}()
	panic(<-result)
}

func nest(n int) {
	if n == 0 {
		return
	}
	defer func() { nest(n - 1) }()
	panic(fmt.Sprint("level ", n))
}

func rethrown() {
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Errorf("wrapped: %w", r.(error)))
		}
	}()
	fmt.Println([]int{1}[nine])
}

func unlock() { new(sync.Mutex).Unlock() }

func finalizerThrow() {
	func() { runtime.SetFinalizer(&hidden{1, 2}, func(*hidden) { unlock() }) }()
	for {
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

func notifiedSegv() {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGSEGV, syscall.SIGABRT)
	time.Sleep(10 * time.Millisecond)
	var h *hidden
	h.b = 1
}

func labels() {
	wait := make(chan bool)
	pprof.Do(context.Background(), pprof.Labels("request", "GET /a b", "user", "x\"y"), func(context.Context) {
		go func() { <-wait }()
		time.Sleep(10 * time.Millisecond)
		panic("labelled")
	})
}

func onceAgain() {
	var once sync.Once
	func() {
		defer func() { recover() }()
		once.Do(func() { panic("first") })
	}()
	once.Do(func() { panic("second") })
	panic("after")
}

func waitReused() {
	var group sync.WaitGroup
	group.Add(1)
	go group.Wait()
	time.Sleep(5 * time.Millisecond)
	group.Add(-2)
}

func selectMany() {
	cases := make([]reflect.SelectCase, 500)
	for i := range cases {
		cases[i] = reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(make(chan int))}
	}
	go reflect.Select(cases)
	time.Sleep(10 * time.Millisecond)
	panic("others select")
}
