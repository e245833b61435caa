package bench

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// helloVar tells a child of the test binary to be the hello server.
const helloVar = "LATCHKEY_BENCH_HELLO"

// serveHello is the yardstick: net/http over TLS, sending n bytes that lie ready, or a status without any.
func serveHello() error {
	certificate, err := selfSigned()
	if err != nil {
		return err
	}
	body := bytes.Repeat([]byte("A"), 32<<20)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n > len(body) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		if n == 0 {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, _ = w.Write(body[:n])
	})
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS13})
	if err != nil {
		return err
	}
	fmt.Printf("hello https://%s\n", listener.Addr())
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(listener)
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// startHello runs the yardstick in a process of its own, so that it shares nothing with the client but the
// machine, as the house does.
func startHello(t *testing.T) (url string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self)
	command.Env = append(os.Environ(), helloVar+"=1")
	command.Stderr = os.Stderr
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the hello server said nothing: %v", err)
	}
	_, url, _ = strings.Cut(strings.TrimSpace(line), " ")
	return url
}

// plain is an HTTP/1.1 client over TLS: HTTP/2 costs twice as much for large bodies, on both sides alike, and
// would drown what is compared.
func plain(config *tls.Config, connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections, DisableCompression: true,
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}}
}

// rate counts how many requests a second a few connections get answered, and how many bytes one answer has.
func rate(t *testing.T, client *http.Client, connections int, lasting time.Duration, ask func() *http.Request, want int) (perSecond float64, size int) {
	t.Helper()
	type sum struct{ done, size int }
	sums := make(chan sum, connections)
	begun := time.Now()
	for range connections {
		go func() {
			var s sum
			for time.Since(begun) < lasting {
				answer, err := client.Do(ask())
				if err != nil {
					t.Errorf("measuring: %v", err)
					break
				}
				n, _ := io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if answer.StatusCode != want {
					t.Errorf("measuring: got %d, want %d", answer.StatusCode, want)
					break
				}
				s.done, s.size = s.done+1, int(n)
			}
			sums <- s
		}()
	}
	total := 0
	for range connections {
		s := <-sums
		total += s.done
		size = max(size, s.size)
	}
	return float64(total) / time.Since(begun).Seconds(), size
}
