// Nilmap dies of the classic mistake: it uses what a map lookup gave without asking whether the key was there.
package main

import "fmt"

type User struct {
	Name string
	Age  int
}

func main() {
	users := map[int]*User{
		1: {Name: "Alice", Age: 30},
	}

	user := users[999]
	fmt.Println(user.Name)
}
