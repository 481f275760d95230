# Everything a developer does here, by name. `make` alone lists the targets.

MODULE     := github.com/xk6-ollama/xk6-ollama
K6_VERSION  = $(shell go list -m -f '{{.Version}}' go.k6.io/k6/v2)
TOOLS      := build/tools
# How long `make fuzz` spends on each target.
FUZZTIME   ?= 30s
# Flags of `make bench`; -h lists them.
BENCH      ?=

# Everything writes to build/, and every program run here finds the pinned tools first.
export PATH := $(CURDIR)/$(TOOLS):$(PATH)

SHELL         := bash
.SHELLFLAGS   := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help build xk6 test race modules lint fmt security lint-xk6 vuln types e2e clients formats bench golden fuzz clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build/k6: k6 with this extension, by plain go build
	go build -o build/k6 ./cmd/k6

xk6: $(TOOLS)/xk6 ## build/k6: the same, by the real builder
	@mkdir -p build
	xk6 build $(K6_VERSION) --with $(MODULE)=. -o build/k6

test: ## run the tests
	go test ./...

race: ## run the tests under the race detector
	go test -race ./...

modules: ## check that go.mod and go.sum say what the code needs
	go mod tidy -diff

lint: $(TOOLS)/golangci-lint ## run the linters of .golangci.yml
	golangci-lint run ./...

fmt: $(TOOLS)/golangci-lint ## format the Go code as the linters want it
	golangci-lint fmt ./...

security: $(TOOLS)/gosec ## list what gosec finds in all Go code (lint-xk6 only counts)
	gosec -quiet -exclude-generated -r ./...

# smoke is broken on k6 v2 in xk6 v1.4.6; vulnerability needs a database on the internet (make vuln);
# versions needs a release tag.
lint-xk6: $(TOOLS)/xk6 security ## check what k6 asks of its official extensions
	xk6 lint --preset official --disable smoke,vulnerability,versions

vuln: $(TOOLS)/xk6 $(TOOLS)/govulncheck ## look for known vulnerabilities (needs vuln.go.dev)
	xk6 lint --enable-only vulnerability

types: ## compile the examples and scripts against index.d.ts
	npm ci --prefix test/types --no-progress
	npm test --prefix test/types

e2e: ## benchmark two real Ollama servers and check every figure
	test/e2e/run.sh

clients: ## let other Ollama clients talk to the simulator
	test/clients/run.sh

formats: $(TOOLS)/benchstat ## let benchstat, XSD and JSON Schema validators read the files of a report
	test/formats/run.sh

bench: build ## measure cost and accuracy on a quiet Linux machine; BENCH='-only paced -runs 3'
	go build -o build/bench ./test/bench
	build/bench $(BENCH)

golden: ## rewrite the golden files; read the diff before committing it
	go test $$(grep -rl --include='*_test.go' 'flag.Bool."update"' . | xargs -n 1 dirname | sort -u) -update

fuzz: ## fuzz every parser for FUZZTIME (30s) each
	@grep -roE --include='*_test.go' '^func Fuzz\w+' . | sed -E 's|/[^/]*:func | |' | while read -r package name; do \
		echo "== $$name in $$package"; \
		go test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) "$$package"; \
	done

clean: ## remove what was built
	rm -rf build dist test/types/node_modules

# The tools are pinned in a module of their own, and built when their pins change.
$(TOOLS)/%: tools/go.mod tools/go.sum
	@echo "building $* from tools/go.mod"
	@go -C tools build -o ../$@ "$$(go -C tools list -f '{{.ImportPath}}' tool | grep '/$*$$')"
