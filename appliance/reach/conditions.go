package reach

import "latchkey/appliance/health"

// pin keeps the board true: a condition for each line that is not well, and a
// notice while nobody has come through the open door.
func (r *Reach) pin(a aim) {
	lines := map[string]Line{}
	var f facts
	if a.set {
		f = r.gather(a)
		for _, l := range f.lines() {
			lines[l.Code] = l
		}
	}
	for _, code := range []string{"address", "name", "door", "certificate"} {
		l := lines[code]
		wrong := l.State == Bad || l.State == Warn && code == "certificate"
		if code == "door" {
			wrong = l.State == Bad && f.asked
		}
		r.cfg.Board.SetIf(wrong, health.Condition{Code: "reach." + code, Severity: severity(l), Text: l.Text, Hint: l.Hint})
	}
	left := r.recall().Leftover
	r.cfg.Board.SetIf(left != "", health.Condition{
		Code: "reach.leftover", Severity: health.Notice,
		Text: "The records of " + left + " could not be taken away.",
		Hint: "Delete them at your provider: they lead to this house's address, which will be somebody else's one day.",
	})
	unkept := r.recall().Unkept
	r.cfg.Board.SetIf(unkept != "", health.Condition{
		Code: "reach.unkept", Severity: health.Notice,
		Text: "Latchkey no longer keeps the address of " + unkept + ", since a proxy or tunnel answers for it.",
		Hint: "See that something else does where the name leads to this house; its address will be somebody else's one day.",
	})
	unproven := a.set && f.asked && lines["door"].State == Warn
	r.cfg.Board.SetIf(unproven, health.Condition{
		Code: "reach.unproven", Severity: health.Notice, Text: lines["door"].Text, Hint: lines["door"].Hint,
	})
}

func severity(l Line) health.Severity {
	if l.State == Warn {
		return health.Warning
	}
	return health.Trouble
}
