//go:build go1.19
// +build go1.19

package main

import "sync/atomic"

type Stats struct {
	hits  atomic.Int64
	ready atomic.Bool
	last  atomic.Pointer[Event]
}

//go:noinline
func newAtomics(next func()) {
	var i32 atomic.Int32
	var i64 atomic.Int64
	var u32 atomic.Uint32
	var u64 atomic.Uint64
	var uptr atomic.Uintptr
	var yes, no atomic.Bool
	var noPointer, atomicPointer atomic.Pointer[Level]
	i32.Store(-32)
	i64.Store(-64)
	u32.Store(1<<32 - 1)
	u64.Store(1<<64 - 1)
	uptr.Store(0x1000)
	yes.Store(true)
	aLevel := Level(5)
	atomicPointer.Store(&aLevel)
	stats := &Stats{}
	stats.hits.Add(12)
	stats.ready.Store(true)

	line("i32", "atomic.Int32", "-32")
	line("i64", "atomic.Int64", "-64")
	line("u32", "atomic.Uint32", "4294967295")
	line("u64", "atomic.Uint64", "18446744073709551615")
	line("uptr", "atomic.Uintptr", "0x1000")
	line("yes", "atomic.Bool", "true")
	line("no", "atomic.Bool", "false")
	line("noPointer", "atomic.Pointer[main.Level]", "nil")
	line("atomicPointer", "atomic.Pointer[main.Level]", "&5")
	is("stats", stats, "&{hits: 12, ready: true, last: nil}")
	next()
	use(&i32, &i64, &u32, &u64, &uptr, &yes, &no, &noPointer, &atomicPointer, stats)
}
