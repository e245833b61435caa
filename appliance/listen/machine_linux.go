package listen

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"
)

func descriptorPath(f *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", f.Fd()) }

// withCredentials notes who is at the other end of the machine's socket. The
// file's mode keeps others out already; the kernel's word (SO_PEERCRED) also
// tells root from the folder's owner.
func withCredentials(ctx context.Context, c net.Conn) context.Context {
	unix, ok := c.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return ctx
	}
	var who *syscall.Ucred
	raw.Control(func(fd uintptr) {
		who, err = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	})
	if err != nil || who == nil {
		return ctx
	}
	return context.WithValue(ctx, credentialsKey{}, Credentials{UID: who.Uid, PID: who.Pid})
}
