package api

import (
	"encoding/json"

	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// settingShape is one row of the settings' table. Of a secret it tells whether
// there is one, and never its value.
type settingShape struct {
	Key     string        `json:"key"`
	Value   any           `json:"value"`
	Default any           `json:"default"`
	Kind    settings.Kind `json:"kind"`
	Choices []string      `json:"choices,omitempty"`
	Words   []string      `json:"words,omitempty"` // of the choices, for a person
	Min     int64         `json:"min"`
	Max     int64         `json:"max"`
	Text    string        `json:"text"`
	Hint    string        `json:"hint"`
	Set     *bool         `json:"set,omitempty"`   // secrets only
	Proof   bool          `json:"proof,omitempty"` // a change wants masterPasswordHash beside it
	Pinned  *pinShape     `json:"pinned,omitempty"`
}

type pinShape struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

func shapeOf(s settings.Shown) settingShape {
	shape := settingShape{
		Key: s.Name, Value: s.Value, Default: s.Default, Kind: s.Kind, Choices: s.Choices, Words: s.Words,
		Min: s.Min, Max: s.Max, Text: s.Title, Hint: s.Help, Proof: s.Proof,
	}
	if s.Kind == settings.Secret {
		shape.Set = &s.Set
	}
	if s.Pinned != nil {
		shape.Pinned = &pinShape{s.Pinned.File, s.Pinned.Line}
	}
	return shape
}

func getSettings(c *call) (any, error) {
	shapes := []settingShape{}
	for _, s := range c.Settings.List() {
		shapes = append(shapes, shapeOf(s))
	}
	return map[string]any{"settings": shapes}, nil
}

// proofOfSettings wants a proof of its own where one of the settings does.
func proofOfSettings(c *call) proof {
	var raw map[string]json.RawMessage
	if c.json(&raw) != nil {
		return noProof // the handler refuses it
	}
	for _, k := range settings.Keys() {
		if _, named := raw[k.Name]; named && k.Proof {
			return presentProof
		}
	}
	return noProof
}

// putSettings changes all that the body names, or nothing.
func putSettings(c *call) (any, error) {
	var raw map[string]json.RawMessage
	if err := c.json(&raw); err != nil {
		return nil, err
	}
	for _, name := range proofNames {
		delete(raw, name)
	}
	changes := make(map[string]any, len(raw))
	refused := problem.New(problem.Refused, "settings.refused", "Some settings can't be changed like this.", "")
	for name, value := range raw {
		v, err := settings.Decode(name, value)
		if err != nil {
			refused = refused.With(name, problem.Of(err).Text)
			continue
		}
		changes[name] = v
	}
	if len(refused.Values) > 0 {
		return nil, refused
	}
	if err := c.Settings.Set(c.ctx(), changes); err != nil {
		return nil, err
	}
	if changes[settings.SecondEveryone] == true {
		if err := c.People.RequireSecondForAll(c.ctx()); err != nil {
			return nil, err
		}
	}
	return getSettings(c)
}

// proofNames is where the proof stands among the settings to change; see
// evidence.
var proofNames = [...]string{"masterPasswordHash", "passkey", "userVerificationToken"}
