package main

type Person struct {
	Name  string
	Email string
	Phone *string
}
