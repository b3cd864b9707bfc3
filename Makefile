# Two commands do all the set-up: `make demo` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: help setup demo demo-reset test lint types unit test-system bench proof one-file lock format clean

help: ## what each command does
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready ## create .venv with every locked dependency

$(VENV)/.ready: pyproject.toml requirements.lock scripts/make-venv
	scripts/make-venv $(VENV)
	@touch $@

demo: setup ## start the system with the demo's data and print where it is
	$(VENV)/bin/stem demo

demo-reset: setup ## drop the demo's data, then as `make demo`
	$(VENV)/bin/stem demo --reset

test-system: setup ## emulators and a browser for the tests (Debian as root; elsewhere it says what is missing)
	scripts/test-system

test: setup test-system lint types unit ## everything that has to hold: lint, types, tests

lint: setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: setup
	$(VENV)/bin/mypy
	for system in win32 darwin linux; do \
	  $(VENV)/bin/mypy --platform $$system --cache-dir .mypy_cache/$$system device_agents firmware_checks; done

unit: setup
	# what keeps time with an emulated board, a browser or a killed process may be tried again: the machine may be busy
	$(PY) -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder --reruns 2

format: setup ## put every file into the house's form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: setup ## speed and memory, as ratios measured in one run
	scripts/bench-peers
	$(PY) -m benchmarks

proof: setup test-system ## the long shows; writes docs/proof.md
	$(PY) -m tests.proof

one-file: setup test-system ## stem-check as one file for this system, built and tried (not in `make test`)
	scripts/build-one-file
	$(PY) -m tests.one_file

lock: setup ## renew requirements.lock from pyproject.toml
	$(VENV)/bin/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --extra server --extra dev --allow-unsafe --output-file requirements.lock pyproject.toml

clean: ## remove what the commands above made, the demo's data included
	rm -rf $(VENV) .venv-octoprint .venv-guest .venv-peers dist .var .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis
