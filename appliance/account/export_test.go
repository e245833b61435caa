package account

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
