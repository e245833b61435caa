//go:build !linux

package uplink

import (
	"context"
	"errors"
)

func systemChanges(context.Context) (<-chan struct{}, error) {
	return nil, errors.ErrUnsupported
}
