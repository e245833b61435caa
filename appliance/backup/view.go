package backup

import (
	"context"
	"errors"
	"time"

	"latchkey/appliance/backup/target"
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

// View tells how the backups stand.
func (b *Backups) View(ctx context.Context) (View, error) { return View{}, errors.ErrUnsupported }
