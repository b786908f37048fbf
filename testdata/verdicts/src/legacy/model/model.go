// Package model has what orders were made of.
package model

// Order is an order of old.
type Order struct {
	Number string
	Amount float64
}

// Load gives the orders of an old file.
func Load(lines []string) []interface{} {
	var orders []interface{}
	for i, line := range lines {
		orders = append(orders, &Order{Number: line, Amount: float64(i)})
	}
	return orders
}
