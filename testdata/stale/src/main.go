// Stale assigns to variables what nothing uses afterwards, which an optimising compiler leaves out: what the core still
// holds of them is older. It prints each as a line NAME<TAB>TYPE<TAB>VALUE with the value that the variable has by
// the language's rules; gocrash may say that it does not know, or that a value is of earlier, but not give another as the
// variable's own. Functions whose name begins with "used" use theirs again: those must be read.
//
// It needs no package but syscall, which keeps the binary small.
package main

import "syscall"

type node struct {
	n    int
	next *node
}

type pair struct{ a, b int }

type failure struct{ text string }

func (f *failure) Error() string { return f.text }

var sink int

//go:noinline
func use(n int) int { sink += n; return sink }

//go:noinline
func useString(s string) { sink += len(s) }

//go:noinline
func useNode(n *node) { sink += n.n }

//go:noinline
func useSlice(s []int) { sink += len(s) }

//go:noinline
func useError(err error) {
	if err != nil {
		sink++
	}
}

//go:noinline
func get(n int) int { return n * 3 }

//go:noinline
func fail(n int) error {
	if n > 2 {
		return &failure{"seven"}
	}
	return nil
}

//go:noinline
func follow(n *node) *node { sink++; return n.next }

//go:noinline
func line(name, typ, value string) {
	syscall.Write(1, []byte(name+"\t"+typ+"\t"+value+"\n"))
}

//go:noinline
func die() {
	var p *node
	p.n = 1
}

//go:noinline
func argumentCall(argument int) {
	use(argument)
	use(argument)
	argument = get(argument)
	line("argument", "int", "21")
	increment(5)
}

//go:noinline
func increment(counter int) {
	use(counter)
	use(counter)
	counter++
	line("counter", "int", "6")
	lastError(7)
}

//go:noinline
func lastError(code int) {
	err := fail(code)
	useError(err)
	use(code)
	useError(err)
	err = fail(code - 6)
	line("code", "int", "7")
	line("err", "error", "nil")
	pointer(&node{1, &node{2, nil}})
}

//go:noinline
func pointer(current *node) {
	useNode(current)
	useNode(current)
	current = follow(current)
	line("current", "*main.node", "&{n: 2, next: nil}")
	cleared(&node{4, nil})
}

//go:noinline
func cleared(released *node) {
	useNode(released)
	useNode(released)
	released = nil
	line("released", "*main.node", "nil")
	text("hello")
}

//go:noinline
func text(word string) {
	useString(word)
	useString(word)
	word = word[2:]
	line("word", "string", `"llo"`)
	slices([]int{1, 2, 3, 4})
}

//go:noinline
func slices(rest []int) {
	useSlice(rest)
	useSlice(rest)
	rest = rest[1:]
	line("rest", "[]int", "[2, 3, 4]")
	loops(9)
}

//go:noinline
func loops(limit int) {
	for round := 0; round < limit; round++ {
		use(round)
		use(limit)
		if round == 4 {
			round += 10
			limit = 100
			line("round", "int", "14")
			line("limit", "int", "100")
			rangeSlice([]int{4, 5, 6})
			return
		}
	}
}

//go:noinline
func rangeSlice(items []int) {
	for index, item := range items {
		use(index)
		use(item)
		index += 5
		item *= 2
		if len(items) == 3 {
			line("index", "int", "5")
			line("item", "int", "8")
			rangeString("äb")
		}
	}
}

//go:noinline
func rangeString(letters string) {
	for at, letter := range letters {
		use(at)
		use(int(letter))
		at += 7
		letter++
		if len(letters) == 3 {
			line("at", "int", "7")
			line("letter", "int32", "229")
			sharedUsed(get(1))
		}
	}
}

//go:noinline
func sharedUsed(first int) {
	use(first)
	second := first
	use(second)
	first = get(5)
	line("first", "int", "15")
	line("second", "int", "3")
	swap(1, 2)
	use(second)
}

//go:noinline
func swap(left, right int) {
	use(left)
	use(right)
	use(left + right)
	left, right = right, left
	line("left", "int", "2")
	line("right", "int", "1")
	inlinedCaller(get(10))
}

func inlined(parameter int) {
	use(parameter)
	parameter += 2
	line("parameter", "int", "32")
	structure(pair{1, 2})
}

//go:noinline
func inlinedCaller(outer int) {
	use(outer)
	line("outer", "int", "30")
	inlined(outer)
	use(outer)
}

//go:noinline
func structure(both pair) {
	use(both.a)
	use(both.b)
	use(both.a)
	both.b = 9
	both.a++
	line("both", "main.pair", "{a: 2, b: 9}")
	named(3)
}

//go:noinline
func named(depth int) (answer int) {
	answer = get(depth)
	use(answer)
	use(answer)
	answer = 100
	line("depth", "int", "3")
	line("answer", "int", "100")
	branches(6)
	return get(depth + 1)
}

//go:noinline
func branches(choice int) {
	level := get(choice)
	use(level)
	if choice > 5 {
		use(level)
		level = 1
	} else {
		level = 2
	}
	line("level", "int", "1")
	func(given int) {
		closed := given + choice
		use(closed)
		use(given)
		use(closed)
		closed--
		given = closed
		line("closed", "int", "13")
		line("given", "int", "13")
		(&node{8, nil}).method(2)
	}(get(choice) - 10)
}

//go:noinline
func (receiver *node) method(step int) {
	useNode(receiver)
	use(step)
	useNode(receiver)
	use(step)
	receiver = receiver.next
	step <<= 3
	line("receiver", "*main.node", "nil")
	line("step", "int", "16")
	shadow(4)
}

//go:noinline
func shadow(level1 int) {
	use(level1)
	if size := get(level1); size > 3 {
		use(size)
		use(size)
		size = level1
		line("size", "int", "4")
		usedNumbers(11, "kept", []int{3, 1}, &node{5, nil})
		use(level1)
	}
}

//go:noinline
func usedNumbers(keptNumber int, keptText string, keptSlice []int, keptNode *node) {
	use(keptNumber)
	keptNumber++
	keptLocal := get(keptNumber)
	keptError := fail(keptNumber)
	keptText = keptText[1:]
	line("keptNumber", "int", "12")
	line("keptText", "string", `"ept"`)
	line("keptSlice", "[]int", "[3, 1]")
	line("keptNode", "*main.node", "&{n: 5, next: nil}")
	line("keptLocal", "int", "36")
	line("keptError", "error", `(*main.failure) &{text: "seven"}`)
	usedLoop([]int{1, 2, 3})
	use(keptNumber)
	useString(keptText)
	useSlice(keptSlice)
	useNode(keptNode)
	use(keptLocal)
	useError(keptError)
}

//go:noinline
func usedLoop(values []int) {
	total := 0
	for i := 0; i < len(values); i++ {
		total += values[i]
		use(total)
		if i == 1 {
			line("i", "int", "1")
			line("total", "int", "3")
			line("values", "[]int", "[1, 2, 3]")
			usedLater(get(2), values[1:])
		}
		use(i)
	}
	use(total)
}

//go:noinline
func usedLater(later int, tail []int) {
	use(later)
	before := get(later)
	usedInLoop(tail)
	later++
	before--
	tail = tail[1:]
	use(later)
	use(before)
	useSlice(tail)
}

//go:noinline
func usedInLoop(tail []int) {
	for _, element := range tail {
		line("element", "int", "2")
		line("later", "int", "6")
		line("before", "int", "18")
		line("tail", "[]int", "[2, 3]")
		die()
		use(element)
	}
}

// An argument lies where another was passed, and what it had there before is never read again.
//
//go:noinline
func exchanged(wasFirst, wasSecond int) {
	use(wasSecond)
	wasSecond = 79 * 4
	wasFirst, wasSecond = wasSecond, wasFirst
	line("wasFirst", "int", "316")
	line("wasSecond", "int", "1")
	moved(3, 4, 5)
	use(wasSecond)
	use(wasFirst)
}

//go:noinline
func moved(one, two, three int) {
	use(three)
	one, two, three = 77, one, two
	line("one", "int", "77")
	line("two", "int", "3")
	line("three", "int", "4")
	chosen(7, 8)
	use(two)
	use(three)
	use(one)
}

//go:noinline
func chosen(toLeft, toRight int) {
	either := get(toLeft)
	use(either)
	use(toRight)
	either = toRight
	use(either)
	either = toLeft
	toLeft = 5
	line("either", "int", "7")
	line("toLeft", "int", "5")
	line("toRight", "int", "8")
	exchangedTexts("text", "other text", 300)
	use(either)
	use(toLeft)
}

//go:noinline
func exchangedTexts(firstText, secondText string, width int) {
	useString(secondText)
	secondText, firstText = firstText, "constant"
	firstText = firstText[:width&7]
	width = 3
	line("firstText", "string", `"cons"`)
	line("secondText", "string", `"text"`)
	line("width", "int", "3")
	argumentCall(7)
	useString(firstText)
	useString(secondText)
	use(width)
}

func main() {
	exchanged(1, 2)
}
