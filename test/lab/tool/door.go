package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// door is what a checker on the internet saw of a port.
type door struct {
	Open    bool     `json:"open"`              // somebody accepted the connection
	Address string   `json:"address,omitempty"` // who, address and port
	Names   []string `json:"names,omitempty"`   // of the certificate that was shown under the name
	Why     string   `json:"why,omitempty"`     // what was not well
}

// checkDoor connects to ?host= and ?port= from here and tells what it met. The certificate is only looked at:
// who asks knows which one it should be.
func checkDoor(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	name, port, network := r.FormValue("host"), r.FormValue("port"), "tcp"+r.FormValue("family")
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(knock(ctx, network, name, port))
}

func knock(ctx context.Context, network, name, port string) door {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort(name, port))
	if err != nil {
		return door{Why: err.Error()}
	}
	defer conn.Close()
	d := door{Open: true, Address: conn.RemoteAddr().String()}
	met := tls.Client(conn, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := met.HandshakeContext(ctx); err != nil {
		d.Why = err.Error()
		return d
	}
	d.Names = met.ConnectionState().PeerCertificates[0].DNSNames
	return d
}
