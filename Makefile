# make run starts Latchkey; make test proves it; make help names the rest.
SHELL := bash
.DEFAULT_GOAL := help

# LISTEN and DATA: make run LISTEN=:9443 DATA=/srv/latchkey
DATA ?= ./data
LISTEN ?=
FUZZTIME ?= 20s
CRASH_CYCLES ?= 10000

PARTS := lint go model js acme targets house crash power clients story lab release foreign boot
version := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.PHONY: help run build release page test check bench crash fuzz clean need need-js lab lab-down test-machine $(PARTS:%=test-%)

help: ## this list
	@echo "make run      fetch, build, start with data in ./data, print the links"
	@echo "make test     everything; as root on Debian it installs what the tests want"
	@echo "make check    for each save: short tests and lint, no root, no network, under a minute"
	@echo "make build    bin/latchkey, static, with the page in it"
	@echo "make release  dist/: what people install, for five kinds of machine, each built twice and compared"
	@echo "make test-machine  install it on a whole machine, under qemu (root)"
	@echo "make bench    the figures of README.md, measured here"
	@echo "make crash    kill -9 in all that it does, $(CRASH_CYCLES) times (CRASH_CYCLES=n), and many more power cuts"
	@echo "make lab      a small internet with a home in it, to play with; again, or make lab-down, ends it (root)"
	@echo "make fuzz     every fuzz target for $(FUZZTIME) (FUZZTIME=1m; FUZZ=name for some)"
	@echo "make clean    forget what was built and fetched; ./data stays"
	@echo "one part of the test: $(PARTS:%=make test-%)" | sed 's/ make/, make/2g'
	@echo "one Go test:  go test ./appliance/vault -run TestName    (CONTRIBUTING.md has more)"

need:
	@scripts/need.sh make go node npm

page: need
	@scripts/page.sh

build: page
	@CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=$(version)" -o bin/latchkey .

release: need
	@scripts/release.sh

run: build
	@exec bin/latchkey serve --data $(DATA) $(if $(LISTEN),--listen $(LISTEN))

need-test: need
	@scripts/test-needs.sh
	@scripts/page.sh all

test: need-test
	@scripts/test.sh lint js go acme+house+targets crash+power model+clients story+lab release+foreign+boot

test-machine: need
	@scripts/test-needs.sh machine
	@scripts/page.sh all
	@scripts/test.sh machine

$(PARTS:%=test-%): test-%: need-test
	@scripts/test.sh $*

check: need
	@node scripts/vendor.mjs --fresh page || { echo "the page's packages are not here yet; make build fetches them" >&2; exit 1; }
	@node scripts/vendor.mjs
	@LATCHKEY_QUICK=1 scripts/test.sh lint go js

bench: need-test build
	@go test -count=1 -timeout 60m -run '^TestBench$$' -v ./test/bench -args -bench-table

# Seven of ten kills hit the whole program in all that it does, the others the store alone under five writers. A bit
# flips for each fifth of them, and for each tenth the power fails in each of the histories of test/power.
crash: page
	@cycles=$(CRASH_CYCLES); export LATCHKEY_CRASH_FLIPS=$$((cycles / 5)) LATCHKEY_POWER_STATES=$$((cycles / 10)); \
	LATCHKEY_CRASH_CYCLES=$$((cycles * 3 / 10)) go test -count=1 -timeout 6h -v -run Crash ./appliance/store && \
	LATCHKEY_CRASH_CYCLES=$$((cycles - cycles * 3 / 10)) go test -count=1 -timeout 6h -v ./test/crash && \
	go test -count=1 -timeout 6h -v ./test/power

lab: build
	@go build -o bin/lab-tool ./test/lab/tool && test/lab/play.sh

lab-down:
	@test/lab/play.sh down

fuzz: need
	@FUZZTIME=$(FUZZTIME) scripts/fuzz.sh $(FUZZ)

clean:
	@rm -rf bin dist node_modules test/clients/node_modules test/out
	@find webui/static/vendor -type f ! -name README.md -delete
