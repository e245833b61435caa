package appliance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"latchkey/appliance/backup"
	"latchkey/appliance/backup/archive"
	"latchkey/appliance/backup/target"
	"latchkey/appliance/config"
	"latchkey/appliance/health"
	"latchkey/appliance/install"
	"latchkey/appliance/problem"
)

// What comes first, whatever comes then.
const (
	exportFirst = "Export your passwords now, from every device that has them."
	otherDisk   = "Then move to another disk: this one may be dying."
)

// wayBack says which backup to go back to from a damaged house, and how.
func (a *Appliance) wayBack(ctx context.Context) string {
	v, err := a.backups.View(ctx)
	if err != nil { // what is known of the backups lies in the damaged file, too
		newest := spooled(a.cfg.Data)
		return exportFirst + " " + newest.Text + " " + newest.Hint + ". " + otherDisk
	}
	c, p, ok := bestCopy(v)
	if !ok {
		return exportFirst + " There is no proved backup to go back to. " + otherDisk
	}
	where, file := placeOf(v, p.Target, c.Name, a.cfg.Data)
	proof := "it was opened and found whole"
	if p.Depth != backup.Opened {
		proof = "it was read back, but never opened: the damage may be in it"
	}
	text := fmt.Sprintf("%s Then go back to the backup of %s, which lies %s; %s. In the page: House, Backups, “Go back to a backup”.",
		exportFirst, spokenTime(c.Made), where, proof)
	if file != "" {
		text += " Or " + restoreCommand(file, a.cfg.Data) + "."
	}
	return text + " " + otherDisk
}

// bestCopy is the newest in which the house is known to be whole, or else the
// newest whose bytes are known to be right; away from this machine if it can be.
func bestCopy(v backup.View) (backup.CopyView, backup.PlaceView, bool) {
	for _, depth := range []backup.Depth{backup.Opened, backup.Digest} {
		for _, c := range v.Copies {
			good := slices.DeleteFunc(slices.Clone(c.Places), func(p backup.PlaceView) bool {
				return p.Bad || p.Proved == nil || p.Depth != depth
			})
			if len(good) == 0 {
				continue
			}
			at := slices.IndexFunc(good, func(p backup.PlaceView) bool { return p.Target != backup.Here })
			return c, good[max(0, at)], true
		}
	}
	return backup.CopyView{}, backup.PlaceView{}, false
}

// placeOf says where a copy lies, and its file where a command can open it.
func placeOf(v backup.View, at, name, data string) (where, file string) {
	if at == backup.Here {
		return "on this machine", filepath.Join(data, spoolFolder, name)
	}
	for _, t := range v.Targets {
		if t.ID != at {
			continue
		}
		if t.Kind == target.KindFolder {
			file = filepath.Join(t.Fields["folder"], name)
		}
		return "at “" + t.Name + "”", file
	}
	return "at a place that was removed", ""
}

// restoreCommand says how to restore a file by hand. The installed house is
// stopped with its sockets, which would start it again.
func restoreCommand(file, data string) string {
	restore := "latchkey backup restore " + quoted(file) + " --kit KIT --replace --data " + quoted(data)
	if full, err := filepath.Abs(data); err == nil && full == install.DataDir {
		return "run: sudo systemctl stop 'latchkey*' && sudo " + restore
	}
	return "stop Latchkey and run: " + restore
}

// quoted is a path as a shell takes it for one word.
func quoted(path string) string {
	if strings.Trim(path, plainInShell) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

const plainInShell = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@"

func spokenTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// closedKey is the way back for a key that only root can open: there is nothing
// to restore yet.
func closedKey(p *problem.Problem, data string) []health.Finding {
	return []health.Finding{{
		Code: "file", State: health.Bad, Text: p.Text,
		Hint: "Run it as root, on the machine where it was installed: sudo latchkey doctor. On another machine, " + restoreCommand("FILE", data),
	}}
}

// lost are the codes of problems for which a house does not open and no person
// can mend more than by going back to a backup.
func lost() []string {
	return []string{
		"store.damaged", "store.sealed", "store.truncated", "store.empty", "store.foreign", "store.fileLost",
		"store.keyLost", "store.keyDamaged", "store.keyForeign", "store.machineKey",
	}
}

// WayBack says how to come back from why, for which the house of c did not open.
// It is empty where why is nothing of the kind.
func WayBack(c Config, why error) []health.Finding {
	p := problem.Of(why)
	if why != nil && p.Code == "store.keyClosed" {
		return closedKey(p, config.DataDir(c.Data))
	}
	if why == nil || !slices.Contains(lost(), p.Code) {
		return nil
	}
	data := config.DataDir(c.Data)
	opening := health.Finding{Code: "file", State: health.Bad, Text: p.Text, Hint: p.Hint}
	if p.Code != "store.keyLost" && p.Code != "store.keyDamaged" && p.Code != "store.keyForeign" && p.Code != "store.machineKey" {
		opening.Hint = "Leave everything in that folder as it is: the house of a backup takes its place, and it is kept."
	}
	return []health.Finding{opening, spooled(data)}
}

// spooled says what a data folder itself has to go back to.
func spooled(data string) health.Finding {
	f := health.Finding{Code: "backup", State: health.Warn}
	newest, made := newestIn(filepath.Join(data, spoolFolder))
	if newest == "" {
		f.Text = "There is no backup on this machine."
		f.Hint = "Fetch the newest from where your backups go. Then " + restoreCommand("FILE", data)
		return f
	}
	f.Text = "The newest backup on this machine is of " + spokenTime(made) + "."
	f.Hint = "Look first whether a newer one lies where your backups go. Then " + restoreCommand(newest, data)
	return f
}

// newestIn is the file of the newest backup in a folder, by its name; "": none.
func newestIn(dir string) (path string, made time.Time) {
	entries, _ := os.ReadDir(dir) // none is none
	for _, e := range entries {
		if _, t, ok := archive.ParseName(e.Name()); ok && t.After(made) {
			path, made = filepath.Join(dir, e.Name()), t
		}
	}
	return path, made
}
