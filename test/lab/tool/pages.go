package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"
)

// foreign is a page of somebody else, such as a router's own: its certificate is signed by itself.
func foreign(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("foreign", flag.ExitOnError)
	listen := flags.String("listen", ":443", "where")
	name := flags.String("name", "router.lab.test", "the name in its certificate")
	_ = flags.Parse(args)
	t := template(*name)
	t.DNSNames, t.ExtKeyUsage = []string{*name}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	key, der, err := issue(t, t, nil)
	if err != nil {
		return err
	}
	show := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	page := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, "<!doctype html><title>%s</title><p>Sign in to your router.\n", *name)
	})
	return serveHTTP(ctx, *listen, show, page)
}

// proxy forwards to the house under a name of its own, and says in X-Forwarded-For who asked. It trusts whatever
// certificate the house shows, as such proxies on a home network do.
func proxy(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("proxy", flag.ExitOnError)
	listen := flags.String("listen", ":443", "where")
	to := flags.String("to", "", "the house")
	pki := flags.String("pki", "", "the folder with the lab's certificate")
	_ = flags.Parse(args)
	house, err := url.Parse(*to)
	if err != nil {
		return err
	}
	show, err := serverTLS(*pki)
	if err != nil {
		return err
	}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(house)
			r.Out.Host = r.In.Host
			r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
			r.SetXForwarded()
		},
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	return serveHTTP(ctx, *listen, show, forward)
}

// serveHTTP answers at an address until ctx ends, over TLS where that is given.
func serveHTTP(ctx context.Context, address string, show *tls.Config, h http.Handler) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return serveOn(ctx, listener, show, h)
}

func serveOn(ctx context.Context, listener net.Listener, show *tls.Config, h http.Handler) error {
	server := &http.Server{Handler: h, TLSConfig: show, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	serve := func() error { return server.Serve(listener) }
	if show != nil {
		serve = func() error { return server.ServeTLS(listener, "", "") }
	}
	if err := serve(); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", listener.Addr(), err)
	}
	return nil
}
