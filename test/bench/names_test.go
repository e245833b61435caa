package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"latchkey/client/keys"
	"latchkey/test/bench/stats"
	"latchkey/test/house"
)

// How many of each there are, and how many times they are asked for.
const (
	namesOfAKind = 12
	prelogins    = 4000
	passwords    = 2000
	codes        = 500
)

// names asks the real door about names that somebody has and names that nobody has, in turns by lot, and compares how
// long the answers took. It judges nothing: times are the machine's, and a person has to look at them.
func names(t *testing.T, table *Table) {
	t.Helper()
	h := house.Start(t, house.Options{})
	known, unknown := make([]string, namesOfAKind), make([]string, namesOfAKind)
	for i := range known {
		known[i], unknown[i] = fmt.Sprintf("person%02d@bench.test", i), fmt.Sprintf("nobody%02d@bench.test", i)
		h.Join(h.Invite(known[i]), "the bench has a long password", keys.KDF{})
	}
	coded := h.SignIn(known[0], "the bench has a long password")
	app := coded.AddApp()
	h.Stop()
	a := asker{t: t, client: plain(h.TLS(), 1), base: startDoor(t, h.Dir)}

	var rows []distribution
	for _, kind := range []struct {
		name  string
		times int
		ask   func(email string) time.Duration
	}{
		{"prelogin", prelogins, func(email string) time.Duration {
			return a.ask(http.StatusOK, "/identity/accounts/prelogin/password", "application/json", `{"email":"`+email+`"}`)
		}},
		{"a wrong password", passwords, func(email string) time.Duration {
			return a.password(email, "bm90IHRoZSBoYXNo", nil)
		}},
	} {
		both := map[bool]stats.Sample{}
		for n := range 2 * kind.times {
			somebody := rand.IntN(2) == 0
			email := unknown[rand.IntN(namesOfAKind)]
			if somebody {
				email = known[rand.IntN(namesOfAKind)]
			}
			if took := kind.ask(email); n > kind.times/20 { // the first warm the house up
				both[somebody] = append(both[somebody], milliseconds(took))
			}
		}
		c := stats.Compare(both[true], both[false])
		rows = append(rows, distribution{kind.name + ", somebody's name", both[true]}, distribution{kind.name + ", nobody's name", both[false]})
		table.Told(kind.name+": somebody's name beside nobody's", fmt.Sprintf(
			"medians %.3f and %.3f ms, p95 %.3f and %.3f; the slower one is somebody's with odds %.3f (Mann-Whitney p %.2g; Kolmogorov-Smirnov D %.3f, p %.2g)",
			both[true].Quantile(0.5), both[false].Quantile(0.5), both[true].Quantile(0.95), both[false].Quantile(0.95), c.Odds, c.P, c.D, c.PD))
	}
	var wrong stats.Sample
	for range codes {
		wrong = append(wrong, milliseconds(a.password(coded.Email, coded.Master.ServerHash(coded.Password), map[string]string{
			"twoFactorProvider": "0", "twoFactorToken": app.Wrong(),
		})))
	}
	rows = append(rows, distribution{"the right password with a wrong code", wrong})
	printDistributions(os.Stdout, rows)
}

// distribution is a sample with what it is of.
type distribution struct {
	name string
	all  stats.Sample
}

func printDistributions(w io.Writer, rows []distribution) {
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "milliseconds until the answer\ttimes\tleast\t5 %\t25 %\thalf\t75 %\t95 %\t99 %\tmost\t")
	for _, row := range rows {
		fmt.Fprintf(out, "%s\t%d\t", row.name, len(row.all))
		for _, share := range []float64{0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1} {
			fmt.Fprintf(out, "%.3f\t", row.all.Quantile(share))
		}
		fmt.Fprintln(out)
	}
	_ = out.Flush()
}

// asker asks over one connection that stays open, as somebody who measures would.
type asker struct {
	t      *testing.T
	client *http.Client
	base   string
}

func (a asker) password(email, hash string, more map[string]string) time.Duration {
	a.t.Helper()
	form := url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"web"}, "deviceType": {"9"},
		"deviceIdentifier": {"a stranger's"}, "deviceName": {"firefox"}, "username": {email}, "password": {hash},
	}
	for name, value := range more {
		form.Set(name, value)
	}
	return a.ask(http.StatusBadRequest, "/identity/connect/token", "application/x-www-form-urlencoded", form.Encode())
}

func (a asker) ask(want int, path, kind, body string) time.Duration {
	a.t.Helper()
	request, err := http.NewRequest(http.MethodPost, a.base+path, strings.NewReader(body))
	if err != nil {
		a.t.Fatal(err)
	}
	request.Header.Set("Content-Type", kind)
	begun := time.Now()
	answer, err := a.client.Do(request)
	if err != nil {
		a.t.Fatal(err)
	}
	said, err := io.ReadAll(answer.Body)
	took := time.Since(begun)
	answer.Body.Close()
	if err != nil || answer.StatusCode != want {
		a.t.Fatalf("%s: %d %s (%v)", path, answer.StatusCode, said, err)
	}
	return took
}
