package dyndns

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"latchkey/appliance/problem"
	"latchkey/dyndns/authority"
	"latchkey/dyndns/publicip"
)

// Withdraw takes away what is ours of the plan's records and follows no plan
// any more: the house goes back to being reached at home only. What it has not
// set itself stays. The error tells what is still there; a problem with
// CodeCantRemove means that the provider can't clear records at all.
func (k *Keeper) Withdraw(ctx context.Context) error {
	k.mu.Lock()
	plan := k.plan
	k.plan = nil
	k.interruptLocked()
	k.wakeLocked()
	k.mu.Unlock()
	if plan == nil || plan.Provider == nil {
		return nil
	}
	k.doing.Lock()
	defer k.doing.Unlock()
	var errs []error
	for _, s := range plan.slots() {
		errs = append(errs, k.withdraw(ctx, *plan, s))
	}
	return errors.Join(errs...)
}

// withdraw clears one record, if it is ours. doing is held.
func (k *Keeper) withdraw(ctx context.Context, plan Plan, s slot) error {
	k.mu.Lock()
	m := *k.memory.memo(s)
	k.mu.Unlock()
	if len(m.Ours) == 0 {
		return nil
	}
	answer, err := k.cfg.Authority.Addresses(ctx, s.name, int(s.family))
	switch {
	case errors.Is(err, authority.ErrIntercepted):
		// Only the memory can say, and it says that we have set it.
	case err != nil:
		return fmt.Errorf("looking at %s: %w", s.name, err)
	case len(answer.Addrs) == 0 || !m.owns(answer.Addrs):
		return nil
	}
	if !plan.Clears {
		return trouble(s, CodeCantRemove, "The provider can't take away the address of "+s.name+".",
			"Delete the record where the domain is managed.")
	}
	call, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if err := plan.Provider.Clear(call, s.name, int(s.family)); err != nil {
		return problem.Of(err)
	}
	k.mu.Lock()
	now, one := k.cfg.Now(), k.memory.memo(s)
	var from netip.Addr
	if len(answer.Addrs) > 0 {
		from = answer.Addrs[0]
	}
	one.want(wish{state: publicip.None}, now)
	one.begun(netip.Addr{}, from, now)
	one.acked(now)
	k.memory.record(s, one, 0)
	k.mu.Unlock()
	k.save(ctx)
	return nil
}
