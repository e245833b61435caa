package target

import (
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	// A path, a URL, a password: none is longer.
	mostField = 2 << 10
	// A private key of RSA with 16,384 bits has 13,000 characters.
	mostLines = 32 << 10
)

// filled gives c with tidied fields, of its kind only, or says what is missing.
func (c Config) filled() (Config, error) {
	k, known := kindOf(c.Kind)
	if !known {
		return c, wrong("kind", "There is no such kind of place.", "Choose one from the list.")
	}
	fields := make(map[string]string, len(k.Fields))
	for _, f := range k.Fields {
		value, err := f.tidy(c.Fields[f.Name])
		if err != nil {
			return c, err
		}
		if value != "" {
			fields[f.Name] = value
		}
	}
	c.Fields = fields
	for _, f := range k.Fields {
		if !f.Optional && c.value(f.Name) == "" {
			return c, wrong(f.Name, "“"+f.Title+"” is missing.", "Fill it in.")
		}
	}
	return c, nil
}

// tidy takes away what copying brings along, and refuses what can't be meant.
func (f Field) tidy(value string) (string, error) {
	most := mostField
	switch {
	case f.Lines:
		most = mostLines
		value = strings.TrimSpace(strings.ReplaceAll(value, "\r\n", "\n"))
	case f.Secret: // a blank may be part of a password, a line's end is none
		value = strings.Trim(value, "\r\n")
	default:
		value = strings.TrimSpace(value)
	}
	if len(value) > most {
		return "", wrong(f.Name, "“"+f.Title+"” is too long.", "Check what you pasted.")
	}
	odd := func(r rune) bool {
		return r < ' ' && (!f.Lines || r != '\n' && r != '\t') || r == 0x7f || r == '\uFFFD'
	}
	if strings.IndexFunc(value, odd) >= 0 {
		return "", wrong(f.Name, "“"+f.Title+"” has characters in it that can't be typed.", "Type it instead of pasting it.")
	}
	return value, nil
}

// web reads an http or https address. Without a scheme https is meant, except that a private address wants to be
// told: there both are usual.
func web(field, text string, mayHavePath bool) (*url.URL, error) {
	bad := func(what, todo string) (*url.URL, error) { return nil, wrong(field, what, todo) }
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" {
		return bad("This is no address of a server.", "It looks like https://cloud.example.org.")
	}
	u.Scheme = strings.ToLower(u.Scheme)
	switch {
	case u.Scheme == "dav" || u.Scheme == "davs": // as Nextcloud's own page and file managers write it
		u.Scheme = strings.Replace(u.Scheme, "dav", "http", 1)
	case u.Scheme != "http" && u.Scheme != "https":
		return bad("The address begins neither with https:// nor with http://.", "It looks like https://cloud.example.org.")
	}
	switch {
	case u.User != nil:
		return bad("The address has a user name or password in it.", "Take them out; they have fields of their own.")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return bad("The address has a question mark or a # in it.", "Enter only what stands before it.")
	case !isHost(u.Hostname()) || !isPort(u.Port(), true) || strings.HasSuffix(u.Host, ":"):
		return bad("This is no address of a server.", "It looks like https://cloud.example.org or https://192.168.1.20:5006.")
	}
	segments, err := folders(field, u.Path)
	if err != nil {
		return nil, err
	}
	if len(segments) > 0 && !mayHavePath {
		return bad("The endpoint has a path in it.", "Enter only the server's name; bucket and folder have fields of their own.")
	}
	return &url.URL{Scheme: u.Scheme, Host: strings.ToLower(u.Host), Path: "/" + strings.Join(segments, "/")}, nil
}

// folders splits a path at a target. "/" alone is none at all.
func folders(field, path string) ([]string, error) {
	var out []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			return nil, wrong(field, "A folder can't have “..” in it.", "Enter its full path.")
		default:
			out = append(out, segment)
		}
	}
	return out, nil
}

// isHost accepts a name of DNS, mDNS or the hosts file, or an address (RFC 1123 2.1; underscores do occur).
func isHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.IsValid() && !addr.IsUnspecified() && !addr.IsMulticast()
	}
	host = strings.TrimSuffix(host, ".")
	if host == "" || len(host) > 253 {
		return false
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || strings.IndexFunc(label, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
		}) >= 0 {
			return false
		}
	}
	return true
}

func isPort(port string, mayBeEmpty bool) bool {
	if port == "" {
		return mayBeEmpty
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

// sshServer gives host:port.
func (c Config) sshServer() (string, error) {
	host, port := c.value(FieldHost), c.value(FieldPort)
	if bare, found := strings.CutPrefix(host, "sftp://"); found {
		host = strings.TrimSuffix(bare, "/")
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if !isHost(host) {
		return "", wrong(FieldHost, "This is no name or address of a server.", "It looks like nas.local or 192.168.1.20; user, port and folder have fields of their own.")
	}
	if !isPort(port, false) {
		return "", wrong(FieldPort, "A port is a number from 1 to 65535.", "For SFTP it is 22 nearly everywhere.")
	}
	return net.JoinHostPort(host, port), nil
}

// localFolder gives a folder of this machine.
func (c Config) localFolder(data string) (string, error) {
	dir := c.value(FieldFolder)
	if !filepath.IsAbs(dir) {
		return "", wrong(FieldFolder, "The folder's path does not begin with a slash.", "It looks like /mnt/backup or /media/usb.")
	}
	dir = filepath.Clean(dir)
	if dir == "/" {
		return "", wrong(FieldFolder, "Backups can't lie right at the top of this machine.", "Choose a folder on another disk.")
	}
	if data != "" {
		if data, err := filepath.Abs(data); err == nil && (dir == data || strings.HasPrefix(dir, data+"/")) {
			return "", wrong(FieldFolder, "This folder belongs to what is to be backed up.", "Choose a folder on another disk.")
		}
	}
	return dir, nil
}
