//go:build go1.18
// +build go1.18

package main

import "fmt"

type Ordered interface {
	~int | ~int64 | ~string | ~float64
}

type Tree[K Ordered, V any] struct {
	root *branch[K, V]
	size int
	less func(a, b K) bool
}

type branch[K Ordered, V any] struct {
	key         K
	value       V
	left, right *branch[K, V]
}

type Stringish interface{ Text() string }

type Label struct{ text string }

func (l Label) Text() string { return l.text }

type Set[T comparable] map[T]struct{}

type Option[T any] struct {
	value T
	set   bool
}

func (o Option[T]) orElse(fallback T, next func()) (chosen T) {
	chosen = fallback
	if o.set {
		chosen = o.value
	}
	line("o", fmt.Sprintf("%T", o), "{value: 4.5, set: true}")
	show("fallback", fallback)
	show("chosen", chosen)
	next()
	use(o, fallback, chosen)
	return chosen
}

//go:noinline
func (t *Tree[K, V]) insert(key K, value V, next func()) {
	fresh := &branch[K, V]{key: key, value: value}
	if t.root == nil {
		t.root = fresh
		t.size++
		return
	}
	heapKey := key
	visit := func(at *branch[K, V]) bool {
		smaller := t.less == nil || t.less(key, at.key)
		pairs := map[K]V{at.key: at.value, heapKey: value}
		both := []V{at.value, value}
		sink := make(chan V, 2)
		sink <- value
		show("fresh", fresh)
		show("heapKey", heapKey)
		show("pairs", pairs)
		show("bothValues", both)
		bothValues := both
		showAs("sink", sink, "chan main.Point 1/2 [{X: 3, Y: 4}]")
		show("smaller", smaller)
		show("at", at)
		next()
		use(smaller, pairs, both, bothValues, sink, at)
		return smaller
	}
	visit(t.root)
	use(fresh, heapKey, value)
}

func apply[T, R any](of []T, change func(T) R, next func(R)) []R {
	var results []R
	for _, each := range of {
		changed := change(each)
		results = append(results, changed)
		next(changed)
	}
	use(results)
	return results
}

//go:noinline
func stringish[S Stringish](texty S, more []S, next func()) {
	var zeroOfS S
	byText := map[string]S{texty.Text(): texty}
	var boxed interface{} = texty
	pointerToS := &texty
	showAs("texty", texty, `{text: "label"}`)
	show("labels", more)
	labels := more
	show("zeroOfS", zeroOfS)
	show("byText", byText)
	line("boxedLabel", "interface {}", `(main.Label) {text: "label"}`)
	boxedLabel := boxed
	show("pointerToS", pointerToS)
	next()
	use(texty, more, labels, zeroOfS, byText, boxed, boxedLabel, pointerToS)
}

//go:noinline
func nestedGeneric[T any](nestedT T, next func()) {
	slicesOfT := [][]T{{nestedT}}
	innerGeneric(slicesOfT, Option[T]{nestedT, true}, next)
	use(nestedT, slicesOfT)
}

//go:noinline
func innerGeneric[S ~[]E, E any, O any](innerS S, innerO O, next func()) {
	var firstE E = innerS[0]
	swap := func(a, b E) (E, E) { return b, a }
	show("innerS", innerS)
	show("innerO", innerO)
	show("firstE", firstE)
	next()
	use(innerS, innerO, firstE, swap)
}

func (s Set[T]) has(member T, next func()) bool {
	_, found := s[member]
	line("theSet", fmt.Sprintf("%T", s), `{"x": {}}`)
	theSet := s
	show("member", member)
	show("found", found)
	next()
	use(s, theSet, member, found)
	return found
}

func phrasesOfGenerics(next func()) {
	tree := &Tree[string, Point]{less: func(a, b string) bool { return a < b }}
	tree.insert("m", Point{1, 2}, nil)
	tree.insert("a", Point{3, 4}, func() {
		Option[float64]{4.5, true}.orElse(1, func() {
			stringish(Label{"label"}, []Label{{"a"}, {"b"}}, func() {
				nestedGeneric(Name("nested"), func() {
					Set[string]{"x": {}}.has("x", func() {
						applied := apply([]int8{1}, func(n int8) Celsius { return Celsius(n) / 2 }, func(half Celsius) {
							show("half", half)
							nestedGeneric[interface{}](5, func() {
								nestedGeneric(&Point{5, 6}, next)
							})
						})
						use(applied)
					})
				})
			})
		})
	})
	use(tree)
}
