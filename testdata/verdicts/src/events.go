package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	old "example.com/verdicts/legacy/model"
	"example.com/verdicts/model"
)

func init() {
	register(map[string]func([]string){
		"event-bus-handler":    func([]string) { publish("created updated deleted") },
		"event-payload-type":   func([]string) { consume("17 text") },
		"event-channel-item":   func([]string) { drainChannel() },
		"event-map-setting":    func([]string) { readSettings("retries=3;verbose=yes") },
		"event-field-plugin":   func([]string) { startPlugins("metrics tracing") },
		"event-missing-method": func([]string) { closeAll("file memory") },
		"event-legacy-order":   func([]string) { importOrders("o-1 o-2") },
		"event-two-asserts":    func([]string) { joinRow("ada", 36) },
		"machine-transition":   func([]string) { runMachine("start pause stop") },
		"machine-method-value": func([]string) { timeSteps("load parse") },
		"machine-nil-error":    func([]string) { reportFailure("disk") },
		"machine-defer":        func([]string) { withResource("missing.db") },
		"machine-closure":      func([]string) { makeCounters("a b") },
		"machine-logger":       func([]string) { runService() },
		"machine-argument":     func([]string) { reportCart("c-9") },
		"tree-rotate":          func([]string) { balance("5 3 1") },
		"tree-minimum":         func([]string) { deleteKeys("m c x") },
		"tree-evaluate":        func([]string) { evaluate("add 1 neg") },
		"list-end":             func([]string) { nthFromEnd(2, 5) },
		"list-ring":            func([]string) { walkCycle("a b c") },
		"list-depth":           func([]string) { countDown("7") },
		"worker-result":        func([]string) { runWorkers(4) },
		"worker-send-closed":   func([]string) { stopThenSend() },
		"worker-close-twice":   func([]string) { closeTwice() },
		"worker-close-nil":     func([]string) { closeUnset() },
		"worker-waitgroup":     func([]string) { finishTooOften("a b c") },
		"worker-unlock":        func([]string) { unlockTwice("k") },
		"worker-runlock":       func([]string) { readUnlock() },
		"worker-map-race":      func([]string) { raceCounts() },
		"worker-map-iterate":   func([]string) { raceIterate() },
		"worker-deadlock":      func([]string) { waitForever("a b") },
		"worker-unbuffered":    func([]string) { sendAlone() },
		"worker-joined-error":  func([]string) { mustRunAll("a b") },
	})
}

type Event struct {
	Name    string
	Payload interface{}
	Source  *Source
}

type Source struct {
	Host string
	PID  int
}

type Handler interface {
	Handle(e *Event) error
}

type Bus struct {
	handlers map[string]Handler
	fallback Handler
	count    map[string]int
}

type countingHandler struct{ calls int }

func (h *countingHandler) Handle(e *Event) error {
	h.calls++
	return nil
}

func (b *Bus) dispatch(e *Event) error {
	handler := b.handlers[e.Name]
	if e.Source != nil && b.fallback != nil {
		return b.fallback.Handle(e)
	}
	return handler.Handle(e)
}

func publish(names string) {
	b := &Bus{handlers: map[string]Handler{"created": &countingHandler{}, "updated": &countingHandler{}}, count: map[string]int{}}
	for _, name := range strings.Fields(names) {
		b.count[name]++
		if err := b.dispatch(&Event{Name: name}); err != nil {
			fmt.Println(err)
		}
	}
}

type Consumer struct {
	total int
	last  fmt.Stringer
}

func (c *Consumer) accept(e Event) {
	amount := e.Payload.(int)
	c.total += amount
}

func consume(list string) {
	c := &Consumer{}
	for _, field := range strings.Fields(list) {
		e := Event{Name: "amount", Payload: field}
		var n int
		if _, err := fmt.Sscanf(field, "%d", &n); err == nil {
			e.Payload = n
		}
		c.accept(e)
	}
	fmt.Println(c.total)
}

type Shape interface{ Area() float64 }
type Square struct{ side float64 }
type Circle struct{ radius float64 }

func (s Square) Area() float64  { return s.side * s.side }
func (c *Circle) Area() float64 { return 3 * c.radius * c.radius }

func drainChannel() {
	shapes := make(chan Shape, 3)
	shapes <- Square{side: 2}
	shapes <- Square{side: float64(len(os.Args))}
	shapes <- &Circle{radius: 1}
	close(shapes)
	fmt.Println(sumSides(shapes))
}

func sumSides(shapes <-chan Shape) (sum float64) {
	for i := 0; i < cap(shapes); i++ {
		square := (<-shapes).(Square)
		sum += square.side
	}
	return sum
}

type Settings map[string]interface{}

func (s Settings) retries(defaults Settings) int {
	if s["verbose"].(bool) {
		return s["retries"].(int) * 2
	}
	return defaults["retries"].(int)
}

func readSettings(text string) {
	s := Settings{}
	for _, pair := range strings.Split(text, ";") {
		key, value, _ := strings.Cut(pair, "=")
		s[key] = value
		var n int
		if _, err := fmt.Sscan(value, &n); err == nil {
			s[key] = n
		}
	}
	fmt.Println(s.retries(nil))
}

type Plugin struct {
	Name  string
	Impl  interface{}
	Extra interface{}
}

type Starter interface{ Start() error }

type metrics struct{ port int }

func (m *metrics) Start() error { m.port = 9090; return nil }

func start(p *Plugin) error {
	starter := p.Impl.(Starter)
	return starter.Start()
}

func startPlugins(names string) {
	factories := map[string]interface{}{"metrics": &metrics{}}
	for _, name := range strings.Fields(names) {
		fmt.Println(start(&Plugin{Name: name, Impl: factories[name]}))
	}
}

type fileStore struct{ path string }

func (f *fileStore) Read(p []byte) (int, error) { return 0, io.EOF }
func (f *fileStore) Close() error               { return nil }

type memoryStore struct{ data []byte }

func (m *memoryStore) Read(p []byte) (int, error) { return copy(p, m.data), io.EOF }

func closeStore(r io.Reader) error {
	return r.(io.Closer).Close()
}

func closeAll(names string) {
	stores := map[string]io.Reader{"file": &fileStore{path: "a"}, "memory": &memoryStore{}}
	for _, name := range strings.Fields(names) {
		fmt.Println(closeStore(stores[name]))
	}
}

func importOrders(numbers string) {
	total := 0
	for _, order := range old.Load(strings.Fields(numbers)) {
		total += orderTotal(order)
	}
	fmt.Println(total)
}

func orderTotal(value interface{}) int {
	order := value.(*model.Order)
	return order.Total
}

type Cells struct {
	values []interface{}
	names  []interface{}
}

func (c *Cells) join(i int) string {
	return c.names[i].(string) + c.values[i].(string)
}

func joinRow(values ...interface{}) {
	c := &Cells{values: values, names: []interface{}{"name", "age"}}
	for i := range values {
		fmt.Println(c.join(i))
	}
}

type State struct {
	Name  string
	Enter func()
	Next  map[string]*State
}

type Machine struct {
	current  *State
	previous *State
	history  []string
}

func (m *Machine) fire(input string) {
	m.history = append(m.history, input)
	m.previous, m.current = m.current, m.current.Next[input]
	if m.current.Enter != nil {
		m.current.Enter()
	}
}

func runMachine(inputs string) {
	paused := &State{Name: "paused"}
	running := &State{Name: "running", Next: map[string]*State{"pause": paused}, Enter: func() { fmt.Println("running") }}
	idle := &State{Name: "idle", Next: map[string]*State{"start": running}}
	m := &Machine{current: idle}
	for _, input := range strings.Fields(inputs) {
		m.fire(input)
	}
}

type Stopwatch struct {
	laps   map[string]time.Duration
	label  string
	factor int
}

func (s *Stopwatch) measure(name string) {
	s.laps[s.label+name] = time.Duration(len(name) * s.factor)
}

func each(names string, steps ...func(string)) {
	for _, name := range strings.Fields(names) {
		for _, step := range steps {
			step(name)
		}
	}
}

func timeSteps(names string) {
	s := &Stopwatch{factor: len(names)}
	each(names, func(name string) { fmt.Println("step", name) }, s.measure)
}

type Check struct {
	Name string
	Err  error
	Warn error
}

func runChecks() map[string]Check {
	return map[string]Check{
		"net":  {Name: "net", Err: errors.New("unreachable")},
		"disk": {Name: "disk"},
	}
}

func failureText(check Check) string {
	prefix := check.Name
	if check.Warn != nil {
		prefix += check.Warn.Error()
	}
	return prefix + ": " + check.Err.Error()
}

func reportFailure(name string) {
	checks := runChecks()
	fmt.Println(failureText(checks["net"]))
	fmt.Println(failureText(checks[name]))
}

type Resource struct {
	Path  string
	lock  *sync.Mutex
	owner *Resource
	open  bool
}

func openResource(path string) (*Resource, error) {
	if strings.HasPrefix(path, "missing") {
		return nil, fmt.Errorf("open %s: %w", path, os.ErrNotExist)
	}
	return &Resource{Path: path, open: true}, nil
}

func useResource(path string) (err error) {
	resource, err := openResource(path)
	defer func() {
		if err != nil {
			err = fmt.Errorf("use: %w", err)
		}
		resource.open = false
	}()
	if err != nil {
		return err
	}
	fmt.Println(resource.Path)
	return nil
}

func withResource(path string) {
	for _, p := range []string{"users.db", path} {
		if err := useResource(p); err != nil {
			fmt.Println(err)
		}
	}
}

type Gauge struct {
	Name  string
	Value int
	Peak  *int
}

func makeCounters(names string) {
	var current, last *Gauge
	gauges := map[string]*Gauge{"a": {Name: "a"}}
	increments := map[string]func(int){}
	for _, name := range strings.Fields(names) {
		gauge := gauges[name]
		increments[name] = func(by int) {
			if last != nil {
				last.Value--
			}
			if current == nil {
				by++
			}
			gauge.Value += by
		}
	}
	if len(increments) > 9 {
		current, last = gauges["a"], gauges["a"]
	}
	increments["a"](1)
	increments["b"](2)
}

type Logger struct {
	prefix string
	level  int
	out    io.Writer
}

func (l *Logger) enabled(level int) bool {
	return l != nil && level >= l.level
}

func (l *Logger) write(text string) {
	fmt.Fprintln(l.out, l.prefix+text)
}

type Service struct {
	Name    string
	logger  *Logger
	metrics *Gauge
	retries int
}

func (s *Service) run() {
	if s.logger.enabled(2) {
		s.logger.write("starting")
	}
	for i := 0; i < 3; i++ {
		s.retries += i
	}
	s.finish()
}

func (s *Service) finish() {
	s.logger.write(fmt.Sprint(s.Name, " done after ", s.retries))
}

func runService() {
	s := &Service{Name: "indexer"}
	s.run()
}

type Cart struct {
	ID    string
	Lines []int
	Owner *Person
}

type Totaller struct {
	Currency string
	Tax      int
	Sum      int
}

//go:noinline
func (c *Cart) count() int {
	return len(c.Lines)
}

func cartLine(totals *Totaller, cart *Cart) string {
	return joinNumbers(totals.Sum, cart.count())
}

//go:noinline
func joinNumbers(a, b int) string { return fmt.Sprint(a, "/", b) }

func reportCart(id string) {
	carts := map[string]*Cart{"c-1": {ID: "c-1", Lines: []int{3, 4}}}
	totals := map[string]*Totaller{"c-1": {Sum: 7}}
	for _, each := range []string{"c-1", id} {
		fmt.Println(cartLine(totals[each], carts[each]))
	}
}

type Node struct {
	Key         string
	Left, Right *Node
	height      int
}

func insert(n *Node, key string) *Node {
	if n == nil {
		return &Node{Key: key, height: 1}
	}
	if key < n.Key {
		n.Left = insert(n.Left, key)
	} else {
		n.Right = insert(n.Right, key)
	}
	n.height++
	return n
}

func rotateRight(n *Node) *Node {
	pivot := n.Left
	n.Left = pivot.Right
	pivot.Right = n
	return pivot
}

func rotateLeft(n *Node) *Node {
	pivot := n.Right
	n.Right = pivot.Left
	pivot.Left = n
	return pivot
}

func balance(keys string) {
	var root *Node
	for _, key := range strings.Fields(keys) {
		root = insert(root, key)
	}
	if root.height > 2 {
		root = rotateRight(root)
	}
	root.Left = rotateLeft(root.Left)
	fmt.Println(root.Key)
}

func minimum(n *Node) *Node {
	for n.Left != nil {
		n = n.Left
	}
	return n
}

func remove(n *Node, key string) *Node {
	switch {
	case n == nil:
		return nil
	case key < n.Key:
		n.Left = remove(n.Left, key)
		return n
	case key > n.Key:
		n.Right = remove(n.Right, key)
		return n
	case n.Left == nil:
		return n.Right
	}
	next := minimum(n.Right)
	next.Right, next.Left = remove(n.Right, next.Key), n.Left
	return next
}

func deleteKeys(keys string) {
	var root *Node
	for _, key := range strings.Fields("m f t c g p x a") {
		root = insert(root, key)
	}
	for _, key := range strings.Fields(keys) {
		root = remove(root, key)
	}
	fmt.Println(root.Key)
}

type Expr struct {
	Op          string
	Value       int
	Left, Right *Expr
}

func eval(e *Expr) int {
	switch e.Op {
	case "add":
		return eval(e.Left) + eval(e.Right)
	case "neg":
		return -eval(e.Left)
	}
	return e.Value
}

func build(words []string) (*Expr, []string) {
	if len(words) == 0 {
		return nil, nil
	}
	e := &Expr{Op: words[0]}
	rest := words[1:]
	switch e.Op {
	case "add":
		e.Left, rest = build(rest)
		e.Right, rest = build(rest)
	case "neg":
		e.Left, rest = build(rest)
	default:
		fmt.Sscan(e.Op, &e.Value)
	}
	return e, rest
}

func evaluate(text string) {
	e, _ := build(strings.Fields(text))
	fmt.Println(eval(e))
}

type Link struct {
	Value int
	Next  *Link
}

func fromEnd(head *Link, n int) int {
	fast, slow := head, head
	for i := 0; i < n; i++ {
		fast = fast.Next
	}
	for fast != nil {
		fast, slow = fast.Next, slow.Next
	}
	return slow.Value
}

func nthFromEnd(length, n int) {
	var head *Link
	for i := 0; i < length; i++ {
		head = &Link{Value: i, Next: head}
	}
	fmt.Println(fromEnd(head, 1), fromEnd(head, n))
}

type Task struct {
	Name  string
	Cost  int
	Needs []*Task
}

func (t *Task) total() int {
	sum := t.Cost
	for _, need := range t.Needs {
		sum += need.total()
	}
	return sum
}

func walkCycle(names string) {
	var tasks []*Task
	for i, name := range strings.Fields(names) {
		tasks = append(tasks, &Task{Name: name, Cost: i})
	}
	for i, task := range tasks {
		task.Needs = append(task.Needs, tasks[(i+1)%len(tasks)])
	}
	fmt.Println(tasks[0].total())
}

func countSteps(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + countSteps(n-2)
}

func countDown(text string) {
	var n int
	fmt.Sscan(text, &n)
	fmt.Println(countSteps(n))
}

type Work struct {
	ID     int
	Input  []int
	Result *Outcome
	Err    error
}

type Outcome struct {
	Sum   int
	Notes []string
}

type Pool struct {
	jobs    chan *Work
	results chan *Work
	wg      sync.WaitGroup
}

func (p *Pool) worker() {
	defer p.wg.Done()
	for work := range p.jobs {
		work.process()
		p.results <- work
	}
}

func (w *Work) process() {
	if len(w.Input) == 0 {
		w.Err = errors.New("no input")
		return
	}
	w.Result = &Outcome{}
	for _, n := range w.Input {
		w.Result.Sum += n
	}
}

func collect(done []*Work) int {
	sum := 0
	for _, work := range done {
		sum += work.Result.Sum
	}
	return sum
}

func runWorkers(n int) {
	p := &Pool{jobs: make(chan *Work, n), results: make(chan *Work, n)}
	for i := 0; i < 2; i++ {
		p.wg.Add(1)
		go p.worker()
	}
	for i := 0; i < n; i++ {
		p.jobs <- &Work{ID: i, Input: make([]int, (i*2+2)%6)}
	}
	close(p.jobs)
	p.wg.Wait()
	close(p.results)
	var done []*Work
	for work := range p.results {
		done = append(done, work)
	}
	sort.Slice(done, func(i, j int) bool { return done[i].ID < done[j].ID })
	fmt.Println(collect(done))
}

type Feed struct {
	items   chan string
	quit    chan bool
	stopped bool
}

func (f *Feed) stop() {
	f.stopped = true
	close(f.items)
}

func (f *Feed) emit(item string) {
	f.items <- strings.ToUpper(item)
}

func stopThenSend() {
	f := &Feed{items: make(chan string, 4)}
	f.emit("first")
	f.stop()
	f.emit("second")
}

type Subscription struct {
	updates chan int
	done    chan struct{}
}

func (s *Subscription) cancel() {
	close(s.done)
}

func closeTwice() {
	s := &Subscription{updates: make(chan int, 1), done: make(chan struct{})}
	defer s.cancel()
	s.updates <- 1
	if <-s.updates == 1 {
		s.cancel()
	}
}

type Poller struct {
	ticks chan time.Time
	stop  chan struct{}
}

func (p *Poller) shutdown() {
	close(p.ticks)
	close(p.stop)
}

func closeUnset() {
	p := &Poller{ticks: make(chan time.Time)}
	p.shutdown()
}

type Batch struct {
	group   sync.WaitGroup
	pending []string
}

func (b *Batch) finish(name string) {
	b.pending = append(b.pending, name)
	b.group.Done()
}

func finishTooOften(names string) {
	b := &Batch{}
	b.group.Add(2)
	for _, name := range strings.Fields(names) {
		b.finish(name)
	}
}

type Guarded struct {
	outer  sync.Mutex
	inner  sync.Mutex
	values map[string]int
}

func (g *Guarded) increment(key string) {
	g.outer.Lock()
	defer g.outer.Unlock()
	g.values[key]++
	g.inner.Unlock()
}

func unlockTwice(key string) {
	g := &Guarded{values: map[string]int{}}
	g.increment(key)
}

type Shared struct {
	mu    sync.RWMutex
	table map[string]string
}

func (s *Shared) get(key string) string {
	s.mu.Lock()
	value := s.table[key]
	s.mu.Unlock()
	s.mu.RUnlock()
	return value
}

func readUnlock() {
	fmt.Println((&Shared{}).get("x"))
}

type Stats struct {
	mu     sync.Mutex
	counts map[int]int
	names  map[int]string
}

func (s *Stats) bump(from int) {
	for i := 0; ; i++ {
		s.counts[from+i%100] = i
	}
}

func raceCounts() {
	s := &Stats{counts: map[int]int{}}
	go s.bump(0)
	go s.bump(1000)
	time.Sleep(time.Minute)
}

func (s *Stats) store(name string) {
	for i := 0; ; i++ {
		s.mu.Lock()
		s.names[i%1000] = name
		s.mu.Unlock()
	}
}

func (s *Stats) longest() int {
	most := 0
	for _, name := range s.names {
		if len(name) > most {
			most = len(name)
		}
	}
	return most
}

func raceIterate() {
	s := &Stats{names: map[int]string{}}
	go s.store("n")
	for total := 0; total >= 0; {
		total += s.longest()
	}
}

type Barrier struct {
	group sync.WaitGroup
	ready chan string
}

func (b *Barrier) join(name string) {
	b.ready <- name
	b.group.Done()
}

func (b *Barrier) wait() {
	b.group.Wait()
}

func waitForever(names string) {
	b := &Barrier{ready: make(chan string)}
	for _, name := range strings.Fields(names) {
		b.group.Add(1)
		go b.join(name)
	}
	b.wait()
}

type Outbox struct {
	letters chan string
	replies chan string
}

func (o *Outbox) post(letter string) {
	o.letters <- letter
}

func sendAlone() {
	o := &Outbox{letters: make(chan string)}
	o.post("hello")
}

type StepError struct {
	Step string
	Err  error
}

func (e StepError) Error() string { return "step " + e.Step + ": " + e.Err.Error() }

func runAll(steps map[string]func() error, names []string) error {
	for _, name := range names {
		if err := steps[name](); err != nil {
			return StepError{Step: name, Err: err}
		}
	}
	return nil
}

func mustRunAll(names string) {
	steps := map[string]func() error{
		"a": func() error { return nil },
		"b": func() error { return fmt.Errorf("b: %w", os.ErrPermission) },
	}
	if err := runAll(steps, strings.Fields(names)); err != nil {
		panic(err)
	}
}
