package power

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
)

// at gives the absolute path of the n-th string, relative to the folder in
// argument from.
func (c *call) at(from, n int) string {
	if n >= len(c.strings) {
		return ""
	}
	path := string(c.strings[n])
	if filepath.IsAbs(path) || from < 0 {
		return path
	}
	_, base := c.fd(from)
	return filepath.Join(base, path)
}

func (d *disk) open(c *call) error {
	path, flags := c.at(0, 0), 2
	if c.name == "creat" {
		path = c.at(-1, 0)
	}
	folder, name := d.split(path)
	if folder == nil {
		return nil
	}
	n := folder.names[name]
	switch {
	case n == nil && !c.flag(flags, "O_CREAT") && c.name != "creat":
		return fmt.Errorf("%s was opened, which nobody has made: %w", path, errReplay)
	case n == nil:
		n = d.node(false)
		d.name(c, naming{folder, name, n})
	case !n.folder && n.size > 0 && c.flag(flags, "O_TRUNC"):
		if err := d.resize(c, n, 0); err != nil {
			return err
		}
	}
	for _, f := range []string{"O_SYNC", "O_DSYNC", "O_DIRECT", "O_TMPFILE"} {
		if c.flag(flags, f) {
			d.odd = append(d.odd, fmt.Sprintf("%s with %s", path, f))
		}
	}
	key := offsetKey(int(c.result), n)
	d.offsets[key] = 0
	if c.flag(flags, "O_APPEND") {
		d.offsets[key] = -1
	}
	return nil
}

// markHeader is the header by which a test numbers its requests.
const markHeader = "X-Mark"

var (
	markLine   = regexp.MustCompile(`(?i)\r\n` + markHeader + `: (\d+)\r\n`)
	goodAnswer = []byte("HTTP/1.1 2")
)

func (d *disk) read(c *call, file *node) {
	fd, path := c.fd(0)
	if file != nil {
		d.offsets[offsetKey(fd, file)] += c.result
		return
	}
	if len(c.strings) == 0 || filepath.IsAbs(path) {
		return
	}
	if found := markLine.FindSubmatch(c.strings[0]); found != nil {
		d.heard[path], _ = strconv.Atoi(string(found[1]))
	}
}

// write is one to a file, or an answer to somebody.
func (d *disk) write(c *call, file *node) error {
	fd, path := c.fd(0)
	all := bytes.Join(c.strings, nil)
	if file != nil {
		key := offsetKey(fd, file)
		at := d.offsets[key]
		if at < 0 {
			at = file.size
		} else {
			d.offsets[key] = at + c.result
		}
		return d.put(c, file, at, c.payload())
	}
	if m, ok := d.heard[path]; ok && bytes.HasPrefix(all, goodAnswer) {
		delete(d.heard, path)
		d.acks = append(d.acks, ack{m, c.begun})
	}
	for text, m := range d.said {
		if (fd == 1 || fd == 2) && bytes.Contains(all, []byte(text)) {
			d.acks = append(d.acks, ack{m, c.begun})
		}
	}
	return nil
}

// payload is what the call has written: its strings, up to its result. A
// result beyond them gives nothing, which put refuses.
func (c *call) payload() []byte {
	all := bytes.Join(c.strings, nil)
	if c.result > int64(len(all)) {
		return nil
	}
	return all[:c.result]
}

// copy lets the kernel copy from one file to another, each at its own offset.
func (d *disk) copy(c *call, nodes [2]*node) error {
	if nodes[1] == nil {
		return nil
	}
	if nodes[0] == nil || len(c.args) < 4 || c.args[1] != "NULL" || c.args[3] != "NULL" {
		d.strange(c)
		return nil
	}
	in, _ := c.fd(0)
	out, _ := c.fd(2)
	from, to := offsetKey(in, nodes[0]), offsetKey(out, nodes[1])
	content := bytes.Clone(nodes[0].base)
	for _, ch := range d.changes {
		if ch.file == nodes[0] {
			content = ch.apply(content, nil)
		}
	}
	at := d.offsets[from]
	if at < 0 || at+c.result > int64(len(content)) {
		return fmt.Errorf("a copy of what is not there: %w", errReplay)
	}
	defer func() {
		d.offsets[from] += c.result
		d.offsets[to] += c.result
	}()
	return d.put(c, nodes[1], d.offsets[to], content[at:at+c.result])
}

// longest is more than any file here has.
const longest = 1 << 32

func (d *disk) put(c *call, file *node, at int64, b []byte) error {
	if c.result == 0 {
		return nil
	}
	if at < 0 || at > longest || int64(len(b)) != c.result {
		return fmt.Errorf("%d bytes of %d at %d: %w", len(b), c.result, at, errReplay)
	}
	d.changes = append(d.changes, &change{span: c.span(), file: file, offset: at, bytes: b})
	file.size = max(file.size, at+int64(len(b)))
	return nil
}

func (d *disk) resize(c *call, file *node, size int64) error {
	if size < 0 || size > longest {
		return fmt.Errorf("a length of %d: %w", size, errReplay)
	}
	if file.size == size {
		return nil
	}
	d.changes = append(d.changes, &change{span: c.span(), file: file, offset: size})
	file.size = size
	return nil
}

// name does namings that happen at once.
func (d *disk) name(c *call, all ...naming) {
	d.changes = append(d.changes, &change{span: c.span(), names: all})
	for _, n := range all {
		if n.is == nil {
			delete(n.folder.names, n.name)
		} else {
			n.folder.names[n.name] = n.is
		}
	}
}

// rename does all calls that change names.
func (d *disk) rename(c *call) error {
	var from, to string
	switch c.name {
	case "rename", "link":
		from, to = c.at(-1, 0), c.at(-1, 1)
	case "renameat", "renameat2", "linkat":
		from, to = c.at(0, 0), c.at(2, 1)
	case "mkdir", "unlink", "rmdir":
		from = c.at(-1, 0)
	default: // mkdirat, unlinkat
		from = c.at(0, 0)
	}
	source, old := d.split(from)
	target, fresh := d.split(to)
	if source == nil && target == nil {
		return nil
	}
	if source == nil || (to != "" && target == nil) {
		return fmt.Errorf("%s crosses the edge of what is watched (%s, %s): %w", c.name, from, to, errReplay)
	}
	n := source.names[old]
	made := c.name == "mkdir" || c.name == "mkdirat"
	if n == nil && !made {
		return fmt.Errorf("%s of %s, which nobody has made: %w", c.name, from, errReplay)
	}
	switch c.name {
	case "mkdir", "mkdirat":
		d.name(c, naming{source, old, d.node(true)})
	case "unlink", "unlinkat", "rmdir":
		d.name(c, naming{source, old, nil})
	case "link", "linkat":
		d.name(c, naming{target, fresh, n})
	case "renameat2":
		if c.flag(4, "RENAME_EXCHANGE") {
			d.name(c, naming{target, fresh, n}, naming{source, old, target.names[fresh]})
			return nil
		}
		fallthrough
	default:
		d.name(c, naming{target, fresh, n}, naming{source, old, nil})
	}
	return nil
}
