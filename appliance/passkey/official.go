package passkey

// Official lists the origins of the official clients that frame our connector
// pages: Bitwarden's browser extensions and its desktop app.
func Official() []string { return nil }
