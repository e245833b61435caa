package reach

import (
	"fmt"
	"strings"
	"time"

	"latchkey/appliance/certs"
	"latchkey/dyndns"
	"latchkey/dyndns/publicip"
)

// Line is one of the few lines that say how the public path is: what, how it
// is, and what to do where it is not well.
type Line struct {
	Code  string `json:"code"` // address, name, door, certificate, clock
	State State  `json:"state"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// lines are all lines but the clock's.
func (f facts) lines() []Line {
	all := []Line{f.addressLine(), f.nameLine(), f.doorLine(), f.certificateLine()}
	if f.plan.Door == DoorProxy {
		all = []Line{f.doorLine()}
	}
	return all
}

func (f facts) addressLine() Line {
	l := Line{Code: "address", State: OK}
	v4, v6 := f.v4(), f.v6()
	switch {
	case f.keeper.Asked.IsZero():
		l.State, l.Text = Working, "Looking for this house's address on the internet."
	case f.behind() == publicip.CGNAT:
		l.State, l.Text, l.Hint = Bad, cgnatText, cgnatHint
		if v6.IsValid() && f.mapper.V6 != nil {
			l.State, l.Text, l.Hint = Warn, "Your provider shares the IPv4 address between many homes (CGNAT); over IPv6 this house is "+v6.String()+".", "It opens from networks that have IPv6, as most mobile ones do. "+cgnatHint
		}
	case f.behind() == publicip.Double && f.plan.Door != DoorManual:
		l.State, l.Text, l.Hint = Bad, doubleText, doubleHint
	case f.behind() == publicip.Hidden && f.plan.Door != DoorManual:
		l.State, l.Text, l.Hint = Bad, hiddenText, doubleHint
	case v4.IsValid() && v6.IsValid():
		l.Text = fmt.Sprintf("On the internet this house is %s, and %s over IPv6.", v4, v6)
	case v4.IsValid():
		l.Text = fmt.Sprintf("On the internet this house is %s.", v4)
	case v6.IsValid():
		l.State, l.Text, l.Hint = Warn, fmt.Sprintf("On the internet this house is %s, over IPv6 only.", v6), "It opens from networks that have IPv6, as most mobile ones do."
	default:
		l.State, l.Text, l.Hint = Warn, "This house's address on the internet is not known now.", sentence(f.keeper.Verdict4.Why)+" Nothing is changed until it is."
	}
	return l
}

func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func (f facts) nameLine() Line {
	l := Line{Code: "name", State: OK, Text: f.plan.Name + " leads to this house."}
	if f.trial.State == Failed {
		l.State, l.Text, l.Hint = Bad, f.trial.Problem.Text, f.trial.Problem.Hint
		return l
	}
	if f.trial.Proxied {
		l.State, l.Text, l.Hint = Bad, proxiedText(f.plan.Name), proxiedHint
		return l
	}
	for _, x := range f.keeper.Records {
		switch {
		case x.Trouble != nil && worse(l.State, Bad):
			l.State, l.Text, l.Hint = Bad, x.Trouble.Text, x.Trouble.Hint
		case !x.True && x.Want.State != publicip.Unknown && worse(l.State, Working):
			l.State, l.Text = Working, "Writing the new address down for "+x.Name+"."
		}
	}
	if l.State == OK && !f.leads() {
		l.State, l.Text, l.Hint = Warn, f.plan.Name+" leads nowhere yet.", "It gets this house's address as soon as that is known."
	}
	return l
}

// leads reports whether NAME has an address at all.
func (f facts) leads() bool {
	for _, x := range f.keeper.Records {
		if x.Name == f.plan.Name && len(x.Have) > 0 {
			return true
		}
	}
	return false
}

func proxiedText(name string) string {
	return "Cloudflare stands in front of " + name + " (the orange cloud), so callers reach its machines and not this house."
}

const proxiedHint = "Open the record in Cloudflare's DNS page and switch the proxy off (grey cloud, “DNS only”)."

// worse reports whether b is worse than a.
func worse(a, b State) bool { return rank(b) > rank(a) }

func rank(s State) int {
	switch s {
	case Working:
		return 1
	case Warn:
		return 2
	case Bad, Failed:
		return 3
	}
	return 0
}

func (f facts) doorLine() Line {
	l, p := Line{Code: "door"}, f.judge()
	switch p.State {
	case Proven:
		l.State, l.Text = OK, "The house was reached from outside "+ago(f.now.Sub(p.Time))+"."
	case Refuted:
		l.State, l.Text, l.Hint = Bad, p.Why, p.Hint
	case Claimed:
		l.State, l.Text, l.Hint = Warn, p.Why, p.Hint
	default:
		l.State, l.Text, l.Hint = Bad, p.Why, p.Hint
		if !f.asked || !f.mapper.Asked {
			l.State = Working
		}
		if !f.asked {
			l.State = Warn
		}
	}
	return l
}

// ago says how long something is past.
func ago(d time.Duration) string {
	switch {
	case d < 2*time.Second:
		return "just now"
	case d < 2*time.Minute:
		return fmt.Sprintf("%d seconds ago", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d minutes ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d hours ago", int(d.Hours()))
	}
	return fmt.Sprintf("%d days ago", int(d.Hours()/24))
}

// certWarning is before renewal becomes urgent, counted as a part of the whole
// life: certificates of 6, 45 and 90 days all are renewed at a third left.
const certWarning = 6 // a sixth of the life

func (f facts) certificateLine() Line {
	l := Line{Code: "certificate", State: OK}
	if !f.plan.Certificate {
		l.State, l.Text, l.Hint = Warn, "This way gets no certificate, so browsers warn.", "Choose a provider that can hold the proof for one."
		return l
	}
	for _, name := range []string{f.plan.Name, f.plan.Lan} {
		if name == "" {
			continue
		}
		one := f.certificateOf(name)
		if l.Text == "" || worse(l.State, one.State) {
			l = one
		}
	}
	return l
}

func (f facts) certificateOf(name string) Line {
	l := Line{Code: "certificate", State: OK}
	c, ok := f.certificate(name)
	left := c.NotAfter.Sub(f.now)
	switch {
	case !ok && f.trial.State == Failed:
		l.State, l.Text, l.Hint = Bad, "There is no certificate for "+name+" yet.", "It needs the provider: "+f.trial.Problem.Text
	case !ok:
		l.State, l.Text = Working, "Getting ready to ask for a certificate."
	case !c.Have && c.Problem != nil:
		l.State, l.Text, l.Hint = Bad, c.Problem.Text, tryHint(c, f.now)
	case !c.Have:
		l.State, l.Text = Working, stepText(c.Step, name)
	case left <= 0:
		l.State, l.Text, l.Hint = Bad, "The certificate of "+name+" has expired.", tryHint(c, f.now)
	case left < c.NotAfter.Sub(c.NotBefore)/certWarning:
		l.State, l.Text, l.Hint = Warn, fmt.Sprintf("The certificate of %s ends in %s and could not be renewed yet.", name, spoken(left)), tryHint(c, f.now)
	default:
		l.Text = fmt.Sprintf("The certificate of %s is good until %s, and is renewed by itself.", name, c.NotAfter.Format("2 January 2006"))
	}
	return l
}

func tryHint(c certs.NameState, now time.Time) string {
	hint := ""
	if c.Problem != nil {
		hint = c.Problem.Hint
		if c.Have {
			hint = c.Problem.Text + " " + hint
		}
	}
	if c.Next.After(now) {
		hint += " The next try is in " + spoken(c.Next.Sub(now)) + "."
	}
	return strings.TrimSpace(hint)
}

func stepText(s certs.Step, name string) string {
	switch s {
	case certs.StepClock:
		return "Waiting until a time server confirms the clock, since certificates hang on it."
	case certs.StepDryRun:
		return "Rehearsing with the certificate authority's test service."
	case certs.StepOrder:
		return "Asking for the certificate of " + name + "."
	}
	return "The certificate of " + name + " is the next to be asked for."
}

// problemOf gives the trouble of a record, nil where there is none.
func problemOf(x dyndns.Record) (text, hint string, bad bool) {
	if x.Trouble == nil {
		return "", "", false
	}
	return x.Trouble.Text, x.Trouble.Hint, true
}
