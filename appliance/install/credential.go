package install

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"latchkey/systemd"
)

// keySize is the size of a machine key, for XChaCha20-Poly1305.
const keySize = 32

// machineKey makes a machine key and encrypts it for this machine, where one is
// not there yet and systemd-creds (version 250) is. nil: none is to be had, and
// the seal key lies in its file, open to the service alone.
func (c Config) machineKey(ctx context.Context) []byte {
	if exists(c.Place.at(keyFile)) {
		return nil
	}
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // ends the process rather than fail
	closed, err := c.System.Run(ctx, Command{
		Name: "systemd-creds", Stdin: key,
		// By the TPM where there is one, but whatever its measurements say: an
		// update of the firmware must not lock a household out.
		Args: []string{"encrypt", "--name=" + systemd.Credential, "--tpm2-pcrs=", "-", "-"},
	})
	if err == nil {
		var again []byte
		again, err = decrypt(ctx, c.System, "-", closed)
		if err == nil && !bytes.Equal(again, key) {
			err = errors.New("systemd-creds gave another key back")
		}
	}
	if err != nil {
		c.say("This machine can't keep a key by systemd-creds, so the seal key lies in the house's folder, readable by its user alone.")
		return nil
	}
	return closed
}

// openKey is the machine key in clear, nil where there is none.
func (c Config) openKey(ctx context.Context) ([]byte, error) {
	if !exists(c.Place.at(keyFile)) {
		return nil, nil
	}
	return decrypt(ctx, c.System, c.Place.at(keyFile), nil)
}

func decrypt(ctx context.Context, system System, file string, stdin []byte) ([]byte, error) {
	key, err := system.Run(ctx, Command{
		Name: "systemd-creds", Stdin: stdin, Args: []string{"decrypt", "--name=" + systemd.Credential, file, "-"},
	})
	if err != nil {
		return nil, problemKey(err)
	}
	if len(key) != keySize {
		return nil, problemKey(fmt.Errorf("it has %d bytes", len(key)))
	}
	return key, nil
}

// MachineKey is the key that closes the seal key of the house in data: from the
// credentials that systemd gave this process, from the pipe by which an upgrade
// hands it over, or, for root and the installed house, from systemd-creds. nil
// means that there is none. env is os.Getenv.
func MachineKey(ctx context.Context, env func(string) string, data string) ([]byte, error) {
	if dir := env("CREDENTIALS_DIRECTORY"); dir != "" {
		key, err := os.ReadFile(filepath.Join(dir, systemd.Credential))
		if !errors.Is(err, os.ErrNotExist) {
			return checked(key, err)
		}
	}
	if number := env(keyVariable); number != "" {
		fd, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return checked(nil, err)
		}
		f := os.NewFile(uintptr(fd), "machine key")
		defer f.Close()
		return checked(io.ReadAll(io.LimitReader(f, keySize+1)))
	}
	if os.Geteuid() != 0 || !installed(data) {
		return nil, nil
	}
	return Config{System: Machine{}}.openKey(ctx)
}

// installed reports whether data is the installed house, or stands beside it as
// what a restore builds does.
func installed(data string) bool {
	full, err := filepath.Abs(data)
	return err == nil && (full == DataDir || strings.HasPrefix(full, DataDir+"."))
}

func checked(key []byte, err error) ([]byte, error) {
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("it has %d bytes", len(key))
	}
	if err != nil {
		return nil, problemKey(err)
	}
	return key, nil
}
