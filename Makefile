# `make` alone prints what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
SOURCES := gateway imagegen shared sandbox tests benchmarks run.py
T ?= tests

.PHONY: help setup run dev test quick clients node soak fix check lint bench snap lock browser clean

help: ## print this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:[^#]*## /\t/' | expand -t 12

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is older"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock | .venv/.runtime
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@

setup: .venv/.dev ## install everything into .venv

run: .venv/.runtime ## start sandbox, imagegen and gateway; Ctrl-C stops them
	@exec $(BIN)/python run.py

dev: .venv/.dev ## the same, restarted whenever a source file changes
	@exec $(BIN)/watchfiles --filter python "$(BIN)/python run.py" gateway imagegen shared sandbox

browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || \
		{ echo "installing chromium for the page's tests"; \
		  (apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk >/dev/null) || \
		  { echo "The page's tests need Chromium (package chromium) and cannot install it here: please install it"; exit 1; }; }

test: .venv/.dev browser ## run the tests (T=path for some of them)
	$(BIN)/python -m pytest -q -n 4 --dist loadgroup --no-loadscope-reorder -m "not soak" $(T)

quick: .venv/.dev ## the tests that start no process, in under a minute
	$(BIN)/python -m pytest -q -n 2 -m "not soak and not processes" $(T)

node:
	@command -v npm >/dev/null || \
		{ echo "installing node for the generators of clients"; \
		  (apt-get update -qq && apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null) || \
		  { echo "The generators of clients need Node (packages nodejs, npm) and cannot install it: please install it"; exit 1; }; }

.clients/.installed: tests/clients/package-lock.json | node
	@mkdir -p .clients && cp tests/clients/package.json tests/clients/package-lock.json .clients/
	npm ci --prefix .clients --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clients: .venv/.dev .clients/.installed ## generate clients from the API descriptions and compile them
	$(BIN)/python -m pytest -q tests/clients/check_clients.py

soak: .venv/.dev ## the long campaigns: kills, cuts, storms, fuzzing
	$(BIN)/python -m pytest -q -m soak --timeout=3600 $(T)

lint: .venv/.dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/mypy $(SOURCES)

check: lint test clients ## what CI runs: style, types, import contracts, tests, generated clients

fix: .venv/.dev ## repair style
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

bench: .venv/.dev ## measure again what is claimed (see benchmarks/README.md)
	@set -e; for each in batch streams idle_streams health story; do echo "== $$each"; $(BIN)/python -m benchmarks.$$each; done

snap: .venv/.dev ## update the snapshots and docs/map.md; look at the diff afterwards
	$(BIN)/python -m tests.house_map
	UPDATE_SNAPSHOTS=1 $(BIN)/python -m pytest -q tests/openapi tests/gateway/storyboard/test_prompts.py tests/gateway/screenplay/test_prompts.py
	git diff --stat

lock: .venv/.dev ## resolve the dependencies anew
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-emit-index-url --python-version 3.11 \
		--custom-compile-command "make lock" --group dev pyproject.toml -o requirements-dev.lock

clean: ## remove what was installed and built (data/ stays)
	rm -rf .venv .clients .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
