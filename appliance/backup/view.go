package backup

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/settings"
)

// View is all that the owner's page shows of the backups.
type View struct {
	Kit            bool          `json:"kit"` // whether there is a recovery kit
	Key            bool          `json:"key"` // whether its recovery key is kept for proofs
	Next           *time.Time    `json:"next"`
	Running        *Job          `json:"running"`
	LastGood       *time.Time    `json:"lastGood"` // when the newest backup with a good copy was made
	LastProved     *time.Time    `json:"lastProved"`
	LastBytes      int64         `json:"lastBytes"`
	Targets        []TargetView  `json:"targets"`
	Copies         []CopyView    `json:"copies"` // the newest first
	Kinds          []target.Kind `json:"kinds"`
	Plan           PlanView      `json:"plan"`
	InstallCommand string        `json:"installCommand"`
}

// TargetView is one target without its secrets.
type TargetView struct {
	ID        string            `json:"id"`
	Kind      string            `json:"kind"`
	Name      string            `json:"name"`
	Fields    map[string]string `json:"fields"`
	Secrets   []string          `json:"secrets"` // names of those that are set
	SameDisk  bool              `json:"sameDisk"`
	LastGood  *time.Time        `json:"lastGood"`
	LastTried *time.Time        `json:"lastTried"`
	Problem   *Trouble          `json:"problem"`
	Count     int               `json:"count"`
	Bytes     int64             `json:"bytes"`
}

// CopyView is one backup with all its places.
type CopyView struct {
	Name    string      `json:"name"`
	Made    time.Time   `json:"made"`
	Bytes   int64       `json:"bytes"`
	Why     Why         `json:"why"`
	Version uint64      `json:"version"` // of the store; 0: unknown
	Places  []PlaceView `json:"places"`
}

// PlaceView is one copy.
type PlaceView struct {
	Target string     `json:"target"` // Here, or a target's ID
	Proved *time.Time `json:"proved"`
	Depth  Depth      `json:"depth"`
	Bad    bool       `json:"bad"`
}

// PlanView is how many backups are kept, and when one is made.
type PlanView struct {
	Daily   int64 `json:"daily"`
	Weekly  int64 `json:"weekly"`
	Monthly int64 `json:"monthly"`
	Hour    int64 `json:"hour"` // -1: chosen from the house's own use
}

// command is what brings a disk within the service's reach.
const command = "sudo latchkey install --backup-dir /mnt/disk/latchkey"

// View tells how the backups stand, without asking any target.
func (b *Backups) View(ctx context.Context) (View, error) {
	k, err := b.read(ctx)
	if err != nil {
		return View{}, err
	}
	keys, kit, err := b.c.Kit(ctx)
	if err != nil {
		return View{}, fmt.Errorf("looking for the recovery kit: %w", err)
	}
	v := View{
		Kit: kit, Key: kit && b.keptKit(ctx, keys.Recipient) != nil,
		Targets: []TargetView{}, Copies: k.copyViews(), Kinds: target.Kinds(), InstallCommand: command,
	}
	n := b.c.Settings.Number
	v.Plan = PlanView{n(settings.BackupDaily), n(settings.BackupWeekly), n(settings.BackupMonthly), n(settings.BackupHour)}
	if kit {
		_, next := slots(b.now(), b.hour(), b.c.House, b.c.Zone)
		v.Next = told(next.UTC())
	}
	if job := b.Job(); job != nil && job.Ended == nil {
		v.Running = job
	}
	if r := k.lastGood(); r != nil {
		v.LastGood, v.LastBytes = told(r.Made), r.Bytes
	}
	if since, ever := k.sinceProof(b.now()); ever {
		v.LastProved = told(b.now().Add(-since))
	}
	for _, c := range b.targets() {
		v.Targets = append(v.Targets, k.targetView(c))
	}
	return v, nil
}

// told is nil for a time that never was.
func told(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (k *books) targetView(c target.Config) TargetView {
	s := k.Targets[c.ID]
	v := TargetView{
		ID: c.ID, Kind: c.Kind, Name: c.Name, SameDisk: s.SameDisk, LastTried: told(s.Tried), Problem: s.Problem,
	}
	v.Fields, v.Secrets = c.Shown()
	if v.Secrets == nil {
		v.Secrets = []string{}
	}
	if r := k.newestGood(c.ID); r != nil {
		v.LastGood = told(r.Made)
	}
	for i := range k.Records {
		if p := k.Records[i].place(c.ID); p != nil && p.Gone.IsZero() {
			v.Count++
			v.Bytes += k.Records[i].Bytes
		}
	}
	return v
}

// copyViews lists what lies anywhere, what was made last first.
func (k *books) copyViews() []CopyView {
	all := []CopyView{}
	records := slices.Clone(k.Records)
	slices.SortStableFunc(records, func(a, c Record) int {
		return cmp.Or(c.Made.Compare(a.Made), cmp.Compare(c.Seq, a.Seq))
	})
	for _, r := range records {
		v := CopyView{Name: r.Name, Made: r.Made, Bytes: r.Bytes, Why: r.Why, Version: r.Version, Places: []PlaceView{}}
		for _, p := range r.Places {
			if p.Gone.IsZero() {
				v.Places = append(v.Places, PlaceView{p.Target, told(p.Proved), p.Depth, p.Bad})
			}
		}
		if len(v.Places) > 0 {
			all = append(all, v)
		}
	}
	return all
}
