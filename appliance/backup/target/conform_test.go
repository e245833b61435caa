package target_test

import (
	"testing"

	"latchkey/appliance/backup/target/targettest"
)

func webdav(t *testing.T) targettest.Place { return targettest.WebDAV(t, nil) }

func TestFolderConforms(t *testing.T) { targettest.Conform(t, targettest.Folder) }

func TestSFTPConforms(t *testing.T) { targettest.Conform(t, targettest.SFTP) }

func TestSFTPBearsFaults(t *testing.T) { targettest.Faults(t, targettest.SFTP) }

func TestWebDAVConforms(t *testing.T) { targettest.Conform(t, webdav) }

func TestWebDAVBearsFaults(t *testing.T) { targettest.Faults(t, webdav) }
