# Needs Python 3.10 or newer, git and make. Everything else is put into .venv, and only when setup.cfg has changed.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11 python3.10; do \
	"$$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
	&& { command -v "$$python"; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check
METADATA := setup.cfg pyproject.toml
CONTRIB := $(patsubst %/setup.cfg,%,$(wildcard contrib/*/setup.cfg))

.DEFAULT_GOAL := help
.PHONY: help demo test check lint type imports docs fix bench reliability dev clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r name does; do \
		printf '  make %-12s %s\n' "$$name" "$$does"; done

demo: $(VENV)/.base ## watch a small cluster in this process: nodes join, pods land, a node dies, its pods move
	$(BIN)/kube9 demo

test: $(VENV)/.test ## run the whole suite, and those of the packages in contrib/
	$(BIN)/pytest tests contrib

check: lint type imports docs test ## everything a change must pass: lint, type, imports, docs, test

lint: $(VENV)/.dev ## check style and formatting
	$(BIN)/ruff check
	$(BIN)/ruff format --check

type: $(VENV)/.dev ## check types
	$(BIN)/mypy

imports: $(VENV)/.dev ## check which part may import which
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## build the documentation into build/docs, where any warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -n -b html -d build/doctrees docs build/docs

fix: $(VENV)/.dev ## mend style and formatting where a tool can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/.test ## print decisions per second, and how fast the server is
	$(BIN)/python -m bench
	$(BIN)/python -m bench server

reliability: $(VENV)/.test ## kill a real server 20 times, and see that nothing it acknowledged is lost
	$(BIN)/python tests/reliability

dev: $(VENV)/.dev ## set up .venv with every tool, tox and pre-commit among them

clean: ## remove what was built and installed, .venv included
	rm -rf $(VENV) .tox .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
	rm -rf *.egg-info contrib/*/build contrib/*/src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "kube9 needs Python 3.10 or newer with its venv module, and none was found." \
		"Install one (on Debian and Ubuntu: apt install python3 python3-venv), or name it: make PYTHON=/path/to/python" >&2; \
		exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: $(METADATA) | $(BIN)/python
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.test: $(METADATA) $(CONTRIB:%=%/setup.cfg) | $(BIN)/python
	$(INSTALL) --editable '.[simulate,test]' $(CONTRIB:%=--editable './%[test]')
	@touch $@

$(VENV)/.dev: $(METADATA) $(CONTRIB:%=%/setup.cfg) | $(BIN)/python
	$(INSTALL) --editable '.[dev]' $(CONTRIB:%=--editable ./%)
	@touch $@
