package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"latchkey/appliance/api"
	"latchkey/appliance/certs"
	"latchkey/appliance/install"
	"latchkey/appliance/listen"
	"latchkey/appliance/problem"
	"latchkey/dyndns/uplink"
)

// Ready is what Run tells once it answers.
type Ready struct {
	URL         string     // https://localhost:PORT
	Setup       []api.Link // set-up links; empty when the house has an owner
	Links       []api.Link // the page's addresses
	Fingerprint string     // of the certificate that browsers will warn of
}

// Run opens the doors, calls ready, and works until ctx ends or a part that
// must not has ended. It closes the house: first no new requests, then the
// workers, the journal and the file.
func (a *Appliance) Run(ctx context.Context, ready func(Ready)) error {
	if a.pageErr != nil {
		return errors.Join(a.pageErr, a.Close())
	}
	sockets, err := listen.Open(ctx, a.listening())
	if err != nil {
		return errors.Join(err, a.Close())
	}
	bound := sockets.Bound()
	a.bound.Store(&bound)
	a.sockets.Store(sockets)
	if err := a.passed(); err != nil {
		sockets.Close()
		return errors.Join(err, a.Close())
	}
	serve := func(ctx context.Context) error {
		return sockets.Serve(ctx, a.Handler(), certs.TLS(certs.Choose(a.house, a.public), a.cfg.TLSOldest))
	}
	greet := func(ctx context.Context) error {
		told, err := a.ready(ctx, bound)
		if err == nil {
			ready(told)
			a.cfg.Manager.Ready("answers at " + told.URL)
			<-ctx.Done()
		}
		return err
	}
	defer context.AfterFunc(ctx, func() { a.cfg.Manager.Stopping("lets requests under way end") })()
	err = crew{a.board, a.cfg.Log}.run(ctx, a.parts(serve, greet))
	a.backups.Wait()
	saveCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(err, a.clock.Save(saveCtx, a.savedTime()), a.Close())
}

// passed ends what an upgrade may undo by itself, before the first caller is
// let in.
func (a *Appliance) passed() error {
	if a.cfg.Private {
		return nil
	}
	return install.Passed(a.cfg.Data)
}

// listening is what is opened: with Private the machine's socket alone.
func (a *Appliance) listening() listen.Config {
	c := listen.Config{Socket: socketFile(a.cfg.Data), Log: a.cfg.Log}
	if a.cfg.Private {
		return c
	}
	c.Addresses, c.Plain, c.Env = a.cfg.Listen, a.cfg.Local, os.Getenv
	c.Redirect = listen.Redirect{Address: a.cfg.Redirect, Scout: a.scout, Public: a.reach.Trusted}
	return c
}

func (a *Appliance) ready(ctx context.Context, bound listen.Bound) (Ready, error) {
	r := Ready{URL: "https://localhost" + port(bound.Port()), Links: a.links(""), Fingerprint: a.house.Info().Fingerprint}
	has, err := a.people.HasOwner(ctx)
	if err != nil || has {
		return r, err
	}
	token, err := a.setup.NewLink(ctx)
	if err != nil {
		return r, err
	}
	r.Setup = a.links(api.SetupFragment(token))
	return r, nil
}

// parts is everything that runs, in the order of starting; it stops the other
// way round. Each row says what the part's end means. The greeting looks for
// the addresses of the house, which may take a moment: the door does not wait.
func (a *Appliance) parts(serve, greet func(context.Context) error) []part {
	if a.cfg.Private {
		return []part{{"journal", a.journal.Run, restarts}, {"door", serve, stops}, {"trial", a.tryPrivately(greet), stops}}
	}
	return []part{
		{"watchdog", func(ctx context.Context) error { return a.cfg.Manager.Watch(ctx, a.alive) }, restarts},
		{"journal", a.journal.Run, restarts},
		{"guard", a.guard.Run, restarts},
		{"watch over guesses", a.watchGuard, restarts},
		{"clock", func(ctx context.Context) error { return a.clock.Run(ctx, a.savedTime()) }, restarts},
		{"certificates", a.house.Run, restarts},
		{"housekeeping", a.keepHouse, restarts},
		{"file check", a.checkNightly, restarts},
		{"port mapping", a.mapper.Run, restarts},
		{"name", a.keeper.Run, restarts},
		{"public certificates", a.public.Run, restarts},
		{"reach", a.reach.Run, restarts},
		{"uplink", a.watchUplink, restarts},
		{"clock witnesses", a.askTime, restarts},
		{"backups", a.keepBackups, restarts},
		{"restore", a.restore.Run, restarts},
		{"starting again", a.startAgain, stops},
		{"door", serve, stops},
		{"greeting", greet, stops},
	}
}

// watchUplink tells of changes of the home network.
func (a *Appliance) watchUplink(ctx context.Context) error {
	return a.uplink.Watch(ctx, func(uplink.Route) { a.reach.UplinkChanged() })
}

// sweepEvery is often enough for what is counted in days; lookEvery for a disk
// that fills up; restEvery gives the memory of ready answers back.
const (
	sweepEvery = 6 * time.Hour
	lookEvery  = 10 * time.Minute
	restEvery  = 30 * time.Second
)

// keepHouse removes what has had its time: old trash, ended sessions and
// invitations, answers that nobody asks for.
func (a *Appliance) keepHouse(ctx context.Context) error {
	sweep, look, rest := time.NewTicker(sweepEvery), time.NewTicker(lookEvery), time.NewTicker(restEvery)
	defer sweep.Stop()
	defer look.Stop()
	defer rest.Stop()
	a.look(ctx)
	a.settleTime(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
			a.door.Rest()
			if a.lookedBad() { // it may have been mended, and nobody should wait for the word of it
				a.look(ctx)
			}
		case <-a.refused:
			a.look(ctx)
		case <-look.C:
			a.look(ctx)
			a.settleTime(ctx)
			a.reopen(ctx)
		case <-sweep.C:
			if err := a.sweep(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
}

func noHouse(data string) error {
	return problem.New(problem.Refused, "house.none",
		fmt.Sprintf("There is no Latchkey house in %s.", data),
		"Name its folder with --data, or make one with `latchkey serve` or `latchkey setup`.")
}
