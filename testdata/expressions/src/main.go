// Expressions prints Go expressions with their values, each as a line EXPRESSION<TAB>TYPE<TAB>VALUE in the words of
// gocrash's reports, and dies of a nil pointer where they still have them: `gocrash print` must give the same lines.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unsafe"
)

type Point struct{ X, Y int }

type Inner struct {
	Depth int
	Tags  []string
}

type Middle struct {
	*Inner
	Label string
}

type Outer struct {
	Middle
	Label  string
	Values [4]int16
	Next   *Outer
	Any    interface{}
	done   chan int
	_      int
}

type Key struct {
	Name string
	ID   int
}

type Route struct {
	From, To Key
	Via      [2]string
	Cost     float32
}

type Celsius float64

type Name string

type Shape interface{ Area() float64 }

type Square struct{ Side float64 }

func (s Square) Area() float64 { return s.Side * s.Side }

type Circle struct{ R float64 }

func (c *Circle) Area() float64 { return c.R }

var (
	cache   = map[string]int{"k": 1, "other": -2}
	counter = 7
	origin  = Point{1, 2}
	shadow  = "package"
)

//go:noinline
func use(...interface{}) {}

func main() {
	cfg := &Outer{
		Middle: Middle{Inner: &Inner{Depth: 3, Tags: []string{"a", "b", "c"}}, Label: "inner"},
		Label:  "outer", Values: [4]int16{1, -2, 3, 4}, Any: 42, done: make(chan int, 5),
	}
	cfg.Next = &Outer{Label: "next"}
	cfg.done <- 9
	evaluate(cfg, -5, "grüße")
}

//go:noinline
func evaluate(cfg *Outer, n int, word string) {
	none := 0
	i8, u8, u16, u64 := int8(-128), uint8(200), uint16(65535), uint64(1)<<63
	f32, f64, zero := float32(1.5), 2.25, 0.0
	c128, c64 := 1+2i, complex64(3-4i)
	yes, no := true, false
	temperature, name := Celsius(36.5), Name("n")
	ints := []int{10, 11, 12, 13, 14, 15}
	grid := [][]int{{1, 2}, {3, 4}}
	array := [3]string{"x", "y", "z"}
	bytes, raw, runes := []byte("hello"), []byte{0, 255}, []rune("aß世")
	var nilSlice []int
	var nilMap map[string]int
	var nilPointer *Point
	var nilError error
	var nilFunc func()
	users := map[int]*Point{1: {3, 4}, 2: nil}
	byKey := map[Key]string{{"a", 1}: "a1", {"b", 2}: "b2"}
	byRoute := map[Route]int{{Key{"a", 1}, Key{"b", 2}, [2]string{"", "v"}, 1.5}: 7, {}: 8}
	byArray := map[[2]int]string{{1, 2}: "12"}
	byFloat := map[float64]int{0.5: 5, 1.5: 15}
	byAny := map[interface{}]string{1: "int", "1": "string", Key{"k", 1}: "key", nil: "nil", 2.5: "float"}
	byPointer := map[*Point]int{&origin: 1}
	byBool := map[bool]string{true: "t"}
	byShape := map[Shape]int{Square{2}: 2}
	nested := map[string]map[string][]int{"a": {"b": {1, 2, 3}}}
	points := map[string]Point{"p": {5, 6}}
	big := map[int]string{}
	for k := 0; k < 1000; k++ {
		big[k*7] = fmt.Sprint("v", k)
	}
	name2 := "b"
	key, p, pp := Key{"b", 2}, &Point{8, 9}, (**Point)(nil)
	pp = &p
	arrayPointer := &[3]int{7, 8, 9}
	_, pathError := os.Open("/no/such/file")
	wrapped := fmt.Errorf("wrap: %w", io.EOF)
	plain := errors.New("plain")
	var shape, circle Shape = Square{3}, &Circle{2}
	var anyInt, anyString, anyKey interface{} = 5, "five", Key{"k", 1}
	unsafePointer := unsafe.Pointer(p)
	wait := 90 * time.Second
	builder := &strings.Builder{}
	builder.WriteString("built")
	escaped := 100
	escape := &escaped
	shadow := "outer"
	var user *struct{ name string }
	captured := func() int { return escaped + n }()
	{
		shadow := []int{1}
		use(shadow)
	}
	show("n", n)
	show("-n", -n)
	show("+n", +n)
	show("^n", ^n)
	show("n + 1", n+1)
	show("n - 10", n-10)
	show("n * n", n*n)
	show("n / 2", n/2)
	show("n % 3", n%3)
	show("n << 2", n<<2)
	show("n >> 1", n>>1)
	show("n & 7", n&7)
	show("n | 8", n|8)
	show("n ^ 3", n^3)
	show("n &^ 1", n&^1)
	show("-7 / 2", -7/2)
	show("u8 + 100", u8+100)
	show("u8 * 2", u8*2)
	show("u8 - 201", u8-201)
	show("-u8", -u8)
	show("^u8", ^u8)
	show("u8 << 1", u8<<1)
	show("u8 >> 3", u8>>3)
	show("i8 - 1", i8-1)
	show("-i8", -i8)
	show("i8 / -1", i8/-1)
	show("i8 % 3", i8%3)
	show("u16 + 1", u16+1)
	show("u64", u64)
	show("u64 + u64", u64+u64)
	show("u64 >> 63", u64>>63)
	show("u64 >> 64", u64>>64)
	show("1 << 10", 1<<10)
	show("f32 * 2", f32*2)
	show("f32 / 3", f32/3)
	show("f64 / 3", f64/3)
	show("f64 / zero", f64/zero)
	show("zero / zero", zero/zero)
	show("-f64", -f64)
	show("f64 + 1", f64+1)
	show("f32 + 0.1", f32+0.1)
	show("c128 * c128", c128*c128)
	show("c128 / 2", c128/2)
	show("c64 + 1i", c64+1i)
	show("real(c128)", real(c128))
	show("imag(c64)", imag(c64))
	show("complex(f64, 1)", complex(f64, 1))
	show("complex(f32, f32)", complex(f32, f32))
	show("temperature * 2", temperature*2)
	show("temperature + 0.5", temperature+0.5)
	show(`name + "ame"`, name+"ame")
	show("yes && no", yes && no)
	show("yes || no", yes || no)
	show("!yes", !yes)
	show("n < 0 && n > -10", n < 0 && n > -10)
	show("n == -5 || n/none == 1", n == -5 || n/none == 1)
	show("n == -5", n == -5)
	show("n != -5", n != -5)
	show("u8 >= 200", u8 >= 200)
	show("f64 < 3", f64 < 3)
	show(`word < "h"`, word < "h")
	show(`word == "grüße"`, word == "grüße")
	show(`word != "x"`, word != "x")
	show(`word + "!"`, word+"!")
	show("word + word", word+word)
	show("len(word)", len(word))
	show("word[0]", word[0])
	show("word[2]", word[2])
	show("word[1:3]", word[1:3])
	show("word[4:]", word[4:])
	show("word[:0]", word[:0])
	show("word[:]", word[:])
	show("len(word[2:])", len(word[2:]))
	show("string(bytes)", string(bytes))
	show("string(raw)", string(raw))
	show("string(runes)", string(runes))
	show("string(bytes[1:3])", string(bytes[1:3]))
	show("[]byte(word)", []byte(word))
	show("[]rune(word)", []rune(word))
	show(`[]byte("lit")`, []byte("lit"))
	show("string(rune(n + 70))", string(rune(n+70)))
	show("int(u8)", int(u8))
	show("int8(u8)", int8(u8))
	show("uint8(n)", uint8(n))
	show("uint32(n)", uint32(n))
	show("int(f64)", int(f64))
	show("int(-f64)", int(-f64))
	show("float64(n)", float64(n))
	show("float32(f64)", float32(f64))
	show("float64(u64)", float64(u64))
	show("uint64(f64)", uint64(f64))
	show("Celsius(n)", Celsius(n))
	show("float64(temperature)", float64(temperature))
	show("string(name)", string(name))
	show("Name(word)", Name(word))
	show("complex64(c128)", complex64(c128))
	show("int64(i8)", int64(i8))
	show("uint16(i8)", uint16(i8))
	show("ints", ints)
	show("ints[0]", ints[0])
	show("ints[5]", ints[5])
	show("ints[n+5]", ints[n+5])
	show("ints[1:3]", ints[1:3])
	show("ints[:2]", ints[:2])
	show("ints[4:]", ints[4:])
	show("ints[1:3:4]", ints[1:3:4])
	show("ints[6:]", ints[6:])
	show("len(ints[1:3])", len(ints[1:3]))
	show("cap(ints[1:3])", cap(ints[1:3]))
	show("cap(ints[1:3:4])", cap(ints[1:3:4]))
	show("ints[1:3][1]", ints[1:3][1])
	show("len(ints)", len(ints))
	show("cap(ints)", cap(ints))
	show("grid[1][0]", grid[1][0])
	show("grid[1:][0][1]", grid[1:][0][1])
	show("len(grid[0])", len(grid[0]))
	show("array", array)
	show("array[1]", array[1])
	show("array[1:][0]", array[1:][0])
	show("len(array)", len(array))
	show(`array[2] == "z"`, array[2] == "z")
	show("nilSlice", nilSlice)
	show("nilSlice == nil", nilSlice == nil)
	show("ints == nil", ints == nil)
	show("len(nilSlice)", len(nilSlice))
	show("nilSlice[:]", nilSlice[:])
	show("nilMap", nilMap)
	show("nilMap == nil", nilMap == nil)
	show("len(nilMap)", len(nilMap))
	show(`nilMap["x"]`, nilMap["x"])
	show("nilPointer", nilPointer)
	show("nilPointer == nil", nilPointer == nil)
	show("nilPointer != nil", nilPointer != nil)
	show("nilError == nil", nilError == nil)
	show("nilFunc == nil", nilFunc == nil)
	show("cfg == nil", cfg == nil)
	show("cfg.Label", cfg.Label)
	show("cfg.Middle.Label", cfg.Middle.Label)
	show("cfg.Depth", cfg.Depth)
	show("cfg.Tags", cfg.Tags)
	show("cfg.Tags[1]", cfg.Tags[1])
	show("cfg.Tags[1:]", cfg.Tags[1:])
	show("cfg.Inner.Depth", cfg.Inner.Depth)
	show("cfg.Middle.Inner.Tags[0]", cfg.Middle.Inner.Tags[0])
	show("cfg.Inner", cfg.Inner)
	show("cfg.Values", cfg.Values)
	show("cfg.Values[1]", cfg.Values[1])
	show("cfg.Values[1:3]", cfg.Values[1:3])
	show("len(cfg.Values)", len(cfg.Values))
	show("cfg.Next.Label", cfg.Next.Label)
	show("cfg.Next.Next", cfg.Next.Next)
	show("cfg.Next.Next == nil", cfg.Next.Next == nil)
	show("(*cfg).Label", (*cfg).Label)
	show("(*cfg.Next).Label", (*cfg.Next).Label)
	show("cfg.Next.Middle.Label", cfg.Next.Middle.Label)
	show("len(cfg.done)", len(cfg.done))
	show("cap(cfg.done)", cap(cfg.done))
	show("cfg.Any == 42", cfg.Any == 42)
	show("cfg.Any == 43", cfg.Any == 43)
	show(`cfg.Any == "42"`, cfg.Any == "42")
	show("cfg.Any.(int)", cfg.Any.(int))
	show("cfg.Any.(int) + 1", cfg.Any.(int)+1)
	show("users[1]", users[1])
	show("users[1].X", users[1].X)
	show("users[2]", users[2])
	show("users[3]", users[3])
	show("users[2] == nil", users[2] == nil)
	show("users[1] == nil", users[1] == nil)
	show("users[n+6].Y", users[n+6].Y)
	show("*users[1]", *users[1])
	show("len(users)", len(users))
	show("byKey[key]", byKey[key])
	show(`byKey[Key{"b", 2}]`, byKey[Key{"b", 2}])
	show(`byKey[Key{ID: n + 6, Name: "a"}]`, byKey[Key{ID: n + 6, Name: "a"}])
	show(`byKey[main.Key{"b", 1}]`, byKey[Key{"b", 1}])
	show(`byKey[Key{}]`, byKey[Key{}])
	show(`byKey[Key{Name: name2, ID: 2}]`, byKey[Key{Name: name2, ID: 2}])
	show("byRoute", byRoute)
	show(`byRoute[Route{Key{"a", 1}, key, [2]string{"", "v"}, 1.5}]`, byRoute[Route{Key{"a", 1}, key, [2]string{"", "v"}, 1.5}])
	show(`byRoute[Route{Cost: 2}]`, byRoute[Route{Cost: 2}])
	show(`byRoute[Route{}]`, byRoute[Route{}])
	show(`byArray[[2]int{1, 2}]`, byArray[[2]int{1, 2}])
	show(`byArray[[2]int{1, n}]`, byArray[[2]int{1, n}])
	show(`byAny[Key{"k", 1}]`, byAny[Key{"k", 1}])
	show(`byAny[Key{"k", 2}]`, byAny[Key{"k", 2}])
	show(`byShape[Square{2}]`, byShape[Square{2}])
	show(`byShape[Square{3}]`, byShape[Square{3}])
	show(`key == Key{"b", 2}`, key == Key{"b", 2})
	show(`key != Key{"b", 2}`, key != Key{"b", 2})
	show(`Key{"b", 2}.Name + "!"`, Key{"b", 2}.Name+"!")
	show(`*users[1] == Point{3, 4}`, *users[1] == Point{3, 4})
	show(`anyKey == Key{"k", 1}`, anyKey == Key{"k", 1})
	show(`shape == Square{3}`, shape == Square{3})
	show(`Point{n, 2 * n}`, Point{n, 2 * n})
	show(`Point{n, 2 * n}.Y`, Point{n, 2 * n}.Y)
	show(`array == [3]string{"x", "y", "z"}`, array == [3]string{"x", "y", "z"})
	show("byFloat[0.5]", byFloat[0.5])
	show("byFloat[1.5]", byFloat[1.5])
	show("byFloat[f64]", byFloat[f64])
	show("byAny[1]", byAny[1])
	show(`byAny["1"]`, byAny["1"])
	show("byAny[n]", byAny[n])
	show("byAny[nil]", byAny[nil])
	show("byAny[2.5]", byAny[2.5])
	show("byAny[anyKey]", byAny[anyKey])
	show("byAny[anyInt]", byAny[anyInt])
	show("byPointer[&origin]", byPointer[&origin])
	show("byPointer[p]", byPointer[p])
	show("byBool[yes]", byBool[yes])
	show("byBool[false]", byBool[false])
	show("byShape[shape]", byShape[shape])
	show(`nested["a"]["b"]`, nested["a"]["b"])
	show(`nested["a"]["b"][1]`, nested["a"]["b"][1])
	show(`nested["a"]["b"][1:]`, nested["a"]["b"][1:])
	show(`nested["z"]["b"]`, nested["z"]["b"])
	show(`len(nested["a"])`, len(nested["a"]))
	show(`points["p"]`, points["p"])
	show(`points["p"].Y`, points["p"].Y)
	show(`points["q"]`, points["q"])
	show(`points["q"].X`, points["q"].X)
	show("big[0]", big[0])
	show("big[7*999]", big[7*999])
	show("big[8]", big[8])
	show("len(big)", len(big))
	show("key", key)
	show("key.Name", key.Name)
	show("*p", *p)
	show("p.X", p.X)
	show("p.X * p.Y", p.X*p.Y)
	show("(*p).Y", (*p).Y)
	show("**pp", **pp)
	show("(**pp).X", (**pp).X)
	show("(*pp).X", (*pp).X)
	show("*pp", *pp)
	show("*p == origin", *p == origin)
	show("origin", origin)
	show("origin.X", origin.X)
	show("counter", counter)
	show("counter * 2", counter*2)
	show("cache", cache)
	show(`cache["k"]`, cache["k"])
	show(`cache["zz"]`, cache["zz"])
	show("len(cache)", len(cache))
	show("shadow", shadow)
	show("captured", captured)
	show("escaped", escaped)
	show("*escape", *escape)
	show("arrayPointer[1]", arrayPointer[1])
	show("arrayPointer[1:]", arrayPointer[1:])
	show("len(arrayPointer)", len(arrayPointer))
	show("cap(arrayPointer)", cap(arrayPointer))
	show("*arrayPointer", *arrayPointer)
	show("pathError == nil", pathError == nil)
	show("pathError.(*os.PathError).Op", pathError.(*os.PathError).Op)
	show("pathError.(*os.PathError).Path", pathError.(*os.PathError).Path)
	show("pathError.(*os.PathError).Err == nil", pathError.(*os.PathError).Err == nil)
	show("wrapped == io.EOF", wrapped == io.EOF)
	show("plain == nil", plain == nil)
	show("shape.(Square).Side", shape.(Square).Side)
	show("shape.(Square)", shape.(Square))
	show("shape == circle", shape == circle)
	show("circle.(*Circle).R", circle.(*Circle).R)
	show("circle.(*Circle)", circle.(*Circle))
	show("anyInt == 5", anyInt == 5)
	show("anyInt == n", anyInt == n)
	show(`anyString == "five"`, anyString == "five")
	show("anyString.(string)[1:]", anyString.(string)[1:])
	show(`anyString.(string) + "!"`, anyString.(string)+"!")
	show("anyKey.(Key).ID", anyKey.(Key).ID)
	show("anyInt == anyString", anyInt == anyString)
	show("len(anyString.(string))", len(anyString.(string)))
	show("uintptr(unsafePointer) == uintptr(unsafe.Pointer(p))", uintptr(unsafePointer) == uintptr(unsafe.Pointer(p)))
	show("unsafePointer == nil", unsafePointer == nil)
	show("(*Point)(unsafePointer).X", (*Point)(unsafePointer).X)
	show("*(*Point)(unsafePointer)", *(*Point)(unsafePointer))
	show("*(*int)(unsafePointer)", *(*int)(unsafePointer))
	show("wait / 2", wait/2)
	show("time.Duration(n)", time.Duration(n))
	show("int64(wait)", int64(wait))
	show("len(os.Args)", len(os.Args))
	show("&cfg.Values[1] == nil", &cfg.Values[1] == nil)
	show("(&origin).X", (&origin).X)
	show("&ints[1] == &ints[2]", &ints[1] == &ints[2])
	show("(n + 1) * (n - 1)", (n+1)*(n-1))
	show("n+1*2", n+1*2)
	show("-n*-n", -n*-n)
	show("!(n > 0) && !no", !(n > 0) && !no)
	show("(((n)))", (n))
	show(`"lit"`, "lit")
	show("'x'", 'x')
	show("'x' + 1", 'x'+1)
	show("0x10", 0x10)
	show("1e3", 1e3)
	show("1.5 + 1", 1.5+1)
	show(`"a" + "b"`, "a"+"b")
	show(`"abc"[1]`, "abc"[1])
	show(`len("abc")`, len("abc"))
	show("1 << 3 | 1", 1<<3|1)
	show("7 &^ 2", 7&^2)
	show("5.0 / 2", 5.0/2)
	show("5 / 2", 5/2)
	show("2i * 2i", 2i*2i)
	showInterface("cfg.Any", &cfg.Any)
	showInterface("shape", &shape)
	showInterface("anyKey", &anyKey)
	showInterface("nilError", &nilError)
	address := func(p unsafe.Pointer) string { return fmt.Sprintf("%#x", uintptr(p)) }
	show("*(*Point)("+address(unsafePointer)+")", *p)
	show("(*Point)("+address(unsafePointer)+").Y", p.Y)
	show("*(*main.Point)("+address(unsafePointer)+")", *p)
	show("(*int)("+address(unsafePointer)+")", &p.X)
	show("*(*[]int)("+address(unsafe.Pointer(&ints))+")", ints)
	show("(*(*[]int)("+address(unsafe.Pointer(&ints))+"))[1]", ints[1])
	show("*(*map[string]int)("+address(unsafe.Pointer(&cache))+")", cache)
	show("*(**Point)("+address(unsafe.Pointer(pp))+")", p)
	show("*(*[2]int)("+address(unsafePointer)+")", *(*[2]int)(unsafePointer))
	show("*(*int)(uintptr("+address(unsafePointer)+") + 8)", p.Y)
	show("*(*string)("+address(unsafe.Pointer(&shadow))+")", shadow)
	println(user.name)
	use(i8, u8, u16, u64, f32, f64, zero, c128, c64, yes, no, temperature, name, ints, grid, array, bytes, raw, runes)
	use(nilSlice, nilMap, nilPointer, nilError, nilFunc, users, byKey, byArray, byFloat, byAny, byPointer, byBool, byShape)
	use(byRoute, name2)
	use(nested, points, big, key, p, pp, arrayPointer, pathError, wrapped, plain, shape, circle, anyInt, anyString, anyKey)
	use(unsafePointer, wait, builder, escape, shadow, none, captured)
}
