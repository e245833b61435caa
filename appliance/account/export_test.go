package account

import "context"

// What tests of the rules need to see inside.

// FillSlots takes all places of the hasher that strangers can have until the
// returned function gives them back; it says how many there are.
func (h *Hasher) FillSlots() (n int, free func()) { return fill(h.slots) }

// FillOwn does it with the known devices' place.
func (h *Hasher) FillOwn() (n int, free func()) { return fill(h.own) }

func fill(slots chan struct{}) (n int, free func()) {
	for range cap(slots) {
		slots <- struct{}{}
	}
	return cap(slots), func() {
		for range cap(slots) {
			<-slots
		}
	}
}

// NewQuickHasher makes verifiers that cost next to nothing: tests of rules sign
// in a thousand times.
func NewQuickHasher() *Hasher {
	h := NewHasher()
	h.dummy.Passes, h.dummy.Memory = 1, 8
	return h
}

// Running says how many hashes are being made.
func (h *Hasher) Running() int { return int(h.running.Load()) }

// MaxSessionsPerDevice is the bound that SignIn keeps to.
const MaxSessionsPerDevice = maxSessionsPerDevice

// ReadRefresh and NewRefresh are the two ends of a refresh token.
var (
	ReadRefresh = readRefresh
	NewRefresh  = newRefresh
)

// ReadAccess reads an access token as a Directory with this key does.
func (d *Directory) ReadAccess(token string) error {
	_, _, _, err := d.tokens.read(token)
	return err
}

// Forget is what every write does to what was believed a moment ago.
func (d *Directory) Forget() { d.recent.forget() }

// Credentials are what a sign-in by password brings at once.
type Credentials struct {
	Email              string
	MasterPasswordHash string
	Client             string // client_id
	Device             Device // Identifier, Name, Type and PushToken as the client says
	Known              bool   // see Password
	Second             Second
}

// SignIn is Password, CheckSecond and Start in one: the door asks its guard in
// between, a test nobody.
func (d *Directory) SignIn(ctx context.Context, c Credentials) (Grant, error) {
	if err := c.Device.Check(); err != nil {
		return Grant{}, err
	}
	p, err := d.Password(ctx, c.Email, c.MasterPasswordHash, c.Known)
	if err != nil {
		return Grant{}, err
	}
	if p, err = d.CheckSecond(p, c.Second, c.Device.Identifier); err != nil {
		return Grant{}, err
	}
	return d.Start(ctx, p, c.Device, c.Client)
}
