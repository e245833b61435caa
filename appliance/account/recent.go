package account

import (
	"context"
	"sync"
	"time"
)

// recent remembers which session an access token was found to stand for, so
// that a client's next request costs no signature and no reading. Any write of
// accounts or sessions forgets everything: such writes are rare, and nobody may
// go on for a moment after signing out.
type recent struct {
	mu    sync.Mutex
	era   uint64 // counts the forgettings
	known map[string]proven
}

// proven is a session with the end of the token that names it.
type proven struct {
	session Session
	until   time.Time
}

// maxRecent bounds the memory to about 4 MB.
const maxRecent = 4096

// get finds a token's session while the token lives, which it does not yet where
// the clock was set back since it was made, and says in which era it looked.
func (r *recent) get(token string, now time.Time) (s Session, era uint64, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p, ok := r.known[token]
	ok = ok && now.Before(p.until) && !now.Before(p.until.Add(-accessLife-accessLag)) && !now.After(p.session.Expires)
	return p.session, r.era, ok
}

// put remembers what was read in era, unless something was forgotten since.
func (r *recent) put(era uint64, token string, p proven) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if era != r.era {
		return
	}
	if r.known == nil || len(r.known) >= maxRecent {
		r.known = make(map[string]proven)
	}
	r.known[token] = p
}

func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.era++
	r.known = nil
}

// forgetful is a Keep whose writes make r forget before they return.
type forgetful struct {
	Keep
	r *recent
}

// Write forgets whether or not fn went well: a commit may be there although
// its caller was told of a failure.
func (f forgetful) Write(ctx context.Context, fn func(Writer) error) error {
	defer f.r.forget()
	return f.Keep.Write(ctx, fn)
}

// WriteSessions is Write for sessions.
func (f forgetful) WriteSessions(ctx context.Context, fn func(SessionWriter) error) error {
	defer f.r.forget()
	return f.Keep.WriteSessions(ctx, fn)
}

var _ Keep = forgetful{}
