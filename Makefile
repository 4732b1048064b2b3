# Two commands do everything on a machine with only Python ≥ 3.11, venv and make:
#   make run        environment + four minutes of exploring mazes, then evaluation and report (MINUTES=10 for more)
#   make test       environment + linters, type checks, architecture, tests
.DELETE_ON_ERROR:
.PHONY: run test test-all front docs clean environment

MINUTES ?= 4
ifndef OUT
# at once, not anew in each line of a recipe: all of them must name one folder
OUT := runs/maze-$(shell date +%Y%m%d-%H%M%S)
endif
PYTHON ?= $(firstword $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python; done))
BIN := .venv/bin
# where Python is told to keep no bytecode, every program that a test starts compiles all of explora again: seconds each
export PYTHONDONTWRITEBYTECODE =
# on two processes; should one crash, the rest is not waited for (a replaced one is, for ever)
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadscope --max-worker-restart 0
QUIET := --quiet --disable-pip-version-check
PIP = $(BIN)/python -m pip install $(QUIET) --constraint constraints.txt --build-constraint constraints.txt

run: .venv/explora
	$(BIN)/explora run maze --minutes $(MINUTES) --out $(OUT)
	$(BIN)/explora eval $(OUT)
	$(BIN)/explora report $(OUT)

test: .venv/tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check --quiet
	$(BIN)/pyright --pythonpath $(BIN)/python --warnings src
	$(BIN)/lint-imports
	$(PYTEST) -m "not slow"

test-all: .venv/browser
	$(PYTEST) -m "slow and not browser" --no-loadscope-reorder
	$(BIN)/python -m pytest -m "slow and browser"

# needs Node.js and npm: checks the pages of `explora people`, and that the bundle is that of their sources
front:
	cd front && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	cd front && npm run --silent check
	cd front && npm run --silent fresh

docs: .venv/docs
	$(BIN)/mkdocs build --strict

environment: .venv/tests

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "explora needs Python 3.11 or newer with venv; install it, or say which: make PYTHON=/path/to/python"; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(QUIET) --constraint constraints.txt --upgrade pip

.venv/explora: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	@touch $@

.venv/tests: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) -e '.[gymnasium,tensorboard,pool,people,postgresql]' --group test
	@touch $@ .venv/explora

# drives a browser that is installed already, and makes requests for the API; no browser is downloaded. And a cluster
.venv/browser: .venv/tests
	$(PIP) -e '.[ray]' --group browser
	@touch $@

.venv/docs: .venv/tests
	$(PIP) --group docs
	@touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache site
