# Chat33 from a checkout. `make` alone lists what there is; PORT, CHAT33_HOST and CHAT33_DATA_DIR may be given to each.
SHELL := /bin/sh
BIN := .venv/bin
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; \
	done)
JOBS ?= 2

.PHONY: help run test check bench faults screenshots openapi lock clean

help:
	@echo "make run              start everything here (PORT=8033; data in var/)"
	@echo "make test             everything that must hold (ARGS=\"tests/posts -k validate\" narrows it)"
	@echo "make check            the static part of it"
	@echo "make faults           kill, drop and delay, and count what was published"
	@echo "make bench            measure (figures in docs/benchmarks.md)"
	@echo "make screenshots      a picture of every page, light and dark, desktop and phone, in var/screenshots/"
	@echo "make openapi          write docs/openapi.json anew"
	@echo "make lock             resolve requirements*.in into requirements*.txt"
	@echo "make clean            remove .venv, caches and the tests' data; var/ stays"

run: .venv/requirements.installed
	@$(BIN)/python -m chat33.runtime run

# With ARGS: just those tests, in this terminal's process. Without: the static checks, then all tests, a module's in one process
# (its browser is started once) until one process has nothing left and takes half of what the other one still has.
ifdef ARGS
test: .venv/requirements-dev.installed
	@$(BIN)/pytest $(ARGS)
else
test: check
	@$(BIN)/python -m tests.chromium
	@$(BIN)/pytest -n $(JOBS) --dist worksteal
endif

check: .venv/requirements-dev.installed
	@$(BIN)/ruff format --check --quiet . || { echo "Run .venv/bin/ruff format ."; exit 1; }
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary .
	@told=$$($(BIN)/lint-imports 2>&1) || { echo "$$told"; exit 1; }

bench: .venv/requirements-dev.installed
	@$(BIN)/python -W ignore -m tests.benchmarks $(ARGS)

faults: .venv/requirements-dev.installed
	@$(BIN)/pytest -m fault $(ARGS)

screenshots: .venv/requirements-dev.installed
	@mkdir -p var/screenshots
	@$(BIN)/python -m tests.chromium
	@CHAT33_SCREENSHOTS=$(CURDIR)/var/screenshots $(BIN)/pytest -q tests/browser/test_walk.py $(ARGS)

lock: .venv/bin/python
	@$(BIN)/python -m pip install -qq --disable-pip-version-check uv
	@for name in requirements requirements-dev; do \
		$(BIN)/uv pip compile $$name.in --output-file $$name.txt --quiet --upgrade --generate-hashes --universal \
			--python-version 3.11 --no-header --no-emit-index-url || exit 1; done
	@echo "Resolved. Look at the difference, run make test, commit."

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/test
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Chat33 needs Python 3.11 or newer with venv, and finds `python3 -V 2>&1 || echo none`:" \
		"install it (Debian and Ubuntu: apt-get install python3 python3-venv), then run make again." >&2; exit 1; }
	@echo "Making .venv with $(PYTHON) …"
	@$(PYTHON) -m venv --clear .venv

# Installed again only when the file changed; its copy says what is installed.
.venv/%.installed: %.txt .venv/bin/python
	@cmp -s $< $@ || { echo "Installing $< …"; \
		$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement $<; }
	@cp $< $@

.venv/requirements-dev.installed: .venv/requirements.installed

# docs/openapi.json, as the code describes itself now.
openapi: .venv/requirements-dev.installed
	@$(BIN)/python -W ignore manage.py spectacular --file docs/openapi.json --format openapi-json --validate --fail-on-warn
