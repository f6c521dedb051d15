# Each target sets up what it needs in .venv, from the locks in binder/, and does nothing twice.
# Needed beforehand: make, and Python 3.11 or later (name another one with PYTHON=/path/to/python).

.DEFAULT_GOAL := help
.PHONY: help demo lab test test-all check bench lock clean

# A surrounding environment must not mix its packages in.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHON

VENV := .venv
BIN := $(VENV)/bin
ARGS :=
# A process for each core, a file of tests at a time, so that what a file makes is made once.
PYTEST := $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

help:  ## this list
	@echo "make TARGET [ARGS='…']"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST) | expand -t 14

demo: $(VENV)/.core-ready  ## makes five synthetic heart centres, runs the first template, prints its findings
	@$(BIN)/workbench demo $(ARGS)

lab: $(VENV)/.core-ready  ## opens JupyterLab with the templates
	@$(BIN)/workbench lab $(ARGS)

test: $(VENV)/.dev-ready  ## runs the tests (ARGS='-k cohort' for some of them)
	@$(PYTEST) -m "not slow" $(ARGS)

test-all: $(VENV)/.dev-ready  ## runs the slow tests too, and fails if any test cannot run here
	@$(PYTEST) --fail-on-skip $(ARGS)

check: $(VENV)/.dev-ready  ## format, lint, types, order of imports, notebooks, locks
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/check

bench: $(VENV)/.dev-ready  ## compares speed with other libraries
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/.dev-ready  ## compiles binder/requirements*.txt from pyproject.toml (ARGS=--upgrade for the newest)
	@PATH="$(CURDIR)/$(BIN):$$PATH" .ci/lock $(ARGS)

clean:  ## removes .venv, caches and builds
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find data_catalog workbench widgets tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Whether .venv is up to date: the stamps are touched by .ci/setup when everything is installed. Programs in an
# environment name its folder, so one that was moved is made afresh.
ifneq ($(shell cat $(VENV)/.place 2>/dev/null),$(CURDIR))
$(shell rm -f $(VENV)/.core-ready $(VENV)/.dev-ready)
endif

$(VENV)/.core-ready: binder/requirements.txt pyproject.toml .ci/setup
	@.ci/setup core

$(VENV)/.dev-ready: binder/requirements-dev.txt binder/requirements.txt pyproject.toml .ci/setup
	@.ci/setup dev
