// Service is an HTTP service with a fault in one handler: GET /oops indexes a nil slice.
//
//	service die [DELAY]  the handler does so in a goroutine of its own, so that the whole process dies of it,
//	                     after everything else has waited for DELAY
//	service hang         a deferred function recovers, prints the stack and hangs: to be dumped alive
//
// It sends its requests to itself, so that it needs nobody to drive it.
package main

import (
	"fmt"
	"io"
	"io/ioutil"
	"log"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

type service struct {
	mode    string
	mu      sync.Mutex
	orders  map[string]int
	jobs    chan int
	reports chan string
}

//go:noinline
func criticalOperation(input string) int {
	var data []int
	if input == "trigger_panic" {
		return data[5]
	}
	data = append(data, len(input))
	return data[0]
}

func (s *service) ping(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "pong")
}

// Slow keeps the lock while it sleeps: the first request sleeps, the others wait for the lock.
func (s *service) slow(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	time.Sleep(time.Hour)
	s.orders[r.URL.Path]++
}

func (s *service) oops(w http.ResponseWriter, r *http.Request) {
	if s.mode == "hang" {
		fmt.Fprintln(w, s.guarded("trigger_panic"))
		return
	}
	result := make(chan int)
	go func() {
		time.Sleep(50 * time.Millisecond) // until all others have come to rest
		result <- criticalOperation("trigger_panic")
	}()
	fmt.Fprintln(w, <-result)
}

func (s *service) guarded(input string) int {
	defer s.reportPanic()
	return criticalOperation(input)
}

func (s *service) reportPanic() {
	if r := recover(); r != nil {
		fmt.Fprintf(os.Stderr, "recovered: %v\n%s", r, debug.Stack())
		fmt.Fprintln(os.Stderr, "ready to be dumped")
		s.reports <- fmt.Sprint(r) // nobody receives
	}
}

func (s *service) work() {
	for job := range s.jobs {
		log.Print("job ", job)
	}
}

// Get has a connection of its own, which stays open and idle afterwards.
func get(url string) {
	client := &http.Client{Transport: &http.Transport{}}
	response, err := client.Get(url)
	if err != nil {
		log.Print(err)
		return
	}
	io.Copy(ioutil.Discard, response.Body)
	response.Body.Close()
}

func main() {
	s := &service{
		mode:    os.Args[1],
		orders:  map[string]int{"coffee": 3, "tea": 1},
		jobs:    make(chan int, 4),
		reports: make(chan string),
	}
	http.HandleFunc("/ping", s.ping)
	http.HandleFunc("/slow", s.slow)
	http.HandleFunc("/oops", s.oops)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(listener, nil)
	for i := 0; i < 3; i++ {
		go s.work()
	}
	time.AfterFunc(10*time.Minute, func() { os.Exit(1) }) // nobody came to dump it

	url := "http://" + listener.Addr().String()
	get(url + "/ping")
	go get(url + "/slow")
	go get(url + "/slow")
	time.Sleep(200 * time.Millisecond)

	if len(os.Args) > 2 {
		delay, err := time.ParseDuration(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		runtime.GC()
		runtime.GC() // notes that those that wait have done so since the one before
		time.Sleep(delay)
	}
	get(url + "/oops")
}
