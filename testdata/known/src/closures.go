//go:build go1.18
// +build go1.18

package main

import "fmt"

type (
	ID   int
	Text string
)

type Tree[K comparable, V any] struct{ root *node[K, V] }

type node[K comparable, V any] struct {
	key   K
	value V
}

//go:noinline
func (t *Tree[K, V]) walk(wanted K, next func()) {
	found := t.root
	call(func() {
		treeKey, treeValue := wanted, found.value
		is("treeKey", treeKey, fmt.Sprint(treeKey))
		call(func() {
			inner := treeValue
			is("inner", inner, quote(fmt.Sprint(inner)))
			next()
			use(inner, treeKey)
		})
		use(treeKey, treeValue)
	})
	use(found)
}

//go:noinline
func call(f func()) { f() }

//go:noinline
func mapped[T, U any](items []T, convert func(T) U, next func()) []U {
	var converted []U
	each := func(item T) {
		result := convert(item)
		converted = append(converted, result)
		is("item", item, fmt.Sprint(item))
		is("result", result, quote(fmt.Sprint(result)))
		is("converted", converted, "["+quote(fmt.Sprint(result))+"]")
		next()
		use(item, result)
	}
	for _, item := range items {
		each(item)
	}
	return converted
}

//go:noinline
func deferred[A any](argument A, next func()) {
	defer func() {
		reason, copied := recover(), argument
		is("copied", copied, fmt.Sprint(copied))
		next()
		use(reason, copied, argument)
	}()
	panic("deferred")
}

// Closures of generic functions, each of them with types of one memory layout.
//
//go:noinline
func closures(next func()) {
	byID := &Tree[ID, string]{&node[ID, string]{1, "one"}}
	byInt := &Tree[int, Text]{&node[int, Text]{2, "two"}}
	byID.walk(5, func() {
		byInt.walk(6, func() {
			mapped([]ID{7}, func(ID) Text { return "n" }, func() {
				mapped([]int{8}, func(int) string { return "s" }, func() {
					deferred(ID(3), func() {
						deferred(4, next)
					})
				})
			})
		})
	})
}
