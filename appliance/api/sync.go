package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"sync"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/vault"
)

// syncs keeps ready what the last syncs spliced together, so that several
// clients of one person, or one that asks again, cost no second reading and
// unsealing of thousands of items. What it holds is what it sends: ciphertext.
type syncs struct {
	vault *vault.Vault

	mu    sync.Mutex
	ready map[account.UserID]*contents
	size  int
}

// contents is a person's folders and items at one revision, as JSON arrays.
type contents struct {
	revision vault.Revision
	folders  pieces
	ciphers  pieces
	heads    map[bool][]byte // the rest of a sync, with and without domains
	used     time.Time       // for forgetting; monotonic
}

func (c *contents) size() int { return c.folders.size() + c.ciphers.size() }

// pieces is a long text in parts: growing it copies nothing and wastes at most
// one part, where one slice would come to twice its size.
type pieces [][]byte

// pieceSize is large beside an item and small beside a vault.
const pieceSize = 256 << 10

// last gives the part to append to, for something of about so many bytes.
func (p *pieces) last(room int) *[]byte {
	if n := len(*p); n == 0 || cap((*p)[n-1])-len((*p)[n-1]) < room {
		*p = append(*p, make([]byte, 0, max(pieceSize, room)))
	}
	return &(*p)[len(*p)-1]
}

func (p pieces) size() int {
	sum := 0
	for _, b := range p {
		sum += cap(b)
	}
	return sum
}

// trim gives back what the last part did not need.
func (p pieces) trim() {
	if n := len(p); n > 0 {
		p[n-1] = bytes.Clone(p[n-1])
	}
}

// readyBytes bounds the memory; a vault larger than it is spliced anew each
// time. readyFor is how long after its last use a vault stays ready: clients
// sync twice within seconds of a sign-in.
const (
	readyBytes = 24 << 20
	readyFor   = time.Minute
)

func newSyncs(v *vault.Vault) *syncs {
	return &syncs{vault: v, ready: make(map[account.UserID]*contents)}
}

// get gives the contents as they are now.
func (s *syncs) get(ctx context.Context, owner account.UserID) (*contents, error) {
	rev, err := s.vault.Revision(ctx, owner)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	c := s.ready[owner]
	if c != nil && c.revision == rev {
		c.used = time.Now()
		s.mu.Unlock()
		return c, nil
	}
	s.mu.Unlock()
	if c, err = s.splice(ctx, owner); err != nil {
		return nil, err
	}
	s.put(owner, c)
	return c, nil
}

func (s *syncs) splice(ctx context.Context, owner account.UserID) (*contents, error) {
	c := &contents{heads: make(map[bool][]byte), used: time.Now()}
	err := s.vault.Contents(ctx, owner,
		func(rev vault.Revision) error { c.revision = rev; return nil },
		func(f vault.Folder) error {
			b, err := json.Marshal(folderShape(f))
			into := c.folders.last(len(b) + 1)
			*into = append(comma(*into, len(c.folders)), b...)
			return err
		},
		func(it vault.Item) error {
			into := c.ciphers.last(len(it.Body) + attributeSize)
			*into = appendCipher(comma(*into, len(c.ciphers)), it)
			return nil
		})
	c.folders.trim()
	c.ciphers.trim()
	return c, err
}

// attributeSize is more than what appendCipher writes beside the body.
const attributeSize = 1 << 10

// comma goes before everything but the very first.
func comma(b []byte, part int) []byte {
	if len(b) > 0 || part > 1 {
		return append(b, ',')
	}
	return b
}

func (s *syncs) put(owner account.UserID, c *contents) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropLocked(owner)
	if c.size() > readyBytes {
		return
	}
	for s.size+c.size() > readyBytes {
		s.dropLocked(s.oldestLocked())
	}
	s.ready[owner] = c
	s.size += c.size()
}

func (s *syncs) oldestLocked() account.UserID {
	var oldest account.UserID
	for id, c := range s.ready {
		if oldest == "" || c.used.Before(s.ready[oldest].used) {
			oldest = id
		}
	}
	return oldest
}

func (s *syncs) dropLocked(owner account.UserID) {
	if c := s.ready[owner]; c != nil {
		s.size -= c.size()
		delete(s.ready, owner)
	}
}

// rest forgets what nobody asked for lately.
func (s *syncs) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, c := range s.ready {
		if time.Since(c.used) > readyFor {
			s.dropLocked(id)
		}
	}
}

// syncAll answers everything of a person. The ETag (RFC 9110, 8.8.3) names
// the revision, so that a client with If-None-Match pays nothing when nothing
// changed.
func syncAll(c *call) (any, error) {
	rev, err := c.Vault.Revision(c.ctx(), c.session.Owner)
	if err != nil {
		return nil, err
	}
	without := c.r.URL.RawQuery != "" && c.r.URL.Query().Get("excludeDomains") == "true"
	if tag := etag(rev, without, c.Version); c.r.Header.Get("If-None-Match") == tag {
		c.w.Header().Set("ETag", tag)
		return notModified{}, nil
	}
	have, err := c.syncs.get(c.ctx(), c.session.Owner)
	if err != nil {
		return nil, err
	}
	head, err := c.syncHead(have, without)
	if err != nil {
		return nil, err
	}
	c.w.Header().Set("ETag", etag(have.revision, without, c.Version))
	answer := spliced{head, []byte(`,"folders":[`)}
	answer = append(answer, have.folders...)
	answer = append(answer, []byte(`],"ciphers":[`))
	answer = append(answer, have.ciphers...)
	return append(answer, []byte(`]}`)), nil
}

// syncHead gives what stands before the folders. It is kept beside them: each
// change of the account moves the revision on, so that what was made at or
// after a revision holds as long as that is the last one.
func (c *call) syncHead(have *contents, without bool) ([]byte, error) {
	c.syncs.mu.Lock()
	head := have.heads[without]
	c.syncs.mu.Unlock()
	if head != nil {
		return head, nil
	}
	me, err := c.me()
	if err != nil {
		return nil, err
	}
	head, err = json.Marshal(struct {
		Profile        any    `json:"profile"`
		Collections    []any  `json:"collections"`
		Policies       []any  `json:"policies"`
		Sends          []any  `json:"sends"`
		Domains        any    `json:"domains"`
		UserDecryption any    `json:"userDecryption"`
		Object         string `json:"object"`
	}{profileShape(me), []any{}, []any{}, []any{}, domainsOrNil(me, without), decryptionShape(me), "sync"})
	if err != nil {
		return nil, fmt.Errorf("encoding a sync: %w", err)
	}
	head = head[:len(head)-1] // the brace closes after the items
	c.syncs.mu.Lock()
	have.heads[without] = head
	c.syncs.mu.Unlock()
	return head, nil
}

// etag changes with the revision, with what was asked for, and with the
// version of the program, which may shape the same things anew.
func etag(rev vault.Revision, without bool, version string) string {
	b := strconv.AppendInt([]byte{'"'}, int64(rev), 10)
	b = strconv.AppendBool(append(b, '-'), without)
	b = append(append(b, '-'), version...)
	return string(append(b, '"'))
}

func domainsOrNil(me account.Account, without bool) any {
	if without {
		return nil
	}
	return domainsShape(me)
}

func revisionDate(c *call) (any, error) {
	rev, err := c.Vault.Revision(c.ctx(), c.session.Owner)
	return int64(rev), err
}
