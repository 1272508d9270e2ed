# Two commands for a newcomer: `make run` and `make test`. Both do their own set-up.
PYTHON ?= python3
BIN := .venv/bin
export FLASK_APP := app

.PHONY: run test check bench lint types translations assets requirements clean help

help:
	@echo "make run    the whole system for a first look (web, worker, sample district)"
	@echo "make test   every test: SQLite, PostgreSQL, Chromium"
	@echo "make check  what CI runs: format, lint, types, translations, tests"
	@echo "make bench  the measures (ONLY=send for one group)"

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed."; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

.venv/runtime: .venv/made requirements.txt
	@test -e .venv/development || { echo "Installing what the system needs …"; $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt; }
	@touch $@

.venv/development: .venv/made requirements-dev.txt
	@echo "Installing what the tests need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/runtime

assets:
	@$(BIN)/python tools/assets.py
	@$(BIN)/python tools/translations.py compile

run: .venv/runtime
	@$(MAKE) --no-print-directory assets
	@exec $(BIN)/python tools/run.py

test: .venv/development
	@$(MAKE) --no-print-directory assets
	@$(BIN)/python tools/chromium.py
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(TESTS)

lint: .venv/development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --lint --quiet templates

types: .venv/development
	$(BIN)/mypy

translations: .venv/development
	$(BIN)/python tools/translations.py check

check: lint types translations test

bench: .venv/development
	@$(MAKE) --no-print-directory assets
	@$(BIN)/python -m bench $(ONLY)

# Pins with hashes; the files name no index.
requirements: .venv/development
	for name in requirements requirements-dev; do \
	  $(BIN)/python -m piptools compile --quiet --generate-hashes --strip-extras --allow-unsafe \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host $$name.in -o $$name.txt; done

clean:
	rm -rf .venv node_modules dissemination/static/vendor .pytest_cache .mypy_cache .ruff_cache
