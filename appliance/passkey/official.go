package passkey

// Official lists the origins in which the official clients frame our connector
// page. Nobody else gets an answer from it, and no second factor that was given
// in a frame of anybody else counts.
//
// The ids are those that Bitwarden's desktop app itself talks to (the
// allowed_origins of its native messaging manifest, bitwarden/clients,
// apps/desktop, native-messaging.main.ts); the desktop's origin is its custom
// protocol (bitwarden/clients pull request 19208, bitwarden/server pull request
// 7080). A store's id is made from a signing key, so no other extension can have
// it.
//
// Not in the list, on purpose:
//   - Firefox's and Safari's extensions, whose ids are random for each
//     installation: nothing could be told from them. They don't frame us; they
//     open our fallback page in a tab, where the page at the top is our own.
//   - file://, which the desktop app used before 2026: every downloaded page
//     has that origin. Such an old app can use another second factor.
func Official() []string {
	return []string{
		"chrome-extension://nngceckbapebfimnlniiiahkandclblb", // Chrome Web Store; Brave, Vivaldi, Arc ... install it from there
		"chrome-extension://jbkfoedolllekgbhcbcoahefnbanhhlh", // Microsoft Edge Add-ons
		"chrome-extension://ccnckbpmaceehanjmeomladnmlffdjgn", // Opera add-ons
		"bw-desktop-file://bundle",                            // the desktop app
	}
}
