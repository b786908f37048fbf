package main

import (
	"fmt"
	"sort"
	"sync"
)

type Worker struct {
	Name  string
	Shift *Shift
	Next  *Worker
}

type Shift struct {
	From, To int
	Lead     *Worker
}

func longest(workers []*Worker) (best *Worker) {
	for _, w := range workers {
		if best == nil || w.Shift.To-w.Shift.From > best.Shift.To-best.Shift.From {
			best = w
		}
	}
	return best
}

func runShift() {
	workers := []*Worker{{Name: "ada", Shift: &Shift{From: 8, To: 16}}, {Name: "bob"}}
	fmt.Println(longest(workers).Name)
}

type Task struct {
	Title    string
	parent   *Task
	children []*Task
	estimate *float64
}

func (t *Task) root() *Task {
	for t.parent != nil {
		t = t.parent
	}
	return t
}

func (t *Task) total() float64 {
	sum := *t.estimate
	for _, child := range t.children {
		sum += child.total()
	}
	return sum
}

func walkTasks() {
	one := 1.5
	top := &Task{Title: "top", estimate: &one}
	for _, title := range []string{"a", "b"} {
		child := &Task{Title: title, parent: top, estimate: &one}
		top.children = append(top.children, child)
	}
	top.children[1].estimate = nil
	fmt.Println(top.children[0].root().total())
}

type Timer struct {
	At   int
	Fire func(now int)
}

type Clock struct {
	timers []Timer
	now    int
	onIdle func(now int)
}

func (c *Clock) advance(by int) int {
	fired := 0
	c.now += by
	for len(c.timers) > 0 && c.timers[0].At <= c.now {
		due := c.timers[0]
		c.timers = c.timers[1:]
		due.Fire(c.now)
		fired++
	}
	return fired
}

func fireTimers() {
	c := &Clock{}
	c.timers = append(c.timers, Timer{At: 1, Fire: func(now int) { fmt.Println("at", now) }}, Timer{At: 3})
	sort.Slice(c.timers, func(i, j int) bool { return c.timers[i].At < c.timers[j].At })
	for c.advance(2) > 0 {
	}
}

type Slots struct {
	names  [4]string
	cursor int
	step   int
}

func (s *Slots) next() string {
	s.cursor += s.step
	return s.names[s.cursor]
}

func nextSlot() {
	s := &Slots{names: [4]string{"a", "b", "c", "d"}, step: 2}
	for i := 0; i < 3; i++ {
		fmt.Println(s.next())
	}
}

type Pool struct {
	jobs chan int
	done chan struct{}
	mu   sync.Mutex
}

func (p *Pool) stop(reason string) {
	fmt.Println("stop:", reason)
	close(p.done)
}

func stopTwice() {
	p := &Pool{jobs: make(chan int), done: make(chan struct{})}
	for _, reason := range []string{"timeout", "signal"} {
		p.stop(reason)
	}
}

type Quota struct {
	limit   int
	members map[string]int
}

func perMember(q Quota, extra int) int {
	return (q.limit + extra) / len(q.members)
}

func sharePerWorker() {
	q := Quota{limit: 40, members: map[string]int{}}
	fmt.Println(perMember(q, 2))
}

type Job struct {
	ID     int
	Labels map[string]string
	Meta   map[string]string
}

func tag(jobs []*Job, key, value string) {
	for _, job := range jobs {
		job.Labels[key] = value
	}
}

func tagJobs() {
	jobs := []*Job{{ID: 1, Labels: map[string]string{}}, {ID: 2}}
	tag(jobs, "team", "core")
}

type Handler interface{ Handle(code int) string }

type Logger struct{ prefix string }

func (l *Logger) Handle(code int) string { return l.prefix + fmt.Sprint(code) }

type Router struct {
	handlers map[int]Handler
	fallback Handler
}

func (r *Router) dispatch(code int) string {
	h, ok := r.handlers[code]
	if !ok {
		h = r.fallback
	}
	return h.Handle(code)
}

func dispatchSignal() {
	r := &Router{handlers: map[int]Handler{1: &Logger{prefix: "got "}}}
	for code := 1; code < 3; code++ {
		fmt.Println(r.dispatch(code))
	}
}

type Lease struct {
	owner string
	mu    sync.Mutex
	ttl   int
}

func (l *Lease) release() {
	l.owner = ""
	l.ttl--
	l.mu.Unlock()
}

func releaseLease() {
	leases := map[string]*Lease{"a": {owner: "x", ttl: 2}}
	for range leases {
		leases["a"].release()
	}
}
