package reach

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"latchkey/appliance/problem"
)

// trial is how the present credentials fared when they were put to the proof.
type trial struct {
	State   State
	Problem *problem.Problem
	At      time.Time
	Proxied bool
}

// State of a line, a step or a proof, as it goes over the wire.
type State string

// The states. Those of a line are OK, Warn, Bad and Working; of a step Waiting,
// Working, Done and Failed.
const (
	OK      State = "ok"
	Warn    State = "warn"
	Bad     State = "bad"
	Working State = "working"
	Waiting State = "waiting"
	Done    State = "done"
	Failed  State = "failed"
)

// provePatience is for a provider that takes its time to show what was written.
const provePatience = 90 * time.Second

// try puts the credentials to the proof: a TXT record is written, read and
// deleted.
func (r *Reach) try(asker context.Context, a aim) {
	ctx, cancel := context.WithTimeout(asker, provePatience)
	defer cancel()
	if a.provider == nil && a.challenge == nil && a.trouble == nil {
		return
	}
	r.begin(a)
	defer r.end()
	t := trial{State: Done, At: r.cfg.Now()}
	if err := r.prove(ctx, a); err != nil {
		t.State, t.Problem = Failed, problem.Of(err)
	}
	if asker.Err() != nil {
		return // whoever asked has gone, which says nothing of the token
	}
	if a.provider != nil && t.State == Done {
		proxied, err := a.provider.Proxied(ctx, a.plan.Name)
		if err != nil {
			r.cfg.Log.Debug("asking whether the record is proxied", "error", err)
		}
		t.Proxied = proxied
	}
	r.tried(a, t)
	r.Wake()
}

func (r *Reach) prove(ctx context.Context, a aim) error {
	if a.trouble != nil {
		return a.trouble
	}
	if a.provider != nil {
		if err := a.provider.Prove(ctx, a.plan.Name); err != nil {
			return err
		}
	}
	if a.choice.Challenge == "" || a.challenge == nil {
		return nil
	}
	at := a.plan.ChallengeName
	if at == "" {
		at = a.plan.Name
	}
	return a.challenge.Prove(ctx, at)
}

// begin shows that a trial is under way, where nothing is known from before:
// what failed stays so until it is seen to work.
func (r *Reach) begin(a aim) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trying++
	if r.token.State == "" && r.aim.set && sameChoice(r.aim.choice, a.choice) {
		r.token = trial{State: Working}
	}
}

func (r *Reach) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trying--
}

// How long after a trial in vain the next one follows by itself: what passes by
// itself mostly does so within minutes, and each trial is a question to the
// provider.
const (
	tryAgainLeast = time.Minute
	tryAgainMost  = 6 * time.Hour
)

// tryAgain repeats a trial that failed, or was never brought to its end.
func (r *Reach) tryAgain(ctx context.Context, a aim) {
	r.mu.Lock()
	wait := min(tryAgainLeast<<min(max(r.fails-1, 0), 12), tryAgainMost)
	due := a.set && r.trying == 0 && (r.token.State == Failed && r.cfg.Now().Sub(r.token.At) >= wait || r.token.State == Working)
	r.mu.Unlock()
	if due {
		go r.try(ctx, a)
	}
}

// tried keeps t, unless something else is aimed at by now.
func (r *Reach) tried(a aim, t trial) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.aim.set || !sameChoice(r.aim.choice, a.choice) {
		return
	}
	r.token = t
	if r.fails++; t.State == Done {
		r.fails = 0
	}
}

func (r *Reach) trial() trial {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token
}

// markOf names credentials without telling anything of them: they are long
// random tokens, of which eight bytes of a hash give nothing away.
func markOf(id, at string, secrets map[string]string) string {
	h := sha256.New()
	write := func(s string) { h.Write([]byte(s)); h.Write([]byte{0}) }
	write(id)
	write(at)
	keys := make([]string, 0, len(secrets))
	for k := range secrets {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		write(k)
		write(secrets[k])
	}
	return id + "-" + hex.EncodeToString(h.Sum(nil)[:8])
}
