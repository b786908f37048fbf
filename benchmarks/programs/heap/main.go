// Command heap dies with a nil dereference after it has touched every page of a heap of some GB.
package main

import (
	"os"
	"strconv"
)

type user struct {
	name string
	tags []string
}

type store struct {
	users  map[int]*user
	blocks [][]byte
}

//go:noinline
func fill(s *store, gigabytes int) {
	for i := 0; i < gigabytes*1024; i++ {
		block := make([]byte, 1<<20)
		for j := 0; j < len(block); j += 4096 {
			block[j] = byte(i) | 1
		}
		s.blocks = append(s.blocks, block)
	}
}

//go:noinline
func nameOf(s *store, id int) string {
	u := s.users[id]
	return u.name
}

func main() {
	gigabytes, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	s := &store{users: map[int]*user{1: {name: "Alice", tags: []string{"a", "b"}}}}
	fill(s, gigabytes)
	println(nameOf(s, 999))
}
