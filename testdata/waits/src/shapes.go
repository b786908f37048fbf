package main

import (
	"sync"
	"time"
)

var shapes = map[string]func(c *circle, size int, all *sync.WaitGroup){
	"mutex":     mutexes,
	"account":   accounts,
	"index":     indexed,
	"closure":   closures,
	"rwmutex":   rwmutexes,
	"receive":   receivers,
	"send":      senders,
	"buffered":  buffered,
	"waitgroup": waitGroups,
	"mixed":     mixed,
	"select":    selects,
	"service":   services,
	"nested":    nested,
	"global":    globals,
	"self":      self,
	"cond":      conds,
}

func holdMutex(c *circle, own, next *sync.Mutex, all *sync.WaitGroup) {
	defer all.Done()
	own.Lock()
	defer own.Unlock()
	c.meet()
	next.Lock()
	defer next.Unlock()
}

// A ring of locks, unlocked by deferred calls.
func mutexes(c *circle, size int, all *sync.WaitGroup) {
	locks := make([]*sync.Mutex, size)
	for i := range locks {
		locks[i] = new(sync.Mutex)
	}
	for i := range locks {
		all.Add(1)
		go holdMutex(c, locks[i], locks[(i+1)%size], all)
	}
}

type account struct {
	id      int
	mu      sync.Mutex
	balance int
}

// transfer locks in the order in which it is called, which is the mistake.
func transfer(c *circle, from, to *account, amount int, all *sync.WaitGroup) {
	from.mu.Lock()
	c.meet()
	to.mu.Lock()
	from.balance -= amount
	to.balance += amount
	to.mu.Unlock()
	from.mu.Unlock()
	all.Done()
}

// Locks in structs, unlocked by hand.
func accounts(c *circle, size int, all *sync.WaitGroup) {
	bank := make([]*account, size)
	for i := range bank {
		bank[i] = &account{id: i, balance: 100}
	}
	for i := range bank {
		all.Add(1)
		go transfer(c, bank[i], bank[(i+1)%size], 10, all)
	}
}

type table struct {
	forks []sync.Mutex
	eaten []int
}

func (t *table) dine(c *circle, seat int, all *sync.WaitGroup) {
	left, right := seat, (seat+1)%len(t.forks)
	t.forks[left].Lock()
	c.meet()
	t.forks[right].Lock()
	t.eaten[seat]++
	t.forks[right].Unlock()
	t.forks[left].Unlock()
	all.Done()
}

// The dining philosophers: all locks in one array.
func indexed(c *circle, size int, all *sync.WaitGroup) {
	t := &table{forks: make([]sync.Mutex, size), eaten: make([]int, size)}
	for i := 0; i < size; i++ {
		all.Add(1)
		go t.dine(c, i, all)
	}
}

// Closures that have captured their locks.
func closures(c *circle, size int, all *sync.WaitGroup) {
	locks := make([]*sync.Mutex, size)
	for i := range locks {
		locks[i] = new(sync.Mutex)
	}
	for i := range locks {
		own, next := locks[i], locks[(i+1)%size]
		all.Add(1)
		go func() {
			defer all.Done()
			own.Lock()
			defer func() { own.Unlock() }()
			c.meet()
			next.Lock()
			next.Unlock()
		}()
	}
}

type shard struct {
	sync.RWMutex
	values map[string]int
}

func move(c *circle, from, to *shard, all *sync.WaitGroup) {
	from.RLock()
	defer from.RUnlock()
	c.meet()
	to.Lock()
	defer to.Unlock()
	to.values["a"] = from.values["a"]
	all.Done()
}

// Readers that each want to write what another reads.
func rwmutexes(c *circle, size int, all *sync.WaitGroup) {
	shards := make([]*shard, size)
	for i := range shards {
		shards[i] = &shard{values: map[string]int{}}
	}
	for i := range shards {
		all.Add(1)
		go move(c, shards[i], shards[(i+1)%size], all)
	}
}

func relay(c *circle, in <-chan int, out chan<- int, all *sync.WaitGroup) {
	c.meet()
	value := <-in
	out <- value + 1
	all.Done()
}

// Everybody waits for his neighbour's word before he speaks.
func receivers(c *circle, size int, all *sync.WaitGroup) {
	links := make([]chan int, size)
	for i := range links {
		links[i] = make(chan int)
	}
	for i := range links {
		all.Add(1)
		go relay(c, links[i], links[(i+1)%size], all)
	}
}

func speak(c *circle, in <-chan string, out chan<- string, all *sync.WaitGroup) {
	defer all.Done()
	c.meet()
	for i := 0; i < 3; i++ {
		out <- "hello"
		<-in
	}
}

// Everybody speaks before he listens.
func senders(c *circle, size int, all *sync.WaitGroup) {
	links := make([]chan string, size)
	for i := range links {
		links[i] = make(chan string)
	}
	for i := range links {
		all.Add(1)
		go speak(c, links[i], links[(i+1)%size], all)
	}
}

type message struct{ hops int }

func pump(c *circle, in, out chan *message, all *sync.WaitGroup) {
	defer close(out)
	c.meet()
	for m := range in {
		m.hops++
		out <- &message{m.hops}
		out <- m
	}
	all.Done()
}

// Buffered channels in a ring that fill up, each message making two.
func buffered(c *circle, size int, all *sync.WaitGroup) {
	links := make([]chan *message, size)
	for i := range links {
		links[i] = make(chan *message, 2)
	}
	for i := range links {
		links[i] <- &message{}
	}
	for i := range links {
		all.Add(1)
		go pump(c, links[i], links[(i+1)%size], all)
	}
}

func after(c *circle, own, next *sync.WaitGroup, all *sync.WaitGroup) {
	defer own.Done()
	c.meet()
	next.Wait()
	all.Done()
}

// Each is done when his neighbour is.
func waitGroups(c *circle, size int, all *sync.WaitGroup) {
	groups := make([]*sync.WaitGroup, size)
	for i := range groups {
		groups[i] = new(sync.WaitGroup)
		groups[i].Add(1)
	}
	for i := range groups {
		all.Add(1)
		go after(c, groups[i], groups[(i+1)%size], all)
	}
}

// A link is a lock, a channel or a group; it is let go by release and waited for by await.
type mixedLock struct {
	mu   sync.Mutex
	done chan struct{}
	wg   sync.WaitGroup
}

func lockThenReceive(c *circle, own, next *mixedLock, all *sync.WaitGroup) {
	own.mu.Lock()
	defer own.mu.Unlock()
	c.meet()
	<-next.done
	all.Done()
}

func closeAfterWait(c *circle, own, next *mixedLock, all *sync.WaitGroup) {
	c.meet()
	next.wg.Wait()
	close(own.done)
	all.Done()
}

func doneAfterLock(c *circle, own, next *mixedLock, all *sync.WaitGroup) {
	c.meet()
	next.mu.Lock()
	next.mu.Unlock()
	own.wg.Done()
	all.Done()
}

// A ring of all three kinds; its size is a multiple of three.
func mixed(c *circle, size int, all *sync.WaitGroup) {
	links := make([]*mixedLock, size)
	for i := range links {
		links[i] = &mixedLock{done: make(chan struct{})}
		links[i].wg.Add(1)
	}
	// i waits for i+1: 0 receives of 1, which waits for the group of 2, which wants the lock of 3
	steps := []func(*circle, *mixedLock, *mixedLock, *sync.WaitGroup){lockThenReceive, closeAfterWait, doneAfterLock}
	for i := range links {
		all.Add(1)
		go steps[i%3](c, links[i], links[(i+1)%size], all)
	}
}

func choose(c *circle, a, b <-chan int, out1, out2 chan<- int, all *sync.WaitGroup) {
	defer all.Done()
	c.meet()
	select {
	case v := <-a:
		out1 <- v
	case v := <-b:
		out2 <- v
	}
}

// Each listens to both of his neighbours.
func selects(c *circle, size int, all *sync.WaitGroup) {
	right, left := make([]chan int, size), make([]chan int, size)
	for i := range right {
		right[i], left[i] = make(chan int), make(chan int)
	}
	for i := range right {
		next, last := (i+1)%size, (i+size-1)%size
		all.Add(1)
		go choose(c, right[i], left[i], right[next], left[last], all)
	}
}

type service struct {
	mu      sync.Mutex
	results chan int
	total   int
}

func (s *service) produce(c *circle, all *sync.WaitGroup) {
	defer all.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.meet()
	s.results <- s.total
}

func (s *service) consume(c *circle, all *sync.WaitGroup) {
	c.meet()
	s.mu.Lock()
	s.total += <-s.results
	s.mu.Unlock()
	all.Done()
}

// One sends with the lock held that the receiver wants; main's own frame still knows the service.
func services(c *circle, size int, all *sync.WaitGroup) {
	all.Add(2)
	s := &service{results: make(chan int)}
	go s.produce(c, all)
	time.Sleep(5 * time.Millisecond)
	go s.consume(c, all)
	keep = append(keep, s)
}

var keep []*service

type store struct {
	mu    sync.Mutex
	items map[string]int
	next  *store
}

func (s *store) set(key string, value int) {
	s.mu.Lock()
	s.items[key] = value
	s.mu.Unlock()
}

func (s *store) each(visit func(key string, value int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, value := range s.items {
		visit(key, value)
	}
}

func copyStore(c *circle, from, to *store, all *sync.WaitGroup) {
	from.each(func(key string, value int) {
		c.meet()
		to.set(key, value)
	})
	all.Done()
}

// The lock is held some frames further out than the one that waits.
func nested(c *circle, size int, all *sync.WaitGroup) {
	stores := make([]*store, size)
	for i := range stores {
		stores[i] = &store{items: map[string]int{"k": i}}
	}
	for i := range stores {
		all.Add(1)
		go copyStore(c, stores[i], stores[(i+1)%size], all)
	}
}

var configMu, cacheMu sync.Mutex

func reload(c *circle, all *sync.WaitGroup) {
	configMu.Lock()
	c.meet()
	cacheMu.Lock()
	cacheMu.Unlock()
	configMu.Unlock()
	all.Done()
}

func evict(c *circle, all *sync.WaitGroup) {
	cacheMu.Lock()
	c.meet()
	configMu.Lock()
	configMu.Unlock()
	cacheMu.Unlock()
	all.Done()
}

// Two package variables, locked in either order.
func globals(c *circle, size int, all *sync.WaitGroup) {
	all.Add(2)
	go reload(c, all)
	go evict(c, all)
}

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) value() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *counter) add(circle *circle, all *sync.WaitGroup) {
	c.mu.Lock()
	defer c.mu.Unlock()
	circle.meet()
	c.n = c.value() + 1
	all.Done()
}

// A method that locks calls another that locks.
func self(c *circle, size int, all *sync.WaitGroup) {
	all.Add(1)
	go new(counter).add(c, all)
}

type gate struct {
	mu   sync.Mutex
	cond *sync.Cond
	open bool
}

func (g *gate) pass(c *circle, done chan<- struct{}, all *sync.WaitGroup) {
	c.meet()
	g.mu.Lock()
	for !g.open {
		g.cond.Wait()
	}
	g.mu.Unlock()
	close(done)
	all.Done()
}

func (g *gate) unlockWhen(c *circle, done <-chan struct{}, all *sync.WaitGroup) {
	c.meet()
	<-done
	g.mu.Lock()
	g.open = true
	g.cond.Broadcast()
	g.mu.Unlock()
	all.Done()
}

// One waits for a condition that the other announces once the first is through.
func conds(c *circle, size int, all *sync.WaitGroup) {
	g := &gate{}
	g.cond = sync.NewCond(&g.mu)
	done := make(chan struct{})
	all.Add(2)
	go g.pass(c, done, all)
	go g.unlockWhen(c, done, all)
}
