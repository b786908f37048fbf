module example.com/expressions

go 1.15
