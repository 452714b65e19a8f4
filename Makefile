# Every target does its own set-up: a virtual environment, Python packages, the browser workstation, Debian packages where root.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test check bench bench-pacs bench-ui bench-flow bench-detect soak docs ui wheel setup clean

run: setup ui ## start Kerma with the demonstration set
	$(BIN)/kerma serve --demo

test: setup-test check ui ## every test
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --durations=15

check: $(VENV)/.dev ## lint, types, contracts, sizes
	$(BIN)/ruff check src tests tools bench
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check.py

bench: setup-test ui ## the figures, as JSON
	$(BIN)/python -m bench

bench-pacs: setup-test ui ## the archive beside its peer, as JSON
	$(BIN)/python -m bench.pacs

bench-ui: setup-test ui ## the workstation beside OHIF's viewer, as JSON
	$(BIN)/python -m bench.workstation

bench-flow: setup-test ui ## the reading workflow under load with PostgreSQL, as JSON
	$(BIN)/python -m bench flow lanes

bench-detect: $(VENV)/.dev ## learned models on pictures they never saw, as JSON; about 15 minutes
	$(BIN)/python -m bench.detect $(if $(QUICK),--quick)

soak: setup-test ## long fuzzing, and property tests with examples that nobody has seen
	KERMA_EXPLORE=1 $(BIN)/python -m pytest -q -n 2 tests/science tests/kernel tests/areas tests/journeys
	KERMA_EXPLORE=1 $(BIN)/python -m pytest -q -m soak -o addopts="" --timeout=7200

docs: $(VENV)/.dev ## regenerate docs/reference
	$(BIN)/python tools/reference.py

wheel: $(VENV)/.dev ui ## dist/*.whl, which a user without node can install
	$(BIN)/python -m build --wheel --outdir dist

setup: $(VENV)/.run
setup-test: $(VENV)/.dev $(VENV)/.debian $(VENV)/.peers

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { echo "Kerma needs Python 3.11 to 3.13; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/pip install -q -c constraints.txt -e '.[dev]'
	touch $@ $(VENV)/.run

$(VENV)/.debian: tools/debian-packages.sh
	bash tools/debian-packages.sh
	touch $@

# after the workstation, whose build brings node where there is none
$(VENV)/.peers: tools/peers.sh tests/peers/package-lock.json | src/kerma/workstation/index.html
	bash tools/peers.sh $(BIN)
	touch $@

ui: src/kerma/workstation/index.html

UI_SOURCES := $(shell find ui -type f -not -path '*/node_modules/*' 2>/dev/null)
src/kerma/workstation/index.html: $(UI_SOURCES) | $(VENV)/bin/python
	bash tools/build-ui.sh $(BIN)

clean:
	rm -rf $(VENV) dist build src/kerma/workstation ui/node_modules
