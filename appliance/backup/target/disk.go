package target

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The magic numbers of statfs(2).
const (
	magicTmpfs = 0x01021994
	magicRamfs = 0x858458f6
	magicFAT   = 0x4d44
)

// ground says what kind of ground a folder stands on.
type ground struct {
	memory bool // tmpfs
	small  bool // FAT
}

func whereIs(dir string) ground {
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil {
		return ground{}
	}
	kind := uint32(s.Type)
	return ground{memory: kind == magicTmpfs || kind == magicRamfs, small: kind == magicFAT}
}

// sameDisk reports whether two folders lie on one physical disk, as far as the kernel tells: the same device
// number, or partitions, volumes or subvolumes that stand on a common disk.
func sameDisk(a, b string) bool {
	var one, two unix.Stat_t
	if unix.Stat(a, &one) != nil || unix.Stat(b, &two) != nil {
		return false
	}
	if one.Dev == two.Dev {
		return true
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return false
	}
	defer mounts.Close()
	sources := backed(mounts)
	return common(disksOf("/sys", block(a, &one, sources)), disksOf("/sys", block(b, &two, sources)))
}

// block gives "major:minor" of the block device below a folder. File systems of several devices have numbers of their
// own (btrfs one for each subvolume), and so have FUSE's; the mount tells what they stand on.
func block(path string, s *unix.Stat_t, sources map[string]string) string {
	number := numbered(uint64(s.Dev))
	if unix.Major(uint64(s.Dev)) != 0 {
		return number
	}
	source := sources[number]
	var x unix.Statx_t
	if unix.Statx(unix.AT_FDCWD, path, 0, unix.STATX_MNT_ID, &x) == nil && x.Mask&unix.STATX_MNT_ID != 0 {
		if mounted := sources[strconv.FormatUint(x.Mnt_id, 10)]; mounted != "" {
			source = mounted
		}
	}
	var below unix.Stat_t
	if source == "" || unix.Stat(source, &below) != nil || below.Mode&unix.S_IFMT != unix.S_IFBLK {
		return number
	}
	return numbered(uint64(below.Rdev))
}

func numbered(dev uint64) string {
	return strconv.Itoa(int(unix.Major(dev))) + ":" + strconv.Itoa(int(unix.Minor(dev)))
}

// backed reads /proc/self/mountinfo (proc(5)): the mount sources, where they are paths, by the mount's ID and by the
// device number (which has a colon in it).
func backed(mountinfo io.Reader) map[string]string {
	out := map[string]string{}
	lines := bufio.NewScanner(mountinfo)
	for lines.Scan() {
		before, after, found := strings.Cut(lines.Text(), " - ")
		head, tail := strings.Fields(before), strings.Fields(after)
		if found && len(head) > 2 && len(tail) > 1 && strings.HasPrefix(tail[1], "/") {
			source := unescaped(tail[1])
			out[head[0]], out[head[2]] = source, source
		}
	}
	return out
}

// unescaped turns \040 and its like into what they stand for (proc(5)).
func unescaped(s string) string {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				out.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		out.WriteByte(s[i])
	}
	return out.String()
}

// disksOf gives the names of the whole disks below a block device: a partition's disk, and what LUKS, LVM or RAID
// stand on. sys is /sys.
func disksOf(sys, number string) []string {
	path, err := filepath.EvalSymlinks(filepath.Join(sys, "dev/block", number))
	if err != nil {
		return nil
	}
	return wholeDisks(path, 0)
}

func wholeDisks(path string, depth int) []string {
	const deepest = 8 // RAID below LUKS below LVM is three
	if depth > deepest {
		return nil
	}
	if _, err := os.Stat(filepath.Join(path, "partition")); err == nil {
		path = filepath.Dir(path)
	}
	slaves, err := os.ReadDir(filepath.Join(path, "slaves"))
	if err != nil || len(slaves) == 0 {
		return []string{filepath.Base(path)}
	}
	var out []string
	for _, slave := range slaves {
		if below, err := filepath.EvalSymlinks(filepath.Join(path, "slaves", slave.Name())); err == nil {
			out = append(out, wholeDisks(below, depth+1)...)
		}
	}
	return out
}

func common(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}
