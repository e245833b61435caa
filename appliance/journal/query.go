package journal

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"latchkey/appliance/problem"
)

// kinds are all there are, for those who ask for one.
var kinds = []Kind{
	SignIn, SignOut, Refused, Token, Invited, Joined, Password, KDF, Second, Passkey, APIKey, Device, Settings,
	Setup, Kit, Deleted, Export, Ban, Unban, Admit, Admin, Requests, Unreadable,
}

// maxText bounds what is searched for, in bytes.
const maxText = 200

// ParseQuery reads a query's texts: since, until (RFC 3339), address (an
// address or a network), outcome, kind, device, account, text, before, after,
// limit. Its errors are a person's problems.
func ParseQuery(get func(name string) string) (Query, error) {
	q := Query{Outcome: get("outcome"), Kind: Kind(get("kind"))}
	texts := map[string]*string{"outcome": &q.Outcome, "device": &q.Device, "account": &q.Owner, "text": &q.Text}
	for name, to := range texts {
		if *to = get(name); len(*to) > maxText {
			return Query{}, wrong(name)
		}
	}
	if q.Kind != "" && !slices.Contains(kinds, q.Kind) {
		return Query{}, wrong("kind")
	}
	for name, to := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if err := parseTime(get(name), to); err != nil {
			return Query{}, wrong(name)
		}
	}
	for name, to := range map[string]*Cursor{"before": &q.Before, "after": &q.After} {
		*to = Cursor(get(name))
		if _, err := to.time(); *to != "" && err != nil {
			return Query{}, wrong(name)
		}
	}
	return q, q.parseRest(get("address"), get("limit"))
}

func (q *Query) parseRest(address, limit string) error {
	if address != "" {
		network, ok := parseNetwork(address)
		if !ok {
			return wrong("address")
		}
		q.Address = network
	}
	if limit != "" {
		n, err := strconv.Atoi(limit)
		if err != nil || n < 1 || n > MaxLimit {
			return wrong("limit")
		}
		q.Limit = n
	}
	return nil
}

func parseTime(s string, to *time.Time) (err error) {
	if s != "" {
		*to, err = time.Parse(time.RFC3339, s)
	}
	return err
}

// parseNetwork reads an address or a network.
func parseNetwork(s string) (netip.Prefix, bool) {
	if !strings.Contains(s, "/") {
		peer, err := netip.ParseAddr(s)
		if err != nil || peer.Zone() != "" {
			return netip.Prefix{}, false
		}
		peer = peer.Unmap()
		return netip.PrefixFrom(peer, peer.BitLen()), true
	}
	p, err := netip.ParsePrefix(s)
	if err != nil || p.Addr().Is4In6() {
		return netip.Prefix{}, false
	}
	return p.Masked(), true
}

// hints say what is taken.
var hints = map[string]string{
	"since":   "Give a time such as 2026-01-31T14:00:00Z.",
	"until":   "Give a time such as 2026-01-31T14:00:00Z.",
	"address": "Give an address such as 203.0.113.7 or a network such as 2001:db8::/48.",
	"kind":    "Give the kind as it stands in the log, such as signin, refused or ban.",
	"limit":   "Give a number from 1 to " + strconv.Itoa(MaxLimit) + ".",
	"before":  "Give what an answer had as next.",
	"after":   "Give what an answer had as newest.",
}

func wrong(name string) error {
	hint := hints[name]
	if hint == "" {
		hint = "Give fewer letters."
	}
	return problem.New(problem.Refused, "log.query", "The log can't be searched by this "+name+".", hint).With("name", name)
}

// A cursor is the time of a line in microseconds since 1970, to base 36.

func cursorAt(t time.Time) Cursor {
	return Cursor(strconv.FormatInt(max(t.UnixMicro(), 0), 36))
}

// time reads a cursor; that of "" is an error.
func (c Cursor) time() (time.Time, error) {
	n, err := strconv.ParseInt(string(c), 36, 64)
	if err != nil || n < 0 || n > maxMicro {
		return time.Time{}, wrong("before").(*problem.Problem).Because(err)
	}
	return time.UnixMicro(n).UTC(), nil
}

// maxMicro is the year 9999, the last that RFC 3339 can write.
const maxMicro = 253402300799999999
