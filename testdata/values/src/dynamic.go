package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

//go:noinline
func channels(next func()) {
	var nilChan chan int
	unbuffered := make(chan int)
	buffered := make(chan int, 5)
	buffered <- 7
	buffered <- 8
	around := make(chan string, 3)
	for _, s := range []string{"a", "b", "c"} {
		around <- s
	}
	<-around
	<-around
	around <- "d"
	closed := make(chan bool, 1)
	closed <- true
	close(closed)
	receivers := make(chan Point)
	for i := 0; i < 3; i++ {
		go func() { <-receivers }()
	}
	senders := make(chan *Point, 1)
	senders <- &Point{1, 2}
	for i := 0; i < 2; i++ {
		go func() { senders <- nil }()
	}
	var receiveOnly <-chan int = buffered
	var sendOnly chan<- int = buffered
	signals := make(chan struct{}, 4)
	signals <- struct{}{}
	time.Sleep(50 * time.Millisecond) // until all of them wait

	showAs("nilChan", nilChan, "nil")
	showAs("unbuffered", unbuffered, "chan int 0/0")
	showAs("buffered", buffered, "chan int 2/5 [7, 8]")
	showAs("around", around, `chan string 2/3 ["c", "d"]`)
	showAs("closed", closed, "chan bool 1/1 [true], closed")
	showAs("receivers", receivers, "chan main.Point 0/0, 3 receivers waiting")
	showAs("senders", senders, "chan *main.Point 1/1 [&{X: 1, Y: 2}], 2 senders waiting")
	showAs("receiveOnly", receiveOnly, "<-chan int 2/5 [7, 8]")
	showAs("sendOnly", sendOnly, "chan<- int 2/5 [7, 8]")
	showAs("signals", signals, "chan struct {} 1/4 [{}]")
	next()
	use(nilChan, unbuffered, buffered, around, closed, receivers, senders, receiveOnly, sendOnly, signals)
}

type custom struct{ code int }

func (c custom) Error() string { return "custom" }

//go:noinline
func interfaces(next func()) {
	var nilAny interface{}
	var nilError error
	var anyInt interface{} = 42
	var negative interface{} = int8(-1)
	var str interface{} = "text"
	var anyFloat interface{} = 2.5
	var boolean interface{} = true
	var anyPointer interface{} = &Point{3, 4}
	var typedNil interface{} = (*Point)(nil)
	var nilMap interface{} = map[string]int(nil)
	var mapping interface{} = map[string]int{"k": 1}
	var direct interface{} = struct{ P *int }{nil}
	var directArray interface{} = [1]*Point{{5, 6}}
	var anyList interface{} = []int{1}
	var anyNamed interface{} = Celsius(1.5)
	var anyUnit interface{} = struct{}{}
	var anyNested interface{} = []interface{}{1, "a", nil, []interface{}{2.5}}
	var square Shape = Square{3}
	var circle Shape = &Circle{1}
	var nilCircle Shape = (*Circle)(nil)
	var failure error = custom{7}
	var reader io.Reader = strings.NewReader("abc")

	showInterface("nilAny", &[]interface{}{nilAny}[0])
	showInterface("nilError", &[]error{nilError}[0])
	showInterface("anyInt", &[]interface{}{anyInt}[0])
	showInterface("negative", &[]interface{}{negative}[0])
	showInterface("str", &[]interface{}{str}[0])
	showInterface("anyFloat", &[]interface{}{anyFloat}[0])
	showInterface("boolean", &[]interface{}{boolean}[0])
	showInterface("anyPointer", &[]interface{}{anyPointer}[0])
	showInterface("typedNil", &[]interface{}{typedNil}[0])
	showInterface("nilMap", &[]interface{}{nilMap}[0])
	showInterface("mapping", &[]interface{}{mapping}[0])
	showInterface("direct", &[]interface{}{direct}[0])
	showInterface("directArray", &[]interface{}{directArray}[0])
	showInterface("anyList", &[]interface{}{anyList}[0])
	showInterface("anyNamed", &[]interface{}{anyNamed}[0])
	showInterface("anyUnit", &[]interface{}{anyUnit}[0])
	showInterface("anyNested", &[]interface{}{anyNested}[0])
	showInterface("square", &[]Shape{square}[0])
	showInterface("circle", &[]Shape{circle}[0])
	showInterface("nilCircle", &[]Shape{nilCircle}[0])
	showInterface("failure", &[]error{failure}[0])
	showInterface("reader", &[]io.Reader{reader}[0])
	next()
	use(nilAny, nilError, anyInt, negative, str, anyFloat, boolean, anyPointer, typedNil, nilMap, mapping, direct, directArray)
	use(anyList, anyNamed, anyUnit, anyNested, square, circle, nilCircle, failure, reader)
}

type Counter struct{ N int }

func (c *Counter) Add(n int) { c.N += n }
func (c Counter) Get() int   { return c.N }

func double(n int) int { return 2 * n }

//go:noinline
func functions(next func()) {
	var nilFunc func()
	function := double
	literal := func(n int) int { return n + 1 }
	n, s := 3, "cap"
	byValue := func() int { return n + len(s) }
	total := 0
	byReference := func(k int) int { total += k; return total }
	counter := &Counter{5}
	pointerMethod := counter.Add
	valueMethod := counter.Get
	var shape Shape = Square{4}
	interfaceMethod := shape.Area
	expression := (*Counter).Add
	small, medium, wide := int8(1), uint32(2), []string{"three"}
	combined := func() int { return int(small) + int(medium) + len(wide) + total }
	byReference(10)

	showAs("nilFunc", nilFunc, "nil")
	showAs("function", function, "main.double")
	showAs("literal", literal, "main.functions.func1")
	showAs("byValue", byValue, `main.functions.func2 {n: 3, s: "cap"}`)
	showAs("byReference", byReference, "main.functions.func3 {total: 10}")
	showAs("pointerMethod", pointerMethod, "(*main.Counter).Add {N: 5}")
	showAs("valueMethod", valueMethod, "main.Counter.Get {N: 5}")
	showAs("interfaceMethod", interfaceMethod, "main.Shape.Area {(main.Square) {Side: 4}}")
	showAs("expression", expression, "main.(*Counter).Add")
	showAs("combined", combined, `main.functions.func4 {small: 1, medium: 2, wide: ["three"], total: 10}`)
	next()
	use(nilFunc, function, literal, byValue, byReference, pointerMethod, valueMethod, interfaceMethod, expression, combined)
}

type Event struct {
	At   time.Time
	Took time.Duration
}

//go:noinline
func wellKnownTypes(next func()) {
	zero, oneSecond, odd := time.Duration(0), time.Second, 26*time.Hour+3*time.Minute+4005*time.Millisecond
	micro, nano, minus := 1500*time.Microsecond, 999*time.Nanosecond, -1500*time.Millisecond
	noTime := time.Time{}
	utc := time.Date(2024, 2, 29, 23, 59, 58, 120000000, time.UTC)
	fixed := time.Date(1999, 12, 31, 1, 2, 3, 4, time.FixedZone("XYZ", -(3*3600+1800)))
	unnamed := time.Date(2024, 1, 1, 0, 0, 0, 0, time.FixedZone("", 5*3600+1800))
	now := time.Now()
	early := time.Date(-5, 1, 1, 0, 0, 0, 0, time.UTC)
	event := Event{utc, oneSecond}
	boom := errors.New("boom")
	wrapped := fmt.Errorf("load config: %w", boom)
	_, missing := os.Open("/no/such/file")
	var errno error = syscall.ENOENT
	var unknownErrno error = syscall.Errno(999)
	syscallError := error(os.NewSyscallError("connect", syscall.ECONNREFUSED))

	show("zero", zero)
	show("oneSecond", oneSecond)
	show("odd", odd)
	show("micro", micro)
	show("nano", nano)
	show("minus", minus)
	show("noTime", noTime)
	show("utc", utc)
	show("fixed", fixed)
	show("unnamed", unnamed)
	show("now", now)
	show("early", early)
	show("event", event)
	line("boom", "error", "(*errors.errorString) boom")
	line("wrapped", "error", "(*fmt.wrapError) load config: boom")
	line("missing", "error", fmt.Sprintf("(%T) open /no/such/file: no such file or directory", missing))
	line("errno", "error", "(syscall.Errno) no such file or directory (ENOENT)")
	line("unknownErrno", "error", "(syscall.Errno) errno 999")
	line("syscallError", "error", "(*os.SyscallError) connect: connection refused")
	next()
	use(zero, oneSecond, odd, micro, nano, minus, noTime, utc, fixed, unnamed, now, early, event, boom, wrapped, missing)
	use(errno, unknownErrno, syscallError)
}

type Levels struct{ A struct{ B struct{ C struct{ D int } } } }

type Deep struct {
	Level int
	Down  *Deep
	Flat  Levels
}

//go:noinline
func limits(next func()) {
	deep := &Deep{Level: 1, Down: &Deep{Level: 2, Down: &Deep{Level: 3, Down: &Deep{Level: 4, Down: &Deep{Level: 5}}}}}
	million := make([]int, 1000000)
	million[0] = 1
	hundred := map[int]int{}
	for i := 0; i < 100; i++ {
		hundred[i] = i
	}
	cube := [][][][][]int{{{{{1}}}}}

	show("deep", deep)
	show("million", million)
	show("hundred", hundred)
	show("cube", cube)
	next()
	use(deep, million, hundred, cube)
}
