//go:build go1.18
// +build go1.18

package main

type Pair[K comparable, V any] struct {
	Key   K
	Value V
}

type List[T any] struct {
	items []T
	next  *List[T]
}

type Number interface{ ~int | ~float64 }

//go:noinline
func generics(next func()) {
	pair := Pair[string, int]{"k", 1}
	genericList := &List[Point]{items: []Point{{1, 2}}}
	both := map[string]Pair[int, *Point]{"m": {2, nil}}
	show("pair", pair)
	show("genericList", genericList)
	show("both", both)
	shaped(7, Name("named"), map[Name]int{"z": 26}, func() {
		genericList.push(Point{3, 4}, func() {
			stacked([]Celsius{1, 2.5}, next)
		})
	})
	use(pair, genericList, both)
}

//go:noinline
func shaped[T Number, S ~string](shapedNumber T, shapedText S, table map[S]T, next func()) {
	shapedPair := Pair[S, T]{shapedText, shapedNumber}
	shapedPointer := &shapedPair
	shapedValues := []T{shapedNumber, shapedNumber + 1}
	show("shapedNumber", shapedNumber)
	line("shapedText", "main.Name", `"named"`)
	show("table", table)
	show("shapedPair", shapedPair)
	show("shapedPointer", shapedPointer)
	show("shapedValues", shapedValues)
	next()
	use(shapedNumber, shapedText, table, shapedPair, shapedPointer, shapedValues)
}

//go:noinline
func (l *List[T]) push(item T, next func()) {
	head := l.items[0]
	show("item", item)
	show("head", head)
	next()
	use(l, item, head)
}

//go:noinline
func stacked[T ~float64](all []T, next func()) {
	var largest T
	for _, one := range all {
		if one > largest {
			largest = one
		}
	}
	show("all", all)
	show("largest", largest)
	next()
	use(all, largest)
}
