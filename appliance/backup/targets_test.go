package backup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/problem"
	"latchkey/appliance/settings"
)

func TestSavingTargets(t *testing.T) {
	config := func(name string) target.Config {
		return target.Config{Kind: target.KindWebDAV, Name: name, Fields: map[string]string{
			"folder": name, target.FieldURL: "https://cloud.example", target.FieldUser: "a", target.FieldPassword: "hunter2",
		}}
	}
	open := func(t *testing.T) (*stage, string) {
		s := newStage(t)
		s.servers["nas"] = &server{files: map[string][]byte{}}
		id, err := s.SaveTarget(t.Context(), config("nas"))
		if err != nil {
			t.Fatal(err)
		}
		return s, id
	}
	t.Run("it is shown without its secret", func(t *testing.T) {
		s, id := open(t)
		v := s.view().Targets
		if len(v) != 1 || v[0].ID != id || v[0].Name != "nas" || v[0].Fields[target.FieldUser] != "a" || len(v[0].Secrets) != 1 || v[0].Fields[target.FieldPassword] != "" {
			t.Errorf("%+v", v)
		}
	})
	t.Run("it outlives a restart", func(t *testing.T) {
		s, id := open(t)
		s.restart()
		if c, ok := s.Target(id); !ok || c.Fields[target.FieldPassword] != "hunter2" {
			t.Errorf("%+v", c)
		}
	})
	t.Run("what fails its check is not kept", func(t *testing.T) {
		s, id := open(t)
		s.servers["nas"].setDown(errDown)
		c := config("nas")
		c.Fields["x"] = "y"
		if _, err := s.SaveTarget(t.Context(), c); !errors.Is(err, errDown) {
			t.Errorf("a new one: %v", err)
		}
		c.ID = id
		if _, err := s.SaveTarget(t.Context(), c); !errors.Is(err, errDown) {
			t.Errorf("a changed one: %v", err)
		}
		if got, _ := s.Target(id); got.Fields["x"] != "" || len(s.targets()) != 1 {
			t.Error("it was kept")
		}
	})
	t.Run("one that is away can get another name, and keeps its secret", func(t *testing.T) {
		s, id := open(t)
		s.servers["nas"].setDown(errDown)
		c := config("nas")
		c.ID, c.Name, c.Fields[target.FieldPassword] = id, "  The \n cloud ", ""
		if got, err := s.SaveTarget(t.Context(), c); err != nil || got != id {
			t.Fatal(err)
		}
		if got, _ := s.Target(id); got.Name != "The cloud" || got.Fields[target.FieldPassword] != "hunter2" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("one that was put right has no trouble any more, and is tried at once", func(t *testing.T) {
		s, id := open(t)
		s.servers["nas"].setDown(problem.New(problem.Refused, target.CodeRefused, "The password is refused.", "Enter it anew."))
		s.create(Asked)
		if s.view().Targets[0].Problem == nil || !s.lane(id).rests() {
			t.Fatal("no trouble")
		}
		s.servers["nas"].setDown(nil)
		c := config("nas")
		c.ID, c.Fields[target.FieldPassword] = id, "hunter3"
		if _, err := s.SaveTarget(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if s.view().Targets[0].Problem != nil || s.lane(id).rests() {
			t.Error("it still has its trouble")
		}
	})
	t.Run("the same place is not taken twice", func(t *testing.T) {
		s, _ := open(t)
		if _, err := s.SaveTarget(t.Context(), config("nas")); problem.Of(err).Code != "backup.twice" {
			t.Error(err)
		}
	})
	t.Run("an ID that nobody has is none", func(t *testing.T) {
		s, _ := open(t)
		c := config("nas")
		c.ID = "ffffffff"
		if _, err := s.SaveTarget(t.Context(), c); !errors.Is(err, errNoTarget) {
			t.Error(err)
		}
		if err := s.RemoveTarget(t.Context(), "ffffffff"); !errors.Is(err, errNoTarget) {
			t.Error(err)
		}
	})
	t.Run("there is an end to them", func(t *testing.T) {
		s, _ := open(t)
		for i := range mostTargets - 1 {
			s.add(strings.Repeat("x", i+1))
		}
		if _, err := s.SaveTarget(t.Context(), config("nas")); !errors.Is(err, errManyTargets) {
			t.Error(err)
		}
	})
	t.Run("without a name it gets its kind's, and a long one is cut", func(t *testing.T) {
		if got := named(target.Config{Kind: target.KindS3}); got == "" || got == target.KindS3 {
			t.Error(got)
		}
		if got := named(target.Config{Name: strings.Repeat("ä", 100)}); len([]rune(got)) != longestName {
			t.Error(got)
		}
	})
	t.Run("one whose host key nobody has compared is not kept", func(t *testing.T) {
		s, id := open(t)
		s.c.Check = func(_ context.Context, c target.Config, _ target.Env) (target.Look, target.Config, error) {
			return target.Look{Compare: true, HostKey: "ssh-ed25519 SHA256:x"}, c, nil
		}
		for _, at := range []string{"", id} {
			c := config("attic")
			c.ID = at
			if _, err := s.SaveTarget(t.Context(), c); problem.Of(err).Code != target.CodeUnchecked {
				t.Errorf("%q: %v", at, err)
			}
		}
		if len(s.targets()) != 1 {
			t.Errorf("kept %+v", s.targets())
		}
	})
	t.Run("trying one out keeps nothing", func(t *testing.T) {
		s, id := open(t)
		c := config("nas")
		c.ID, c.Fields[target.FieldPassword], c.Fields["x"] = id, "", "y"
		_, full, err := s.CheckTarget(t.Context(), c)
		if err != nil || full.Fields[target.FieldPassword] != "hunter2" || full.ID != id {
			t.Errorf("%+v, %v", full, err)
		}
		if got, _ := s.Target(id); got.Fields["x"] != "" {
			t.Error("it was kept")
		}
	})
	t.Run("one that is removed leaves nothing behind", func(t *testing.T) {
		s, id := open(t)
		s.create(Asked)
		s.servers["nas"].setDown(errDown)
		s.create(Asked)
		if _, told := s.conditions()[targetCode(id)]; !told {
			t.Fatal("no condition")
		}
		if err := s.RemoveTarget(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		s.wants("backup.none")
		for _, c := range s.view().Copies {
			for _, p := range c.Places {
				if p.Target != Here {
					t.Errorf("%+v", c)
				}
			}
		}
		if s.c.Settings.Secret(settings.BackupTargets) != "" || len(s.servers["nas"].names()) != 1 {
			t.Error("the secret stays, or what lies there went")
		}
	})
}

// The real folder, beside the house: it gets its copies, and the board says that
// they count as none.
func TestAFolderOnTheHousesOwnDisk(t *testing.T) {
	s := newStage(t)
	s.c.Reach, s.c.Check = target.Open, target.Check
	folder := filepath.Join(t.TempDir(), "usb")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	id, err := s.SaveTarget(t.Context(), target.Config{Kind: target.KindFolder, Name: "USB", Fields: map[string]string{target.FieldFolder: folder}})
	if err != nil {
		t.Fatal(err)
	}
	r := s.create(Asked)
	if len(r.Failed) > 0 {
		t.Fatalf("%+v", r.Failed)
	}
	info, err := os.Stat(filepath.Join(folder, r.Name))
	if err != nil || info.Size() != r.Bytes || !s.place(r.Name, id).good() {
		t.Errorf("%v, %v", info, err)
	}
	if v := s.view(); v.LastGood != nil || v.LastProved != nil || !v.Targets[0].SameDisk || v.Targets[0].LastGood == nil {
		t.Errorf("%+v", v)
	}
	s.wants("backup.samedisk")
	if err := os.Remove(filepath.Join(folder, r.Name)); err != nil {
		t.Fatal(err)
	}
	next := s.create(Asked)
	if v := s.view(); len(v.Copies) != 2 || len(v.Copies[1].Places) != 1 || v.Targets[0].Count != 1 {
		t.Errorf("what somebody removed there still counts: %+v", v.Copies)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	last := s.create(Asked)
	if len(last.Failed) != 1 || !s.place(next.Name, id).good() {
		t.Errorf("a disk that is not there: %+v", last.Failed)
	}
	s.wants("backup.samedisk", targetCode(id))
}
