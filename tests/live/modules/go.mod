module example.com/modules

go 1.15
