module example.com/culprits

go 1.27
