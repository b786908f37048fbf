// Package common is linked into the host and into its plugin.
package common

// User is a type that both modules have.
type User struct {
	Name string
	Age  int
}
