package backup

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

// longestName of a target, in characters.
const longestName = 60

// targets are those that are saved, with their secrets.
func (b *Backups) targets() []target.Config {
	text := b.c.Settings.Secret(settings.BackupTargets)
	if text == "" {
		return nil
	}
	var list []target.Config
	if err := json.Unmarshal([]byte(text), &list); err != nil {
		b.c.Log.Warn("the list of places for backups can't be read") // err may repeat a secret
		return nil
	}
	return slices.DeleteFunc(list, func(c target.Config) bool { return c.ID == "" || c.ID == Here })
}

// Target gives a saved target with its secrets, for the part that restores from
// it.
func (b *Backups) Target(id string) (target.Config, bool) {
	list := b.targets()
	i := slices.IndexFunc(list, func(c target.Config) bool { return c.ID == id })
	if i < 0 {
		return target.Config{}, false
	}
	return list[i], true
}

// CheckTarget tries a target out, saved or not; see target.Look for one that is
// only met. With the ID of a saved one, secrets left empty are that one's. The config that comes back holds secrets.
func (b *Backups) CheckTarget(ctx context.Context, c target.Config) (target.Look, target.Config, error) {
	if old, saved := b.Target(c.ID); saved {
		c = c.KeepFrom(old)
	}
	look, full, err := b.c.Check(ctx, c, b.env())
	full.ID, full.Name = c.ID, c.Name
	return look, full, err
}

// SaveTarget checks a target and keeps it; the ID "" adds one. What fails its
// check is not kept, but one that only gets another name is not checked. It
// gives the ID. The newest backup is sent there soon.
func (b *Backups) SaveTarget(ctx context.Context, c target.Config) (string, error) {
	b.shelf.Lock()
	defer b.shelf.Unlock()
	list := b.targets()
	i := slices.IndexFunc(list, func(o target.Config) bool { return o.ID == c.ID })
	var look *target.Look
	switch {
	case c.ID != "" && i < 0:
		return "", errNoTarget
	case c.ID == "" && len(list) >= mostTargets:
		return "", errManyTargets
	case i >= 0:
		c = c.KeepFrom(list[i])
	}
	c.Name = named(c)
	if i < 0 || c.Kind != list[i].Kind || !maps.Equal(c.Fields, list[i].Fields) {
		seen, full, err := b.c.Check(ctx, c, b.env())
		if err != nil {
			return "", err
		}
		if seen.Compare {
			return "", errCompare
		}
		full.ID, full.Name = c.ID, c.Name
		c, look = full, &seen
	}
	if slices.ContainsFunc(list, func(o target.Config) bool {
		return o.ID != c.ID && o.Kind == c.Kind && maps.Equal(o.Fields, c.Fields)
	}) {
		return "", problem.New(problem.Refused, "backup.twice", "This place is in the list already.", "Choose another one, or change the one that is there.")
	}
	if i < 0 {
		c.ID = newID()
		list = append(list, c)
	} else {
		list[i] = c
	}
	if err := b.keepTargets(ctx, list); err != nil {
		return "", err
	}
	err := b.change(ctx, func(k *books) {
		k.setStanding(c.ID, func(s *standing) {
			if look != nil {
				s.Problem, s.SameDisk = nil, look.SameDisk
			}
		})
	})
	b.lane(c.ID).settle(nil)
	b.nudge()
	return c.ID, err
}

// named is the target's name, or that of its kind where it has none.
func named(c target.Config) string {
	name := strings.Join(strings.Fields(c.Name), " ")
	for utf8.RuneCountInString(name) > longestName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if name != "" {
		return name
	}
	for _, k := range target.Kinds() {
		if k.ID == c.Kind {
			return k.Title
		}
	}
	return c.Kind
}

// RemoveTarget forgets a target. What lies there stays there.
func (b *Backups) RemoveTarget(ctx context.Context, id string) error {
	b.shelf.Lock()
	defer b.shelf.Unlock()
	list := b.targets()
	fewer := slices.DeleteFunc(slices.Clone(list), func(c target.Config) bool { return c.ID == id })
	if len(fewer) == len(list) {
		return errNoTarget
	}
	if err := b.keepTargets(ctx, fewer); err != nil {
		return err
	}
	b.review(ctx)
	return nil
}

func (b *Backups) keepTargets(ctx context.Context, list []target.Config) error {
	text := ""
	if len(list) > 0 {
		raw, err := json.Marshal(list)
		if err != nil {
			return fmt.Errorf("encoding the places for backups: %w", err)
		}
		text = string(raw)
	}
	if err := b.c.Settings.Set(ctx, map[string]any{settings.BackupTargets: text}); err != nil {
		return err
	}
	return b.meetTargets(ctx)
}

// meetTargets lets the books know the targets that the settings name, and forget
// the others with their copies and conditions.
func (b *Backups) meetTargets(ctx context.Context) error {
	k, err := b.read(ctx)
	if err != nil {
		return err
	}
	named := make(map[string]bool)
	for _, c := range b.targets() {
		named[c.ID] = true
	}
	known := len(named) == len(k.Targets)
	for id := range k.Targets {
		known = known && named[id]
	}
	if known {
		return nil
	}
	now := b.now()
	return b.change(ctx, func(k *books) {
		for id := range k.Targets {
			if !named[id] {
				delete(k.Targets, id)
				b.c.Board.Clear(targetCode(id))
				for i := range k.Records {
					k.Records[i].dropPlace(id)
				}
			}
		}
		for id := range named {
			if _, there := k.Targets[id]; !there {
				k.Targets[id] = standing{Added: now}
			}
		}
	})
}
