# Everything lives in .venv; nothing is installed globally, but for the Debian packages of `ci-deps`.
#   make run      set up, then tune ResNet-50 for this machine's CPU for three minutes
#   make test     set up with the test tools, then run the tests          (ARGS="-k conv", or "-n 0" for one process)
#   make check    formatting, lint, types, import layers
#   make bench    set up with the peers, then compare with them           (ARGS="--threads 1 --json")
#   make fuzz-loader  100,000 byte strings through the loader of records, with counts   (CASES=1000 SEED=7)
#   make nightly  what is too long for `make test`: every published record, 200 moments to kill a tuner at, fuzz-loader
#   make format   rewrite the sources in the project's format
#   make ci-deps  Debian packages that the tests need (as root, or through sudo)
#   make points   try many random points of the generic space           (ARGS="1000 20": programs, points of each)
#   make clean    remove .venv and caches

PYTHON ?= python3
ARGS ?=
CASES ?= 100000
SEED ?= 0
VENV := .venv
BIN := $(VENV)/bin
SOURCES := tensorlang schedules autotune tests examples
DEBIAN_PACKAGES := libgomp1 postgresql
# `compat` puts this directory itself on sys.path; the default, an import hook, comes after sys.path, where a script in the
# parent directory of a clone called `tensorlang` would find that directory first, as a namespace package.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
  --config-settings editable_mode=compat --editable

.PHONY: run test check bench fuzz-loader nightly points format ci-deps clean
.DELETE_ON_ERROR:

run: $(VENV)/.installed
	$(BIN)/autotune tune resnet50 --budget 3m $(ARGS)
	@echo "autotune is in $(BIN); to call it by its name, and to run the lessons: source $(BIN)/activate" >&2

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

check: $(VENV)/.installed-dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

bench: $(VENV)/.installed-dev
	$(BIN)/autotune bench resnet50 $(ARGS)

fuzz-loader: $(VENV)/.installed-dev
	$(BIN)/python -m tests.schedules.loader_fuzz $(CASES) $(SEED)

nightly: fuzz-loader
	$(BIN)/autotune db verify --all
	$(BIN)/python -m tests.autotune.kill_points --points 200

points: $(VENV)/.installed-dev
	$(BIN)/python -m tests.schedules.generic_points $(or $(ARGS),200 10)

format: $(VENV)/.installed-dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed, and $(PYTHON) is $$($(PYTHON) --version 2>&1): make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) || \
	  { echo "$(PYTHON) cannot create a virtual environment: on Debian, install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/.created
	$(PIP_INSTALL) .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(VENV)/.created
	$(PIP_INSTALL) '.[bench,dev]'
	@touch $@ $(VENV)/.installed

# The OpenMP threading layer of Numba loads the system's libgomp; without it kernels run, but launch 50 times slower.
# Tests of shared studies start a PostgreSQL server of their own, and are skipped without one.
ci-deps:
	@if ! command -v dpkg-query >/dev/null; then echo "ci-deps: not a Debian system; install by hand: $(DEBIAN_PACKAGES)"; exit 0; fi; \
	missing=""; for p in $(DEBIAN_PACKAGES); do \
	  dpkg-query --show --showformat '$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -z "$$missing" ]; then echo "ci-deps: already installed: $(DEBIAN_PACKAGES)"; exit 0; fi; \
	root=""; if [ "$$(id -u)" -ne 0 ]; then root=$$(command -v sudo) || \
	  { echo "ci-deps: run as root: apt-get install$$missing" >&2; exit 1; }; fi; \
	$$root apt-get update -qq && \
	$$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends$$missing

clean:
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
