package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

// bbolt maps the file into memory and believes its meta pages. Before it may,
// we read both pages ourselves: a file that is shorter than its own high-water
// mark would end the process with SIGBUS on the first missing page.
//
// Layout of bbolt 1.5.0 (internal/common/meta.go, page.go), version 2, in the
// machine's byte order: a page header of 16 bytes, then the fields below.
const (
	metaHeader   = 16
	metaSize     = 64
	metaMagic    = 0xED0CDAED
	metaVersion  = 2
	minPageSize  = 1 << 10
	maxPageSize  = 1 << 24
	metaPageFlag = 0x04
)

var (
	errMetaForeign = errors.New("no magic number of bbolt")
	errMetaVersion = errors.New("another version of bbolt's format")
	errMetaDamaged = errors.New("checksum or field out of range")
)

// meta is one meta page as far as we judge it.
type meta struct {
	pageSize  uint32
	root      uint64
	freelist  uint64
	highWater uint64 // pages in use; the file has at least so many
	txid      uint64
}

// parseMeta reads the meta page at the start of page.
func parseMeta(page []byte) (meta, error) {
	var m meta
	if len(page) < metaHeader+metaSize {
		return m, errMetaForeign
	}
	b := page[metaHeader : metaHeader+metaSize]
	order := binary.NativeEndian
	if order.Uint32(b) != metaMagic {
		return m, errMetaForeign
	}
	if order.Uint32(b[4:]) != metaVersion {
		return m, errMetaVersion
	}
	sum := fnv.New64a()
	sum.Write(b[:56])
	if sum.Sum64() != order.Uint64(b[56:]) {
		return m, errMetaDamaged
	}
	m = meta{
		pageSize: order.Uint32(b[8:]), root: order.Uint64(b[16:]), freelist: order.Uint64(b[32:]),
		highWater: order.Uint64(b[40:]), txid: order.Uint64(b[48:]),
	}
	return m, m.check(order.Uint16(page[8:]))
}

// check judges the fields behind a good checksum: what bbolt itself writes
// always passes.
func (m meta) check(flags uint16) error {
	sizeOK := m.pageSize >= minPageSize && m.pageSize <= maxPageSize && m.pageSize&(m.pageSize-1) == 0
	const most = 1 << 48 / minPageSize // no bbolt map is larger
	pagesOK := m.highWater >= 4 && m.highWater <= most && m.root >= 2 && m.root < m.highWater
	freeOK := m.freelist >= 2 && m.freelist < m.highWater
	if flags != metaPageFlag || !sizeOK || !pagesOK || !freeOK {
		return errMetaDamaged
	}
	return nil
}

// metas is what the two pages say together.
type metas struct {
	newest  meta
	damaged bool // one of the two pages is bad; the other one holds
	short   bool // the file ends before the newest page's high-water mark
}

// readMetas reads both meta pages of a file of that size. An error means that
// neither is usable.
func readMetas(f io.ReaderAt, size int64) (metas, error) {
	first, err0 := metaAt(f, 0)
	second, err1 := secondMeta(f, first, err0, size)
	var ms metas
	switch {
	case err0 != nil && err1 != nil:
		return ms, fmt.Errorf("reading the meta pages: %w, %w", err0, err1)
	case err0 != nil:
		ms.newest, ms.damaged = second, true
	case err1 != nil:
		ms.newest, ms.damaged = first, true
	default:
		ms.newest = first
		if second.txid > first.txid {
			ms.newest = second
		}
	}
	ms.short = uint64(size)/uint64(ms.newest.pageSize) < ms.newest.highWater
	return ms, nil
}

// secondMeta finds the second page, at the page size that the first one names
// or, when that one is bad, at each size that bbolt itself would try.
func secondMeta(f io.ReaderAt, first meta, firstErr error, size int64) (meta, error) {
	if firstErr == nil {
		m, err := metaAt(f, int64(first.pageSize))
		if err == nil && m.pageSize != first.pageSize {
			err = errMetaDamaged
		}
		return m, err
	}
	worst := errMetaForeign
	for at := int64(minPageSize); at <= maxPageSize && at < size; at *= 2 {
		m, err := metaAt(f, at)
		if err == nil && int64(m.pageSize) == at {
			return m, nil
		}
		if err != nil && !errors.Is(err, errMetaForeign) {
			worst = err
		}
	}
	return meta{}, worst
}

func metaAt(f io.ReaderAt, at int64) (meta, error) {
	page := make([]byte, metaHeader+metaSize)
	if n, err := f.ReadAt(page, at); n < len(page) {
		if errors.Is(err, io.EOF) {
			err = errMetaForeign
		}
		return meta{}, err
	}
	return parseMeta(page)
}
