// Reads what lies at the end of the address space, where no memory is.
package main

import "unsafe"

type account struct{ sum int }

//go:noinline
func (a *account) peek(address uintptr) int {
	return a.sum + *(*int)(unsafe.Pointer(address))
}

func main() {
	println("start")
	println((&account{}).peek(0xfffffff0))
}
