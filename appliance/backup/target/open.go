package target

import (
	"context"
	"errors"
)

var errThin = errors.New("not there yet")

func open(context.Context, Config, Env, bool) (Config, Target, error) { return Config{}, nil, errThin }

func check(context.Context, Config, Env) (Look, Config, error) { return Look{}, Config{}, errThin }

func meet(context.Context, Config, Env) (Look, Config, error) { return Look{}, Config{}, errThin }
