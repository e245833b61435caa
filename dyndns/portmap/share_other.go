//go:build !unix

package portmap

import "syscall"

// shared does nothing where we don't know how.
func shared(_, _ string, _ syscall.RawConn) error { return nil }
