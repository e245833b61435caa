package appliance

import (
	"encoding/base32"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/clock"
	"latchkey/appliance/guard"
	"latchkey/appliance/health"
	"latchkey/appliance/journal"
	"latchkey/appliance/passkey"
	"latchkey/appliance/totp"
	"latchkey/appliance/vault"
)

// leaps is a machine whose clock jumps from one start to the next, with the
// house on it. The right time goes on all the while.
type leaps struct {
	*Appliance
	t      *testing.T
	c      Config
	right  time.Time // what a phone shows
	wrong  time.Duration
	synced atomic.Bool
	alice  account.Account
	secret string
}

func newLeaps(t *testing.T) *leaps {
	t.Helper()
	l := &leaps{t: t, c: configOf(t), right: time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC), secret: totp.New()}
	l.synced.Store(true)
	l.open()
	t.Cleanup(func() { closed(t, l.Appliance) })
	owned(t, l.Appliance)
	l.alice, _ = l.people.ByEmail(t.Context(), "alice@example.test")
	if _, _, err := l.people.EnableTOTP(t.Context(), l.alice.ID, l.secret, l.code()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := l.people.AddKey(t.Context(), l.alice.ID, "on the ring", passkey.Credential{ID: []byte("ring"), PublicKey: []byte("key")}); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *leaps) open() {
	l.c.Clock = clock.Told(func() time.Time { return l.right.Add(l.wrong) }, l.synced.Load)
	l.Appliance = assemble(l.t, l.c)
	l.settleTime(l.t.Context())
	l.look(l.t.Context())
}

// restart takes twenty minutes, and brings the clock to another time.
func (l *leaps) restart(at time.Time, synced bool) {
	l.t.Helper()
	if err := l.clock.Save(l.t.Context(), l.savedTime()); err != nil {
		l.t.Fatal(err)
	}
	closed(l.t, l.Appliance)
	l.right = l.right.Add(20 * time.Minute)
	l.wrong = 0
	if !at.IsZero() {
		l.wrong = at.Sub(l.right)
	}
	l.synced.Store(synced)
	l.open()
}

// code is what a phone shows.
func (l *leaps) code() string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(l.secret)
	if err != nil {
		l.t.Fatal(err)
	}
	return totp.At(key, totp.Step(l.right))
}

// signIn brings a password and a second factor.
func (l *leaps) signIn(device string, s account.Second) (account.Grant, error) {
	l.t.Helper()
	p, err := l.people.Password(l.t.Context(), "alice@example.test", "aGFzaA==", false)
	if err != nil {
		l.t.Fatalf("the password: %v", err)
	}
	if p, err = l.people.CheckSecond(p, s, device); err != nil {
		return account.Grant{}, err
	}
	return l.people.Start(l.t.Context(), p, account.Device{Identifier: device, Name: "Phone", Type: 0}, "mobile")
}

func (l *leaps) byCode(device string) (account.Grant, error) {
	l.right = l.right.Add(time.Minute) // each code counts once
	return l.signIn(device, account.Second{Provider: account.Authenticator, Token: l.code(), Remember: true})
}

func (l *leaps) ban(from string) guard.Ban {
	l.t.Helper()
	peer := netip.MustParseAddr(from)
	for range 100 {
		v := l.guard.Ask(guard.Try{Attempt: guard.Password, Account: "alice@example.test", Peer: peer})
		if v.Why == guard.ByBan {
			break
		}
	}
	for _, b := range l.guard.Bans() {
		if b.Prefix.Contains(peer) {
			return b
		}
	}
	l.t.Fatal("no ban began")
	return guard.Ban{}
}

func (l *leaps) save(name string) vault.Revision {
	l.t.Helper()
	it, err := l.vault.Create(l.t.Context(), vault.Actor{Owner: l.alice.ID}, vault.Draft{Body: []byte(`{"name":"` + name + `"}`)})
	if err != nil {
		l.t.Fatal(err)
	}
	return it.Revision
}

// jump is one start of the house, and what it is like then.
type jump struct {
	name   string
	at     time.Time // zero: the right time
	synced bool      // the kernel vouches for it
	sweeps bool      // housekeeping comes by

	about  time.Duration // how far from the right time the house goes by, at most
	state  health.State  // of the check of the clock
	says   string
	code   string // what a phone's right code is answered with
	alive  bool   // whether the first session still works
	remind bool   // whether the first phone is still remembered
}

var leapt = time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC)

// jumps tells the story. What is told wrongly by a kernel that vouches for it is
// believed; that is set right by the next time that is vouched for.
func jumps(right time.Time) []jump {
	return []jump{
		{name: "right", synced: true, about: 0, state: health.OK, says: "is right", alive: true, remind: true},
		{name: "1970, nobody confirms", at: time.Unix(0, 0), sweeps: true, about: time.Hour, state: health.Bad, says: "fallen back", code: "second.clock", alive: true, remind: true},
		{name: "2038, nobody confirms", at: leapt, sweeps: true, about: 2 * time.Hour, state: health.Bad, says: "leapt ahead", code: "second.clock", alive: true, remind: true},
		{name: "a year ahead, nobody confirms", at: right.AddDate(1, 0, 0), sweeps: true, about: 366 * 24 * time.Hour, state: health.Warn, says: "no time server has confirmed", code: "second.wrong"},
		{name: "a year behind, nobody confirms", at: right.AddDate(-1, 0, 0), sweeps: true, about: 2 * time.Hour, state: health.Bad, says: "fallen back", code: "second.clock", alive: true, remind: true},
		{name: "2038, and the kernel vouches for it", at: leapt, synced: true, about: 13 * 366 * 24 * time.Hour, state: health.OK, says: "is right", code: "second.wrong"},
		{name: "a year behind after that", at: right.AddDate(-1, 0, 0), sweeps: false, about: 13 * 366 * 24 * time.Hour, state: health.Bad, says: "fallen back", code: "second.clock"},
		{name: "right again", synced: true, sweeps: true, about: 0, state: health.OK, says: "is right", alive: true, remind: true},
	}
}

// TestAClockThatJumps tells the whole story over one house on a real file.
func TestAClockThatJumps(t *testing.T) {
	l := newLeaps(t)
	first, err := l.byCode("first")
	if err != nil {
		t.Fatal(err)
	}
	_, invitation, err := l.people.Invite(t.Context(), l.alice.ID, "bob@example.test", "", account.Member)
	if err != nil {
		t.Fatal(err)
	}
	trashed := l.trash("thrown away yesterday")
	var last vault.Revision
	var late []account.Grant
	for n, j := range jumps(l.right) {
		t.Run(j.name, func(t *testing.T) {
			l.t = t
			l.restart(j.at, j.synced)
			if j.sweeps {
				if err := l.sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			l.judgesItsClock(j)
			l.letsIn(j, first)
			if !j.at.IsZero() { // with a security key people get in at any time
				late = append(late, l.works(n))
			}
			rev := l.save(j.name)
			if rev <= last {
				t.Errorf("revision %d after %d: no app would sync", rev, last)
			}
			last = rev
			if _, err := l.vault.Item(t.Context(), l.alice.ID, trashed); err != nil {
				t.Errorf("what lay in the trash: %v", err)
			}
			if made := l.house.Info().Made; j.about < 24*time.Hour && l.right.Sub(made).Abs() > 60*24*time.Hour {
				t.Errorf("the certificate for home was made %v", made)
			}
			l.bansForMinutes(n)
			l.journal.Record(journal.Event{Kind: journal.SignIn, Owner: string(l.alice.ID), Detail: j.name})
			if err := l.journal.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	l.t = t
	t.Run("then nothing is left of it", func(t *testing.T) { l.isWell(t, last, late, invitation) })
}

func (l *leaps) trash(name string) vault.ItemID {
	l.t.Helper()
	it, err := l.vault.Create(l.t.Context(), vault.Actor{Owner: l.alice.ID}, vault.Draft{Body: []byte(`{"name":"` + name + `"}`)})
	if err == nil {
		_, err = l.vault.Do(l.t.Context(), vault.Actor{Owner: l.alice.ID}, []vault.ItemID{it.ID}, l.vault.Trash())
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return it.ID
}

// judgesItsClock looks at the time that the house goes by, and what it says.
func (l *leaps) judgesItsClock(j jump) {
	l.t.Helper()
	if off := l.clock.Now().Sub(l.right).Abs(); off > j.about+time.Minute {
		l.t.Errorf("it goes by %v, which is off by %v", l.clock.Now(), off)
	}
	f := l.checkClock(l.t.Context())
	if f.State != j.state || !strings.Contains(f.Text, j.says) {
		l.t.Errorf("it says %s: %s", f.State, f.Text)
	}
	if pinned(l.Appliance, "check.clock") != (j.state == health.Bad) {
		l.t.Errorf("the board: %+v", l.board.List())
	}
}

// letsIn brings a password with a phone's code, the session and the memory of
// the first device.
func (l *leaps) letsIn(j jump, first account.Grant) {
	l.t.Helper()
	if _, err := l.byCode("phone"); problemCode(err) != j.code {
		l.t.Errorf("the code: %v, want %q", err, j.code)
	}
	_, err := l.people.Refresh(l.t.Context(), first.RefreshToken)
	if (err == nil) != j.alive {
		l.t.Errorf("the first session: %v", err)
	}
	if _, err = l.signIn("first", account.Second{Provider: account.Remember, Token: first.RememberToken}); (err == nil) != j.remind {
		l.t.Errorf("the remembered device: %v", err)
	}
}

// works signs in by a security key, is remembered and invites somebody.
func (l *leaps) works(n int) account.Grant {
	l.t.Helper()
	device := fmt.Sprint("device ", n)
	p, err := l.people.Password(l.t.Context(), "alice@example.test", "aGFzaA==", false)
	if err == nil {
		p, err = l.people.CheckKey(p, passkey.Credential{ID: []byte("ring"), PublicKey: []byte("key")}, true)
	}
	var g account.Grant
	if err == nil {
		g, err = l.people.Start(l.t.Context(), p, account.Device{Identifier: device, Name: device}, "web")
	}
	if err == nil {
		_, err = l.people.Session(l.t.Context(), g.AccessToken)
	}
	if err == nil {
		_, _, err = l.people.Invite(l.t.Context(), l.alice.ID, fmt.Sprintf("guest%d@example.test", n), "", account.Member)
	}
	if err != nil {
		l.t.Fatalf("signing in by a key: %v", err)
	}
	return g
}

// bansForMinutes bans somebody, and wants no ban to seem to last.
func (l *leaps) bansForMinutes(n int) {
	l.t.Helper()
	l.ban(fmt.Sprintf("203.0.113.%d", n+1))
	for _, b := range l.guard.Bans() {
		if left := b.Until.Sub(l.clock.Now()); left > time.Hour {
			l.t.Errorf("a ban ends %v, in %v", b.Until, left)
		}
	}
}

// isWell looks at the house a few hours after its clock was set right.
func (l *leaps) isWell(t *testing.T, last vault.Revision, late []account.Grant, invitation string) {
	l.right = l.right.Add(4 * time.Hour)
	now := l.clock.Now()
	for _, c := range l.board.List() {
		if strings.Contains(c.Code, "clock") {
			t.Errorf("the board: %+v", c)
		}
	}
	if bans := l.guard.Bans(); len(bans) > 0 {
		t.Errorf("still banned: %+v", bans)
	}
	for _, g := range late {
		if _, err := l.people.Session(t.Context(), g.AccessToken); !errors.Is(err, account.ErrSession) {
			t.Errorf("an access token of the past leaps: %v", err)
		}
	}
	sessions, err := l.people.Sessions(t.Context(), l.alice.ID)
	if err != nil || len(sessions) == 0 {
		t.Errorf("sessions: %+v, %v", sessions, err)
	}
	for _, s := range sessions {
		if s.Expires.Sub(now) > 31*24*time.Hour {
			t.Errorf("a session lives until %v", s.Expires)
		}
	}
	alice, err := l.people.Account(t.Context(), l.alice.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range alice.Remembered {
		if r.Expires.Sub(now) > 31*24*time.Hour {
			t.Errorf("a device is remembered until %v", r.Expires)
		}
	}
	invitations, err := l.people.Invitations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range invitations {
		if i.Expires.Sub(now) > 8*24*time.Hour {
			t.Errorf("an invitation holds until %v", i.Expires)
		}
	}
	if err := l.people.CheckInvitation(t.Context(), "bob@example.test", invitation); err != nil {
		t.Errorf("the first invitation: %v", err)
	}
	if rev := l.save("the last"); rev <= last {
		t.Errorf("revision %d after %d", rev, last)
	}
	log, err := l.journal.Search(t.Context(), journal.Query{Kind: journal.SignIn, Limit: 100})
	if err != nil || len(log.Events) != len(jumps(l.right)) {
		t.Errorf("the log has %d lines, %v", len(log.Events), err)
	}
	if _, err := l.byCode("phone"); err != nil {
		t.Errorf("the code: %v", err)
	}
}
