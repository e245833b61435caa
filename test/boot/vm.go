package boot

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"latchkey/test/house"
)

// whole is a machine of its own under qemu: kernel, disk and clock too. Where the processor can't be lent (KVM) it is
// emulated, and everything takes ten times as long.
type whole struct {
	image, dir, agent, address string

	process *exec.Cmd
	over    chan error
}

// Whole starts one. Only root can make its disk; a test that asks for it without is skipped.
func Whole(t testing.TB) *Machine {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("the whole machine is an amd64 one, and this is not")
	}
	for _, name := range []string{"qemu-system-x86_64", "debugfs"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("a whole machine needs %s, which is not here (apt-get install qemu-system-x86 e2fsprogs)", name)
		}
	}
	w := &whole{image: image(t, "vm")}
	var err error
	if w.dir, err = os.MkdirTemp("", "lk-vm-"); err != nil {
		t.Fatal(err)
	}
	m := &Machine{t, w}
	t.Cleanup(func() {
		if t.Failed() && w.process != nil {
			t.Logf("the machine said:\n%s\n%s", m.Journal(), w.console())
		}
		if w.process != nil {
			w.cut(t)
		}
		_ = os.RemoveAll(w.dir)
	})
	w.prepare(t)
	w.start(t)
	return m
}

const unit = `[Unit]
Description=The test's agent
After=network.target
[Service]
ExecStartPre=/bin/sh -c 'ip address add 192.168.77.2/24 dev eth0; ip link set eth0 up; ip route add default via 192.168.77.1'
ExecStart=/opt/agent listen 192.168.77.2:7777
[Install]
WantedBy=multi-user.target
`

// prepare makes the machine's disk: the image's, with the agent on it.
func (w *whole) prepare(t testing.TB) {
	t.Helper()
	w.agent = filepath.Join(w.dir, "agent")
	build := exec.Command("go", "build", "-o", w.agent, "./test/boot/agent")
	build.Dir, build.Env = house.Root(), append(os.Environ(), "CGO_ENABLED=0")
	service := filepath.Join(w.dir, "agent.service")
	if err := os.WriteFile(service, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("write %s /opt/agent\nset_inode_field /opt/agent mode 0100755\nwrite %s /etc/systemd/system/agent.service\n"+
		"symlink /etc/systemd/system/multi-user.target.wants/agent.service ../agent.service\n", w.agent, service)
	lay := exec.Command("debugfs", "-w", "-f", "-", w.disk())
	lay.Stdin = strings.NewReader(script)
	for _, command := range []*exec.Cmd{build, exec.Command("cp", "--sparse=always", filepath.Join(w.image, "disk.img"), w.disk()), lay} {
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("preparing a machine: %s: %v\n%s", command, err, out)
		}
	}
}

func (w *whole) disk() string { return filepath.Join(w.dir, "disk.img") }

func (w *whole) console() string {
	said, _ := os.ReadFile(filepath.Join(w.dir, "console"))
	return string(said[max(0, len(said)-4000):])
}

var lends = regexp.MustCompile(`(?m)^flags\s*:.*\b(vmx|svm)\b`)

// accelerator is KVM where the processor can be lent. Some clouds have the device without it.
func accelerator() []string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	if kvm, err := os.OpenFile("/dev/kvm", os.O_RDWR, 0); err == nil {
		_ = kvm.Close()
		if lends.Match(info) {
			return []string{"-accel", "kvm", "-cpu", "host"}
		}
	}
	return []string{"-accel", "tcg,thread=multi", "-cpu", "max"}
}

func (w *whole) start(t testing.TB) {
	t.Helper()
	// A port that was free a moment ago; qemu can't be asked which one it took.
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = l.Addr().String()
	_ = l.Close()
	args := append(accelerator(), "-M", "q35", "-smp", "2", "-m", "1024", "-nodefaults", "-no-reboot", "-display", "none",
		"-serial", "file:"+filepath.Join(w.dir, "console"), "-kernel", filepath.Join(w.image, "kernel"), "-initrd", filepath.Join(w.image, "initrd"),
		"-append", "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 mitigations=off systemd.show_status=0",
		"-drive", "file="+w.disk()+",format=raw,if=virtio,cache=writeback", "-device", "virtio-rng-pci",
		// restrict: nothing but the agent's port leads in, and nothing out.
		"-netdev", "user,id=home,net=192.168.77.0/24,host=192.168.77.1,restrict=on,hostfwd=tcp:"+w.address+"-192.168.77.2:7777",
		"-device", "virtio-net-pci,netdev=home")
	w.process = exec.Command("qemu-system-x86_64", args...)
	var why bytes.Buffer
	w.process.Stderr = &why
	w.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	w.over = make(chan error, 1)
	began := make(chan error)
	go func(process *exec.Cmd, over chan<- error) {
		runtime.LockOSThread() // the signal is sent when the thread ends that started the process
		defer runtime.UnlockOSThread()
		began <- process.Start()
		over <- process.Wait()
	}(w.process, w.over)
	if err := <-began; err != nil {
		t.Fatalf("starting a machine: %v", err)
	}
	for limit := time.Now().Add(patience); !w.up(); time.Sleep(200 * time.Millisecond) {
		select {
		case err := <-w.over:
			w.process = nil
			t.Fatalf("the machine ended at its start: %v\n%s%s", err, &why, w.console())
		default:
		}
		if time.Now().After(limit) {
			t.Fatalf("the machine did not start within %v\n%s", patience, w.console())
		}
	}
}

func (w *whole) up() bool {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, _ := w.command(ctx, "systemctl", "is-system-running").Output()
	said := strings.TrimSpace(string(out))
	return said == "running" || said == "degraded"
}

func (w *whole) command(ctx context.Context, words ...string) *exec.Cmd {
	return exec.CommandContext(ctx, w.agent, append([]string{"run", w.address}, words...)...)
}

func (w *whole) put(t testing.TB, path string, mode os.FileMode, body []byte) {
	t.Helper()
	command := w.command(context.Background(), "sh", "-c", `cat >"$1.new" && chmod "$2" "$1.new" && mv "$1.new" "$1"`, "put", path, strconv.FormatUint(uint64(mode), 8))
	command.Stdin = bytes.NewReader(body)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("writing %s: %v\n%s", path, err, out)
	}
}

// dial has the agent connect from within.
func (w *whole) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, w.address)
	if err != nil {
		return nil, err
	}
	// The machine has nobody to ask for names.
	address = strings.Replace(address, "localhost:", "127.0.0.1:", 1)
	if err := json.NewEncoder(conn).Encode(map[string]string{"dial": address}); err != nil {
		return nil, err
	}
	return conn, nil
}

func (w *whole) cut(t testing.TB) {
	t.Helper()
	_ = w.process.Process.Kill()
	w.ended(t)
}

func (w *whole) ended(t testing.TB) {
	t.Helper()
	select {
	case <-w.over:
	case <-time.After(patience):
		t.Fatalf("the machine did not switch itself off within %v\n%s", patience, w.console())
	}
	w.process = nil
}
