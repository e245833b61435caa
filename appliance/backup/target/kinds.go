package target

// Field is one thing to fill in.
type Field struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Help     string `json:"help"`
	Default  string `json:"default"`
	Secret   bool   `json:"secret"`   // never shown again
	Optional bool   `json:"optional"` // may stay empty
	Lines    bool   `json:"lines"`    // a text of several lines
	Found    bool   `json:"found"`    // Check fills it in; a person need not
	Hidden   bool   `json:"hidden"`   // Check fills it in, and nobody needs to see it
}

// Kind is one sort of place with the form to fill in for it.
type Kind struct {
	ID     string  `json:"id"`
	Title  string  `json:"title"`
	Help   string  `json:"help"`
	Fields []Field `json:"fields"`
}

// The IDs of the kinds.
const (
	KindFolder = "folder"
	KindS3     = "s3"
	KindSFTP   = "sftp"
	KindWebDAV = "webdav"
)

// The names of the fields, over all kinds.
const (
	FieldFolder   = "folder"
	FieldDisk     = "disk"
	FieldEndpoint = "endpoint"
	FieldBucket   = "bucket"
	FieldRegion   = "region"
	FieldKeyID    = "keyID"
	FieldKey      = "key"
	FieldHost     = "host"
	FieldPort     = "port"
	FieldUser     = "user"
	FieldPassword = "password"
	FieldSSHKey   = "privateKey"
	FieldHostKey  = "hostKey"
	FieldURL      = "url"
)

// Kinds gives the kinds in the order in which the page offers them.
func Kinds() []Kind {
	return []Kind{folderKind(), webdavKind(), sftpKind(), s3Kind()}
}

func folderKind() Kind {
	return Kind{
		ID: KindFolder, Title: "Another disk or USB stick",
		Help: "A folder on a disk that is plugged into this machine. It must be another disk than the one Latchkey runs from: " +
			"when that one dies, a copy on it dies too. Keep a second copy outside the house, because a fire or a thief takes both. " +
			"If the folder can't be written, the page shows the one command that adds the disk.",
		Fields: []Field{
			{
				Name: FieldFolder, Title: "Folder",
				Help: "Its full path, beginning with a slash, such as /mnt/backup or /media/usb/latchkey. The folder must be there already.",
			},
			{Name: FieldDisk, Title: "Mark on the disk", Optional: true, Found: true, Hidden: true},
		},
	}
}

func webdavKind() Kind {
	return Kind{
		ID: KindWebDAV, Title: "Nextcloud or other WebDAV",
		Help: "A folder in a cloud that speaks WebDAV, such as Nextcloud, ownCloud, a Synology or QNAP, or a Hetzner Storage Box. " +
			"The files are encrypted before they leave this machine, so whoever runs the cloud reads nothing.",
		Fields: []Field{
			{
				Name: FieldURL, Title: "Address",
				Help: "Nextcloud: the address that you open in the browser, such as https://cloud.example.org, is enough. " +
					"Hetzner Storage Box: https://u123456.your-storagebox.de (switch WebDAV on in the console first). " +
					"Synology: https://NAME:5006/SHARE, after installing the package “WebDAV Server”.",
			},
			{
				Name: FieldFolder, Title: "Folder", Default: "Latchkey", Optional: true,
				Help: "The folder for the backups in there. It is made if it is missing.",
			},
			{
				Name: FieldUser, Title: "User name",
				Help: "The name that you sign in with. A user of its own, made only for backups, is best.",
			},
			{
				Name: FieldPassword, Title: "Password", Secret: true,
				Help: "Nextcloud: not your own password, but an app password: your picture at the top right, Personal settings, Security, " +
					"“Devices & sessions”, Create new app password. With two-factor sign-in nothing else works.",
			},
		},
	}
}

func sftpKind() Kind {
	return Kind{
		ID: KindSFTP, Title: "A server by SFTP",
		Help: "Any machine that you can reach by SSH: a NAS, a friend's Raspberry Pi, a Hetzner Storage Box, a rented server.",
		Fields: []Field{
			{
				Name: FieldHost, Title: "Server",
				Help: "Its name or address, such as nas.local, 192.168.1.20 or u123456.your-storagebox.de.",
			},
			{
				Name: FieldPort, Title: "Port", Default: "22", Optional: true,
				Help: "22 nearly everywhere. Hetzner Storage Box: 23, after switching on SSH support in the console. Synology: see " +
					"Control Panel, File Services, FTP, SFTP.",
			},
			{
				Name: FieldUser, Title: "User name",
				Help: "A user of its own, made only for backups, is best. Hetzner Storage Box: u123456, or better a sub-account.",
			},
			{
				Name: FieldPassword, Title: "Password", Secret: true, Optional: true,
				Help: "Leave it empty if you enter a private key below. If that key has a passphrase, enter the passphrase here.",
			},
			{
				Name: FieldSSHKey, Title: "Private key", Secret: true, Optional: true, Lines: true,
				Help: "Only if the server wants a key instead of a password: the whole text of the private key file, from " +
					"“-----BEGIN” to “-----END … PRIVATE KEY-----”.",
			},
			{
				Name: FieldFolder, Title: "Folder", Default: "latchkey", Optional: true,
				Help: "The folder for the backups; it is made if it is missing. Without a slash in front it lies in the user's home folder. " +
					"Synology: begin with the shared folder, such as /backup/latchkey.",
			},
			{
				Name: FieldHostKey, Title: "The server's fingerprint", Optional: true, Found: true,
				Help: "Leave it empty: Latchkey takes it down at the first check and from then on accepts no other server under this name. " +
					"Compare it with what the server's maker or console shows. If the server was set up anew, empty this field and check again.",
			},
		},
	}
}

func s3Kind() Kind {
	return Kind{
		ID: KindS3, Title: "S3 storage (Backblaze B2, Wasabi, MinIO, Amazon)",
		Help: "Rented storage by the gigabyte, or MinIO on a NAS. Make a bucket that is private and used for nothing else, and a key " +
			"that may read, write, list and delete in that bucket only.",
		Fields: []Field{
			{
				Name: FieldEndpoint, Title: "Endpoint",
				Help: "The address of the storage. Backblaze B2: on the bucket's page, such as s3.eu-central-003.backblazeb2.com. " +
					"Wasabi: s3.eu-central-1.wasabisys.com. Hetzner: fsn1.your-objectstorage.com. Amazon: s3.eu-central-1.amazonaws.com. " +
					"MinIO at home: http://192.168.1.20:9000.",
			},
			{Name: FieldBucket, Title: "Bucket", Help: "Its name. It must be there already."},
			{
				Name: FieldFolder, Title: "Folder", Default: "latchkey", Optional: true,
				Help: "What the names of the backups begin with in the bucket.",
			},
			{
				Name: FieldKeyID, Title: "Key ID",
				Help: "Backblaze B2: “keyID” of an application key made for this bucket (the master key does not work). Elsewhere: “access key”.",
			},
			{
				Name: FieldKey, Title: "Secret key", Secret: true,
				Help: "Shown only once, when the key is made. Backblaze B2: “applicationKey”. Elsewhere: “secret key”.",
			},
			{
				Name: FieldRegion, Title: "Region", Optional: true,
				Help: "Leave it empty unless your provider names one that does not stand in the endpoint.",
			},
		},
	}
}
