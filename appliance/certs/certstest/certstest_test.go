package certstest_test

import (
	"testing"

	"latchkey/appliance/certs"
	"latchkey/appliance/certs/certstest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	certstest.Run(t, func(t *testing.T) (certs.Storage, func() certs.Storage) {
		m := &certstest.Memory{}
		return m, func() certs.Storage { return m }
	})
}
