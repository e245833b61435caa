// Package archive owns the format of a backup: one file, encrypted to the
// recovery key of the kit, compressed, a tar inside, signed by the house. It
// writes such a file, reads it as strictly as it was written, unpacks it into a
// new folder, and knows the text of a recovery kit and the names of the files.
// FORMAT.md beside it says the same for whoever has only other tools.
//
// What goes into a backup, when, and where to, is package backup's; opening
// what was unpacked is the store's. Everything is streamed: besides the list of
// parts, memory does not grow with what is backed up.
package archive

import "io"

// Format is the number of the format that this package writes, and the highest
// that it reads.
const Format = 1

// The parts that a house has. Attachments lie below AttachmentsFolder, each
// named by 1 to 64 of the characters 0-9a-f and "-".
const (
	DatabasePart      = "latchkey.db" // every backup has it
	SealKeyPart       = "seal.key"    // as open text; every backup has it
	LocalCAPart       = "local-ca.pem"
	ConfigPart        = "config.toml"
	AttachmentsFolder = "attachments"
)

// Part is one file that goes into a backup. Size is exact: a source that gives
// fewer or more bytes fails the backup. Open is called once, when its turn has
// come; what it gives is closed by the writer.
type Part struct {
	Name string // DatabasePart, …, or AttachmentsFolder + "/" + its name
	Size int64  // bytes
	Open func() (io.ReadCloser, error)
}

// Limits are what the reader's machine sets to a backup.
type Limits struct {
	// Version is the highest version of the store that can be opened here; 0
	// lets every version pass.
	Version uint64
	// Free is how many bytes may be written; 0 asks nobody.
	Free int64
}

// Progress hears how many bytes of the parts are done, of how many; often (a
// few times a megabyte), from the goroutine that does the work. It may be nil.
type Progress func(done, total int64)
