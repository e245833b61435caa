package journal

// The kinds of device.
const (
	Phone     = "phone"
	Browser   = "browser"
	Extension = "extension"
	Desktop   = "desktop"
	CLI       = "cli"
	Other     = "other"
)

// DeviceKind groups Bitwarden's numbers of device types (the enumeration
// DeviceType of its server) by what a person would call them.
func DeviceKind(number int) string {
	switch number {
	case 0, 1, 15: // Android, iOS, Android of Amazon
		return Phone
	case 2, 3, 4, 5, 19, 20: // of Chrome, Firefox, Opera, Edge, Vivaldi, Safari
		return Extension
	case 6, 7, 8, 16: // Windows, macOS, Linux, UWP
		return Desktop
	case 9, 10, 11, 12, 13, 14, 17, 18, 26: // Chrome to an unknown one, Safari, Vivaldi, DuckDuckGo
		return Browser
	case 23, 24, 25: // on Windows, macOS, Linux
		return CLI
	}
	return Other
}

// unknownDevice is Bitwarden's number for a browser that nobody knows.
const unknownDevice = 14
