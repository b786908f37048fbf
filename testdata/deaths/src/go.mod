module example.com/deaths

go 1.27
