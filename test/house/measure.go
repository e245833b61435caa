package house

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// FirstAnswer starts the stopped binary on its old port and gives the time from there to its first answer
// over TLS with status 200. It asks again at once whenever it is refused.
func (h *House) FirstAnswer(path string) time.Duration {
	h.t.Helper()
	listen := address(h.URL)
	h.process = h.Command("serve", "--data", h.Dir, "--listen", listen, "--local", "off")
	h.process.Stdout, h.process.Stderr = h.log, h.log
	h.log.begin()
	client := h.Client()
	client.CloseIdleConnections()
	begun := time.Now()
	if err := h.process.Start(); err != nil {
		h.t.Fatalf("starting the binary: %v", err)
	}
	process, ended := h.process, make(chan error, 1)
	h.ended = ended
	go func() { ended <- process.Wait() }()
	for time.Since(begun) < patience {
		answer, err := client.Get(h.URL + path)
		if err != nil {
			time.Sleep(time.Millisecond / 2)
			continue
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			h.t.Fatalf("GET %s: %d", path, answer.StatusCode)
		}
		took := time.Since(begun)
		h.await(readyLine)
		return took
	}
	h.t.Fatalf("no answer within %v", patience)
	return 0
}

// Save makes an item by a client of the caller's, for many at once.
func (h *House) Save(client *http.Client, p *Person, item any) error {
	raw, err := json.Marshal(item)
	if err != nil {
		return err
	}
	request, err := http.NewRequest(http.MethodPost, h.URL+"/api/ciphers", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+p.Access)
	request.Header.Set("Content-Type", "application/json")
	return done(client.Do(request))
}

// SignInBy asks for tokens by a client of the caller's.
func (h *House) SignInBy(client *http.Client, p *Person) error {
	form := url.Values{
		"grant_type": {"password"}, "scope": {"api offline_access"}, "client_id": {"cli"},
		"deviceType": {"25"}, "deviceIdentifier": {p.Device}, "deviceName": {"linux"},
		"username": {p.Email}, "password": {p.Master.ServerHash(p.Password)},
	}
	return done(client.Post(h.URL+"/identity/connect/token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode())))
}

func done(answer *http.Response, err error) error {
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("got %d: %.200s", answer.StatusCode, body)
	}
	return nil
}
