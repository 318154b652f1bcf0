// Divides by the number of its arguments, through a pointer that is nil without any.
package main

import (
	"fmt"
	"os"
)

type account struct{ sum int }

//go:noinline
func (a *account) share(people int) int {
	return a.sum / people
}

func main() {
	var a *account
	if len(os.Args) > 1 {
		a = &account{len(os.Args)}
	}
	fmt.Println("start")
	fmt.Println(a.share(len(os.Args)))
}
