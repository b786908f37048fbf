// Programs that wait for much and in which nothing stands still for ever.
//
//	healthy NAME
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"
)

var programs = map[string]func(){
	"http":     healthyHTTP,
	"pool":     healthyPool,
	"locks":    healthyLocks,
	"pipeline": healthyPipeline,
	"cond":     healthyCond,
	"peer":     healthyPeer,
	"relock":   healthyRelock,
	"bounded":  healthyBounded,
	"flights":  healthyFlights,
}

func main() {
	programs[os.Args[1]]()
}

func ready() {
	time.Sleep(300 * time.Millisecond)
	fmt.Fprintln(os.Stderr, "ready to be dumped")
}

type app struct {
	mu   sync.Mutex
	jobs chan func()
	seen map[string]int
	wg   sync.WaitGroup
}

func (a *app) worker() {
	defer a.wg.Done()
	for job := range a.jobs {
		job()
	}
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	done := make(chan int)
	a.jobs <- func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.seen[r.URL.Path]++
		done <- a.seen[r.URL.Path]
	}
	fmt.Fprintln(w, <-done)
}

func clients(address string, count int) {
	for i := 0; i < count; i++ {
		go func() {
			for {
				response, err := http.Get("http://" + address + "/x")
				if err == nil {
					bufio.NewReader(response.Body).ReadString('\n')
					response.Body.Close()
				}
				time.Sleep(3 * time.Millisecond)
			}
		}()
	}
}

// healthyHTTP: main waits for workers that wait for jobs which only handlers send.
func healthyHTTP() {
	a := &app{jobs: make(chan func()), seen: map[string]int{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	for i := 0; i < 4; i++ {
		a.wg.Add(1)
		go a.worker()
	}
	go http.Serve(listener, a)
	clients(listener.Addr().String(), 5)
	go ready()
	a.wg.Wait()
	close(a.jobs)
}

// healthyPool: idle workers, a collector and a closer; jobs come once a signal does.
func healthyPool() {
	jobs, results := make(chan int), make(chan int)
	var wg sync.WaitGroup
	for i := 0; i < 5; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for job := range jobs {
				results <- job * 2
			}
		}()
	}
	go func() {
		wg.Wait()
		close(results)
	}()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	go func() {
		for range signals {
			jobs <- 1
		}
		close(jobs)
	}()
	go ready()
	for result := range results {
		fmt.Println(result)
	}
}

type ledger struct {
	mu     sync.RWMutex
	totals map[int]int
	log    sync.Mutex
}

func (l *ledger) add(i int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.totals[i]++
	l.log.Lock()
	spin()
	l.log.Unlock()
}

func (l *ledger) sum() (total int) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	for _, v := range l.totals {
		total += v
	}
	spin()
	return total
}

func spin() {
	for i := 0; i < 2000; i++ {
		sink += i
	}
}

var sink int

// healthyLocks: locks that many want, always taken in one order.
func healthyLocks() {
	l := &ledger{totals: map[int]int{}}
	for i := 0; i < 20; i++ {
		go func(i int) {
			for {
				l.add(i)
			}
		}(i)
		go func() {
			for {
				l.sum()
			}
		}()
	}
	ready()
	time.Sleep(time.Hour)
}

// healthyPipeline: stages that wait for each other in turn, the last one slow.
func healthyPipeline() {
	a, b, c := make(chan int), make(chan int, 4), make(chan int)
	go func() {
		for i := 0; ; i++ {
			a <- i
		}
	}()
	for i := 0; i < 3; i++ {
		go func() {
			for v := range a {
				b <- v + 1
			}
		}()
		go func() {
			for v := range b {
				select {
				case c <- v:
				case <-time.After(time.Hour):
				}
			}
		}()
	}
	go ready()
	for v := range c {
		time.Sleep(10 * time.Millisecond)
		sink += v
	}
}

type queue struct {
	mu    sync.Mutex
	cond  *sync.Cond
	items []int
}

func (q *queue) take() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.cond.Wait()
	}
	item := q.items[0]
	q.items = q.items[1:]
	return item
}

func (q *queue) put(item int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, item)
	q.cond.Signal()
}

// healthyCond: a queue with a condition; a deferred Unlock is pending on every waiter.
func healthyCond() {
	q := &queue{}
	q.cond = sync.NewCond(&q.mu)
	for i := 0; i < 8; i++ {
		go func() {
			for {
				sink += q.take()
			}
		}()
	}
	go func() {
		for range time.Tick(2 * time.Millisecond) {
			q.put(1)
		}
	}()
	ready()
	time.Sleep(time.Hour)
}

// healthyPeer: many wait for the answer of one slow server.
func healthyPeer() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
		}
	}()
	for i := 0; i < 12; i++ {
		go func() {
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(conn, "query\n")
			answer, _ := bufio.NewReader(conn).ReadString('\n')
			fmt.Println(answer)
		}()
	}
	fmt.Fprintln(os.Stderr, "peer", listener.Addr().String())
	ready()
	time.Sleep(time.Hour)
}

type session struct {
	mu   sync.Mutex
	left int
}

// work lets the lock go for the slow part, with the deferred Unlock pending all the while.
func (s *session) work(other *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left++
	s.mu.Unlock()
	other.mu.Lock()
	spin()
	other.mu.Unlock()
	s.mu.Lock()
	s.left--
}

// healthyRelock: both have a deferred Unlock of what the other wants, and neither holds it.
func healthyRelock() {
	a, b := &session{}, &session{}
	for i := 0; i < 6; i++ {
		go func() {
			for {
				a.work(b)
			}
		}()
		go func() {
			for {
				b.work(a)
			}
		}()
	}
	ready()
	time.Sleep(time.Hour)
}

// healthyBounded: a channel as a semaphore; those that hold it sleep.
func healthyBounded() {
	slots := make(chan struct{}, 3)
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				slots <- struct{}{}
				func() {
					defer func() { <-slots }()
					time.Sleep(20 * time.Millisecond)
				}()
			}
		}()
	}
	go ready()
	wg.Wait()
}

type flight struct {
	wg    sync.WaitGroup
	value int
}

// healthyFlights: several wait for one that waits for a context.
func healthyFlights() {
	var mu sync.Mutex
	flights := map[string]*flight{}
	get := func(ctx context.Context, key string) int {
		mu.Lock()
		if f, ok := flights[key]; ok {
			mu.Unlock()
			f.wg.Wait()
			return f.value
		}
		f := &flight{}
		f.wg.Add(1)
		flights[key] = f
		mu.Unlock()
		<-ctx.Done()
		f.value = 1
		f.wg.Done()
		return f.value
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for i := 0; i < 5; i++ {
		go func() { sink += get(ctx, "k") }()
	}
	ready()
	time.Sleep(time.Hour)
}

// healthyAll: all of it in one process.
func init() { programs["all"] = healthyAll }

func healthyAll() {
	for name, start := range programs {
		if name != "all" {
			go start()
		}
	}
	time.Sleep(time.Hour)
}
