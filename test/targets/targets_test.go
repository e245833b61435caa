package targets

import (
	"testing"

	"latchkey/appliance/backup/target/targettest"
)

func TestOpenSSH(t *testing.T) {
	both(t, sshd)
}

func TestApache(t *testing.T) {
	both(t, apache)
}

func TestNginx(t *testing.T) {
	both(t, nginx)
}

func TestVersityGateway(t *testing.T) {
	both(t, gateway)
}

func both(t *testing.T, serve func(*testing.T, string) targettest.Place) {
	t.Parallel()
	made := func(t *testing.T) targettest.Place { return serve(t, openDir(t)) }
	t.Run("conforms", func(t *testing.T) { targettest.Conform(t, made) })
	t.Run("faults", func(t *testing.T) { targettest.Faults(t, made) })
}
