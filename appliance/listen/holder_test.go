package listen

import (
	"slices"
	"testing"
)

const tcpTable = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
`

func TestListenersOn(t *testing.T) {
	if got := listenersOn([]byte(tcpTable), 8443); !slices.Equal(got, []string{"4711"}) {
		t.Errorf("listenersOn = %q, want the one that listens on 8443", got)
	}
}

func FuzzListenersOn(f *testing.F) {
	f.Add([]byte(tcpTable), uint16(8443))
	f.Add([]byte("0: :0 x 0A 1 2 3 4 5 6"), uint16(0))
	f.Fuzz(func(t *testing.T, table []byte, port uint16) {
		for _, inode := range listenersOn(table, port) {
			if inode == "" {
				t.Error("an empty inode")
			}
		}
	})
}
