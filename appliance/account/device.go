package account

import (
	"context"
	"errors"

	"latchkey/appliance/problem"
)

// Devices lists a person's devices, the oldest first.
func (d *Directory) Devices(ctx context.Context, id UserID) ([]Device, error) {
	var all []Device
	err := d.keep.View(ctx, func(r Reader) (err error) { all, err = r.Devices(id); return err })
	return all, err
}

// Device finds one by its own identifier or by ours.
func (d *Directory) Device(ctx context.Context, owner UserID, id string) (Device, error) {
	var dev Device
	err := d.keep.View(ctx, func(r Reader) (err error) {
		if dev, err = r.DeviceByIdentifier(owner, id); errors.Is(err, ErrNotFound) {
			dev, err = r.Device(owner, DeviceID(id))
		}
		return err
	})
	if errors.Is(err, ErrNotFound) {
		return Device{}, problem.New(problem.NotFound, "device.gone", "There is no such device.", "Load the list again.")
	}
	return dev, err
}

// SetPushToken remembers where the device wants to be woken; empty forgets it.
func (d *Directory) SetPushToken(ctx context.Context, owner UserID, id, token string) error {
	dev, err := d.Device(ctx, owner, id)
	if err != nil {
		return err
	}
	return d.keep.Write(ctx, func(w Writer) error {
		fresh, err := w.Device(owner, dev.ID)
		if err != nil {
			return err
		}
		fresh.PushToken = clip(token)
		return w.PutDevice(fresh)
	})
}

// RenameDevice gives a device the name that its person calls it by; sign-ins
// leave it then. An empty one lets the app say again.
func (d *Directory) RenameDevice(ctx context.Context, owner UserID, id, name string) error {
	if err := checkLengths(name); err != nil {
		return err
	}
	dev, err := d.Device(ctx, owner, id)
	if err != nil {
		return err
	}
	return d.keep.Write(ctx, func(w Writer) (err error) {
		if dev, err = w.Device(owner, dev.ID); err != nil {
			return err
		}
		if dev.Named = name != ""; dev.Named {
			dev.Name = name
		}
		return w.PutDevice(dev)
	})
}

// RemoveDevice forgets a device, ends its sessions, and remembers it no longer.
func (d *Directory) RemoveDevice(ctx context.Context, owner UserID, id string) (Device, error) {
	dev, err := d.Device(ctx, owner, id)
	if err != nil {
		return Device{}, err
	}
	return dev, d.keep.Write(ctx, func(w Writer) error {
		a, err := w.Account(owner)
		if err != nil {
			return err
		}
		if a.forgetDevice(dev.Identifier) {
			if err := w.PutAccount(a); err != nil {
				return err
			}
		}
		return w.RemoveDevice(owner, dev.ID)
	})
}
