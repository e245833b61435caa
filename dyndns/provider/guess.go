package provider

// Guess tells which provider runs a zone by the names of its servers, so that
// the wizard can preselect it; "" when none is recognised.
func Guess(nsNames []string) string {
	return ""
}
