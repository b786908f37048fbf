package main

import (
	"fmt"
	"os"
	"strings"
)

type Page struct {
	Title  string
	Layout *Layout
	Parent *Page
}

type Layout struct {
	Width  int
	Footer *Footer
}

type Footer struct{ Text string }

func (p *Page) layout() *Layout {
	if p.Layout == nil && p.Parent != nil {
		return p.Parent.layout()
	}
	return p.Layout
}

func render(p *Page) string {
	return strings.Repeat("=", p.layout().Width) + p.Title
}

func renderPage() {
	home := &Page{Title: "home", Layout: &Layout{Width: 3}}
	fmt.Println(render(&Page{Title: "about", Parent: home}))
	fmt.Println(render(&Page{Title: "orphan"}))
}

type Table struct {
	cells         [][]string
	rows, columns int
}

func (t *Table) set(row, column int, text string) {
	t.cells[row][column] = text
}

func fillTable() {
	t := &Table{rows: 2, columns: 2}
	for i := 0; i < t.rows; i++ {
		t.cells = append(t.cells, make([]string, t.columns-i))
	}
	for row := 0; row < t.rows; row++ {
		for column := 0; column < t.columns; column++ {
			t.set(row, column, fmt.Sprint(row, column))
		}
	}
}

var palette []string

func color(level int, fallback []string) string {
	if level < len(fallback) {
		return fallback[level]
	}
	return palette[level]
}

func pickColor() {
	fmt.Println(color(0, []string{"black"}), color(len(os.Args), []string{"black"}))
}

func splitHeader(line string) (string, string) {
	colon := strings.IndexByte(line, ':')
	return line[:colon], strings.TrimSpace(line[colon+1:])
}

func parseHeaders() {
	for _, line := range []string{"Host: a", "Accept: b", "broken"} {
		fmt.Println(splitHeader(line))
	}
}

type List[T any] struct {
	items    []T
	pageSize int
}

func (l *List[T]) page(number int) []T {
	start := number * l.pageSize
	end := start + l.pageSize
	return l.items[start:end]
}

func pageOf() {
	l := &List[string]{items: strings.Fields("a b c d e"), pageSize: 2}
	for number := 0; number < 3; number++ {
		fmt.Println(l.page(number))
	}
}

type Plugin interface{ Name() string }

type Registry struct {
	found map[string]interface{}
	count int
}

type broken struct{}

func (r *Registry) load(name string) Plugin {
	r.count++
	return r.found[name].(Plugin)
}

func loadPlugin() {
	r := &Registry{found: map[string]interface{}{"csv": broken{}}}
	fmt.Println(r.load("csv").Name())
}

type circle struct{ radius float64 }

type square struct{ side float64 }

func area(shape interface{}, scale float64) float64 {
	if c, ok := shape.(circle); ok {
		return 3 * c.radius * c.radius * scale
	}
	return shape.(square).side * scale
}

func describeShape() {
	for _, shape := range []interface{}{circle{1}, square{2}, "triangle"} {
		fmt.Println(area(shape, float64(len(os.Args))))
	}
}

type Buffer struct {
	lines  []string
	row    int
	column int
}

func (b *Buffer) char() byte {
	return b.lines[b.row][b.column]
}

func moveCursor() {
	b := &Buffer{lines: []string{"abc", "de"}, column: 2}
	for b.row = 0; b.row < 2; b.row++ {
		fmt.Println(b.char())
	}
}

type Template struct {
	Name   string
	Blocks map[string]*Template
	Data   *Scope
}

type Scope struct {
	Vars  map[string]string
	Outer *Scope
}

func (t *Template) lookup(block, name string) string {
	inner := t.Blocks[block]
	return inner.Data.Vars[name] + inner.Data.Outer.Vars[name]
}

func nestedTemplate() {
	inner := &Template{Name: "footer", Data: &Scope{Vars: map[string]string{"year": "2026"}}}
	t := &Template{Name: "page", Blocks: map[string]*Template{"footer": inner}}
	fmt.Println(t.lookup("footer", "year"))
}
