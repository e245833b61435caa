package backup

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"latchkey/appliance/backup/archive"
)

func TestABackupInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		srv.slow = time.Minute
		job, err := s.Begin(Asked)
		if err != nil || job.ID == "" || job.Kind != KindBackup || job.Ended != nil {
			t.Fatalf("%+v, %v", job, err)
		}
		synctest.Wait()
		if now := s.Job(); now.Phase != Sending || now.Target != id || now.Total == 0 {
			t.Errorf("while it is sent: %+v", now)
		}
		if v := s.view(); v.Running == nil || v.Running.ID != job.ID {
			t.Errorf("the view has %+v", v.Running)
		}
		again, err := s.Begin(Asked)
		if err != nil || again.ID != job.ID {
			t.Errorf("a second one: %+v, %v", again, err)
		}
		if _, err := s.BeginProof("x", id); !errors.Is(err, errBusy) {
			t.Errorf("a proof meanwhile: %v", err)
		}
		s.Wait()
		if now := s.Job(); now.Phase != Done || now.Ended == nil || now.Problem != nil || now.Done != now.Total {
			t.Errorf("at the end: %+v", now)
		}
		if v := s.view(); v.Running != nil || len(v.Copies) != 1 {
			t.Errorf("%+v", v)
		}
	})
}

func TestAProofInTheBackground(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		id, srv := s.add("nas")
		r := s.create(Asked)
		if job, err := s.BeginProof(r.Name, id); err != nil || job.Kind != KindProve || job.Phase != Reading {
			t.Fatalf("%+v, %v", job, err)
		}
		s.Wait()
		if now := s.Job(); now.Phase != Done || now.Problem != nil {
			t.Errorf("%+v", now)
		}
		srv.files[r.Name][3] ^= 1
		if _, err := s.BeginProof(r.Name, id); err != nil {
			t.Fatal(err)
		}
		s.Wait()
		if now := s.Job(); now.Phase != Failed || now.Problem == nil || now.Problem.Code != errDamaged.Code {
			t.Errorf("%+v", now)
		}
		if _, err := s.BeginProof("none", id); err != nil {
			t.Fatal(err)
		}
		s.Wait()
		if now := s.Job(); now.Problem == nil || now.Problem.Code != errNoCopy.Code {
			t.Errorf("%+v", now)
		}
	})
}

func TestWhatAJobTells(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bend  func(s *stage)
		phase Phase
		code  string
	}{
		{"that a target did not get it", func(s *stage) { s.servers["nas"].setDown(errDown) }, Done, errDown.Code},
		{"that it could not be made", func(s *stage) { s.setFree(0) }, Failed, "backup.space"},
		{"that our own mistakes stay ours", func(s *stage) {
			s.c.Source = func(context.Context, func(archive.Manifest, []archive.Part) error) error {
				return errors.New("secret inside")
			}
		}, Failed, "internal"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t)
				s.add("nas")
				tt.bend(s)
				if _, err := s.Begin(Asked); err != nil {
					t.Fatal(err)
				}
				s.Wait()
				job := s.Job()
				if job.Phase != tt.phase || job.Problem == nil || job.Problem.Code != tt.code {
					t.Errorf("%+v", job)
				}
				raw, err := json.Marshal(job)
				if err != nil || strings.Contains(string(raw), "secret inside") {
					t.Errorf("%s, %v", raw, err)
				}
			})
		})
	}
}

func TestJobsOfSeveralTargetsAreOne(t *testing.T) {
	s := newStage(t)
	w, _, err := s.begin(KindBackup, Asked, false)
	if err != nil {
		t.Fatal(err)
	}
	w.step("a", Sending, 100)
	w.step("b", Sending, 100)
	w.at("a", 30)
	w.at("b", 500) // never more than there is
	if j := s.Job(); j.Phase != Sending || j.Target != "" || j.Done != 130 || j.Total != 200 {
		t.Errorf("%+v", j)
	}
	w.step("b", Reading, 100)
	if j := s.Job(); j.Phase != Sending || j.Target != "a" || j.Done != 30 || j.Total != 100 {
		t.Errorf("%+v", j)
	}
	w.left("a")
	if j := s.Job(); j.Phase != Reading || j.Target != "b" || j.Done != 0 {
		t.Errorf("%+v", j)
	}
	w.end(nil, nil)
	w.at("b", 50)
	if j := s.Job(); j.Phase != Done {
		t.Errorf("it goes on after its end: %+v", j)
	}
	var nobody *work
	nobody.step("a", Sending, 1)
	nobody.at("a", 1)
	nobody.left("a")
	nobody.end(nil, nil)
}

func TestSpoolWaitsForNoTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		began := time.Now()
		r, err := s.Spool(t.Context(), Rotation)
		if err != nil || time.Since(began) > time.Second || s.place(r.Name, Here).Depth != Opened {
			t.Fatalf("%+v, %v", r, err)
		}
		if len(srv.names()) != 0 || s.Job().Ended == nil {
			t.Error("without Run it is left to the next start")
		}
		stop := s.running()
		time.Sleep(6 * time.Minute)
		if len(srv.names()) != 1 {
			t.Error("the next start does not send it")
		}
		srv.slow = 5 * time.Minute
		began = time.Now()
		if _, err := s.Spool(t.Context(), Rotation); err != nil || time.Since(began) > time.Second {
			t.Errorf("it took %v, %v", time.Since(began), err)
		}
		time.Sleep(2 * time.Hour)
		stop()
		if len(srv.names()) != 2 {
			t.Errorf("there lie %v", srv.names())
		}
		s.proving = func(string) error { return errors.New("no house") }
		if _, err := s.Spool(t.Context(), Rotation); !errors.Is(err, errNotOpening) {
			t.Errorf("one that opens no house: %v", err)
		}
	})
}

// Whoever asked goes away: the backup that lies here is sent all the same.
func TestTheSendingOutlivesWhoAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t)
		_, srv := s.add("nas")
		srv.slow = 30 * time.Second
		stop := s.running()
		defer stop()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r, err := s.Create(ctx, Asked)
		if err != nil || len(r.Failed) != 1 || r.Failed[0].Trouble.Code != errStillSending.Code {
			t.Fatalf("%+v, %v", r, err)
		}
		time.Sleep(time.Minute)
		if len(srv.names()) != 1 {
			t.Error("it was not sent")
		}
	})
}
