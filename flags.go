package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"latchkey/appliance"
	"latchkey/appliance/config"
	"latchkey/appliance/install"
	"latchkey/appliance/logline"
)

// options are the flags that every command understands.
type options struct {
	*flag.FlagSet
	config, data string
	words        []string // what stands beside the flags, see parse
}

// flags starts the flag set of a command; its help goes to w.
func flags(name string, w io.Writer) *options {
	o := &options{FlagSet: flagSet(name, w)}
	o.StringVar(&o.config, "config", "", "read the configuration from `FILE`")
	o.StringVar(&o.data, "data", "", "the `folder` that holds everything")
	return o
}

// flagSet is that of a command which works on no house; its help goes to w.
func flagSet(name string, w io.Writer) *flag.FlagSet {
	f := flag.NewFlagSet("latchkey "+name, flag.ContinueOnError)
	f.SetOutput(w)
	return f
}

// parse reads args; a request for help ends the command with success. wanted
// names the words that have to stand beside the flags, before them or behind.
func (o *options) parse(args []string, wanted ...string) error {
	help := o.Output()
	o.SetOutput(io.Discard) // its errors are told like all others
	o.Usage = func() {}
	for {
		err := o.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			o.SetOutput(help)
			_, _ = io.WriteString(help, "Usage of "+strings.Join(append([]string{o.Name()}, wanted...), " ")+":\n")
			o.PrintDefaults()
			return exitCode(exitDone)
		case err != nil:
			return problemOfUse("`"+o.Name()+" --help` lists its options.", "%s: %s.", o.Name(), printable(err.Error()))
		case o.NArg() > 0 && len(o.words) == len(wanted):
			return usage("%s does not take %q.", o.Name(), o.Arg(0))
		case o.NArg() > 0:
			o.words, args = append(o.words, o.Arg(0)), o.Args()[1:]
		case len(o.words) < len(wanted):
			return usage("%s wants %s.", o.Name(), strings.Join(wanted, " "))
		default:
			return nil
		}
	}
}

// load reads the configuration and says how to assemble the house; adjust lets
// flags win over the file. Only serve, which adjusts, logs what goes well: a
// command says by itself what it did.
//
// Run by root on another user's house, the process is that user's from then on:
// the machine key is read before, and so must be what the caller named for
// itself.
func (o *options) load(s streams, adjust func(*config.Config) error) (appliance.Config, error) {
	c, err := config.Load(o.configFile())
	if err != nil {
		return appliance.Config{}, err
	}
	if o.data != "" {
		c.Data = o.data
	}
	c.Data = config.DataDir(c.Data)
	if adjust == nil {
		adjust = quiet
	}
	if err := adjust(&c); err != nil {
		return appliance.Config{}, err
	}
	self, err := os.Executable()
	if err != nil {
		return appliance.Config{}, err
	}
	key, err := machineKey(c.Data)
	if err == nil {
		err = install.Become(c.Data)
	}
	if err != nil {
		return appliance.Config{}, err
	}
	log := logger(c, s.err)
	s.atEnd(log.Flush)
	return appliance.Config{
		Config: c, Version: version, Log: log.Logger, CheckCommand: []string{self, "check-copy"}, MachineKey: key,
	}, nil
}

// configFile is the installed house's where neither a file nor a house was
// named; "" for none.
func (o *options) configFile() string {
	if o.config != "" || o.data != "" {
		return o.config
	}
	if _, err := os.Stat(install.ConfigFile); err != nil {
		return ""
	}
	return install.ConfigFile
}

// keyPatience is for a TPM: they are slow, but not that slow.
const keyPatience = time.Minute

func machineKey(data string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), keyPatience)
	defer cancel()
	return install.MachineKey(ctx, os.Getenv, data)
}

// quiet logs errors only, unless somebody looks for one.
func quiet(c *config.Config) error {
	if c.LogLevel != "debug" {
		c.LogLevel = "error"
	}
	return nil
}

// logger writes to w as the configuration wants it.
func logger(c config.Config, w io.Writer) *logline.Log {
	var level slog.Level
	if err := level.UnmarshalText([]byte(strings.ToUpper(c.LogLevel))); err != nil {
		panic("main: a log level that config let pass: " + c.LogLevel)
	}
	return logline.New(w, c.LogFormat, level)
}

// list is a flag that may be given several times or with commas.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

// Set takes one more value.
func (l *list) Set(s string) error {
	*l = append(*l, strings.Split(s, ",")...)
	return nil
}
