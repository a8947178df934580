# make run · make test · make check · make bench. Needs Python 3.11+ and make; the rest is installed here.

PYTHON ?= python3
PORT ?= 8000
INSTANCE ?= $(CURDIR)/instance
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
FLASK := $(BIN)/flask --app wsgi
PIP := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes

BENCH ?= --repeats 3 --workers 2

export PORT INSTANCE
export PATH := $(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run test check bench format strings lock screenshots clean

help: ## Say what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/'

run: $(VENV)/.runtime static/vendor/site.css translations/.compiled ## Set up, load demonstration data, serve
	@MODE=demonstration $(FLASK) setup
	@MODE=demonstration $(FLASK) demo load
	@MODE=demonstration $(FLASK) serve

test: $(VENV)/.dev static/vendor/site.css translations/.compiled ## Run every test, on SQLite and PostgreSQL
	$(BIN)/python tests/run.py $(TESTS)

check: $(VENV)/.dev ## Formatting, lint, types, order of the rooms, templates, catalogues
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --quiet --lint templates
	$(BIN)/python -m coordinator.cli.strings --check

format: $(VENV)/.dev ## Put the code into the house's shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

strings: $(VENV)/.dev ## Collect the strings to translate into translations/
	$(BIN)/python -m coordinator.cli.strings

bench: $(VENV)/.dev static/vendor/site.css translations/.compiled ## Measure pages, the map, RSVPs, mail and contacts (needs wrk)
	$(BIN)/python bench/run.py $(BENCH)
	$(BIN)/python bench/inside.py
	$(BIN)/python bench/browser.py
	$(BIN)/python bench/answers.py
	$(BIN)/python bench/answers.py --rsvps 1000 --workers 2 --with-worker
	$(BIN)/python bench/answers.py --rsvps 1000 --workers 2 --with-worker --connections 2
	$(BIN)/python bench/mail.py
	$(BIN)/python bench/contacts.py

screenshots: $(VENV)/.dev static/vendor/site.css translations/.compiled ## Make the pictures in docs/
	$(BIN)/python -m tests.browser.screenshots

lock: $(VENV)/.dev ## Pin what requirements*.in ask for, for all platforms, with hashes
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	for name in requirements requirements-dev requirements-node requirements-postcodes; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-strip-extras --no-emit-index-url --custom-compile-command "make lock" $$name.in -o $$name.txt || exit 1; \
	done

clean: ## Remove everything that was installed or built; data in instance/ stays
	rm -rf $(VENV) node_modules static/vendor translations/.compiled .mypy_cache .ruff_cache .pytest_cache
	find translations -name '*.mo' -delete

# Steps below leave a file behind when they are done, so that a second run starts at once.

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing what the site needs (about half a minute) …"
	@$(PIP) --quiet --progress-bar on -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "Installing what tests and checks need (about half a minute) …"
	@$(PIP) --quiet --progress-bar on -r requirements-dev.txt
	@touch $@

static/vendor/.built: package-lock.json assets/build.mjs assets/basemap.mjs | $(VENV)/.runtime
	@echo "Building the browser's files …"
	@command -v npm >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 18))' \
	  || $(PIP) --quiet --progress-bar on -r requirements-node.txt
	@npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error
	@node assets/build.mjs
	@touch $@

static/vendor/site.css: $(shell find static/css -name '*.css') assets/styles.mjs static/vendor/.built
	@node assets/styles.mjs

translations/.compiled: $(wildcard translations/*/LC_MESSAGES/*.po) | $(VENV)/.runtime
	@$(BIN)/pybabel --quiet compile --directory translations
	@touch $@
