// Command overflow calls itself until the stack reaches its default limit.
package main

//go:noinline
func sum(n int) int { return sum(n+1) + n }

func main() { println(sum(0)) }
