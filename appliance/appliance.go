// Package appliance assembles the parts of the house and runs them. It is the
// only package that knows them all; what a part does it leaves to the part.
package appliance

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"latchkey/appliance/account"
	"latchkey/appliance/api"
	"latchkey/appliance/backup"
	"latchkey/appliance/certs"
	"latchkey/appliance/clock"
	"latchkey/appliance/config"
	"latchkey/appliance/country"
	"latchkey/appliance/guard"
	"latchkey/appliance/health"
	"latchkey/appliance/journal"
	"latchkey/appliance/listen"
	"latchkey/appliance/logline"
	"latchkey/appliance/notify"
	"latchkey/appliance/passkey"
	"latchkey/appliance/problem"
	"latchkey/appliance/restore"
	"latchkey/appliance/settings"
	"latchkey/appliance/setup"
	"latchkey/appliance/store"
	"latchkey/appliance/vault"
	"latchkey/webui"
)

// Config says which house to assemble. Every field is required.
type Config struct {
	config.Config
	Version string
	Log     *slog.Logger
	// Make allows a new house to be made where the folder holds none.
	Make bool
	// CheckCommand is the command, with its arguments, that checks a copy of
	// the file in a process of its own; see CheckCopy.
	CheckCommand []string
	// MachineKey closes the seal key on this machine's disk: 32 bytes, nil where
	// it lies open. See store.Config.
	MachineKey []byte
	// Private answers on the machine's own socket alone and starts nothing that
	// looks outside: so a new version is tried before it is let out.
	Private bool
	// Manager hears when the house is ready, lives and stops; nil: nobody does.
	Manager *notify.Manager
	// GuardTime is the time that guard counts by, for measurements that it must
	// not slow down; nil is the house's own.
	GuardTime func() time.Time
	// Clock is a clock of a test's; nil is the machine's.
	Clock *clock.Clock
}

// Appliance is an assembled house: its file is open, nothing listens yet.
type Appliance struct {
	cfg      Config
	store    *store.Store
	clock    *clock.Clock
	board    *health.Board
	settings *settings.Settings
	guard    *guard.Guard
	besieged chan struct{} // guard has news
	crowd    crowd
	people   *account.Directory
	vault    *vault.Vault
	journal  *journal.Journal
	kits     *setup.Kits
	setup    *setup.Setup
	backups  *backup.Backups
	restore  *restore.Restore
	pending  atomic.Pointer[Pending] // a restore that waits for an owner's word; nil: none
	again    chan struct{}           // the house is to end and be opened anew
	damaged  atomic.Bool             // the last full check found something
	refused  chan struct{}           // whether the disk keeps what it is given has changed
	house    *certs.House
	outside
	scout   *listen.Scout
	door    *api.API
	page    *webui.Page // nil where this binary has none; Run refuses then
	pageErr error
	bound   atomic.Pointer[listen.Bound] // nil until something listens
	sockets atomic.Pointer[listen.Sockets]
}

// Names of the kept values that belong to no single part.
const (
	tokenKeyValue     = "account/token-key"
	pseudonymKeyValue = "journal/key"
	guardKeyValue     = "guard/key"
	certsValue        = "certs/house"
	savedTimeValue    = "clock/saved"
	doubtValue        = "clock/doubt"
)

// rootFile is what a device may trust, in the data folder.
const rootFile = "local-ca.pem"

// Assemble opens the house in c.Data, or makes it where that is allowed, and
// puts its parts together. Close it when done.
func Assemble(ctx context.Context, c Config) (*Appliance, error) {
	c.Data = config.DataDir(c.Data)
	if err := restore.Resume(c.Data); err != nil {
		return nil, err
	}
	if err := makeHouse(c); err != nil {
		return nil, err
	}
	a := &Appliance{cfg: c, clock: c.Clock, besieged: make(chan struct{}, 1), again: make(chan struct{}, 1), refused: make(chan struct{}, 1)}
	if a.clock == nil {
		a.clock = clock.New()
	}
	a.board = health.NewBoard(a.clock.Now, c.Log)
	file, err := store.Open(ctx, store.Config{Dir: c.Data, MachineKey: c.MachineKey, Now: a.clock.Now, Log: c.Log, Refused: a.diskRefuses})
	if err != nil {
		return nil, err
	}
	a.store = file
	for _, step := range []func(context.Context) error{
		a.openKept, a.openRestored, a.openGuard, a.openPeople, a.openCerts, a.openOutside, a.openSetup, a.openBackups, a.openDoor,
	} {
		if err := step(ctx); err != nil {
			_ = file.Close() // the step's error says more
			return nil, err
		}
	}
	return a, nil
}

func makeHouse(c Config) error {
	made, err := store.Made(c.Data)
	if err != nil || made {
		return err
	}
	if !c.Make {
		return noHouse(c.Data)
	}
	if old := restore.Before(c.Data); old != "" {
		return problem.New(problem.Refused, "house.gone",
			fmt.Sprintf("The house that was in %s is not there any more, but an older one is, in %s.", c.Data, old),
			"If you moved it, move it back. To go on with the older one, rename it to "+c.Data+"; to begin a new house, name another folder with --data.")
	}
	return store.Create(c.Data, c.MachineKey)
}

// openKept loads the time, the settings and what the opening itself found.
func (a *Appliance) openKept(ctx context.Context) error {
	if err := a.clock.Load(ctx, a.savedTime()); err != nil {
		return err
	}
	pins := make(map[string]settings.Pin, len(a.cfg.Pins))
	for name, p := range a.cfg.Pins {
		pins[name] = settings.Pin{Value: p.Value, File: p.File, Line: p.Line}
	}
	pins = settings.Credentials(os.Getenv("CREDENTIALS_DIRECTORY"), pins)
	var err error
	a.settings, err = settings.Open(ctx, values{a.store}, pins)
	if err != nil {
		return err
	}
	a.board.SetIf(a.store.Opening().MetaDamaged, metaDamaged())
	a.board.SetIf(a.store.Opening().Exposed, exposed(a.cfg.Data))
	a.board.SetIf(a.store.Opening().KeyOpen != nil, keyOpen())
	return nil
}

func (a *Appliance) openGuard(ctx context.Context) (err error) {
	key, err := a.lastingKey(ctx, guardKeyValue)
	if err != nil {
		return err
	}
	now := a.clock.Now
	if a.cfg.GuardTime != nil {
		now = a.cfg.GuardTime
	}
	a.guard, err = guard.New(ctx, guard.Config{Keep: a.store.Guard(), Key: key, Now: now, Log: a.cfg.Log, Changed: a.wake})
	return err
}

func (a *Appliance) openPeople(ctx context.Context) error {
	key, err := a.lastingKey(ctx, tokenKeyValue)
	if err != nil {
		return err
	}
	number := func(name string) func() int64 { return func() int64 { return a.settings.Number(name) } }
	a.people = account.New(account.Config{
		Keep: a.store.Accounts(), Hasher: account.NewHasher(), TokenKey: key, Issuer: "latchkey", Now: a.clock.Now,
		SessionDays: number(settings.SessionDays), InvitationDays: number(settings.InvitationDays),
		SecondForAll: func() bool { return a.settings.Bool(settings.SecondEveryone) }, Timeless: a.timeless,
	})
	a.vault = vault.New(a.store.Vault(), a.clock.Now)
	names, err := a.lastingKey(ctx, pseudonymKeyValue)
	if err != nil {
		return err
	}
	a.journal = journal.New(journal.Config{
		Keep: a.store.Journal(), Now: a.clock.Now, Days: number(settings.JournalDays), Key: names,
		Bytes:  func() int64 { return a.settings.Number(settings.JournalMegabytes) << 20 },
		Naming: func() string { return a.settings.Text(settings.JournalNames) }, Log: a.cfg.Log,
		Trusted: a.clock.Certain, Country: a.countries().Of,
		Trouble: func(err error) { a.board.SetIf(err != nil, logTrouble()) },
	})
	a.kits = setup.NewKits(values{a.store}, a.store.Identity(), a.clock.Now)
	return nil
}

// countries opens the database that config.toml names. One that can't be used
// is a condition: a log without countries is better than no house.
func (a *Appliance) countries() *country.DB {
	if a.cfg.CountryDatabase == "" {
		return nil
	}
	db, err := country.Open(a.cfg.CountryDatabase)
	why := problem.Of(err)
	a.board.SetIf(err != nil, health.Condition{Code: "log.country", Severity: health.Notice, Text: why.Text, Hint: why.Hint})
	return db
}

// logTrouble is the condition while the connection log can't be kept.
func logTrouble() health.Condition {
	return health.Condition{
		Code: "log.stuck", Severity: health.Warning, Text: "The connection log can't be written.",
		Hint: "Signing in and saving go on. Look for room on the disk; what waits is written as soon as it can be.",
	}
}

func (a *Appliance) openSetup(ctx context.Context) error {
	a.setup = setup.New(setup.Config{
		Owners: a.people, Reached: a.reach, Settings: a.settings, Kits: a.kits, Checks: a.quickChecks(), Board: a.board,
		Now: time.Now, // a link's life is counted, not told: the clock may be put right while somebody walks to a phone
	})
	if a.settings.Bool(settings.SecondEveryone) { // a pin may say so since the last start
		if err := a.people.RequireSecondForAll(ctx); err != nil {
			return err
		}
	}
	return a.setup.Review(ctx)
}

// lastingKey gives the house's own key of that name, made when first wanted.
// The one that signs access tokens must last so that a restart signs nobody
// out, the journal's so that a pseudonym stays whose it is.
func (a *Appliance) lastingKey(ctx context.Context, name string) ([]byte, error) {
	kept := blob{a.store, name}
	key, err := kept.Load(ctx)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", name, err)
	}
	if key != nil {
		return key, nil
	}
	key = make([]byte, 32)
	_, _ = rand.Read(key) // ends the process rather than fail
	return key, kept.Save(ctx, key)
}

func (a *Appliance) openCerts(ctx context.Context) error {
	house, err := certs.Open(ctx, certs.Config{
		Keep: blob{a.store, certsValue}, Now: a.clock.Now, Log: a.cfg.Log,
		Trouble: func(err error) { a.board.SetIf(err != nil, leafTrouble(err)) },
	})
	if err != nil {
		return err
	}
	a.house = house
	a.scout = listen.NewScout(listen.ScoutConfig{Names: a.names, Proxies: a.proxies, Test: a.cfg.TestRanges, Log: a.cfg.Log})
	return house.WriteRoot(filepath.Join(a.cfg.Data, rootFile))
}

func (a *Appliance) openDoor(context.Context) error {
	a.page, a.pageErr = webui.New(passkey.Official()...)
	a.door = api.New(api.Config{
		People: a.people, Vault: a.vault, Settings: a.settings, Setup: a.setup, Reach: a.reach, Kits: a.kits,
		Guard: a.guard, Journal: a.journal, Board: a.board, Log: a.cfg.Log,
		Version: a.cfg.Version, Origin: a.origin, Links: a.links, Base: a.base, QR: qr, Trust: a.trust,
		Client: a.client, Ceremonies: passkey.New(nil), Party: a.party, Now: a.clock.Now, Entered: a.entered, Vouch: listen.Vouch,
		Doctor: a.Doctor, Status: a.Status, Backups: a.backups, Restore: a.restore, Restored: word{a}, House: a.store.Identity(),
		BeforeRotation: a.beforeRotation,
	})
	return nil
}

func (a *Appliance) savedTime() savedTime { return savedTime{blob{a.store, savedTimeValue}} }

// Handler answers as the house does, for Run and for commands that call it in
// their own process.
func (a *Appliance) Handler() http.Handler {
	return logline.Requests(listen.HSTS(http.HandlerFunc(a.answer), a.public.Trusted), a.cfg.Log, a.client, a.isFile)
}

// Close flushes and closes the file. Run does it at its end.
func (a *Appliance) Close() error { return a.store.Close() }

// socketFile is where commands reach a house that runs.
func socketFile(data string) string { return filepath.Join(data, "latchkey.sock") }

// hostName is for messages only.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "this computer"
	}
	return name
}
