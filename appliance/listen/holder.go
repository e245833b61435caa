package listen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// holder names the program that listens on a TCP port, as far as this system
// lets us see it ("nginx (process 812)"), or "".
func holder(port string) string {
	want, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return ""
	}
	for _, table := range []string{"/proc/self/net/tcp", "/proc/self/net/tcp6"} {
		text, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, inode := range listenersOn(text, uint16(want)) {
			if who := ownerOf(inode); who != "" {
				return who
			}
		}
	}
	return ""
}

// listenersOn reads the kernel's table of TCP sockets and answers the inodes
// of those that listen on port.
func listenersOn(table []byte, port uint16) []string {
	const listening = "0A"
	var inodes []string
	for line := range bytes.Lines(table) {
		f := strings.Fields(string(line))
		if len(f) < 10 || f[3] != listening {
			continue
		}
		_, hex, ok := strings.Cut(f[1], ":")
		if p, err := strconv.ParseUint(hex, 16, 16); ok && err == nil && uint16(p) == port {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}

// ownerOf finds the process that holds the socket; without root only our own
// user's processes can be looked into.
func ownerOf(inode string) string {
	fds, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is sound
	for _, fd := range fds {
		if to, err := os.Readlink(fd); err != nil || to != "socket:["+inode+"]" {
			continue
		}
		pid := strings.Split(fd, "/")[2]
		name, err := os.ReadFile("/proc/" + pid + "/comm")
		if err != nil {
			return ""
		}
		return fmt.Sprintf("%s (process %s)", bytes.TrimSpace(name), pid)
	}
	return ""
}
