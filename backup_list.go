package main

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/backup"
)

// onBackups runs a command that shows something of the house's backups.
func onBackups(ctx context.Context, s streams, name string, args []string, asJSON func(backup.View) any, write func(io.Writer, backup.View) error) error {
	var wantsJSON bool
	o := flags("backup "+name, s.err)
	o.BoolVar(&wantsJSON, "json", false, "print JSON")
	return o.run(ctx, s, args, nil, func(e errand) error {
		v, err := e.backupView()
		if err != nil {
			return err
		}
		if wantsJSON {
			return writeJSON(s, asJSON(v))
		}
		return write(s.out, v)
	})
}

func backupList(ctx context.Context, s streams, args []string) error {
	return onBackups(ctx, s, "list", args, func(v backup.View) any { return v.Copies }, writeCopies)
}

func writeCopies(w io.Writer, v backup.View) error {
	t := table{{"BACKUP", "MADE", "FOR", "SIZE", "LIES AT", "PROOF", "PROVED"}}
	for _, c := range v.Copies {
		name, made, why, bytes := c.Name, local(&c.Made), string(c.Why), size(c.Bytes)
		for _, p := range c.Places {
			t.add(name, made, why, bytes, placeName(v, p.Target), depthText(p), local(p.Proved))
			name, made, why, bytes = "", "", "", "" // the same backup at another place
		}
	}
	if len(t) == 1 {
		_, err := io.WriteString(w, "There is no backup yet. Make one: latchkey backup create\n")
		return err
	}
	if err := t.write(w); err != nil || v.Next == nil {
		return err
	}
	_, err := io.WriteString(w, "\nThe next one is made about "+local(v.Next)+".\n")
	return err
}

func depthText(p backup.PlaceView) string {
	switch {
	case p.Bad:
		return "DAMAGED"
	case p.Depth == "":
		return "-"
	}
	return string(p.Depth)
}

// local shows a time by this machine's clock; nil is none.
func local(t *time.Time) string {
	if t == nil || t.Unix() <= 0 {
		return "-"
	}
	return t.Local().Format(clockLayout)
}

func backupTargets(ctx context.Context, s streams, args []string) error {
	return onBackups(ctx, s, "targets", args, func(v backup.View) any { return v.Targets }, writeTargets)
}

func writeTargets(w io.Writer, v backup.View) error {
	if len(v.Targets) == 0 {
		_, err := io.WriteString(w, "Backups go nowhere yet. Name a place in the page under House: another disk, S3, SFTP or WebDAV.\n")
		return err
	}
	t := table{{"NAME", "ID", "KIND", "WHERE", "BACKUPS", "SIZE", "LAST GOOD", "STATE"}}
	for _, g := range v.Targets {
		t.add(g.Name, g.ID, g.Kind, where(g), count(g.Count), size(g.Bytes), local(g.LastGood), targetState(g))
	}
	return t.write(w)
}

// where is what the fields of a target say of its place, in the order of their
// names; no secret is among them.
func where(g backup.TargetView) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(g.Fields)) {
		if v := g.Fields[name]; v != "" && !strings.ContainsAny(v, "\n") && len(v) <= 60 {
			all = append(all, name+"="+v)
		}
	}
	return strings.Join(all, " ")
}

func targetState(g backup.TargetView) string {
	switch {
	case g.Problem != nil:
		return g.Problem.Text
	case g.SameDisk:
		return "on the house's own disk, so it counts as none"
	}
	return "ok"
}
