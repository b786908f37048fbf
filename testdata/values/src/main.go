// Values holds a variable of every shape that Go has, prints each as a line NAME<TAB>TYPE<TAB>VALUE in the words of
// gocrash's reports, and dies of a nil pointer while all of them are in scope: the core must give the same lines.
package main

import (
	"math"
	"unsafe"
)

func main() {
	basics(func() {
		texts(func() {
			composites(func() {
				pointers(func() {
					maps(func() {
						channels(func() {
							interfaces(func() {
								functions(func() {
									wellKnownTypes(func() {
										scopes(1, "two", []int{3}, func() {
											generics(func() {
												rangeFuncs(func() {
													limits(func() {
														phrases(die)
													})
												})
											})
										})
									})
								})
							})
						})
					})
				})
			})
		})
	})
}

//go:noinline
func die() {
	var user *struct{ name string }
	println(user.name)
}

// Celsius, Weekday and the like are named types.
type (
	Celsius float64
	Weekday uint8
	Name    string
	Flag    bool
	IDs     []int
	Handle  uintptr
)

//go:noinline
func basics(next func()) {
	yes, no := true, false
	i, i8, i16, i32, i64 := -1, int8(math.MinInt8), int16(-300), int32(math.MinInt32), int64(math.MinInt64)
	u, u8, u16, u32, u64 := uint(1), uint8(255), uint16(65535), uint32(math.MaxUint32), uint64(math.MaxUint64)
	address := uintptr(0xdeadbeef)
	r, b := 'ä', byte('x')
	f32, f64 := float32(0.1), 0.1
	large, small, whole := 1e21, 1e-7, 3.0
	nan, inf, negInf, negZero := math.NaN(), math.Inf(1), math.Inf(-1), math.Copysign(0, -1)
	c64, c128, cNaN := complex64(1+2i), -0.5-1e30i, complex(math.NaN(), math.Inf(1))
	temperature, day, name, flag, handle := Celsius(36.6), Weekday(3), Name("n"), Flag(true), Handle(16)
	none, some := unsafe.Pointer(nil), unsafe.Pointer(uintptr(0)+uintptrOf(&globalInt))

	show("yes", yes)
	show("no", no)
	show("i", i)
	show("i8", i8)
	show("i16", i16)
	show("i32", i32)
	show("i64", i64)
	show("u", u)
	show("u8", u8)
	show("u16", u16)
	show("u32", u32)
	show("u64", u64)
	show("address", address)
	show("r", r)
	show("b", b)
	show("f32", f32)
	show("f64", f64)
	show("large", large)
	show("small", small)
	show("whole", whole)
	show("nan", nan)
	show("inf", inf)
	show("negInf", negInf)
	show("negZero", negZero)
	show("c64", c64)
	show("c128", c128)
	show("cNaN", cNaN)
	show("temperature", temperature)
	show("day", day)
	show("name", name)
	show("flag", flag)
	show("handle", handle)
	show("none", none)
	show("some", some)
	next()
	use(yes, no, i, i8, i16, i32, i64, u, u8, u16, u32, u64, address, r, b, f32, f64, large, small, whole, nan, inf)
	use(negInf, negZero, c64, c128, cNaN, temperature, day, name, flag, handle, none, some)
}

// use keeps variables alive behind the call that dies.
//
//go:noinline
func use(...interface{}) {}

func uintptrOf(p *int) uintptr { return uintptr(unsafe.Pointer(p)) }

//go:noinline
func texts(next func()) {
	empty, plain, quoted := "", "hello", "a\"b\\c\n\t\x00\x1b"
	unicode, invalid := "grüße, 世界 \U0001f600\u200b", "bad\xff\xc3utf8"
	long := string(make([]byte, 0)) + repeat("0123456789", 150)
	cutRune := repeat("x", 199) + "äöü"
	emptyBytes, noBytes := []byte{}, []byte(nil)
	textBytes, rawBytes, mixed := []byte("GET / HTTP/1.1\r\n"), []byte{0, 1, 255}, []byte("ok\xff")
	longBytes := []byte(repeat("ab", 300))
	array := [5]byte{'h', 'e', 'l', 'l', 'o'}
	runes := []rune("aß")
	words := []string{"a", "", "c d"}

	show("empty", empty)
	show("plain", plain)
	show("quoted", quoted)
	show("unicode", unicode)
	show("invalid", invalid)
	show("long", long)
	show("cutRune", cutRune)
	show("emptyBytes", emptyBytes)
	show("noBytes", noBytes)
	show("textBytes", textBytes)
	show("rawBytes", rawBytes)
	show("mixed", mixed)
	show("longBytes", longBytes)
	show("array", array)
	show("runes", runes)
	show("words", words)
	next()
	use(empty, plain, quoted, unicode, invalid, long, cutRune, emptyBytes, noBytes, textBytes, rawBytes, mixed)
	use(longBytes, array, runes, words)
}

func repeat(s string, n int) string {
	var b []byte
	for ; n > 0; n-- {
		b = append(b, s...)
	}
	return string(b)
}

// Base is embedded, Inner nested.
type Base struct {
	ID   int
	kind string
}

type Inner struct {
	A, B uint8
	_    int32
	C    float32
}

type Outer struct {
	Base
	*Inner
	Name  string
	inner Inner
	_     [3]uint16
	none  struct{}
	tags  []string
	raw   [2][2]int8
	any   interface{}
	err   error
	fn    *int
}

//go:noinline
func composites(next func()) {
	noInts, emptyInts, ints := []int(nil), []int{}, []int{1, 2, 3}
	part := append(make([]int, 0, 10), 5, 6, 7, 8)[1:3]
	many := make([]int, 100)
	for i := range many {
		many[i] = i * i
	}
	var noArray [0]int
	grid := [2][3]int{{1, 2, 3}, {4, 5, 6}}
	bigArray := [30]int16{29: -1}
	nested := [][]string{{"a"}, nil, {}}
	ids := IDs{4, 5}
	unit, anonymous := struct{}{}, struct {
		X, Y int
		_    int
		z    string
	}{X: 1, Y: -2, z: "z"}
	inner := Inner{A: 1, B: 2, C: 0.5}
	outer := Outer{Base: Base{7, "base"}, Inner: &Inner{A: 9}, Name: "outer", inner: inner, tags: []string{"t"},
		raw: [2][2]int8{{1, -1}, {127, -128}}, any: 5}
	units := []struct{}{{}, {}}
	one := struct{ P *int }{nil}

	show("noInts", noInts)
	show("emptyInts", emptyInts)
	show("ints", ints)
	show("part", part)
	show("many", many)
	show("noArray", noArray)
	show("grid", grid)
	show("bigArray", bigArray)
	show("nested", nested)
	show("ids", ids)
	show("unit", unit)
	show("anonymous", anonymous)
	show("inner", inner)
	show("outer", outer)
	show("units", units)
	show("one", one)
	next()
	use(noInts, emptyInts, ints, part, many, noArray, grid, bigArray, nested, ids, unit, anonymous, inner, outer, units)
	use(one)
}

type Node struct {
	Value int
	Next  *Node
}

type Self *Self

var globalInt = 42

//go:noinline
func pointers(next func()) {
	var nilInt *int
	moved := 17
	pointer := &moved // moved moves to the heap, for show takes a copy of the pointer
	pointerPointer := &pointer
	toGlobal := &globalInt
	ring := &Node{Value: 1}
	ring.Next = &Node{Value: 2, Next: ring}
	chain := &Node{1, &Node{2, &Node{3, nil}}}
	toSlice := &[]string{"x"}
	toArray := &[3]int{1, 2, 3}
	middle := &toArray[1]
	field := &chain.Next.Value
	toUnit := &struct{}{}
	var self Self
	self = &self
	var boxed interface{} = chain
	pointerToInterface := &boxed

	show("nilInt", nilInt)
	show("moved", moved)
	show("pointer", pointer)
	show("pointerPointer", pointerPointer)
	show("toGlobal", toGlobal)
	show("ring", ring)
	show("chain", chain)
	show("toSlice", toSlice)
	show("toArray", toArray)
	show("middle", middle)
	show("field", field)
	show("toUnit", toUnit)
	showAs("self", self, "<cycle>")
	show("pointerToInterface", pointerToInterface)
	next()
	use(nilInt, moved, pointer, pointerPointer, toGlobal, ring, chain, toSlice, toArray, middle, field, toUnit, self)
	use(pointerToInterface)
}
