package guard

import "time"

// kind is an Attempt as the file remembers it: never renumber.
type kind uint8

const (
	kindPassword kind = iota + 1
	kindCode
	kindRecovery
	kindInvitation
	kindSend
	kindAPIKey
	kindSetupToken
	kindPasskey
	kindRequest
	kinds // one more than the last
)

// attempts lists the kinds by number.
var attempts = [kinds]Attempt{
	kindPassword: Password, kindCode: Code, kindRecovery: Recovery, kindInvitation: Invitation, kindSend: Send,
	kindAPIKey: APIKey, kindSetupToken: SetupToken, kindPasskey: Passkey, kindRequest: Request,
}

// kindOf numbers a; what is not in the list counts as a password.
func kindOf(a Attempt) kind {
	for k, name := range attempts {
		if k > 0 && name == a {
			return kind(k)
		}
	}
	return kindPassword
}

// rules are the budgets of one kind of secret.
type rules struct {
	place    rule // one account from one network
	network  rule // all accounts from one network at home; far ones are banned instead
	account  rule // one account from all strangers
	home     rule // one account from all of home
	all      rule // everybody's from all strangers
	device   rule // one account from a known device
	session  rule // one account from a device with a session
	admitted rule // one account from the networks that were let in
}

// guesses is for secrets that a person remembers or that cost a slow hash. Who
// mistypes gets eight tries from a place. An account under siege lets one
// stranger through in three minutes: with those before the waits grew so long,
// five hundred a day, from wherever they come. Everybody together gets one in six
// seconds, a tenth of what two hash slots can do on a slow machine. A thief of
// a device's identifier, or of a session, has three hundred a day beside that.
var guesses = rules{
	place:    rule{burst: 8, drain: 15 * time.Minute, first: 15 * time.Second, most: 15 * time.Minute},
	network:  rule{burst: 60, drain: 30 * time.Second},
	account:  rule{burst: 10, drain: 30 * time.Minute, first: time.Second, most: 3 * time.Minute},
	home:     rule{burst: 30, drain: 10 * time.Minute, first: time.Second, most: 3 * time.Minute},
	all:      rule{burst: 60, drain: 6 * time.Second},
	device:   rule{burst: 10, drain: 5 * time.Minute},
	session:  rule{burst: 10, drain: 5 * time.Minute},
	admitted: rule{burst: 10, drain: 5 * time.Minute},
}

// codes is for six digits, of which three are right at a time: thirty a day
// give a stranger who knows the password one chance in ten thousand.
var codes = rules{
	place:    rule{burst: 4, drain: time.Hour, first: 30 * time.Second, most: time.Hour},
	network:  rule{burst: 20, drain: 5 * time.Minute},
	account:  rule{burst: 5, drain: 2 * time.Hour, first: 30 * time.Second, most: time.Hour},
	home:     rule{burst: 8, drain: time.Hour, first: 30 * time.Second, most: 30 * time.Minute},
	all:      rule{burst: 30, drain: time.Minute},
	device:   rule{burst: 5, drain: 30 * time.Minute},
	session:  rule{burst: 5, drain: 30 * time.Minute},
	admitted: rule{burst: 5, drain: 30 * time.Minute},
}

// keys is for what nobody guesses, being drawn at random: only what the tries
// cost has to be bounded.
var keys = rules{
	place:    rule{burst: 20, drain: time.Minute},
	network:  rule{burst: 60, drain: 5 * time.Second},
	account:  rule{burst: 60, drain: time.Minute, first: time.Second, most: 30 * time.Second},
	home:     rule{burst: 60, drain: time.Minute, first: time.Second, most: 30 * time.Second},
	all:      rule{burst: 300, drain: 200 * time.Millisecond},
	device:   rule{burst: 20, drain: time.Minute},
	session:  rule{burst: 20, drain: time.Minute},
	admitted: rule{burst: 20, drain: time.Minute},
}

// rule gives the budget of a counter, or a network's.
func (i id) rule() rule {
	switch i.class {
	case classFlood:
		return floods(i.place, i.net.bits)
	case classBan:
		return strikes(i.net.bits)
	}
	switch i.kind {
	case kindCode, kindRecovery:
		return codes.of(i)
	case kindInvitation, kindSetupToken, kindPasskey:
		return keys.of(i)
	}
	return guesses.of(i)
}

func (r *rules) of(i id) rule {
	switch i.class {
	case classPlace:
		return r.place
	case classNetwork:
		return r.network
	case classAccount:
		if i.place == Home {
			return r.home
		}
		return r.account
	case classAll:
		return r.all
	case classDevice:
		return r.device
	case classSession:
		return r.session
	case classAdmitted:
		return r.admitted
	}
	panic("guard: a class without a budget")
}

// wide is how a siege from very many places is answered: half as many tries.
const (
	widePlaces = 100
	wideFactor = 2
)
