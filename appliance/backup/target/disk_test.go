package target

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// system builds a /sys as the kernel's Documentation/ABI/stable/sysfs-block describes it: sda with two partitions,
// a LUKS volume on one of them, a RAID over sdb1 and sdc1.
func system(t *testing.T) string {
	sys := t.TempDir()
	file := func(path string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(sys, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(sys, path), []byte("1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	link := func(from, to string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(sys, from)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(sys, to), filepath.Join(sys, from)); err != nil {
			t.Fatal(err)
		}
	}
	for disk, partitions := range map[string][]string{"sda": {"sda1", "sda2"}, "sdb": {"sdb1"}, "sdc": {"sdc1"}, "nvme0n1": {"nvme0n1p1"}} {
		for _, p := range partitions {
			file("devices/" + disk + "/" + p + "/partition")
		}
	}
	file("devices/virtual/dm-0/size")
	file("devices/virtual/md0/size")
	link("devices/virtual/dm-0/slaves/sda2", "devices/sda/sda2")
	link("devices/virtual/md0/slaves/sdb1", "devices/sdb/sdb1")
	link("devices/virtual/md0/slaves/sdc1", "devices/sdc/sdc1")
	for number, path := range map[string]string{
		"8:0": "sda", "8:1": "sda/sda1", "8:2": "sda/sda2", "8:17": "sdb/sdb1", "8:33": "sdc/sdc1", "259:1": "nvme0n1/nvme0n1p1",
		"254:0": "virtual/dm-0", "9:0": "virtual/md0",
	} {
		link("dev/block/"+number, "devices/"+path)
	}
	return sys
}

func TestDisks(t *testing.T) {
	sys := system(t)
	for _, c := range []struct {
		one, two string
		same     bool
	}{
		{"8:1", "8:2", true},
		{"8:0", "8:1", true},
		{"8:1", "254:0", true}, // an encrypted volume beside
		{"8:1", "8:17", false},
		{"8:17", "9:0", true}, // one half of the RAID
		{"8:1", "9:0", false},
		{"259:1", "8:1", false},
		{"8:1", "0:45", false}, // a network share
		{"0:45", "0:46", false},
	} {
		if got := common(disksOf(sys, c.one), disksOf(sys, c.two)); got != c.same {
			t.Errorf("%s and %s: the same disk is %v, want %v", c.one, c.two, got, c.same)
		}
	}
	if got := disksOf(sys, "9:0"); !slices.Equal(got, []string{"sdb", "sdc"}) {
		t.Errorf("the RAID lies on %v", got)
	}
}

func TestMounts(t *testing.T) {
	// As proc(5) shows it; the second is a subvolume of btrfs, the third a stick with a blank in its device's name.
	got := backed(strings.NewReader(`22 28 0:21 / /proc rw,nosuid - proc proc rw
29 1 0:26 /@home /home rw,relatime shared:1 - btrfs /dev/sda2 rw,space_cache=v2
50 29 0:51 / /media/usb rw - fuseblk /dev/disk/by-label/My\040Stick rw,user_id=0
60 29 0:60 / /mnt/nas rw - nfs4 nas:/export rw
short
`))
	want := map[string]string{
		"0:26": "/dev/sda2", "29": "/dev/sda2", "0:51": "/dev/disk/by-label/My Stick", "50": "/dev/disk/by-label/My Stick",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestSameDisk(t *testing.T) {
	dir := t.TempDir()
	if !sameDisk(dir, filepath.Dir(dir)) {
		t.Error("a folder and the one around it are told to lie on two disks")
	}
	if sameDisk(dir, "/proc") {
		t.Error("/proc is told to lie on a disk")
	}
	if sameDisk(dir, dir+"/not there") {
		t.Error("what is not there is told to lie on a disk")
	}
}

func FuzzUnescaped(f *testing.F) {
	f.Add(`a\040b\`)
	f.Add(`\999\134`)
	f.Fuzz(func(t *testing.T, s string) {
		if got := unescaped(s); len(got) > len(s) {
			t.Errorf("%q became %q", s, got)
		}
		_ = backed(strings.NewReader(s))
	})
}
