package provider

import "strings"

// Guess tells which provider runs a zone by the names of its servers, so that
// the wizard can preselect it; "" when none is recognised. Only a row of Table
// is ever named.
func Guess(nsNames []string) string {
	for _, ns := range nsNames {
		ns = "." + plainName(ns)
		for _, e := range entries() {
			for _, suffix := range e.servers {
				// Some number a label ("ns-1024.awsdns-00.org"): those end in a dash and match within.
				if strings.HasSuffix(ns, "."+suffix) || strings.HasSuffix(suffix, "-") && strings.Contains(ns, "."+suffix) {
					return e.info.ID
				}
			}
		}
	}
	return ""
}
