package provider

import (
	"context"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// resolver asks the given servers in turn, or, without any, those of the machine.
func resolver(servers []string) *net.Resolver {
	if len(servers) == 0 {
		return net.DefaultResolver
	}
	var turn atomic.Uint32 // an attempt that failed is followed by another server's
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		d := net.Dialer{Timeout: 3 * time.Second}
		return d.DialContext(ctx, network, servers[int(turn.Add(1)-1)%len(servers)])
	}}
}

// transport is HTTP as everywhere, but with names looked up by these resolvers.
func transport(r *net.Resolver) *http.Transport {
	d := &net.Dialer{Timeout: 10 * time.Second, Resolver: r}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: d.DialContext, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 2,
	}
}
