package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/verdicts/cache"
)

func init() {
	register(map[string]func([]string){
		"store-customer-name":   func([]string) { printInvoices("17 18 99") },
		"store-transfer":        func([]string) { runTransfers("alice>bob:5 bob>carol:7") },
		"store-merge":           func([]string) { mergeProfiles("ada", "grace") },
		"store-copy":            func([]string) { cloneRecord("r-9") },
		"store-manager":         func([]string) { printManagers() },
		"store-index-write":     func([]string) { buildIndex("red green blue") },
		"store-nested-map":      func([]string) { countByRegion("north:a south:b north:c") },
		"store-cache-lookup":    func(args []string) { readThrough(args) },
		"store-lru-evict":       func([]string) { fillLRU(3) },
		"store-find-error":      func([]string) { findAndPrint("u-404") },
		"store-snapshot":        func([]string) { readSnapshot() },
		"store-pool-buffer":     func([]string) { encodeAll("a bb ccc") },
		"store-syncmap-entry":   func([]string) { touchSession("s-2") },
		"store-transaction":     func([]string) { commitAll("insert", "update") },
		"store-embedded-base":   func([]string) { auditEntities() },
		"store-generic-repo":    func([]string) { queryRepository(42) },
		"store-generic-at":      func([]string) { rotateRing() },
		"store-wrapped-error":   func([]string) { migrate("0003_add_index.sql") },
		"store-custom-panic":    func([]string) { applyInvariant(3, 5) },
		"store-shard":           func([]string) { shardKeys("a b c") },
		"store-value-method":    func([]string) { printTotals("eur usd gbp") },
		"store-pair-price":      func([]string) { comparePrices("sku-1", "sku-2") },
		"store-optional-count":  func([]string) { sumOptional() },
		"store-assign-field":    func([]string) { copyAddress("c-1", "c-2") },
		"store-map-and-pointer": func([]string) { indexEmails("ada bob") },
	})
}

type Invoice struct {
	Number   int
	Customer int
	Lines    []int
	Paid     *Payment
}

type Payment struct {
	Method string
	Amount int
}

type Client struct {
	Company string
	Country string
	Contact *Contact
}

type Contact struct {
	First, Last string
}

type Ledger struct {
	clients  map[int]*Client
	invoices []*Invoice
	archive  map[int]string
}

func (l *Ledger) client(id int) *Client { return l.clients[id] }

func (l *Ledger) heading(invoice *Invoice) string {
	client := l.client(invoice.Customer)
	archived := l.archive[invoice.Number]
	if invoice.Paid != nil {
		archived += invoice.Paid.Method
	}
	return client.Country + ": " + client.Company + archived
}

func (l *Ledger) printAll() {
	sort.Slice(l.invoices, func(i, j int) bool { return l.invoices[i].Number < l.invoices[j].Number })
	for _, invoice := range l.invoices {
		fmt.Println(invoice.Number, l.heading(invoice))
	}
}

func printInvoices(ids string) {
	l := &Ledger{clients: map[int]*Client{17: {Company: "Acme", Country: "NL"}, 18: {Company: "Bolt", Country: "DE"}}}
	for i, field := range strings.Fields(ids) {
		id, _ := strconv.Atoi(field)
		l.invoices = append(l.invoices, &Invoice{Number: 100 + i, Customer: id})
	}
	l.printAll()
}

type BankAccount struct {
	Owner   string
	Frozen  bool
	Balance int
	Limit   int
}

type Bank struct {
	mu       sync.Mutex
	accounts map[string]*BankAccount
}

func (b *Bank) transfer(from, to string, amount int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	source, target := b.accounts[from], b.accounts[to]
	if amount <= 0 {
		return errors.New("nothing to transfer")
	}
	source.Balance -= amount
	target.Limit += amount
	return nil
}

func runTransfers(list string) {
	b := &Bank{accounts: map[string]*BankAccount{"alice": {Balance: 10}, "bob": {Balance: 3}}}
	for _, order := range strings.Fields(list) {
		names, amount, _ := strings.Cut(order, ":")
		from, to, _ := strings.Cut(names, ">")
		n, _ := strconv.Atoi(amount)
		if err := b.transfer(from, to, n); err != nil {
			fmt.Println(err)
		}
	}
}

type Profile struct {
	Name   string
	Score  int
	Visits int
	Tags   []string
}

type Profiles map[string]*Profile

func (p Profiles) lookup(name string) (*Profile, bool) {
	profile, ok := p[name]
	return profile, ok
}

func (p Profiles) merge(a, b string) int {
	left, _ := p.lookup(a)
	right, _ := p.lookup(b)
	total := left.Score
	total += right.Visits
	return total
}

func mergeProfiles(a, b string) {
	p := Profiles{}
	for _, name := range []string{"alan", "edsger"} {
		p[name] = &Profile{Name: name, Score: len(name)}
	}
	fmt.Println(p.merge(a, b))
}

type Record struct {
	ID      string
	Version int
	Fields  [4]string
	Parent  *Record
}

type Records struct {
	all    []*Record
	shadow []*Record
}

func (r *Records) get(id string) *Record {
	for _, record := range r.all {
		if record.ID == id {
			return record
		}
	}
	return nil
}

func (r *Records) clone(id string) *Record {
	record := r.get(id)
	c := *record
	c.Version++
	r.shadow = append(r.shadow, &c)
	return &c
}

func cloneRecord(id string) {
	r := &Records{}
	for i := 0; i < 5; i++ {
		r.all = append(r.all, &Record{ID: "r-" + strconv.Itoa(i), Version: i})
	}
	fmt.Println(r.clone("r-3").Version, r.clone(id).Version)
}

type Employee struct {
	Name    string
	Manager *Employee
	Reports []*Employee
	Office  *Office
}

type Office struct {
	City string
	Room string
}

func printManagers() {
	ceo := &Employee{Name: "Kim", Office: &Office{City: "Oslo"}}
	lead := &Employee{Name: "Lee", Manager: ceo}
	dev := &Employee{Name: "Max", Manager: lead, Office: &Office{City: "Rome"}}
	lead.Reports = append(lead.Reports, dev, nil)
	ceo.Reports = append(ceo.Reports, lead)
	for _, e := range []*Employee{dev, lead, ceo} {
		fmt.Println(e.Name, sameRoom(e))
	}
}

func sameRoom(e *Employee) bool {
	if e.Office == nil {
		return false
	}
	return e.Office.City == e.Manager.Manager.Office.Room
}

var colourIndex map[string]int

func buildIndex(words string) {
	for i, word := range strings.Fields(words) {
		addColour(word, i)
	}
}

func addColour(word string, position int) {
	if old, ok := colourIndex[word]; ok {
		fmt.Println("again", word, old)
		return
	}
	colourIndex[strings.ToUpper(word)] = position
}

type Counter struct {
	regions map[string]map[string]int
	totals  map[string]int
}

func (c *Counter) add(region, item string) {
	c.totals[region]++
	c.regions[region][item]++
}

func countByRegion(list string) {
	c := &Counter{regions: map[string]map[string]int{"north": {}}, totals: map[string]int{}}
	for _, pair := range strings.Fields(list) {
		region, item, _ := strings.Cut(pair, ":")
		c.add(region, item)
	}
}

type Product struct {
	Name  string
	Stock int
	Price float64
}

type Catalog struct {
	cache    *cache.Cache
	fallback *Product
	misses   int
}

func (c *Catalog) stock(id string) int {
	if entry := c.cache.Lookup(id); entry != nil && entry.Hits > 3 {
		c.misses--
	}
	return c.cache.Lookup(id).Hits + c.misses
}

func readThrough(args []string) {
	c := &Catalog{cache: cache.New(4 + len(args))}
	for i := 0; i < 3; i++ {
		c.cache.Put("p-"+strconv.Itoa(i), []byte{byte(i)})
	}
	total := 0
	for _, id := range []string{"p-1", "p-2", "p-77"} {
		total += c.stock(id)
	}
	fmt.Println(total)
}

func fillLRU(capacity int) {
	c := cache.NewLRU(capacity)
	for i := 0; i < 10; i++ {
		c.Add("key-"+strconv.Itoa(i), i)
		if i == 2 {
			c.Clear()
		}
	}
}

type Member struct {
	ID    string
	Email *string
	Group *Group
}

type Group struct {
	Name    string
	Members []*Member
}

var errNotFound = errors.New("not found")

type Directory struct {
	members []*Member
	groups  map[string]*Group
}

func (d *Directory) Find(id string) (*Member, error) {
	for _, m := range d.members {
		if m.ID == id {
			return m, nil
		}
	}
	return nil, fmt.Errorf("find %s: %w", id, errNotFound)
}

func (d *Directory) describe(id string) string {
	fallback := d.groups["everyone"]
	member, _ := d.Find(id)
	if fallback != nil && member.Group == nil {
		member.Group = fallback
	}
	email := member.Email
	if email == nil {
		return member.ID
	}
	return *email
}

func findAndPrint(id string) {
	d := &Directory{}
	for i := 400; i < 404; i++ {
		d.members = append(d.members, &Member{ID: "u-" + strconv.Itoa(i)})
	}
	fmt.Println(d.describe("u-401"))
	fmt.Println(d.describe(id))
}

type Snapshot struct {
	Rows  []string
	Stamp int64
	Next  atomic.Pointer[Snapshot]
}

type Database struct {
	current  atomic.Pointer[Snapshot]
	previous atomic.Pointer[Snapshot]
	reads    int64
}

func (d *Database) age() int64 {
	atomic.AddInt64(&d.reads, 1)
	current, previous := d.current.Load(), d.previous.Load()
	if next := current.Next.Load(); next != nil {
		return next.Stamp
	}
	return current.Stamp - previous.Stamp
}

func readSnapshot() {
	d := &Database{}
	d.current.Store(&Snapshot{Rows: os.Args, Stamp: int64(len(os.Args))})
	fmt.Println(d.age())
}

type Encoder struct {
	pool    sync.Pool
	scratch *strings.Builder
}

func (e *Encoder) encode(word string) string {
	buffer, _ := e.pool.Get().(*EncodeBuffer)
	buffer.count++
	buffer.data = append(buffer.data[:0], word...)
	e.pool.Put(buffer)
	return string(buffer.data)
}

type EncodeBuffer struct {
	data  []byte
	count int
}

func encodeAll(words string) {
	e := &Encoder{}
	for _, word := range strings.Fields(words) {
		fmt.Println(e.encode(word))
	}
}

type SessionEntry struct {
	user string
	seen int
}

type SessionTable struct {
	entries sync.Map
	last    *SessionEntry
}

func (t *SessionTable) touch(id string) {
	value, _ := t.entries.Load(id)
	entry := value.(*SessionEntry)
	entry.seen++
	t.last = entry
}

func touchSession(id string) {
	t := &SessionTable{}
	t.entries.Store("s-1", &SessionEntry{user: "ada"})
	t.touch("s-1")
	t.last = nil
	t.touch(id)
}

type Statement interface {
	Exec() (int, error)
}

type textStatement struct{ text string }

func (s *textStatement) Exec() (int, error) { return len(s.text), nil }

type Transaction struct {
	pending []Statement
	onDone  func(int)
	err     error
}

func (t *Transaction) commit() (rows int) {
	defer func() {
		if t.onDone != nil {
			t.onDone(rows)
		}
	}()
	for _, statement := range t.pending {
		if statement == nil {
			continue
		}
		n, err := statement.Exec()
		if err != nil {
			t.err = err
			return rows
		}
		rows += n
	}
	return rows
}

func commitAll(names ...string) {
	prepared := map[string]*textStatement{"insert": {text: "insert into t"}}
	t := &Transaction{pending: []Statement{nil}}
	for _, name := range names {
		t.pending = append(t.pending, prepared[name])
	}
	fmt.Println(t.commit())
}

type Base struct {
	CreatedBy string
	Revision  int
}

type Meta struct {
	*Base
	Labels map[string]string
}

type Entity struct {
	Name string
	Meta
	Extra *Meta
}

func (e *Entity) stamp() string {
	label := e.Labels["owner"]
	return label + e.Name + strconv.Itoa(e.Revision)
}

func auditEntities() {
	entities := []*Entity{
		{Name: "order", Meta: Meta{Base: &Base{Revision: 4}}},
		{Name: "invoice"},
	}
	for _, e := range entities {
		fmt.Println(e.stamp())
	}
}

type Row[K comparable, V any] struct {
	Key   K
	Value V
	Next  *Row[K, V]
}

type Repository[K comparable, V any] struct {
	rows   map[K]*Row[K, V]
	recent *Row[K, V]
	zero   V
}

func (r *Repository[K, V]) find(key K) *Row[K, V] {
	if row, ok := r.rows[key]; ok {
		return row
	}
	return nil
}

func (r *Repository[K, V]) successor(key K) V {
	row := r.find(key)
	if row == nil {
		return r.zero
	}
	return row.Next.Value
}

func queryRepository(key int) {
	r := &Repository[int, string]{rows: map[int]*Row[int, string]{}}
	r.rows[41] = &Row[int, string]{Key: 41, Value: "a", Next: &Row[int, string]{Key: 42, Value: "b"}}
	r.rows[key] = &Row[int, string]{Key: key, Value: "c"}
	fmt.Println(r.successor(7), r.successor(41), r.successor(key))
}

type Ring[T any] struct {
	slots []T
	head  int
	size  int
}

func (r *Ring[T]) push(value T) {
	r.slots[(r.head+r.size)%len(r.slots)] = value
	r.size++
}

func (r *Ring[T]) at(i int) T {
	position := r.head + i
	if i >= r.size {
		position = i
	}
	return r.slots[position]
}

func rotateRing() {
	r := &Ring[string]{slots: make([]string, 4), head: 2}
	for _, arg := range []string{"x", "y", "z"} {
		r.push(arg)
	}
	for i := 0; i < r.size; i++ {
		fmt.Println(r.at(i))
	}
}

type MigrationError struct {
	File string
	Err  error
}

func (e *MigrationError) Error() string { return e.File + ": " + e.Err.Error() }
func (e *MigrationError) Unwrap() error { return e.Err }

func readMigration(file string) ([]byte, error) {
	if _, err := strconv.Atoi(file[:5]); err != nil {
		return nil, &MigrationError{File: file, Err: err}
	}
	return []byte(file), nil
}

func mustMigrate(file string) int {
	text, err := readMigration(file)
	if err != nil {
		panic(fmt.Errorf("migrate: %w", err))
	}
	return len(text)
}

func migrate(file string) { fmt.Println(mustMigrate(file)) }

type InvariantError struct {
	Name string
	Want int
	Got  int
}

func checkInvariant(name string, want, got int) {
	if want != got {
		panic(InvariantError{Name: name, Want: want, Got: got})
	}
}

func applyInvariant(want, got int) {
	for i := 0; i < want; i++ {
		checkInvariant("rows", i, i)
	}
	checkInvariant("rows", want, got)
}

type Shards struct {
	buckets  [][]string
	replicas int
	offset   int
}

func (s *Shards) pick(key string) int {
	hash := 0
	for _, c := range key {
		hash = hash*31 + int(c)
	}
	return hash % s.replicas
}

func shardKeys(keys string) {
	s := &Shards{}
	for _, key := range strings.Fields(keys) {
		fmt.Println(s.pick(key) + s.offset)
	}
}

type Money struct {
	Units    int64
	Nanos    int64
	Currency string
}

func (m Money) Text() string { return m.Currency + " " + strconv.FormatInt(m.Units, 10) }

type Totals struct {
	byCurrency map[string]*Money
	grand      *Money
}

func (t *Totals) line(currency string) string {
	money := t.byCurrency[currency]
	return "total " + money.Text()
}

func printTotals(currencies string) {
	t := &Totals{byCurrency: map[string]*Money{"eur": {Units: 12, Currency: "eur"}, "usd": {Units: 9, Currency: "usd"}}}
	for _, currency := range strings.Fields(currencies) {
		fmt.Println(t.line(currency))
	}
}

type Offer struct {
	Vendor string
	List   int
	Net    int
	Terms  *Terms
}

type Terms struct {
	Days    int
	Percent int
}

func bestOffer(offers map[string][]*Offer, sku string) *Offer {
	var best *Offer
	for _, offer := range offers[sku] {
		if best == nil || offer.Net < best.Net {
			best = offer
		}
	}
	return best
}

func saving(old, new *Offer) int {
	return old.Terms.Percent*old.List - new.Terms.Days*new.Net
}

func comparePrices(a, b string) {
	offers := map[string][]*Offer{
		a: {{Vendor: "v1", List: 90, Net: 80, Terms: &Terms{Days: 30}}, {Vendor: "v2", List: 95, Net: 85}},
		b: {{Vendor: "v3", List: 70, Net: 66}, {Vendor: "v4", List: 99, Net: 97, Terms: &Terms{Days: 10}}},
	}
	fmt.Println(saving(bestOffer(offers, a), bestOffer(offers, b)))
}

type Reading struct {
	Sensor string
	Value  *int
	Raw    *int
}

func sumReadings(readings []Reading) int {
	sum := 0
	for _, reading := range readings {
		if reading.Raw != nil {
			sum += *reading.Raw
			continue
		}
		sum += *reading.Value
	}
	return sum
}

func sumOptional() {
	one, two := len(os.Args), 2
	fmt.Println(sumReadings([]Reading{{Sensor: "a", Value: &one}, {Sensor: "b", Raw: &two}, {Sensor: "c"}}))
}

type Postal struct {
	Lines   [2]string
	Zip     string
	Country string
}

type Party struct {
	Name   string
	Postal *Postal
}

func copyCountry(target, source *Party) {
	if source.Postal.Country != "" && target.Postal.Zip != "" {
		target.Postal.Country = source.Postal.Country
	}
}

func copyAddress(from, to string) {
	parties := map[string]*Party{from: {Name: "Ada"}, to: {Name: "Bob"}, "c-3": {Name: "Cyd", Postal: &Postal{Zip: "1011"}}}
	copyCountry(parties["c-3"], parties["c-3"])
	copyCountry(parties[to], parties[from])
}

type Mailbox struct {
	Owner   string
	Address string
}

type MailIndex struct {
	byOwner map[string]string
	boxes   map[string]*Mailbox
}

func (m *MailIndex) add(name string) {
	box := m.boxes[name]
	m.byOwner[name] = box.Address
}

func indexEmails(names string) {
	m := &MailIndex{}
	for _, name := range strings.Fields(names) {
		m.add(name)
	}
}
