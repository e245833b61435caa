package backup

import (
	"errors"
	"time"
)

// Phase says what a job does now.
type Phase string

// The phases in their order; Checking is reading what was unpacked.
const (
	Copying  Phase = "copying"
	Sending  Phase = "sending"
	Reading  Phase = "reading"
	Checking Phase = "checking"
	Done     Phase = "done"
	Failed   Phase = "failed"
)

// The kinds of job.
const (
	KindBackup = "backup"
	KindProve  = "prove"
)

// Job is work in the background, and how far it is.
type Job struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"` // KindBackup, KindProve
	Why     Why        `json:"why"`  // of a backup
	Phase   Phase      `json:"phase"`
	Target  string     `json:"target"` // "": several, or none
	Done    int64      `json:"done"`   // bytes of this phase
	Total   int64      `json:"total"`
	Problem *Trouble   `json:"problem"`
	Ended   *time.Time `json:"ended"`
}

// Begin makes a backup in the background. While one is being made it gives that
// one's job.
func (b *Backups) Begin(why Why) (Job, error) { return Job{}, errors.ErrUnsupported }

// BeginProof proves a copy in the background.
func (b *Backups) BeginProof(name, targetID string) (Job, error) { return Job{}, errors.ErrUnsupported }

// Job gives the job that runs or was the last to end, nil where there was none.
func (b *Backups) Job() *Job { return nil }
