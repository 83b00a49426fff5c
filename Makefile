# Greenlight: `make run` opens the playground, `make test` runs the tests. Each needs Python 3.11 or newer and nothing
# else; the first run builds .venv with the versions of constraints.txt.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help run test bench check schema screenshot clean

help:
	@echo "make run     open the playground: a Slack on this machine, no account needed"
	@echo "make test    run the tests"
	@echo "make check   lint, formatting and types"
	@echo "make bench   measure against a bare Bolt app"
	@echo "make schema  write greenlight.schema.json anew"
	@echo "make screenshot  take docs/playground.png anew (needs Chromium)"
	@echo "make clean   remove .venv and caches"

run: $(VENV)/.for-run
	$(VENV)/bin/greenlight playground $(ARGUMENTS)

test: $(VENV)/.for-test
# Most tests wait, for a browser, a monitor or a store: four at a time keep two cores two thirds busy.
	$(VENV)/bin/python -m pytest --numprocesses 4 --dist worksteal $(ARGUMENTS)

bench: $(VENV)/.for-test
	$(VENV)/bin/python benchmarks/run.py $(ARGUMENTS)

check: $(VENV)/.for-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy benchmarks

schema: $(VENV)/.for-run
	$(VENV)/bin/greenlight schema > greenlight.schema.json.new
	mv greenlight.schema.json.new greenlight.schema.json

screenshot: $(VENV)/.for-test
	$(VENV)/bin/python -m tests.playground.screenshot

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "Greenlight needs Python 3.11 or newer; name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.for-run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what Greenlight needs into $(VENV) ..."
	$(PIP) install -c constraints.txt -e .
	touch $@

$(VENV)/.for-test: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what Greenlight and its tests need into $(VENV) ..."
	$(PIP) install -c constraints.txt -e '.[test]'
	touch $@ $(VENV)/.for-run
