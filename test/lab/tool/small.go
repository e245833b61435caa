package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"time"
)

// unreserve copies a miniupnpd whose table of reserved IPv4 addresses lacks some prefixes. An entry is two
// 32-bit words in the machine's order, the address and 32 minus the prefix's length (getifaddr.c of miniupnpd
// 2.x); each must occur exactly once, else this is another version and nothing is written.
func unreserve(_ context.Context, args []string) error {
	if len(args) < 3 {
		return errors.New("wants PROGRAM, COPY and PREFIXES")
	}
	program, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	// 240.0.0.0/4 is reserved for good: nobody has it, so that an entry for some of it forbids nothing.
	never := netip.MustParseAddr("240.0.0.0")
	for _, arg := range args[2:] {
		prefix, err := netip.ParsePrefix(arg)
		if err != nil {
			return err
		}
		old := entry(prefix.Addr(), 32-prefix.Bits())
		if n := bytes.Count(program, old); n != 1 {
			return fmt.Errorf("%s has %d entries for %s instead of 1: another version or processor?", args[0], n, prefix)
		}
		program = bytes.Replace(program, old, entry(never, 32-prefix.Bits()), 1)
	}
	return os.WriteFile(args[1], program, 0o755)
}

func entry(a netip.Addr, bits int) []byte {
	four := a.As4()
	out := binary.NativeEndian.AppendUint32(nil, binary.BigEndian.Uint32(four[:]))
	return binary.NativeEndian.AppendUint32(out, uint32(bits))
}

// get prints a page, for lab.sh to see that somebody answers.
func get(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("get", flag.ExitOnError)
	ca := flags.String("ca", "", "whom to trust instead of the system's authorities")
	_ = flags.Parse(args)
	trust, err := trusting(*ca)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, flags.Arg(0), nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: trust, ForceAttemptHTTP2: true}}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", flags.Arg(0), answer.Status)
	}
	_, err = io.Copy(os.Stdout, answer.Body)
	return err
}
