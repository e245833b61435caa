package target

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"latchkey/appliance/problem"
)

func TestSecretsAreScrubbed(t *testing.T) {
	const user, secret = "backup", `pa ss"/wörd+1&%`
	e := newExplainer("the cloud", Config{Kind: KindWebDAV, Fields: map[string]string{FieldUser: user, FieldPassword: secret}})
	for _, said := range []string{
		secret, url.QueryEscape(secret), url.PathEscape(secret), url.UserPassword(user, secret).String(),
		"Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+secret)), base64.StdEncoding.EncodeToString([]byte(secret)),
		`{"password":"pa ss\"/wörd+1\u0026%"}`,
	} {
		for _, err := range []error{
			fmt.Errorf("the server says %s and more", said), says(CodeBroken, errors.New(said)),
			problem.New(problem.Refused, "x", "y", "z").Because(errors.New(said)),
		} {
			told := e.explain(t.Context(), "putting", err)
			line := told.Error()
			if strings.Contains(line, said) || strings.Contains(line, secret) || !strings.Contains(line, "[secret]") {
				t.Errorf("%q is told as %q", said, line)
			}
			if errors.Is(told, err) && !errors.Is(told, problem.Of(err)) {
				t.Errorf("the error %v is still within", err)
			}
		}
	}
}

// The service sees a disk through a bind mount, which still shows the old one after it was pulled and plugged in.
func TestADiskThatIsPulledIsFoundAgainByARestart(t *testing.T) {
	e := newExplainer("/mnt/disk/latchkey", Config{Kind: KindFolder})
	for _, err := range []error{says(CodeNotPlugged, nil), syscall.EIO, syscall.ENODEV, syscall.ENXIO} {
		if p := problem.Of(e.explain(t.Context(), "putting", err)); !strings.Contains(p.Hint, "sudo systemctl restart latchkey") {
			t.Errorf("%v: the hint is %q", err, p.Hint)
		}
	}
}

func TestEndedContextsStayThemselves(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := newExplainer("the cloud", Config{})
	if err := e.explain(ctx, "putting", errors.New("cut")); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := e.explain(ctx, "putting", nil); err != nil {
		t.Errorf("what went well before the end is told as %v", err)
	}
}
