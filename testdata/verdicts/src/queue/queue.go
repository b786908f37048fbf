// Package queue has a bounded queue of any type.
package queue

// Queue is first in, first out.
type Queue[T any] struct {
	items []T
	limit int
	onPop func(T)
}

// New gives a queue of at most limit items.
func New[T any](limit int) *Queue[T] {
	return &Queue[T]{limit: limit}
}

// Push appends item unless the queue is full.
func (q *Queue[T]) Push(item T) bool {
	if len(q.items) == q.limit {
		return false
	}
	q.items = append(q.items, item)
	return true
}

// Pop takes the oldest item.
func (q *Queue[T]) Pop() T {
	item := q.items[0]
	q.items = q.items[1:]
	if q.onPop != nil {
		q.onPop(item)
	}
	return item
}

// Last gives the newest item.
func (q *Queue[T]) Last() T {
	return q.items[len(q.items)-1]
}
