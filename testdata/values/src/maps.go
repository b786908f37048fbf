package main

import (
	"fmt"
	"math"
)

type Point struct{ X, Y int }

type Shape interface{ Area() float64 }

type Square struct{ Side float64 }

func (s Square) Area() float64 { return s.Side * s.Side }

type Circle struct{ R float64 }

func (c *Circle) Area() float64 { return c.R }

type wide [200]byte

//go:noinline
func maps(next func()) {
	var noMap map[string]int
	emptyMap := map[string]int{}
	smallMap := map[string]int{"b": 2, "a": 1, "": 0}
	eight := map[int]bool{8: true, 7: false, 6: true, 5: true, 4: false, 3: true, 2: false, 1: true}
	presized := make(map[int]int, 1000)
	presized[3] = 9
	big := map[int]int{}
	for i := 0; i < 5000; i++ {
		big[i*7%5003] = i
	}
	growing := map[int]int{}
	for i := 0; i < 27; i++ { // of classic maps one that is being moved to more buckets
		growing[i] = -i
	}
	deleted := map[string]int{}
	for i := 0; i < 200; i++ {
		deleted[fmt.Sprint("key", i)] = i
	}
	for i := 0; i < 195; i++ {
		delete(deleted, fmt.Sprint("key", i))
	}
	churned := map[int]int{} // deleting and adding makes classic maps grow at the same size
	for i := 0; i < 100000; i++ {
		churned[i] = i
		delete(churned, i-12)
	}
	cleared := map[int]int{1: 1, 2: 2}
	for k := range cleared {
		delete(cleared, k)
	}
	floats := map[float64]string{math.Inf(1): "inf", 1.5: "one and a half", -2: "minus two", math.NaN(): "nan"}
	bools := map[bool]int{true: 1, false: 0}
	structKeys := map[Point]string{{2, 1}: "c", {1, 9}: "b", {1, 2}: "a"}
	arrayKeys := map[[2]int8]int{{1, 1}: 2, {-1, 5}: 1, {1, 2}: 3}
	mixedKeys := map[interface{}]int{1: 1, 2: 2, "x": 3, 1.5: 4, nil: 5, Point{1, 2}: 6, [1]int{3}: 7, true: 8}
	shapes := map[Shape]string{Square{2}: "two", Square{1}: "one"}
	indirectKey := map[wide]int{{1}: 1, {0, 1}: 2}
	indirectElem := map[int]wide{1: {65}}
	sets := map[string]struct{}{"x": {}, "y": {}}
	mapOfMaps := map[string]map[string]int{"a": {"b": 1}, "c": nil}
	mapOfPointers := map[int]*Point{1: {1, 2}, 2: nil}
	mapOfSlices := map[uint8][]string{1: {"a"}, 0: nil}
	mapNamed := map[Name]Celsius{"body": 36.6}
	complexes := map[complex128]int{1 + 1i: 2, 1: 1}
	pointerToMap := &smallMap

	show("noMap", noMap)
	show("emptyMap", emptyMap)
	show("smallMap", smallMap)
	show("eight", eight)
	show("presized", presized)
	show("big", big)
	show("growing", growing)
	show("deleted", deleted)
	show("churned", churned)
	show("cleared", cleared)
	show("floats", floats)
	show("bools", bools)
	show("structKeys", structKeys)
	show("arrayKeys", arrayKeys)
	show("mixedKeys", mixedKeys)
	show("shapes", shapes)
	show("indirectKey", indirectKey)
	show("indirectElem", indirectElem)
	show("sets", sets)
	show("mapOfMaps", mapOfMaps)
	show("mapOfPointers", mapOfPointers)
	show("mapOfSlices", mapOfSlices)
	show("mapNamed", mapNamed)
	show("complexes", complexes)
	show("pointerToMap", pointerToMap)
	next()
	use(noMap, emptyMap, smallMap, eight, presized, big, growing, deleted, churned, cleared, floats, bools, structKeys)
	use(arrayKeys, mixedKeys, shapes, indirectKey, indirectElem, sets, mapOfMaps, mapOfPointers, mapOfSlices, mapNamed, complexes, pointerToMap)
}
