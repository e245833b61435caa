package arch

import (
	"fmt"
	"slices"
	"strings"
)

// A floor holds packages that know only the floors below them, and never each other.
type floor struct {
	packages []string
	// beside lists the imports within the floor that are meant: "appliance/vault" -> "appliance/account".
	beside map[string][]string
}

// floors is design.md's list, from the ground up. A name ending in /... is a folder with all under it.
var floors = []floor{
	{packages: []string{"appliance/problem", "appliance/clock", "appliance/health", "appliance/config", "appliance/notify"}, beside: map[string][]string{
		"appliance/health": {"appliance/problem"}, "appliance/config": {"appliance/problem"}, "appliance/clock": {"appliance/problem"},
	}},
	{packages: []string{"appliance/passkey", "appliance/totp", "appliance/logline"}},
	{packages: []string{
		"appliance/account", "appliance/vault", "appliance/guard", "appliance/journal", "appliance/country", "appliance/settings",
		"appliance/certs", "dyndns/...",
	}, beside: map[string][]string{
		"appliance/vault":  {"appliance/account"},
		"dyndns":           {"dyndns/authority", "dyndns/publicip"},
		"dyndns/publicip":  {"dyndns/query", "dyndns/uplink"},
		"dyndns/authority": {"dyndns/query"},
		"dyndns/portmap":   {"dyndns/uplink"},
	}},
	{packages: []string{"appliance/store", "appliance/backup/...", "appliance/restore", "appliance/install"}, beside: map[string][]string{
		"appliance/restore": {"appliance/backup/archive", "appliance/backup/target"},
	}},
	{packages: []string{"appliance/reach", "appliance/setup"}, beside: map[string][]string{"appliance/setup": {"appliance/reach"}}},
	{packages: []string{"appliance/api", "appliance/listen"}},
	{packages: []string{"appliance"}},
	{packages: []string{"."}},
}

// apart are folders whose packages are no helpers of the folder's own package: each knows what beside grants it.
var apart = []string{"dyndns"}

// free stand beside the floors: anybody may import them, and they know no more of the house than its ground.
var free = []string{"client/keys", "webui", "systemd"}

// onTop may import the floors, and no floor but main's may import them.
var onTop = []string{"client", "client/...", "test/..."}

// sole names the few packages that may import a library, so that it can be changed in one place. The longest
// matching name decides.
var sole = map[string][]string{
	"github.com/asdine/storm":       {"appliance/store"},
	"go.etcd.io/bbolt":              {"appliance/store"},
	"github.com/caddyserver":        {"appliance/certs"},
	"github.com/mholt/acmez":        {"appliance/certs"},
	"go.uber.org/zap":               {"appliance/certs"},
	"github.com/go-webauthn":        {"appliance/passkey"},
	"github.com/huin/goupnp":        {"dyndns/portmap"},
	"github.com/oschwald":           {"appliance/country"},
	"github.com/maxmind":            {"appliance/country"},
	"github.com/libdns":             {"dyndns/provider"},
	"github.com/libdns/libdns":      {"dyndns/provider", "appliance/certs", "appliance/reach"},
	"github.com/klauspost/compress": {"appliance/backup/archive"},
	"github.com/miekg/dns":          {"dyndns/query", "dyndns/authority", "dyndns/publicip", "dyndns/provider"},
}

func matches(pattern, folder string) bool {
	if root, deep := strings.CutSuffix(pattern, "/..."); deep {
		return folder == root || strings.HasPrefix(folder, root+"/")
	}
	return pattern == folder
}

func anyMatches(patterns []string, folder string) bool {
	for _, pattern := range patterns {
		if matches(pattern, folder) {
			return true
		}
	}
	return false
}

// level gives a folder's floor, counted from the ground; -1 for one that stands on none. A folder below a
// package (appliance/vault/vaulttest) stands where its package stands.
func level(folder string) int {
	for {
		for i, f := range floors {
			if anyMatches(f.packages, folder) {
				return i
			}
		}
		at := strings.LastIndex(folder, "/")
		if at < 0 || folder[:at] == "appliance" || folder[:at] == "test" || folder[:at] == "client" {
			return -1
		}
		folder = folder[:at]
	}
}

// Climbs tells why one of ours may not import another, "" when it may.
func Climbs(from, to string) string {
	if from == to || helps(to, from) || helps(from, to) && level(from) == level(to) {
		return "" // a package and its own helpers
	}
	if from == "test" || strings.HasPrefix(from, "test/") {
		return ""
	}
	if anyMatches(free, to) {
		return ""
	}
	if anyMatches(free, from) {
		if level(to) == 0 {
			return ""
		}
		return fmt.Sprintf("%s stands alone and imports %s", from, to)
	}
	if anyMatches(onTop, from) {
		return ""
	}
	if anyMatches(onTop, to) {
		if from == "." && !strings.HasPrefix(to, "test") {
			return ""
		}
		return fmt.Sprintf("%s imports %s, which stands above the house", from, to)
	}
	low, high := level(from), level(to)
	switch {
	case low < 0:
		return fmt.Sprintf("%s stands on no floor: add it to the list", from)
	case high < 0:
		return fmt.Sprintf("%s stands on no floor: add it to the list", to)
	case low < high:
		return fmt.Sprintf("%s imports %s, which stands above it", from, to)
	case low == high && !slices.Contains(floors[low].beside[from], to) && !strings.HasSuffix(from, "test"):
		// A conformance suite (vaulttest) is test code that others import; it may look around on its floor.
		return fmt.Sprintf("%s imports %s, which stands beside it", from, to)
	}
	return ""
}

// helps reports whether a package lies in the folder of another and belongs to it.
func helps(one, owner string) bool {
	return strings.HasPrefix(one, owner+"/") && !slices.Contains(apart, owner)
}

// Trespasses tells why a package may not import a library, "" when it may.
func Trespasses(from, library string) string {
	longest := ""
	for name := range sole {
		if under(library, name) && len(name) > len(longest) {
			longest = name
		}
	}
	keepers := sole[longest]
	if longest == "" || slices.ContainsFunc(keepers, func(keeper string) bool { return under(from, keeper) }) {
		return ""
	}
	return fmt.Sprintf("%s imports %s; only %s may", from, library, strings.Join(keepers, ", "))
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }
