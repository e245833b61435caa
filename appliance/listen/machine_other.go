//go:build !linux

package listen

import (
	"context"
	"net"
	"os"
)

func descriptorPath(f *os.File) string { return f.Name() }

func withCredentials(ctx context.Context, _ net.Conn) context.Context { return ctx }
