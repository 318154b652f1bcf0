module requests

go 1.21

require github.com/stealthrocket/timecraft/sdk/go/timecraft v0.0.0

replace github.com/stealthrocket/timecraft/sdk/go/timecraft => ../../../sdk/go/timecraft
