module github.com/stealthrocket/timecraft/sdk/go/timecraft

go 1.21
