# `make help` lists the targets; two of them are all a newcomer needs: demo and test.
.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTEST := $(BIN)/pytest
ARGS ?=

##@ The two commands
.PHONY: demo
demo: setup ## Start everything on this machine and send sample reports through (ARGS=--once ends by itself)
	@$(BIN)/gouji demo $(ARGS)

.PHONY: test
test: setup ## Lint, types and all tests against real servers that the tests start themselves
	@infra/setup/test.sh $(ARGS)

##@ Parts of them
.PHONY: setup
setup: ## Make the virtual environment .venv from the lock file
	@infra/setup/venv.sh

.PHONY: lint
lint: setup ## Style, formatting and who may import whom
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports --no-logo 2>/dev/null || { $(BIN)/lint-imports; exit 1; }

.PHONY: types
types: setup ## mypy, strict
	@$(BIN)/mypy

.PHONY: unit
unit: setup ## The quick tests only: no servers
	@$(PYTEST) tests/unit -q $(ARGS)

##@ Longer runs
.PHONY: faults
faults: setup ## Kill storm, poison, outages at full size, on both databases (SEED=n repeats a run)
	@$(PYTEST) tests/faults --full-size $(if $(SEED),--fault-seed=$(SEED)) -v -s --timeout 1500 $(ARGS)

.PHONY: accuracy
accuracy: setup ## Make documents of every kind with exact truth, read them, score every cell (SEED=n repeats a run; ARGS=--help)
	@$(BIN)/python -m tests.corpus $(if $(SEED),--seed $(SEED)) $(ARGS)

.PHONY: conformance
conformance: setup ## Every case of tests/conformance against the rules: what must be found, what must be left alone (ARGS="T3-1 --found")
	@$(BIN)/python -m tests.conformance $(ARGS)

.PHONY: fuzz
fuzz: setup ## Damage documents of every format for five minutes and read them confined; fails on any defect (ARGS=--help)
	@$(BIN)/python -m tests.fuzz $(ARGS)

.PHONY: bench
bench: setup ## Side by side in one run: reading against plain pdfplumber, the pipeline with 1 and 2 workers
	@$(BIN)/python -m tests.bench $(ARGS)

.PHONY: compose-test
compose-test: setup ## Bring the compose file up on a real engine, one report through, and down again
	@$(BIN)/python -m infra.docker.compose_test $(ARGS)

##@ Generated files
.PHONY: docs
docs: setup ## Write the generated pages: rules, reasons, lifecycle, settings tables, result schema, picture of the flow
	@$(BIN)/python -m infra.docs

.PHONY: transcript
transcript: setup ## Run demo and check once and keep what they print (docs/transcripts), then renew the READMEs
	@$(BIN)/python -m infra.docs.transcript && $(BIN)/python -m infra.docs

.PHONY: pictures
pictures: setup ## Photograph pages and a mail of the running stack (Chromium and a Chinese font needed)
	@$(BIN)/python -m infra.docs.pictures

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
