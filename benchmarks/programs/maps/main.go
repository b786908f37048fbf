// Command maps dies in a frame whose locals are a map of 10,000 entries and one of 10 million.
package main

type user struct{ name string }

//go:noinline
func look(small map[string]int, large map[int]int, u *user) string {
	name := u.name
	return name + string(rune(len(small)+len(large)))
}

func main() {
	small := map[string]int{}
	for i := 0; i < 10_000; i++ {
		small[string(rune('a'+i%26))+string(rune(0x400+i))] = i
	}
	large := map[int]int{}
	for i := 0; i < 10_000_000; i++ {
		large[i*7] = i
	}
	var u *user
	println(look(small, large, u))
}
