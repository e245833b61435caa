package appliance

import (
	"context"
	"crypto/x509"
	"time"

	"latchkey/appliance/clock"
	"latchkey/appliance/reach"
	"latchkey/appliance/settings"
)

// How often the time is asked for where no time daemon keeps it: soon again
// while nobody answers, then twice a day, which is half of what an answer is
// good for.
const (
	askTimeSoon     = 10 * time.Second
	askTimeLater    = 10 * time.Minute
	askTimeRarely   = 12 * time.Hour
	askTimePatience = 10 * time.Second
)

// timeSources are asked where config.toml names no others: they serve our
// address as well, by operators that have nothing to do with each other.
var timeSources = [...]string{"https://1.1.1.1/cdn-cgi/trace", "https://checkip.amazonaws.com/"}

// askTime asks servers on the internet for the time, but only in a house that
// is to be reached from there, whose certificates hang on it, and only where
// the kernel does not know that its clock is right.
func (a *Appliance) askTime(ctx context.Context) error {
	pause := askTimeSoon
	for {
		wait := askTimeSoon
		if a.settings.Text(settings.ReachMode) == reach.ModePublic && !a.clock.Synchronised() {
			wait = askTimeRarely
			if !a.clock.Attest(a.witnesses(ctx)) {
				wait, pause = pause, min(2*pause, askTimeLater)
			} else {
				pause = askTimeSoon
				a.reach.Wake()
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		case <-a.chosen:
		}
	}
}

// witnesses asks all at once.
func (a *Appliance) witnesses(ctx context.Context) []clock.Witness {
	ctx, cancel := context.WithTimeout(ctx, askTimePatience)
	defer cancel()
	roots, err := a.cfg.Roots()
	if err != nil {
		a.cfg.Log.Warn("asking for the time", "error", err)
	}
	ask := map[string]*x509.CertPool{a.cfg.ACMEDirectory: roots}
	for _, url := range a.cfg.AddressHTTPS {
		ask[url] = nil
	}
	if len(a.cfg.AddressHTTPS) == 0 {
		for _, url := range timeSources {
			ask[url] = nil
		}
	}
	answers := make(chan clock.Witness, len(ask))
	for url, roots := range ask {
		go func() {
			w, err := clock.Ask(ctx, url, roots)
			if err != nil {
				a.cfg.Log.Debug("asking for the time", "error", err)
			}
			answers <- w
		}()
	}
	var all []clock.Witness
	for range ask {
		if w := <-answers; w.Source != "" {
			all = append(all, w)
		}
	}
	return all
}
