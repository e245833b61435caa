package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"latchkey/appliance/certs"
	"latchkey/appliance/certs/certstest"
	"latchkey/appliance/problem"
	"latchkey/appliance/store"
)

// rig is a house before its CAs.
type rig struct {
	*testing.T
	zone       *zone
	real, test *pebble // test is nil where there is no dry run
	keep       certs.Storage
	names      []string
	every      time.Duration
	log        *slog.Logger
	public     *certs.Public
	stop       func()
}

func newRig(t *testing.T, z *zone, real, test *pebble) *rig {
	return &rig{
		T: t, zone: z, real: real, test: test, keep: &certstest.Memory{}, every: time.Second,
		names: []string{"vault.example.test", "lan.vault.example.test"},
	}
}

// start runs a Public on what is kept.
func (r *rig) start() *certs.Public {
	r.Helper()
	roots := both{r.real, r.test}.doors()
	config := certs.PublicConfig{Storage: r.keep, Directory: r.real.directory, Roots: roots, Resolvers: []string{r.zone.address}, Every: r.every, Log: r.log}
	if r.test != nil {
		config.TestDirectory = r.test.directory
	}
	return r.startWith(config)
}

func (r *rig) startWith(config certs.PublicConfig) *certs.Public {
	r.Helper()
	p, err := certs.OpenPublic(config)
	if err != nil {
		r.Fatal(err)
	}
	p.Manage(certs.Want{Names: r.names, Solver: certs.Solver{
		DNS: r.zone, ID: "zone", Settle: 10 * time.Millisecond, Patience: 10 * time.Second, Texts: r.zone.look,
	}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := p.Run(ctx); err != nil {
			r.Error(err)
		}
	}()
	r.public, r.stop = p, sync.OnceFunc(func() {
		cancel()
		<-done
	})
	r.Cleanup(r.stop)
	return p
}

// both are the CAs, of which the second may be missing.
type both [2]*pebble

func (b both) doors() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, p := range b {
		if p != nil {
			pool = merged(pool, p)
		}
	}
	return pool
}

// merged adds a pebble's door to a pool.
func merged(pool *x509.CertPool, p *pebble) *x509.CertPool {
	conn, err := tls.Dial("tcp", strings.TrimPrefix(strings.TrimSuffix(p.directory, "/dir"), "https://"), &tls.Config{RootCAs: p.door, MinVersion: tls.VersionTLS12})
	if err != nil {
		panic(err)
	}
	defer func() { _ = conn.Close() }()
	pool.AddCert(conn.ConnectionState().PeerCertificates[0])
	return pool
}

// await waits until ok holds.
func (r *rig) await(what string, ok func() bool) {
	r.Helper()
	for range 1500 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Fatalf("%s did not come; %+v", what, r.public.State())
}

// done says whether all names have a certificate and nothing to complain of.
func (r *rig) done() bool {
	for _, n := range r.public.State().Names {
		if !n.Have || n.Step != certs.StepDone {
			return false
		}
	}
	return true
}

// leaf shakes hands as a browser that trusts the real CA, and gives the
// certificate that it saw.
func (r *rig) leaf(name string) (*x509.Certificate, error) {
	ours, theirs := net.Pipe()
	defer func() { _, _ = ours.Close(), theirs.Close() }()
	go func() { _ = tls.Server(ours, certs.TLS(r.public.GetCertificate, "")).Handshake() }()
	client := tls.Client(theirs, &tls.Config{ServerName: name, RootCAs: r.real.root(r.T)})
	if err := client.Handshake(); err != nil {
		return nil, err
	}
	return client.ConnectionState().PeerCertificates[0], nil
}

func (r *rig) wantLeaf(name string) *x509.Certificate {
	r.Helper()
	leaf, err := r.leaf(name)
	if err != nil {
		r.Fatalf("%s: %v", name, err)
	}
	return leaf
}

func TestACertificateForEachName(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), run(t, options{dns: z.address}))
	dir := filepath.Join(t.TempDir(), "data")
	if err := store.Create(dir, nil); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{Dir: dir, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var log journal
	r.keep, r.log = s.Shelf("certs.public"), slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	p := r.start()
	if _, err := p.GetCertificate(&tls.ClientHelloInfo{ServerName: r.names[0]}); !errors.Is(err, certs.ErrPending) {
		t.Errorf("before the first certificate: %v", err)
	}
	r.await("the first certificate", r.done)
	if one, other := r.wantLeaf(r.names[0]), r.wantLeaf(r.names[1]); len(one.DNSNames) != 1 || one.Equal(other) {
		t.Errorf("got %v and %v, want a certificate each", one.DNSNames, other.DNSNames)
	}
	if r.test.log.count("Issued certificate serial") != 2 || r.real.log.count("Issued certificate serial") != 2 {
		t.Errorf("%d dry runs and %d certificates, want 2 and 2", r.test.log.count("Issued certificate serial"), r.real.log.count("Issued certificate serial"))
	}
	if n := z.left(); n != 0 {
		t.Errorf("%d challenge records are left in the zone", n)
	}
	r.stop()
	wantSealed(t, r.keep, dir, &log)
}

// wantSealed looks for keys in the data folder and in the log, and for the
// accounts' and certificates' in the storage, so that it looks for the right
// thing.
func wantSealed(t *testing.T, keep certs.Storage, dir string, log *journal) {
	t.Helper()
	list, err := keep.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	var secrets [][]byte
	for _, e := range list {
		value, err := keep.Load(t.Context(), e.Key)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range bytes.Split(value, []byte("\n")) {
			if len(line) >= 40 {
				secrets = append(secrets, line[:40])
			}
		}
		if strings.HasPrefix(e.Key, "orders/") {
			t.Errorf("%s is left", e.Key)
		}
	}
	if len(secrets) < 20 {
		t.Fatalf("only %d secrets", len(secrets))
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		for _, secret := range secrets {
			if bytes.Contains(text, secret) {
				t.Errorf("%s shows %q", d.Name(), secret)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range secrets {
		if log.count(string(secret)) > 0 {
			t.Errorf("the log shows %q", secret)
		}
	}
}

func TestBadNonces(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address, env: []string{"PEBBLE_WFE_NONCEREJECT=50"}}), nil)
	r.names = r.names[:1]
	p := r.start()
	for range 3 { // one request of a thousand is rejected ten times in a row
		if p.Try(t.Context(), r.names[0]) == nil {
			break
		}
	}
	r.wantLeaf(r.names[0])
	if n := r.real.log.count("JWS has an invalid anti-replay nonce"); n == 0 && r.real.log.count("badNonce") == 0 {
		t.Log("pebble did not say that it rejected a nonce")
	}
}

func TestShortLivesAreRenewedWithoutAGap(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address, validity: 12 * time.Second, env: []string{"PEBBLE_AUTHZREUSE=0"}}), nil)
	r.start()
	r.await("the first certificate", r.done)
	serials := make(map[string]bool)
	begun := time.Now()
	var shaken int
	for time.Since(begun) < 24*time.Second {
		for _, name := range r.names {
			leaf := r.wantLeaf(name)
			serials[leaf.SerialNumber.String()] = true
			shaken++
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Logf("%d handshakes, %d certificates, %d of them replacements that the CA knows of", shaken, len(serials), r.real.log.count("is a replacement of"))
	if len(serials) < 6 || r.real.log.count("is a replacement of") == 0 {
		t.Errorf("%d certificates for two names in 24 s of 12 s lives", len(serials))
	}
}

func TestTheCAAsksForARenewal(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), nil)
	r.names = r.names[:1]
	r.start()
	r.await("the first certificate", r.done)
	old := r.wantLeaf(r.names[0])
	r.stop()
	r.real.due(t, old.Raw)
	r.askAgain()
	r.start()
	r.await("another certificate", func() bool { return !r.wantLeaf(r.names[0]).Equal(old) })
	if r.real.log.count("is a replacement of") != 1 {
		t.Error("the order did not say which certificate it replaces")
	}
}

// askAgain takes from the kept metadata when to ask the CA again.
func (r *rig) askAgain() {
	r.Helper()
	list, err := r.keep.List(r.Context(), "certificates")
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range list {
		if !strings.HasSuffix(e.Key, ".json") {
			continue
		}
		text, err := r.keep.Load(r.Context(), e.Key)
		if err != nil {
			r.Fatal(err)
		}
		changed := bytes.ReplaceAll(text, []byte("_retryAfter"), []byte("_retryLater"))
		if bytes.Equal(changed, text) {
			r.Fatal("no time to ask again in the metadata")
		}
		if err := r.keep.Store(r.Context(), e.Key, changed); err != nil {
			r.Fatal(err)
		}
	}
}

func TestARefusedProofIsExplainedAndNotRepeatedTooOften(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), nil)
	r.names, r.every = r.names[:1], time.Hour
	z.change(func(z *zone) { z.forge = "somebody else's" })
	r.zone = z
	p := r.startWith(certs.PublicConfig{Storage: r.keep, Directory: r.real.directory, Roots: both{r.real}.doors(), Resolvers: []string{z.address}, Every: r.every})
	p.Manage(certs.Want{Names: r.names, Solver: certs.Solver{DNS: z, ID: "blind", Settle: 10 * time.Millisecond}})
	var codes []string
	for range 6 {
		codes = append(codes, problem.Of(p.Try(t.Context(), r.names[0])).Code)
	}
	refused := 0
	for _, code := range codes {
		if code == "cert.challenge" {
			refused++
		}
	}
	if codes[5] != "cert.limit" || refused > 3 {
		t.Errorf("got %v", codes)
	}
	if n := len(z.ever()); n > 3 {
		t.Errorf("the CA was asked to look %d times", n)
	}
}

func TestAFailedDryRunLeavesTheRealCAAlone(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	var asked sync.Map
	quiet, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{ReadHeaderTimeout: time.Second, ConnState: func(c net.Conn, _ http.ConnState) { asked.Store(c, true) }}
	go func() { _ = server.Serve(quiet) }()
	t.Cleanup(func() { _ = server.Close() })
	test := run(t, options{dns: z.address})
	z.change(func(z *zone) { z.forge = "somebody else's" })
	r := newRig(t, z, test, nil)
	r.names = r.names[:1]
	p := r.startWith(certs.PublicConfig{
		Storage: r.keep, Directory: "https://" + quiet.Addr().String() + "/dir", TestDirectory: test.directory, Roots: both{test}.doors(), Every: time.Hour,
	})
	p.Manage(certs.Want{Names: r.names, Solver: certs.Solver{DNS: z, ID: "blind", Zone: "example.test", Settle: 10 * time.Millisecond}})
	why := problem.Of(p.Try(t.Context(), r.names[0]))
	if why.Code != "cert.challenge" || why.Values["rehearsal"] != "yes" || why.Values["detail"] == "" {
		t.Errorf("got %+v", why)
	}
	asked.Range(func(any, any) bool {
		t.Error("the real CA was asked")
		return false
	})
	r.await("the state", func() bool { return p.State().Names[0].Problem != nil })
	if s := p.State().Names[0]; s.Step != certs.StepWait || !s.Next.After(time.Now()) {
		t.Errorf("got %+v", s)
	}
}

func TestARestartGoesOnWithAccountAndOrder(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), nil)
	r.names = r.names[:1]
	hang := make(chan struct{})
	z.change(func(z *zone) {
		z.append = func(ctx context.Context) error {
			close(hang)
			<-ctx.Done()
			return ctx.Err()
		}
	})
	r.start()
	<-hang // the order is placed, the record is not yet there
	r.stop()
	before := r.kept("accounts", "orders")
	z.change(func(z *zone) { z.append = nil })
	r.start()
	r.await("the certificate", r.done)
	if n := r.real.log.count("There are now 1 orders in the db"); n != 1 || r.real.log.count("There are now 2 orders in the db") != 0 {
		t.Errorf("a second order was placed")
	}
	if r.real.log.count("There are now 2 accounts in memory") != 0 {
		t.Error("a second account was made")
	}
	if after := r.kept("accounts"); after["accounts"] != before["accounts"] {
		t.Error("the account changed")
	}
	if !strings.Contains(before["orders"], `"url":"https://`) {
		t.Errorf("the order was not kept before use: %s", before["orders"])
	}
}

// kept is what the storage holds below some prefixes.
func (r *rig) kept(prefixes ...string) map[string]string {
	r.Helper()
	all := make(map[string]string)
	for _, prefix := range prefixes {
		list, err := r.keep.List(r.Context(), prefix)
		if err != nil || len(list) != 1 {
			r.Fatalf("%s: %v, %v", prefix, list, err)
		}
		value, err := r.keep.Load(r.Context(), list[0].Key)
		if err != nil {
			r.Fatal(err)
		}
		all[prefix] = string(value)
	}
	return all
}

func TestACertificateThatCouldNotBeKeptIsFetchedAgain(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), nil)
	r.names = r.names[:1]
	full := &full{Storage: r.keep}
	r.keep = full
	p := r.start()
	full.now(true)
	r.await("the failure", func() bool {
		s := p.State().Names[0]
		return s.Problem != nil && s.Problem.Code == "cert.storage"
	})
	r.stop()
	full.now(false)
	r.start()
	r.await("the certificate", r.done)
	if n := r.real.log.count("Issued certificate serial"); n != 1 {
		t.Errorf("%d certificates were made, want the same one again", n)
	}
}

// full is a storage whose disk is full for certificates.
type full struct {
	certs.Storage
	mu sync.Mutex
	is bool
}

func (f *full) now(is bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.is = is
}

// Store refuses certificates while the disk is full.
func (f *full) Store(ctx context.Context, key string, value []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.is && strings.HasPrefix(key, "certificates/") {
		return errors.New("no space left on device")
	}
	return f.Storage.Store(ctx, key, value)
}

func TestAWrongRootIsExplained(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address}), nil)
	r.names = r.names[:1]
	p := r.startWith(certs.PublicConfig{Storage: r.keep, Directory: r.real.directory, Roots: x509.NewCertPool(), Every: time.Hour})
	why := problem.Of(p.Try(t.Context(), r.names[0]))
	if why.Code != "cert.root" || !strings.Contains(why.Hint, "acme.root") {
		t.Errorf("got %+v", why)
	}
}

func TestACAThatForgotEverythingGetsANewAccount(t *testing.T) {
	t.Parallel()
	z := serve(t, "example.test.")
	r := newRig(t, z, run(t, options{dns: z.address, validity: 12 * time.Second}), nil)
	r.names = r.names[:1]
	r.start()
	r.await("the first certificate", r.done)
	r.stop()
	r.move()
	r.start()
	r.await("a certificate of the second CA", func() bool { _, err := r.leaf(r.names[0]); return err == nil })
}

// move puts another pebble, with an empty memory, in the place of the first:
// what is kept of the one counts as kept of the other.
func (r *rig) move() {
	r.Helper()
	second := run(r.T, options{dns: r.zone.address})
	list, err := r.keep.List(r.Context(), "")
	if err != nil {
		r.Fatal(err)
	}
	port := func(p *pebble) string {
		return strings.TrimSuffix(p.directory[strings.LastIndex(p.directory, ":")+1:], "/dir")
	}
	rename := strings.NewReplacer(port(r.real), port(second))
	for _, e := range list {
		value, err := r.keep.Load(r.Context(), e.Key)
		if err == nil {
			err = r.keep.Store(r.Context(), rename.Replace(e.Key), []byte(rename.Replace(string(value))))
		}
		if err == nil {
			err = r.keep.Delete(r.Context(), e.Key)
		}
		if err != nil {
			r.Fatal(err)
		}
	}
	r.real = second
}
