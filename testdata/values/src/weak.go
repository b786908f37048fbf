//go:build go1.24
// +build go1.24

package main

import (
	"runtime"
	"unique"
	"weak"
)

//go:noinline
func weakPointers(next func()) {
	target := &Point{11, 12}
	alive := weak.Make(target)
	var unset weak.Pointer[Point]
	gone := weak.Make(&Point{13, 14})
	runtime.GC()
	handle := unique.Make("canonical")
	showAs("alive", alive, "{u: &{X: 11, Y: 12}}")
	showAs("unset", unset, "{u: nil}")
	showAs("gone", gone, "{u: nil}")
	showAs("canonical", handle, `{value: &"canonical"}`)
	canonical := handle
	next()
	use(target, alive, unset, gone, handle, canonical)
	runtime.KeepAlive(target)
}
