package targets

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/pem"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"latchkey/appliance/backup/target"
	"latchkey/appliance/backup/target/targettest"
)

// openDir makes a folder that servers of other users can use, too; those above t.TempDir's they can't enter.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "latchkey-targets-")
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// sshd is OpenSSH's own server, by a private key.
func sshd(t *testing.T, dir string) targettest.Place {
	t.Helper()
	program := need(t, "sshd", "openssh-server")
	if os.Getuid() == 0 { // where it leaves its privileges
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Skipf("sshd wants /run/sshd: %v", err)
		}
	}
	work := t.TempDir()
	for _, kind := range []string{"ed25519", "rsa"} {
		if out, err := exec.Command("ssh-keygen", "-q", "-N", "", "-t", kind, "-f", filepath.Join(work, kind)).CombinedOutput(); err != nil {
			t.Skipf("ssh-keygen: %v: %s", err, out)
		}
	}
	signer, private := targettest.HostKey(t)
	write(t, filepath.Join(work, "authorized"), string(ssh.MarshalAuthorizedKey(signer.PublicKey())), 0o600)
	key, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	addr, port := free(t)
	write(t, filepath.Join(work, "config"), strings.Join([]string{
		"Port " + port, "ListenAddress 127.0.0.1", "HostKey " + filepath.Join(work, "ed25519"), "HostKey " + filepath.Join(work, "rsa"),
		"AuthorizedKeysFile " + filepath.Join(work, "authorized"), "StrictModes no", "UsePAM no", "PasswordAuthentication no",
		"KbdInteractiveAuthentication no", "PermitRootLogin yes", "PidFile none", "Subsystem sftp internal-sftp", "ForceCommand internal-sftp",
		"MaxStartups 100", "",
	}, "\n"), 0o600)
	start(t, addr, nil, program, "-D", "-e", "-f", filepath.Join(work, "config"))
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addr)
	return targettest.Place{
		Env: targettest.Env(t), Dir: dir, Addr: addr, Hasty: time.Second,
		Config: target.Config{ID: "s", Kind: target.KindSFTP, Name: "sshd", Fields: map[string]string{
			target.FieldHost: host, target.FieldPort: port, target.FieldUser: me.Username, target.FieldFolder: dir,
			target.FieldSSHKey: string(pem.EncodeToMemory(key)),
		}},
	}
}

// apache is Apache with mod_dav.
func apache(t *testing.T, dir string) targettest.Place {
	t.Helper()
	program := need(t, "apache2", "apache2")
	work := openDir(t)
	people(t, work)
	addr, _ := free(t)
	lines := []string{"ServerName localhost", "ServerRoot " + work, "Listen " + addr, "PidFile " + filepath.Join(work, "pid"), "ErrorLog /dev/stderr", "Mutex posixsem"}
	for _, m := range []string{"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav", "dav_fs"} {
		lines = append(lines, "LoadModule "+m+"_module /usr/lib/apache2/modules/mod_"+m+".so")
	}
	if os.Getuid() == 0 {
		lines = append(lines, "User www-data", "Group www-data")
	}
	lines = append(lines, "DocumentRoot "+work, "DavLockDB "+filepath.Join(work, "locks"), "Alias /files "+dir)
	lines = append(lines,
		"<Location /files>", "Dav On", "AuthType Basic", "AuthName files", "AuthUserFile "+filepath.Join(work, "people"), "Require valid-user", "</Location>",
		"LimitXMLRequestBody 10000", "")
	lines = append([]string{"LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so"}, lines...)
	write(t, filepath.Join(work, "config"), strings.Join(lines, "\n"), 0o644)
	start(t, addr, nil, program, "-X", "-f", filepath.Join(work, "config"))
	return web(t, dir, addr, "http://"+addr+"/files")
}

func web(t *testing.T, dir, addr, url string) targettest.Place {
	return targettest.Place{
		Env: targettest.Env(t), Dir: dir, Addr: addr, Hasty: time.Second,
		Config: target.Config{ID: "w", Kind: target.KindWebDAV, Name: "web", Fields: map[string]string{
			target.FieldURL: url, target.FieldUser: "backup", target.FieldPassword: targettest.Canary, target.FieldFolder: "/",
		}},
	}
}

// nginx is nginx with its own half of WebDAV and the extension for the other half, as many a NAS has it.
func nginx(t *testing.T, dir string) targettest.Place {
	t.Helper()
	program := need(t, "nginx", "nginx-light libnginx-mod-http-dav-ext")
	module := "/usr/lib/nginx/modules/ngx_http_dav_ext_module.so"
	if _, err := os.Stat(module); err != nil {
		t.Skipf("nginx can't list folders (apt-get install libnginx-mod-http-dav-ext)")
	}
	work := openDir(t)
	people(t, work)
	addr, _ := free(t)
	lines := []string{"load_module " + module + ";", "daemon off;", "pid " + work + "/pid;", "error_log stderr;", "events {}"}
	if os.Getuid() == 0 {
		lines = append([]string{"user www-data;"}, lines...)
	}
	lines = append(lines, "http {", "access_log off;", "client_max_body_size 100m;", "client_body_temp_path "+work+"/body;")
	for _, unused := range []string{"proxy", "fastcgi", "uwsgi", "scgi"} {
		lines = append(lines, unused+"_temp_path "+work+"/"+unused+";")
	}
	lines = append(lines, "server {", "listen "+addr+";", "location /files/ {", "alias "+dir+"/;",
		"dav_methods PUT DELETE MKCOL COPY MOVE;", "dav_ext_methods PROPFIND OPTIONS;", "dav_access user:rw group:r all:r;",
		"auth_basic files;", "auth_basic_user_file "+work+"/people;", "}", "}", "}", "")
	write(t, filepath.Join(work, "config"), strings.Join(lines, "\n"), 0o644)
	start(t, addr, nil, program, "-p", work, "-c", filepath.Join(work, "config"))
	return web(t, dir, addr, "http://"+addr+"/files")
}

// people writes the only one who may come in, in the form that needs no other program (htpasswd -s).
func people(t *testing.T, work string) {
	t.Helper()
	sum := sha1.Sum([]byte(targettest.Canary))
	write(t, filepath.Join(work, "people"), "backup:{SHA}"+base64.StdEncoding.EncodeToString(sum[:])+"\n", 0o644)
}

// gateway is an S3 server that keeps its objects in a folder.
func gateway(t *testing.T, dir string) targettest.Place {
	t.Helper()
	out, err := exec.Command("../../scripts/versitygw.sh").Output()
	if err != nil {
		t.Skipf("versitygw could not be built (scripts/versitygw.sh): %v", err)
	}
	bucket := filepath.Join(dir, "backups")
	if err := os.MkdirAll(filepath.Join(bucket, "latchkey"), 0o777); err != nil {
		t.Fatal(err)
	}
	addr, _ := free(t)
	start(t, addr, []string{"ROOT_ACCESS_KEY=0042keyid", "ROOT_SECRET_KEY=" + targettest.Canary},
		strings.TrimSpace(string(out)), "--port", addr, "--region", "eu-test-1", "posix", dir)
	return rented(t, filepath.Join(bucket, "latchkey"), addr)
}

func rented(t *testing.T, dir, addr string) targettest.Place {
	return targettest.Place{
		Env: targettest.Env(t), Dir: dir, Addr: addr, Hasty: time.Second,
		Config: target.Config{ID: "s3", Kind: target.KindS3, Name: "rented", Fields: map[string]string{
			target.FieldEndpoint: "http://" + addr, target.FieldBucket: "backups", target.FieldKeyID: "0042keyid", target.FieldKey: targettest.Canary,
			target.FieldRegion: "eu-test-1",
		}},
	}
}
