package settings

import "slices"

// The keys by name, for those who read them.
const (
	HouseName        = "house.name"
	SessionDays      = "session.days"
	TrashDays        = "trash.days"
	JournalDays      = "journal.days"
	JournalMegabytes = "journal.megabytes"
	JournalNames     = "journal.names"
	InvitationDays   = "invitation.days"
	SecondEveryone   = "second.everyone"
)

// The keys of the public path. Those set by its step belong together: changing
// one alone could leave a name without its token.
const (
	ReachMode                 = "reach.mode"     // "" while not chosen, "home", "public"
	ReachDoor                 = "reach.door"     // "auto", "manual", "proxy"
	ReachOpen                 = "reach.open"     // whether the door may be opened yet
	ReachName                 = "reach.name"     // the public name, "" for none
	ReachProvider             = "reach.provider" // id of a DNS provider, or "watch"
	ReachCredentials          = "reach.credentials"
	ReachChallenge            = "reach.challenge"      // id of another provider for the certificate's challenge, or ""
	ReachChallengeName        = "reach.challenge.name" // where _acme-challenge points to
	ReachChallengeCredentials = "reach.challenge.credentials"
	ReachPort                 = "reach.port"    // the router's outer port with a manual door, 0 for the same as ours
	ReachProxies              = "reach.proxies" // see Prefixes
	ReachChecker              = "reach.checker" // URL, "" for none
	AddressRule               = "address.rule"  // publicip's Rule
)

// The keys of the backups. The hidden ones are changed by steps of their own,
// which try out what they keep.
const (
	BackupTargets = "backup.targets" // JSON list of target.Config
	BackupKey     = "backup.key"     // the kit's recovery key, kept for proofs; "" for none
	BackupDaily   = "backup.daily"
	BackupWeekly  = "backup.weekly"
	BackupMonthly = "backup.monthly"
	BackupHour    = "backup.hour" // local; -1: chosen from the house's own use
)

// The longest that is taken: a name by RFC 1035, and credentials with room for
// a key file of a cloud provider.
const (
	longestName   = 253
	longestID     = 40
	longestURL    = 500
	longestSecret = 16 << 10
	longestPlaces = 256 << 10 // a list of backup targets, some with an SSH key
	mostProxies   = 32
)

// Keys is the table, in the order in which the page shows it.
func Keys() []Key {
	return slices.Concat(houseKeys(), backupKeys(), reachKeys())
}

func houseKeys() []Key {
	return []Key{
		{Name: HouseName, Owner: "api", Kind: Text, Default: "Home", Min: 1, Max: 60, Title: "Name of the house", Help: "Shown at the top of the page and on the recovery kit."},
		{Name: SessionDays, Owner: "account", Kind: Number, Default: int64(30), Min: 1, Max: 365, Title: "Days signed in", Help: "An app that has not been used for so many days must sign in again."},
		{Name: TrashDays, Owner: "vault", Kind: Number, Default: int64(30), Min: 0, Max: 3650, Title: "Days in the trash", Help: "Items in the trash are removed for good after so many days; 0 keeps them until somebody empties it."},
		{Name: JournalDays, Owner: "journal", Kind: Number, Default: int64(90), Min: 1, Max: 3650, Title: "Days of activity", Help: "Who signed in and when is kept for so many days."},
		{Name: JournalMegabytes, Owner: "journal", Kind: Number, Default: int64(64), Min: 1, Max: 4096, Title: "Megabytes of activity", Help: "When the log has grown beyond this, its oldest lines go."},
		{Name: JournalNames, Owner: "journal", Kind: Choice, Default: "pseudonym", Choices: []string{"account", "pseudonym", "none"}, Words: []string{"Accounts", "Pseudonyms", "Nobody"}, Title: "Who stands in the log", Help: "A pseudonym is turned into a name only on this page. With nobody in it, people can't see their own activity either. It holds for what is written from now on."},
		{Name: SecondEveryone, Owner: "account", Kind: Bool, Default: false, Title: "A second step for everyone", Help: "Whoever has no second step at sign-in must add one on this page before anything else works; their older keys for the command line end."},
		{Name: InvitationDays, Owner: "account", Kind: Number, Default: int64(7), Min: 1, Max: 30, Title: "Days an invitation lasts", Help: "An invitation link that nobody used ends after so many days."},
	}
}

func backupKeys() []Key {
	return []Key{
		{Name: BackupDaily, Owner: "backup", Kind: Number, Default: int64(7), Min: 1, Max: 366, Title: "Days of backups", Help: "At each place the newest backup of so many days is kept."},
		{Name: BackupWeekly, Owner: "backup", Kind: Number, Default: int64(5), Min: 0, Max: 520, Title: "Weeks of backups", Help: "At each place the newest backup of so many weeks is kept."},
		{Name: BackupMonthly, Owner: "backup", Kind: Number, Default: int64(12), Min: 0, Max: 240, Title: "Months of backups", Help: "At each place the newest backup of so many months is kept."},
		{Name: BackupHour, Owner: "backup", Kind: Number, Default: int64(-1), Min: -1, Max: 23, Title: "Hour of the backup", Help: "The hour of the day, 0 to 23, in which the daily backup is made; -1 takes an hour at which nobody uses the house."},
		{Name: BackupTargets, Owner: "backup", Kind: Secret, Default: "", Max: longestPlaces, Check: places, Title: "Places for backups", Help: "Where the backups go, with what is needed to sign in there.", Hidden: true},
		{Name: BackupKey, Owner: "backup", Kind: Secret, Default: "", Max: longestID * 2, Check: recoveryKey, Title: "Recovery key", Help: "The kit's recovery key, with which the house may open its own backups to prove them.", Hidden: true},
	}
}

func reachKeys() []Key {
	return []Key{
		{Name: ReachMode, Owner: "reach", Kind: Choice, Default: "", Choices: []string{"", "home", "public"}, Title: "Reachable from", Help: "The home network only, or any network by a name of your own.", Hidden: true},
		{Name: ReachDoor, Owner: "reach", Kind: Choice, Default: "auto", Choices: []string{"auto", "manual", "proxy"}, Title: "Door", Help: "Who lets callers from outside in: the router asked by Latchkey, a forwarding entered by hand, or a proxy.", Hidden: true},
		{Name: ReachOpen, Owner: "reach", Kind: Bool, Default: false, Title: "Door open", Help: "Whether the door may be open; it stays shut until the house has an owner.", Hidden: true},
		{Name: ReachName, Owner: "reach", Kind: Text, Default: "", Max: longestName, Check: domain, Title: "Public name", Help: "The name under which this house is found from any network.", Hidden: true},
		{Name: ReachProvider, Owner: "reach", Kind: Text, Default: "", Max: longestID, Check: identifier, Title: "DNS provider", Help: "Who holds the records of the public name.", Hidden: true},
		{Name: ReachCredentials, Owner: "reach", Kind: Secret, Default: "", Max: longestSecret, Check: texts, Title: "Access to the DNS provider", Help: "The token with which Latchkey keeps the records true.", Hidden: true},
		{Name: ReachChallenge, Owner: "reach", Kind: Text, Default: "", Max: longestID, Check: identifier, Title: "Provider for the certificate", Help: "Who answers for the certificate where the DNS provider can't.", Hidden: true},
		{Name: ReachChallengeName, Owner: "reach", Kind: Text, Default: "", Max: longestName, Check: domain, Title: "Name for the certificate", Help: "Where the record _acme-challenge of the public name points to.", Hidden: true},
		{Name: ReachChallengeCredentials, Owner: "reach", Kind: Secret, Default: "", Max: longestSecret, Check: texts, Title: "Access to the provider for the certificate", Help: "The token with which Latchkey proves that the name is yours.", Hidden: true},
		{Name: ReachPort, Owner: "reach", Kind: Number, Default: int64(0), Min: 0, Max: 65535, Title: "Port outside", Help: "The router's port of a forwarding that was entered by hand; 0 means the same as inside.", Hidden: true},
		{Name: ReachProxies, Owner: "listen", Kind: List, Default: []string{}, Max: mostProxies, Check: network, Proof: true, Title: "Trusted proxies", Help: "Addresses or networks (10.0.0.2, fd00::/64) of your own reverse proxies; only they are believed when they say for whom they call."},
		{Name: ReachChecker, Owner: "reach", Kind: Text, Default: "", Max: longestURL, Check: httpsURL, Title: "Checker", Help: "Address of a service of your choice that tries the door from outside; empty asks nobody."},
		{Name: AddressRule, Owner: "publicip", Kind: Choice, Default: "two", Choices: []string{"two", "https", "router"}, Words: []string{"Two kinds of source agree", "An HTTPS service alone", "The router alone"}, Title: "Public address believed when", Help: "Leave this unless a source can't be had in your network: one source alone may be wrong."},
	}
}
