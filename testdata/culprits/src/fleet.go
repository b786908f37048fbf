package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
)

type Truck struct {
	Plate  string
	Driver *Driver
	Loads  []Load
	spare  *Driver
}

type Driver struct {
	Name    string
	License *License
}

type License struct{ Class byte }

type Load struct {
	Weight int
	Stops  []string
}

func (t *Truck) mayCarry(class byte) bool {
	if t.spare != nil && t.spare.License.Class >= class {
		return true
	}
	return t.Driver.License.Class >= class
}

func fleetLicense() {
	trucks := map[string]*Truck{}
	for i, plate := range strings.Fields("A1 B2") {
		t := &Truck{Plate: plate, Driver: &Driver{Name: plate}}
		if i == 0 {
			t.Driver.License = &License{Class: 'C'}
		}
		trucks[plate] = t
	}
	fmt.Println(trucks["A1"].mayCarry('C'), trucks["B2"].mayCarry('C'))
}

func heaviest(loads []Load) Load {
	best := loads[0]
	for _, load := range loads[1:] {
		if load.Weight > best.Weight {
			best = load
		}
	}
	return best
}

func fleetEmpty() {
	trucks := []*Truck{{Loads: []Load{{Weight: 2}}}, {}}
	for _, t := range trucks {
		fmt.Println(heaviest(t.Loads).Weight)
	}
}

func (l *Load) lastStop() string {
	return l.Stops[len(l.Stops)-1]
}

func fleetStops() {
	t := Truck{Loads: []Load{{Stops: []string{"a"}}, {Weight: 3}}}
	for i := range t.Loads {
		fmt.Println(t.Loads[i].lastStop())
	}
}

type Route struct {
	legs  map[string]int
	order []string
}

func (r *Route) average() int {
	total := 0
	for _, leg := range r.order {
		total += r.legs[leg]
	}
	return total / len(r.order)
}

func fleetAverage() {
	fmt.Println((&Route{legs: map[string]int{"a": 3}}).average())
}

type Sensor struct {
	mu     sync.RWMutex
	values map[string][]float64
	hooks  []func(name string, value float64)
}

func (s *Sensor) record(name string, value float64) {
	s.values[name] = append(s.values[name], value)
	for _, hook := range s.hooks {
		hook(name, value)
	}
}

func sensorHook() {
	s := &Sensor{values: map[string][]float64{}}
	s.hooks = append(s.hooks, func(name string, v float64) { fmt.Println(name, v) }, nil)
	s.record("temp", 20.5)
}

func sensorMap() {
	s := new(Sensor)
	s.record("temp", 1)
}

func (s *Sensor) peek(name string) float64 {
	s.mu.RLock()
	values := s.values[name]
	s.mu.RUnlock()
	s.mu.RUnlock()
	return values[0]
}

func sensorUnlock() {
	s := &Sensor{values: map[string][]float64{"a": {1}}}
	fmt.Println(s.peek("a"))
}

type Storage interface {
	Load(key string) ([]byte, error)
}

type Disk struct{ root string }

func (d *Disk) Load(key string) ([]byte, error) {
	if key == "" {
		return nil, errors.New("no key")
	}
	return []byte(d.root + key), nil
}

type Mirror struct {
	first, second Storage
	reads         int
}

func (m *Mirror) load(key string) []byte {
	m.reads++
	data, err := m.first.Load(key)
	if err != nil {
		data, _ = m.second.Load(key)
	}
	return data
}

func mirrorSecond() {
	m := &Mirror{first: &Disk{root: "/"}}
	for _, key := range []string{"a", ""} {
		fmt.Println(string(m.load(key)))
	}
}

func mirrorTyped() {
	var disk *Disk
	m := &Mirror{first: disk}
	fmt.Println(string(m.load("x")))
}

type Matrix struct {
	rows, columns int
	data          []float64
}

func (m *Matrix) at(i, j int) float64 { return m.data[i*m.columns+j] }

func (m *Matrix) trace() float64 {
	sum := 0.0
	for i := 0; i < m.rows; i++ {
		sum += m.at(i, i)
	}
	return sum
}

func matrixTrace() {
	m := &Matrix{rows: 3, columns: 2, data: make([]float64, 6)}
	fmt.Println(m.trace())
}

func decode(fields []string) (id int, name string) {
	id, _ = strconv.Atoi(fields[0])
	name = fields[1]
	if len(fields) > 2 {
		name += fields[2]
	}
	return id, name
}

func csvDecode() {
	for _, line := range []string{"1,ada", "2"} {
		fmt.Println(decode(strings.Split(line, ",")))
	}
}

func trimQuotes(text string) string {
	end := strings.LastIndexByte(text, '"')
	start := strings.IndexByte(text, '"') + 1
	return text[start:end]
}

func csvQuotes() {
	fmt.Println(trimQuotes(`say "yes" now`))
	fmt.Println(trimQuotes(`say "yes`))
}

type Option func(c *Client) error

type Client struct {
	retries int
	backoff *Backoff
	log     func(text string)
}

type Backoff struct{ base, factor int }

func (c *Client) delay(attempt int) int {
	d := c.backoff.base
	for i := 0; i < attempt; i++ {
		d *= c.backoff.factor
	}
	return d
}

func newClient(options ...Option) (*Client, error) {
	c := &Client{retries: 3}
	for _, option := range options {
		if err := option(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func clientBackoff() {
	c, err := newClient(func(c *Client) error { c.retries = len(os.Args); return nil })
	fmt.Println(err, c.delay(c.retries))
}

func clientFailed() {
	c, _ := newClient(func(c *Client) error { return errors.New("refused") })
	fmt.Println("retries", c.retries)
}

type Cell struct{ value interface{} }

type Row map[string]Cell

func (r Row) number(column string) float64 {
	return r[column].value.(float64)
}

func rowNumber() {
	r := Row{"price": {1.5}, "name": {"nut"}}
	for _, column := range []string{"price", "name"} {
		fmt.Println(r.number(column))
	}
}

type Queue[T any] struct {
	ring        []T
	head, count int
}

func (q *Queue[T]) push(item T) {
	q.ring[(q.head+q.count)%len(q.ring)] = item
	q.count++
}

func queueZero() {
	var q Queue[string]
	q.push("a")
}

type Broker struct {
	topics map[string]chan string
	closed bool
}

func (b *Broker) publish(topic, text string) {
	b.topics[topic] <- text
}

func brokerClosed() {
	b := &Broker{topics: map[string]chan string{"a": make(chan string, 2)}}
	b.publish("a", "one")
	close(b.topics["a"])
	b.closed = true
	b.publish("a", "two")
}

func chunk(data []byte, size int) [][]byte {
	var out [][]byte
	for start := 0; start < len(data); start += size {
		out = append(out, data[start:start+size])
	}
	return out
}

func chunkTail() {
	fmt.Println(len(chunk(make([]byte, 12, 12), 5)))
}

type Grant struct {
	user  *Account
	until map[string]int
}

type Account struct {
	Name  string
	Roles map[string]*Role
}

type Role struct{ Level int }

func (g Grant) level(role string) int {
	return g.user.Roles[role].Level
}

func grantRole() {
	g := Grant{user: &Account{Roles: map[string]*Role{"admin": {Level: 3}}}}
	fmt.Println(g.level("admin"), g.level("guest"))
}
