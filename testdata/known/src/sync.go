package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

type key string

type keyType struct{}

//go:noinline
func contexts(next func()) {
	background, todo := context.Background(), context.TODO()
	openContext, cancelOpen := context.WithCancel(background)
	cancelledContext, cancel := context.WithCancel(todo)
	cancel()
	child, cancelChild := context.WithCancel(cancelledContext)
	valueKey := context.WithValue(openContext, key("user"), "alice")
	numberKey := context.WithValue(valueKey, keyType{}, 42)
	pointerKey := context.WithValue(background, key("config"), &Event{})
	at := time.Date(2100, 1, 2, 3, 4, 5, 0, time.UTC)
	dated, cancelDated := context.WithDeadline(valueKey, at)
	datedPast := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	past, cancelPast := context.WithDeadline(background, datedPast)
	stopped, cancelStopped := context.WithDeadline(todo, at)
	cancelStopped()
	late, cancelLate := context.WithTimeout(openContext, 50*time.Millisecond)
	timely, cancelTimely := context.WithTimeout(openContext, time.Hour)
	time.Sleep(80 * time.Millisecond)
	runtime.GC() // the runtime reads the clock, and keeps the reading
	lateAt, _ := late.Deadline()
	timelyAt, _ := timely.Deadline()
	var noContext context.Context
	type request struct {
		ctx  context.Context
		name string
	}
	inside := request{cancelledContext, "r"}

	typ := "context.Context"
	holds("background", typ, background, "context.Background")
	holds("todo", typ, todo, "context.TODO")
	holds("openContext", typ, openContext, "context.Background.WithCancel")
	holds("cancelledContext", typ, cancelledContext, "context.TODO.WithCancel (context canceled)")
	holds("child", typ, child, "context.TODO.WithCancel (context canceled).WithCancel (context canceled)")
	holds("valueKey", typ, valueKey, `context.Background.WithCancel.WithValue(main.key("user"): "alice")`)
	holds("numberKey", typ, numberKey, `context.Background.WithCancel.WithValue(main.key("user"): "alice").WithValue(main.keyType: 42)`)
	holds("pointerKey", typ, pointerKey, `context.Background.WithValue(main.key("config"): *main.Event)`)
	holds("dated", typ, dated, fmt.Sprintf(`context.Background.WithCancel.WithValue(main.key("user"): "alice").WithDeadline(%s)`, at))
	holds("past", typ, past, fmt.Sprintf("context.Background.WithDeadline(%s) (context deadline exceeded)", datedPast))
	holds("stopped", typ, stopped, fmt.Sprintf("context.TODO.WithDeadline(%s) (context canceled)", at))
	// what it cannot know is between these
	holds("late", typ, late, fmt.Sprintf("context.Background.WithCancel.WithDeadline(%s, passed at least {{1ns to 60s}} ago) (context deadline exceeded)", lateAt))
	holds("timely", typ, timely, fmt.Sprintf("context.Background.WithCancel.WithDeadline(%s)", timelyAt))
	line("noContext", typ, "nil")
	is("inside", inside, "{ctx: (*context.cancelCtx) context.TODO.WithCancel (context canceled), name: \"r\"}")
	next()
	use(background, todo, openContext, cancelOpen, cancelledContext, child, cancelChild, valueKey, numberKey, pointerKey, dated, cancelDated, past, cancelPast,
		stopped, late, cancelLate, timely, cancelTimely, noContext, inside)
}

type Guarded struct {
	mu    sync.Mutex
	rw    *sync.RWMutex
	once  sync.Once
	count int
}

// Each goroutine waits until the others do as well.
func settle() { time.Sleep(60 * time.Millisecond) }

//go:noinline
func locks(next func()) {
	var unlocked, locked, contended sync.Mutex
	locked.Lock()
	contended.Lock()
	go contended.Lock()
	go contended.Lock()
	var free, read, written, blocked, queued sync.RWMutex
	read.RLock()
	read.RLock()
	written.Lock()
	blocked.RLock()
	go blocked.Lock()
	queued.Lock()
	go queued.RLock()
	go queued.RLock()
	var idle, counted, awaited sync.WaitGroup
	counted.Add(3)
	awaited.Add(1)
	go awaited.Wait()
	go awaited.Wait()
	var notDone, done sync.Once
	done.Do(func() {})
	quiet, waited := sync.NewCond(&sync.Mutex{}), sync.NewCond(&sync.Mutex{})
	for i := 0; i < 3; i++ {
		go func() {
			waited.L.Lock()
			waited.Wait()
		}()
	}
	guarded := &Guarded{rw: &read, count: 3}
	guarded.mu.Lock()
	guarded.once.Do(func() {})
	var locker sync.Locker = &locked
	settle()

	line("unlocked", "sync.Mutex", "unlocked")
	line("locked", "sync.Mutex", "locked")
	line("contended", "sync.Mutex", "locked, 2 waiting")
	line("free", "sync.RWMutex", "unlocked")
	line("read", "sync.RWMutex", "locked by 2 readers")
	line("written", "sync.RWMutex", "locked by a writer")
	line("blocked", "sync.RWMutex", "locked by 1 reader, a writer waiting")
	line("queued", "sync.RWMutex", "locked by a writer, 2 readers waiting")
	line("idle", "sync.WaitGroup", "counter 0")
	line("counted", "sync.WaitGroup", "counter 3")
	line("awaited", "sync.WaitGroup", "counter 1, 2 waiting")
	line("notDone", "sync.Once", "not done")
	line("done", "sync.Once", "done")
	is("quiet", quiet, "&0 waiting")
	is("waited", waited, "&3 waiting")
	is("guarded", guarded, "&{mu: locked, rw: &locked by 2 readers, once: done, count: 3}")
	holds("locker", "sync.Locker", locker, "&locked")
	next()
	use(&unlocked, &locked, &contended, &free, &read, &written, &blocked, &queued, &idle, &counted, &awaited, &notDone, &done, quiet,
		waited, guarded, locker)
}

//go:noinline
func pools(next func()) {
	var emptyMap, syncMap, grown, deleted sync.Map
	syncMap.Store("a", 1)
	syncMap.Store("b", []int{2})
	syncMap.Load("a")
	for i := 0; i < 300; i++ {
		grown.Store(i, i*i)
	}
	for i := 0; i < 300; i++ {
		grown.Load(i)
		if i != 7 && i != 9 {
			grown.Delete(i)
		}
	}
	deleted.Store(1, 1)
	deleted.Delete(1)
	mapPointer := &syncMap
	cache := struct {
		entries sync.Map
		size    int
	}{size: 1}
	cache.entries.Store(key("k"), nil)
	var emptyPool sync.Pool
	pool := sync.Pool{New: func() interface{} { return new(int) }}

	line("emptyMap", "sync.Map", "{}")
	line("syncMap", "sync.Map", `{(string) "a": (int) 1, (string) "b": ([]int) [2]}`)
	line("grown", "sync.Map", "{(int) 7: (int) 49, (int) 9: (int) 81}")
	line("deleted", "sync.Map", "{}")
	is("mapPointer", mapPointer, `&{(string) "a": (int) 1, (string) "b": ([]int) [2]}`)
	line("cache", "struct { entries sync.Map; size int }", `{entries: {(main.key) "k": nil}, size: 1}`)
	line("emptyPool", "sync.Pool", "0 items")
	line("pool", "sync.Pool", "0 items")
	next()
	use(&emptyMap, &syncMap, &grown, &deleted, mapPointer, &cache, &emptyPool, &pool)
}

//go:noinline
func atomics(next func()) {
	var noValue, textValue, pointerValue, errorValue atomic.Value
	textValue.Store("stored")
	pointerValue.Store(&Event{Took: time.Second})
	errorValue.Store(fmt.Errorf("stored: %w", context.Canceled))

	line("noValue", "atomic.Value", "nil")
	line("textValue", "atomic.Value", `(string) "stored"`)
	line("pointerValue", "atomic.Value", "(*main.Event) &{At: "+time.Time{}.String()+", Took: 1s, Zone: nil, On: Sunday}")
	line("errorValue", "atomic.Value", "(*fmt.wrapError) stored: context canceled")
	newAtomics(next)
	use(&noValue, &textValue, &pointerValue, &errorValue)
}
