module example.com/accidents

go 1.15
