package target_test

import (
	"testing"

	"latchkey/appliance/backup/target/targettest"
)

func webdav(t *testing.T) targettest.Place { return targettest.WebDAV(t, nil) }

func TestFolderConforms(t *testing.T) {
	t.Parallel()
	targettest.Conform(t, targettest.Folder)
}

func TestSFTPConforms(t *testing.T) {
	t.Parallel()
	targettest.Conform(t, targettest.SFTP)
}

func TestSFTPBearsFaults(t *testing.T) {
	t.Parallel()
	targettest.Faults(t, targettest.SFTP)
}

func TestWebDAVConforms(t *testing.T) {
	t.Parallel()
	targettest.Conform(t, webdav)
}

func TestWebDAVBearsFaults(t *testing.T) {
	t.Parallel()
	targettest.Faults(t, webdav)
}

func s3(t *testing.T) targettest.Place {
	p, _ := targettest.S3(t, nil)
	return p
}

func TestS3Conforms(t *testing.T) {
	t.Parallel()
	targettest.Conform(t, s3)
}

func TestS3BearsFaults(t *testing.T) {
	t.Parallel()
	targettest.Faults(t, s3)
}
