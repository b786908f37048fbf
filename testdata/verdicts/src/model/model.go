// Package model has what orders are made of.
package model

// Order is an order of today.
type Order struct {
	ID    int
	Total int
	Next  *Order
}
