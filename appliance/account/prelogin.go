package account

import "context"

// Prelogin says with which key derivation and salt email signs in. A name that
// nobody has is answered like its double, the same each time, so that the answer
// tells nobody who has an account, whatever key derivation people chose.
func (d *Directory) Prelogin(ctx context.Context, email string) (KDF, string, error) {
	email = NormalEmail(email)
	on, era := d.census.last()
	err := d.keep.View(ctx, func(r Reader) (err error) { on, err = d.census.now(r, on, era); return err })
	if err != nil {
		return KDF{}, "", err
	}
	who, has := d.census.find(on, email)
	if len(on.people) == 0 {
		return DefaultKDF(), email, nil
	}
	if !has {
		return who.kdf, email, nil
	}
	return who.kdf, who.salt, nil
}
