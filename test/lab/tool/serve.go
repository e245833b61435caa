package main

import (
	"context"
	"flag"
	"net"
	"net/http"
	"os"
)

// serve is the internet's services in one process: each has its own address, as it would have elsewhere.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	file := flags.String("plan", "plan.env", "the lab's addresses")
	pki := flags.String("pki", "", "the folder with the lab's certificate")
	socket := flags.String("control", "", "the socket for tests")
	_ = flags.Parse(args)
	p, err := readPlan(*file)
	if err != nil {
		return err
	}
	show, err := serverTLS(*pki)
	if err != nil {
		return err
	}
	_ = os.Remove(*socket)
	ours, err := net.Listen("unix", *socket)
	if err != nil {
		return err
	}

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error)
	start := func(f func() error) { go func() { ended <- f() }() }
	c := newControl()
	cf := newCloudflare(p, newZones(p))
	start(func() error { return serveOn(ctx, ours, nil, c.routes(cf)) })
	for _, at := range sites(p, c, cf) {
		start(func() error { return serveHTTP(ctx, net.JoinHostPort(at.address, "443"), show, at.page) })
		if at.plain {
			start(func() error { return serveHTTP(ctx, net.JoinHostPort(at.address, "80"), nil, at.page) })
		}
	}
	for _, name := range []string{"ECHO", "ECHO6"} {
		start(func() error { return serveDNS(ctx, p[name], dnsEcho{c}) })
	}
	return <-ended // the first that ends takes the others along
}

// A site is an address with what answers there.
type site struct {
	address string
	page    http.Handler
	plain   bool // over HTTP too
}

func sites(p plan, c *control, cf *cloudflare) []site {
	z := cf.zones
	echoes := http.NewServeMux()
	echoes.Handle("/", c.watch("echo", echo(c)))
	echoes.Handle("check.lab.test/door", c.watch("check", http.HandlerFunc(checkDoor)))
	return []site{
		{p["ECHO"], echoes, true},
		{p["ECHO6"], echoes, true},
		{p["CLOUDFLARE"], c.watch("cloudflare", cf), false},
		{p["EDGE"], c.watch("edge", http.HandlerFunc(edge)), false},
		{p["DUCKDNS"], c.watch("duckdns", &duckDNS{token: p["DUCKDNS_TOKEN"], name: "house", zones: z}), false},
		{p["DYNDNS"], c.watch("dyndns", &dynDNS{user: p["DYNDNS_USER"], password: p["DYNDNS_PASSWORD"], name: "house.dyn.test", zones: z}), false},
	}
}

// edge stands where a proxied record of Cloudflare's leads: between the browser and the house.
func edge(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "error code: 522", 522)
}
