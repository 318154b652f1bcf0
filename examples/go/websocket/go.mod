module examples/websocket

go 1.21

require (
	github.com/gorilla/websocket v1.5.3
	github.com/stealthrocket/timecraft/sdk/go/timecraft v0.0.0
)

replace github.com/stealthrocket/timecraft/sdk/go/timecraft => ../../../sdk/go/timecraft
