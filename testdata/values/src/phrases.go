package main

import (
	"container/list"
	"container/ring"
	"errors"
	"strings"
)

// phrases has variables that Go's language rules make special: where each lives, and under which name, is the question.
func phrases(next func()) {
	movedArguments(5, "moved", Point{1, 2}, []int{1, 2}, func() {
		_, _ = namedResults(3, func() {
			shadowing(1, "text", func() {
				inlining(4, func() {
					closures(func() {
						bound(func() {
							containers(func() {
								phrasesOfGenerics(func() {
									phrasesOfRange(6, func() {
										weakPointers(next)
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

var keepInt *int
var keepString *string
var keepArray *[3]int
var keepError *error

// Arguments that move to the heap.
//
//go:noinline
func movedArguments(heapInt int, heapText string, heapPoint Point, stackSlice []int, next func()) (heapResult error) {
	keepInt, keepString, keep, keepError = &heapInt, &heapText, &heapPoint, &heapResult
	var heapArray [3]int
	keepArray = &heapArray
	heapInt++
	heapText += "!"
	heapPoint.Y = 7
	heapArray[1] = 8
	heapResult = errors.New("result")
	for heapLoop := 0; heapLoop < 3; heapLoop++ {
		keepInt = &heapLoop
		if heapLoop == 2 {
			show("heapLoop", heapLoop)
			show("heapInt", heapInt)
			show("heapText", heapText)
			show("heapPoint", heapPoint)
			show("heapArray", heapArray)
			show("stackSlice", stackSlice)
			line("heapResult", "error", "(*errors.errorString) result")
			next()
		}
	}
	use(heapInt, heapText, heapPoint, heapArray, stackSlice, heapResult)
	return heapResult
}

// Results with names, one of them changed by a deferred closure.
//
//go:noinline
func namedResults(input int, next func()) (total int, message string) {
	defer func() {
		total *= 2
		message += "."
	}()
	total, message = input*10, "so far"
	func(summed int, rest ...string) (inner float64) {
		inner = float64(summed) / 4
		rest = append(rest, "more")
		show("total", 2*total)
		show("message", message+".")
		show("input", input)
		show("summed", summed)
		show("allTexts", rest)
		show("quarter", inner)
		allTexts, quarter := rest, inner
		next()
		use(allTexts, quarter, rest, summed)
		return inner
	}(total, "a", "b")
	return total, message
}

// Each name is hidden by an inner one.
//
//go:noinline
func shadowing(again int, kind interface{}, next func()) {
	nestedName := 2.5
	line("again (shadowed)", "int", "1")
	line("nestedName (shadowed)", "float64", "2.5")
	line("kind (shadowed)", "interface {}", `(string) "text"`)
	if again := strings.Repeat("if", again); len(again) > 1 {
		show("again", again)
		for _, nestedName := range []int{len(again)} {
			show("nestedName", nestedName)
			switch kind := kind.(type) {
			case string:
				line("kind", "string", `"text"`)
				next()
				use(kind)
			}
			use(nestedName)
		}
		use(again)
	}
	use(again, kind, nestedName)
}

func inlinedOnce(once int, next func()) {
	onceLocal := once + 1
	inlinedTwice(onceLocal*2, next)
	use(onceLocal)
}

func inlinedTwice(twice int, next func()) {
	twiceLocal := twice - 1
	next()
	use(twice, twiceLocal)
}

//go:noinline
func inlining(seed int, next func()) {
	show("once", seed)
	show("onceLocal", seed+1)
	show("twice", 2*(seed+1))
	show("twiceLocal", 2*(seed+1)-1)
	show("seed", seed)
	inlinedOnce(seed, next)
	use(seed)
}

// Captured through two levels, by value and by reference; parameters, results, receivers, loop variables.
//
//go:noinline
func closures(next func()) {
	byVal, byRef, deepRef := "value", 1, []int{1}
	const constant = 9
	for loopVar, loopItem := range []string{"zero", "one"} {
		if loopVar == 0 {
			continue
		}
		loopVar, loopItem := loopVar, loopItem
		func(parameter int) {
			byRef += parameter
			func() {
				deepRef = append(deepRef, byRef)
				parameter++
				show("byVal", byVal)
				show("byRef", byRef)
				show("deepRef", deepRef)
				show("loopVar", loopVar)
				show("loopItem", loopItem)
				show("parameter", parameter)
				(&Counter{77}).captured(next)
				use(byVal, byRef, deepRef, loopVar, loopItem, parameter)
			}()
			use(parameter)
		}(10)
	}
	use(byVal, byRef, deepRef)
}

//go:noinline
func (counted *Counter) captured(next func()) {
	extra := 0
	func() {
		extra += counted.N
		line("counted", "*main.Counter", "&{N: 77}")
		show("extra", extra)
		next()
		use(counted, extra)
	}()
}

type Embedding struct {
	*Counter
	Shape
	label string
}

type Adder func(int) int

func (a Adder) twice(n int) int { return a(a(n)) }

//go:noinline
func bound(next func()) {
	embedded := Embedding{&Counter{3}, Square{2}, "e"}
	promoted := embedded.Add
	promotedValue := embedded.Get
	throughInterface := embedded.Area
	adder := Adder(func(n int) int { return n + embedded.N })
	ofFunc := adder.twice
	expressionOfInterface := Shape.Area
	expressionOfEmbedding := Embedding.Get
	var failure error = custom{4}
	errorMethod := failure.Error
	list := []func() int{embedded.Get, func() int { return 5 }}
	table := map[string]func(int){"add": embedded.Add, "nil": nil}

	showAs("promoted", promoted, "(*main.Counter).Add {N: 3}")
	showAs("promotedValue", promotedValue, "main.Counter.Get {N: 3}")
	showAs("throughInterface", throughInterface, "main.Shape.Area {(main.Square) {Side: 2}}")
	showAs("adder", adder, "main.bound.func1 {embedded: {Counter: &{N: 3}, Shape: (main.Square) {Side: 2}, label: \"e\"}}")
	showAs("ofFunc", ofFunc, `main.Adder.twice {main.bound.func1 {embedded: {Counter: &{N: 3}, Shape: (main.Square) {Side: 2}, label: "e"}}}`)
	showAs("expressionOfInterface", expressionOfInterface, "main.Shape.Area")
	showAs("expressionOfEmbedding", expressionOfEmbedding, "main.Embedding.Get")
	showAs("errorMethod", errorMethod, "error.Error {(main.custom) {code: 4}}")
	showAs("methods", list, "[main.Counter.Get {N: 3}, main.bound.func2]")
	showAs("methodTable", table, `{"add": (*main.Counter).Add {N: 3}, "nil": nil}`)
	methods, methodTable := list, table
	next()
	use(embedded, promoted, promotedValue, throughInterface, adder, ofFunc, expressionOfInterface, expressionOfEmbedding)
	use(failure, errorMethod, list, table, methods, methodTable)
}

//go:noinline
func containers(next func()) {
	ringOfThree := ring.New(3)
	for i := 0; i < 3; i++ {
		ringOfThree.Value = i
		ringOfThree = ringOfThree.Next()
	}
	queue := list.New()
	queue.PushBack("first")
	queue.PushBack(2)
	front := queue.Front()
	frontItem := front.Value

	show("ringOfThree", ringOfThree)
	showAs("queue", queue, `&2 items ["first", 2]`)
	line("frontItem", "interface {}", `(string) "first"`)
	next()
	use(ringOfThree, queue, front, frontItem)
}
