module known

go 1.15
