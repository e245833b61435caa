package power

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A node is a file or a folder, which keeps what it is under any name.
type node struct {
	number int
	folder bool
	names  map[string]*node // of a folder: what a program sees now
	size   int64            // of a file: what a program sees now
	base   []byte           // of a file: what lay on the disk at first
	at     map[string]*node // of a folder: what lay there at first
	syncs  []span
}

// span is a call in time.
type span struct{ begun, ended int }

// change is one call that changed the disk: bytes of a file, its length, or
// names. Until what it depends on was synced it may be kept or lost.
type change struct {
	span
	file   *node // nil: names
	offset int64
	bytes  []byte // nil: the length becomes offset
	names  []naming
}

// naming gives a name in a folder to what stands behind it, or takes it away
// (nil).
type naming struct {
	folder *node
	name   string
	is     *node
}

// An ack is an answer that somebody got.
type ack struct {
	mark int
	at   int
}

// disk is the history of one folder: what lay there, and what was done.
type disk struct {
	root    *node
	path    string
	nodes   []*node
	changes []*change
	syncs   []int // the ends of all syncs, in order
	acks    []ack
	odd     []string // calls that we can't replay
	ended   int

	offsets map[string]int64 // by descriptor and node
	heard   map[string]int   // by descriptor: the mark of the request under way
	started map[*call][2]*node
	said    map[string]int // text on stdout: its mark
}

// newDisk reads what lies in the folder now, all of which is on the disk.
func newDisk(path string, said map[string]int) (*disk, error) {
	d := &disk{
		path: path, offsets: make(map[string]int64), heard: make(map[string]int),
		started: make(map[*call][2]*node), said: said,
	}
	var err error
	d.root, err = d.load(path)
	return d, err
}

func (d *disk) node(folder bool) *node {
	n := &node{number: len(d.nodes), folder: folder}
	if folder {
		n.names, n.at = make(map[string]*node), make(map[string]*node)
	}
	d.nodes = append(d.nodes, n)
	return n
}

func (d *disk) load(path string) (*node, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	n := d.node(info.IsDir())
	if !n.folder {
		if info.Mode().IsRegular() {
			n.base, err = os.ReadFile(path)
		}
		n.size = int64(len(n.base))
		return n, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		child, err := d.load(filepath.Join(path, e.Name()))
		if err != nil {
			return nil, err
		}
		n.names[e.Name()], n.at[e.Name()] = child, child
	}
	return n, nil
}

// split gives the folder of a path and the name in it; nil for what is not
// ours.
func (d *disk) split(path string) (folder *node, name string) {
	rest, ok := strings.CutPrefix(filepath.Clean(path), d.path+"/")
	if !ok {
		return nil, ""
	}
	folder = d.root
	parts := strings.Split(rest, "/")
	for _, p := range parts[:len(parts)-1] {
		if folder = folder.names[p]; folder == nil || !folder.folder {
			return nil, ""
		}
	}
	return folder, parts[len(parts)-1]
}

// find gives what a program sees under path, nil for nothing of ours.
func (d *disk) find(path string) *node {
	if filepath.Clean(path) == d.path {
		return d.root
	}
	folder, name := d.split(path)
	if folder == nil {
		return nil
	}
	return folder.names[name]
}

// begin resolves the descriptors of a call: later its file may have another
// name.
func (d *disk) begin(c *call) error {
	_, first := c.fd(0)
	_, third := c.fd(2)
	d.started[c] = [2]*node{d.find(first), d.find(third)}
	return nil
}

var errReplay = errors.New("power: this can't be replayed")

// end does what the call did.
func (d *disk) end(c *call) error {
	nodes := d.started[c]
	delete(d.started, c)
	d.ended = c.ended
	if c.failed {
		return nil
	}
	file := nodes[0]
	switch c.name {
	case "openat", "creat":
		return d.open(c)
	case "read":
		d.read(c, file)
	case "write", "writev":
		return d.write(c, file)
	case "pwrite64":
		if file != nil {
			return d.put(c, file, c.number(3), c.payload())
		}
	case "lseek": // the offset moves in the open file, whoever moves it
		fd, _ := c.fd(0)
		d.offsets[offsetKey(fd, file)] = c.result
	case "ftruncate":
		if file != nil {
			return d.resize(c, file, c.number(1))
		}
	case "fsync", "fdatasync":
		if file != nil {
			file.syncs = append(file.syncs, c.span())
			d.syncs = append(d.syncs, c.ended)
		}
	case "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "link", "linkat":
		return d.rename(c)
	case "mmap":
		if _, path := c.fd(4); d.find(path) != nil && c.flag(2, "PROT_WRITE") && c.flag(3, "MAP_SHARED") {
			d.strange(c)
		}
	case "bind": // a socket has a name as a file has
		if folder, name := d.split(c.at(-1, 0)); folder != nil {
			d.name(c, naming{folder, name, d.node(false)})
		}
	case "copy_file_range":
		return d.copy(c, nodes)
	case "sync_file_range": // promises nothing
	case "ioctl":
		if file != nil && slices.ContainsFunc(c.args, func(a string) bool { return strings.Contains(a, "FICLONE") }) {
			d.strange(c)
		}
	default:
		if file != nil || nodes[1] != nil {
			d.strange(c)
		}
	}
	return nil
}

// strange notes a call that we do not know how to replay; a test must see none.
func (d *disk) strange(c *call) {
	d.odd = append(d.odd, fmt.Sprintf("%s(%s)", c.name, strings.Join(c.args, ", ")))
}

func (c *call) span() span { return span{c.begun, c.ended} }

func offsetKey(fd int, n *node) string {
	if n == nil {
		return fmt.Sprint(fd, "-")
	}
	return fmt.Sprint(fd, "-", n.number)
}
