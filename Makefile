# `make` lists the targets. Needs Python 3.11 with venv, and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help run test check format lint types unit policies fuzz isolation eval-guards docs docs-shots site bench bench-quick bench-cache bench-ledger lock prerequisites clean

help:
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: $(VENV)/core ## start the gateway on 127.0.0.1:8080 with a simulated model
	@$(BIN)/haechi serve $(ARGS)

test: $(VENV)/dev prerequisites lint types ## everything: lint, types and all tests
	PYTHONHASHSEED=0 $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS) # both cores have to find the same tests

check: $(VENV)/dev format lint types unit ## the quick loop: format, lint, types, unit tests

format: $(VENV)/dev
	$(BIN)/ruff format --quiet .

lint: $(VENV)/dev
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/lint-imports --no-logo

types: $(VENV)/dev
	$(BIN)/mypy

unit: $(VENV)/dev
	$(BIN)/python -m pytest -q tests/unit $(ARGS)

policies: $(VENV)/core ## run the tests of the policies that ship
	@$(BIN)/haechi policy test policies

fuzz: $(VENV)/dev ## random texts and chunkings over every filter that ships; CASES=1000000 SEED=1 WORKERS=0 (one on each core)
	$(BIN)/python -m tests.fuzz $(or $(CASES),1000000) $(or $(SEED),1) $(or $(WORKERS),0)

isolation: $(VENV)/dev ## 100,000 mixed requests of everybody through the cache, on Redis 7 and 8, and not one crossing
	HAECHI_TEST_MIXED=50000 $(BIN)/python -m pytest -q tests/e2e/test_cache_isolation.py -m slow $(ARGS)

eval-guards: $(VENV)/dev ## what detectors find, miss and cost, into docs/guardrails.md; CORPUS=FILE for texts of your own
	$(BIN)/python -m tests.evaluation $(if $(CORPUS),--corpus $(CORPUS),--write)

docs: $(VENV)/dev ## write the generated pages and build the site (strict)
	$(BIN)/python -m tests.support.generate
	$(BIN)/mkdocs build --strict --quiet

docs-shots: $(VENV)/dev ## take the console's pictures in docs/img anew, in a headless Chromium (Korean letters need a font that has them)
	HAECHI_SCREENSHOTS=docs/img $(BIN)/python -m pytest -q -n 0 tests/browser/test_console_pages.py tests/browser/test_policy_pages.py

bench: $(VENV)/dev ## measure against other gateways, write docs/benchmarks.md (15 minutes); ONLY=first_token,haechi ROUNDS=2 for a part
	$(BIN)/python -m tests.bench $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)) $(ARGS)

bench-quick: $(VENV)/dev ## the same in short; prints only
	$(BIN)/python -m tests.bench --quick $(if $(ONLY),--only $(ONLY)) $(ARGS)

bench-cache: $(VENV)/dev ## measure the cache by size and beside other gateways, write docs/benchmarks-cache.md (6 minutes); ONLY=lookups or processes
	$(BIN)/python -m tests.bench.cache $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(ONLY),--only $(ONLY)) $(ARGS)

bench-ledger: $(VENV)/dev ## fill a ledger and time what pages ask of it; ROWS=1000000 DATABASE=postgresql for less, or there
	$(BIN)/python -m tests.bench.ledger_rows --rows $(or $(ROWS),10000000) $(if $(DATABASE),--$(DATABASE)) $(ARGS)

prerequisites:
	@sh tests/support/prerequisites.sh

lock: ## resolve the dependencies anew (needs uv on PATH)
	uv pip compile $(UV_FLAGS) pyproject.toml --extra dev -o deploy/locks/dev.txt
	printf 'hatchling\neditables\n' | uv pip compile $(UV_FLAGS) pyproject.toml - -c deploy/locks/dev.txt -o deploy/locks/core.txt
	printf 'hatchling\n' | uv pip compile $(UV_FLAGS) pyproject.toml - --extra postgres --extra grpc --extra semantic -c deploy/locks/dev.txt -o deploy/locks/image.txt
	printf 'django-htmx\nuplot-python\n' | uv pip compile $(UV_FLAGS) --no-deps - -o deploy/locks/assets.txt

UV_FLAGS := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

clean: ## remove the virtual environment and what was built
	rm -rf $(VENV) .bench site dist

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Haechi needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

# pip's hash mode refuses editable installs, so the project comes after its dependencies. Of the packages with the console's
# assets only the scripts in them are used, so what they depend on is left out.
$(VENV)/core: deploy/locks/core.txt deploy/locks/assets.txt pyproject.toml | $(VENV)/bin/python
	@test -e $(VENV)/dev || { echo "installing what Haechi needs into $(VENV), once"; $(PIP) install --require-hashes -r deploy/locks/core.txt; }
	@$(PIP) install --no-deps --require-hashes -r deploy/locks/assets.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: deploy/locks/dev.txt deploy/locks/assets.txt pyproject.toml | $(VENV)/bin/python
	@echo "installing what tests and checks need into $(VENV), once"
	@$(PIP) install --require-hashes -r deploy/locks/dev.txt
	@$(PIP) install --no-deps --require-hashes -r deploy/locks/assets.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/core
