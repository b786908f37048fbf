//go:build go1.23
// +build go1.23

package main

import "iter"

func letters(of string) iter.Seq[rune] {
	return func(yield func(rune) bool) {
		for _, letter := range of {
			if !yield(letter) {
				return
			}
		}
	}
}

type Bag[T any] struct{ items []T }

func (b *Bag[T]) all() iter.Seq2[int, T] {
	return func(yield func(int, T) bool) {
		for i, item := range b.items {
			if !yield(i, item) {
				return
			}
		}
	}
}

//go:noinline
func phrasesOfRange(argument int, next func()) (found string, err error) {
	unchanged, changedInBody := "unchanged", 0
	bag := &Bag[Point]{[]Point{{1, 2}, {3, 4}}}
outer:
	for letter := range letters("xyz") {
		upper := letter - 32
		changedInBody += int(letter - 'x')
		defer use(upper)
		for place, point := range bag.all() {
			inBoth := int(upper) + point.X
			found += string(letter)
			if place == 0 {
				continue
			}
			if letter == 'y' {
				show("unchanged", unchanged)
				show("changedInBody", changedInBody)
				show("letter", letter)
				show("upper", upper)
				show("place", place)
				show("point", point)
				show("inBoth", inBoth)
				show("foundSoFar", found)
				foundSoFar := found
				show("argument", argument)
				for integer := range 3 {
					if integer == 1 {
						show("integer", integer)
						next()
					}
					use(integer)
				}
				use(foundSoFar, inBoth)
				break outer
			}
			use(inBoth, place, point)
		}
		use(upper, letter)
	}
	use(unchanged, changedInBody, bag, argument)
	return found, err
}
