package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// plan is plan.env: the lab's addresses and keys by name.
type plan map[string]string

func readPlan(file string) (plan, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := plan{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, value, found := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if found && !strings.HasPrefix(name, "#") {
			p[name] = value
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return p, nil
}
