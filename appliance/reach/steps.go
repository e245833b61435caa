package reach

import (
	"latchkey/dyndns"
	"latchkey/dyndns/provider"
	"latchkey/dyndns/publicip"
)

// Step is one line of the progress towards a working name. It is made from
// what is there, so that it is right after a kill as well.
type Step struct {
	Code  string `json:"code"` // token, record, certificate, lan-record, lan-certificate, home
	State State  `json:"state"`
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// steps are those that the plan needs, in their order.
func (f facts) steps() []Step {
	if f.plan.Door == DoorProxy {
		return nil
	}
	var all []Step
	if f.plan.Provider != Watch || f.plan.Certificate {
		all = append(all, f.tokenStep())
	}
	all = append(all, f.recordStep("record", f.plan.Name))
	if f.plan.Lan != "" {
		all = append(all, f.recordStep("lan-record", f.plan.Lan))
	}
	if f.plan.Certificate {
		all = append(all, f.certificateStep("certificate", f.plan.Name))
		if f.plan.Lan != "" {
			all = append(all, f.certificateStep("lan-certificate", f.plan.Lan))
		}
	}
	if f.plan.Lan != "" {
		all = append(all, f.homeStep())
	}
	return all
}

func (f facts) tokenStep() Step {
	s := Step{Code: "token", State: Waiting, Text: "Try the token."}
	switch f.trial.State {
	case Working:
		s.State, s.Text = Working, "Writing, reading and deleting a small test record."
	case Done:
		s.State, s.Text = Done, "The token can write for "+f.plan.Name+"."
		if info, ok := provider.Find(f.plan.Provider); ok && !info.Proves {
			s.Text = info.Title + " tells only with the first change whether the token is right."
		}
	case Failed:
		s.State, s.Text, s.Hint = Failed, f.trial.Problem.Text, f.trial.Problem.Hint
	}
	return s
}

func (f facts) recordStep(code, name string) Step {
	s := Step{Code: code, State: Working, Text: "Write the address down for " + name + "."}
	var seen []dyndns.Record
	for _, x := range f.keeper.Records {
		if x.Name == name {
			seen = append(seen, x)
		}
	}
	held := false
	for _, x := range seen {
		if text, hint, bad := problemOf(x); bad {
			s.State, s.Text, s.Hint = Failed, text, hint
			return s
		}
		if x.Want.State == publicip.Known && x.True {
			held = true
			s.Text = name + " leads to " + x.Want.Addr.String() + "."
		}
	}
	switch {
	case held:
		s.State = Done
	case f.keeper.Asked.IsZero() || len(seen) == 0:
		s.State = Waiting
	case code == "record" && !f.v4().IsValid() && !f.v6().IsValid():
		s.State, s.Text, s.Hint = Failed, "This house's address on the internet is not known now.", sentence(f.keeper.Verdict4.Why)
	}
	return s
}

func (f facts) certificateStep(code, name string) Step {
	s := Step{Code: code, State: Waiting, Text: "Ask for the certificate of " + name + "."}
	l := f.certificateOf(name)
	c, ok := f.certificate(name)
	switch {
	case ok && c.Have:
		s.State, s.Text = Done, "The certificate of "+name+" is there."
	case l.State == Bad:
		s.State, s.Text, s.Hint = Failed, l.Text, l.Hint
	case ok:
		s.State, s.Text = Working, l.Text
	}
	return s
}

// homeStep claims that the house works at home only once a browser at home has
// opened it by its name.
func (f facts) homeStep() Step {
	s := Step{Code: "home", State: Waiting, Text: "Open it at home by https://" + f.plan.Lan + f.lanPort() + "."}
	x, ok := f.record(f.plan.Lan, publicip.V4)
	c, has := f.certificate(f.plan.Lan)
	switch {
	case !ok || !x.True || !has || !c.Have:
	case !f.memory.Home.IsZero():
		s.State, s.Text = Done, "A browser at home has opened it by its name."
	case f.rebound():
		s.State, s.Text, s.Hint = Failed, rebindText(f.plan.Lan), rebindHint(f.plan.Lan, f.local)
	case len(f.home.Lan.Answer.Addrs) == 0:
		s.State, s.Text = Working, "Looking whether devices at home find "+f.plan.Lan+"."
	default:
		s.State, s.Text = Waiting, "Devices at home find "+f.plan.Lan+". Open it to see that it works."
	}
	return s
}

// ready reports whether the name's part of the first run is done: the
// certificate is there, and the record, or a reason that no one can mend in
// the wizard (an address that is shared with others) says why not.
func (f facts) ready() bool {
	for _, s := range f.steps() {
		if s.Code == "home" || s.State == Done {
			continue
		}
		if s.Code == "record" && (f.behind() != publicip.Open || f.plan.Provider == Watch) && f.trial.State != Failed {
			continue
		}
		return false
	}
	return true
}
