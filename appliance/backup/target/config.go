package target

import "maps"

// Shown gives the fields that may be shown, and the names of the secrets that are set.
func (c Config) Shown() (fields map[string]string, secrets []string) {
	fields = map[string]string{}
	k, _ := kindOf(c.Kind)
	for _, f := range k.Fields {
		value, given := c.Fields[f.Name]
		switch {
		case f.Secret && value != "":
			secrets = append(secrets, f.Name)
		case !f.Secret && !f.Hidden && given:
			fields[f.Name] = value
		}
	}
	return fields, secrets
}

// KeepFrom fills in what a form doesn't send again: secrets left empty, and what Check had found. It takes them from
// old only while both lead to the same server and user, so that nobody gets a stored password sent elsewhere.
// A found field that is there but empty is forgotten and found anew.
func (c Config) KeepFrom(old Config) Config {
	c.Fields = maps.Clone(c.Fields)
	if c.Fields == nil {
		c.Fields = map[string]string{}
	}
	k, known := kindOf(c.Kind)
	if !known || c.Kind != old.Kind || !sameServer(c, old) {
		return c
	}
	for _, f := range k.Fields {
		value, given := c.Fields[f.Name]
		was := old.Fields[f.Name]
		if f.Secret && value == "" && was != "" || f.Found && !given && was != "" {
			c.Fields[f.Name] = was
		}
	}
	return c
}

func sameServer(a, b Config) bool {
	for _, name := range []string{FieldEndpoint, FieldURL, FieldHost, FieldPort, FieldUser, FieldKeyID} {
		if a.value(name) != b.value(name) {
			return false
		}
	}
	return true
}

// value gives a field or its default.
func (c Config) value(name string) string {
	if v := c.Fields[name]; v != "" {
		return v
	}
	k, _ := kindOf(c.Kind)
	for _, f := range k.Fields {
		if f.Name == name {
			return f.Default
		}
	}
	return ""
}

func kindOf(id string) (Kind, bool) {
	for _, k := range Kinds() {
		if k.ID == id {
			return k, true
		}
	}
	return Kind{}, false
}
