// Package cache keeps what is expensive to fetch.
package cache

// Entry is a cached value.
type Entry struct {
	Value []byte
	Hits  int
	Tag   *string
}

// Cache holds entries by key.
type Cache struct {
	entries map[string]*Entry
	limit   int
}

// New gives a cache of at most limit entries.
func New(limit int) *Cache {
	return &Cache{entries: make(map[string]*Entry), limit: limit}
}

// Put stores value unless the cache is full.
func (c *Cache) Put(key string, value []byte) bool {
	if len(c.entries) >= c.limit {
		return false
	}
	c.entries[key] = &Entry{Value: value}
	return true
}

// Lookup gives the entry of key, nil if there is none.
//
//go:noinline
func (c *Cache) Lookup(key string) *Entry {
	entry := c.entries[key]
	if entry != nil {
		entry.Hits++
	}
	return entry
}

type node struct {
	key        string
	value      int
	prev, next *node
}

// LRU forgets what was not used for longest.
type LRU struct {
	capacity   int
	count      int
	head, tail *node
	index      map[string]*node
}

// NewLRU gives an empty LRU.
func NewLRU(capacity int) *LRU {
	return &LRU{capacity: capacity, index: map[string]*node{}}
}

// Add puts value in front.
func (l *LRU) Add(key string, value int) {
	n := &node{key: key, value: value, next: l.head}
	if l.head != nil {
		l.head.prev = n
	}
	l.head = n
	if l.tail == nil {
		l.tail = n
	}
	l.index[key] = n
	l.count++
	if l.count > l.capacity {
		l.evict()
	}
}

// Clear forgets everything.
func (l *LRU) Clear() {
	l.head, l.tail = nil, nil
	l.index = map[string]*node{}
}

func (l *LRU) evict() {
	last := l.tail
	delete(l.index, last.key)
	last.prev.next = nil
	l.tail = last.prev
	l.count--
}
