package reach

// held reports whether nothing may be published or opened now.
func (r *Reach) held() bool { return r.cfg.Held != nil && r.cfg.Held() }

// heldNames are those that the house would keep true.
func (r *Reach) heldNames() []string {
	if r.chosen().Name == "" {
		return nil
	}
	return plan(r.chosen(), "").names()
}

// heldLine says why nothing happens.
func heldLine() Line {
	return Line{
		Code: "name", State: Warn, Text: "This house was restored from a backup and is reached at home only.",
		Hint: "Switch the old machine off, then say so in the page under House. Only then is the name led here.",
	}
}
