package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

func init() {
	register(map[string]func([]string){
		"catalog-author":    func([]string) { printAuthors("go c zig") },
		"catalog-source":    func([]string) { readSources("a b") },
		"catalog-previous":  func([]string) { compareItems("one", "two") },
		"catalog-theme":     func([]string) { paint("title") },
		"catalog-goroutine": func([]string) { scanShelves("go zig") },
		"catalog-product":   func([]string) { dotProducts("1 2 3", "4 5") },
		"catalog-excerpt":   func([]string) { printExcerpt("a fine line", 14, 20) },
		"catalog-prefix":    func([]string) { commonPrefixes("abc abd ab") },
		"catalog-sum":       func([]string) { addValues("one", true) },
		"catalog-chain":     func([]string) { printOwner("s-3") },
	})
}

type Author struct {
	Born int
	Name string
}

type Book struct {
	Title  string
	Author *Author
	Editor *Author
}

type Shelf struct {
	Label string
	Books []*Book
	Owner *Author
}

func newShelves() map[string]*Shelf {
	ada := &Author{Name: "Ada", Born: 1815}
	return map[string]*Shelf{
		"go": {Label: "go", Books: []*Book{{Title: "Go", Author: ada, Editor: ada}}, Owner: ada},
		"c":  {Label: "c", Books: []*Book{{Title: "C", Author: ada}, nil}},
	}
}

func (s *Shelf) authors() (names []string) {
	for i := range s.Books {
		names = append(names, s.Label+s.Books[i].Author.Name)
	}
	return names
}

func printAuthors(labels string) {
	shelves := newShelves()
	for _, label := range strings.Fields(labels) {
		fmt.Println(shelves[label].authors())
	}
}

type TextSource struct {
	io.Reader
	name  string
	limit *int
}

func (s *TextSource) fill(buffer []byte) int {
	if s.limit != nil {
		buffer = buffer[:*s.limit]
	}
	n, _ := s.Read(buffer)
	return n
}

func readSources(names string) {
	texts := map[string]string{"a": "alpha"}
	for _, name := range strings.Fields(names) {
		s := &TextSource{name: name}
		if text, ok := texts[name]; ok {
			s.Reader = strings.NewReader(text)
		}
		fmt.Println(s.fill(make([]byte, 8)))
	}
}

type Item struct {
	Weight int
	Label  string
	Rank   int
}

type Bag struct {
	values map[string]interface{}
}

func (b *Bag) weigh(key string, previous *Item) int {
	item, ok := b.values[key].(*Item)
	if !ok {
		return -1
	}
	if previous == nil && item != previous {
		return item.Weight
	}
	if item.Rank > 0 && previous.Weight > 0 {
		return item.Rank - previous.Weight
	}
	return 0
}

func compareItems(keys ...string) {
	b := &Bag{values: map[string]interface{}{keys[0]: &Item{Weight: 3, Rank: 1}}}
	var none *Item
	b.values[keys[1]] = none
	for _, key := range keys {
		fmt.Println(b.weigh(key, none))
	}
}

type Theme struct {
	Name   string
	Colors map[string]string
	Parent *Theme
}

var defaultTheme, overrideTheme *Theme

func colour(element string) string {
	if overrideTheme != nil {
		return overrideTheme.Colors[element]
	}
	return defaultTheme.Colors[element]
}

func loadTheme(name string) {
	themes := map[string]*Theme{"light": {Name: "light"}}
	if theme := themes[name]; theme != nil {
		defaultTheme = theme
	}
}

func paint(element string) {
	loadTheme("dark" + element)
	fmt.Println(colour(element))
}

func scanShelves(labels string) {
	var group sync.WaitGroup
	var mu sync.Mutex
	var longest *Book
	shelves := newShelves()
	total := 0
	for _, label := range strings.Fields(labels) {
		shelf := shelves[label]
		group.Add(1)
		go func(label string) {
			mu.Lock()
			if longest != nil && len(longest.Title) > 8 {
				total += len(longest.Title)
			}
			total += len(label) + len(shelf.Books)
			mu.Unlock()
			group.Done()
		}(label)
	}
	group.Wait()
	fmt.Println(total)
}

type Vector struct {
	values []int
	stride int
}

func newVector(text string, stride int) *Vector {
	v := &Vector{stride: stride}
	for _, field := range strings.Fields(text) {
		var n int
		fmt.Sscan(field, &n)
		v.values = append(v.values, n)
	}
	return v
}

func dot(a, b *Vector, n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += a.values[i*a.stride] * b.values[i*b.stride]
	}
	return sum
}

func dotProducts(a, b string) {
	left, right := newVector(a, 4), newVector(b, 3)
	fmt.Println(dot(left, right, 1), dot(left, right, len(os.Args)))
}

type Excerpt struct {
	text       string
	start, end int
}

func (e *Excerpt) String() string {
	return "..." + e.text[e.start:e.end] + "..."
}

func printExcerpt(text string, start, end int) {
	for _, e := range []*Excerpt{{text, 2, 6}, {text, start, end}} {
		text := e.String()
		fmt.Println(text)
	}
}

func commonPrefixes(words string) {
	fields := strings.Fields(words)
	for i := 1; i < len(fields); i++ {
		fmt.Println(commonPrefix(fields[i-1], fields[i]))
	}
}

func commonPrefix(a, b string) int {
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i
}

type Pair struct {
	left, right interface{}
}

func (p *Pair) sum() int {
	return p.left.(int) + p.right.(int)
}

func addValues(left, right interface{}) {
	for _, p := range []*Pair{{1, 2}, {left, right}} {
		fmt.Println(p.sum())
	}
}

type Stall struct {
	id     string
	keeper *Person
}

type Market struct {
	stalls map[string]*Stall
	closed *Stall
}

func (m *Market) find(id string) *Stall { return m.stalls[id] }

func (s *Stall) owner() *Person {
	if s == nil {
		return nil
	}
	return s.keeper
}

func (m *Market) ownerMail(id string) string {
	return m.find(id).owner().Email + m.closed.owner().Name
}

func printOwner(id string) {
	m := &Market{stalls: map[string]*Stall{"s-1": {id: "s-1", keeper: &Person{Name: "Ada"}}}}
	m.closed = m.find("s-1")
	fmt.Println(m.ownerMail("s-1"))
	fmt.Println(m.ownerMail(id))
}
