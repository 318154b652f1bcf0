module packages

go 1.21
