# make run          start the app (creates .venv on first use)
# make test         lint, types and tests; the browser tests too where a Chromium is found
# make e2e          the browser tests alone
# make vectors      recompute the text vectors of the starter graph
# make pretrained   retrain the nine runs that ship with the app
# make projections  lay out again the maps that ship with the app; after `make pretrained`
# make screenshots  take the README's pictures anew
# make lint         ruff and mypy
# make clean        remove .venv and the tools' caches
#
# PORT=8502 starts the app there. PYTHON=/path/to/python3 chooses the interpreter.
# TORCH_INDEX=URL takes PyTorch from that index, for instance PyTorch's own one of CPU-only builds.

PORT ?= 8501
PYTHON ?=
TORCH_INDEX ?=

VENV := .venv
PY := $(VENV)/bin/python
TORCH := $(shell sed -n 's/^\(torch==.*\)/\1/p' requirements.txt)
# The stamp carries a checksum of the pins: the same pins are never installed twice.
READY := $(VENV)/.ready-$(shell cksum < requirements.txt | cut -d ' ' -f 1)
READY_DEV := $(READY)-dev-$(shell cksum < requirements-dev.txt | cut -d ' ' -f 1)
CHROMIUM := $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
PIP := $(PY) -m pip --disable-pip-version-check

# A process for each core, four at most: each may have a server and a browser of its own.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile

.PHONY: run test e2e vectors pretrained projections screenshots lint clean env env-dev free-port
.DEFAULT_GOAL := run

run: env free-port
	@$(PY) -m streamlit run app.py --server.port $(PORT) --server.showEmailPrompt false

test: env-dev lint
	@test -n "$(CHROMIUM)" || echo "No Chromium found: the browser tests are left out."
	$(PY) -m pytest $(SIDE_BY_SIDE) $(if $(CHROMIUM),,-m "not e2e")

e2e:
	@test -f $(READY_DEV) || { \
	  echo "The test environment is missing: run 'make env-dev' first." >&2; exit 2; }
	@test -n "$(CHROMIUM)" || { \
	  echo "No Chromium found: install the package 'chromium' first." >&2; exit 2; }
	$(PY) -m pytest $(SIDE_BY_SIDE) -m e2e

vectors: env-dev
	$(PY) -m llador_core embed --graph starter

# One thread each, so that sums are made in the same order everywhere; the old runs stay until all
# new ones are there.
pretrained: env
	@rm -rf assets/runs.new
	@for model in transe distmult rotate; do for prior in none full mechanism; do \
	  OMP_NUM_THREADS=1 $(PY) -m llador_core train --graph starter --model $$model \
	    --prior $$prior --half --out assets/runs.new || exit 2; \
	done; done
	@rm -rf assets/runs && mv assets/runs.new assets/runs

# With a home of its own, so that no run of the user's is taken for a shipped one.
projections: env
	@rm -rf assets/projections.new
	@for run in assets/runs/*; do \
	  case "$$run" in *-none-*) continue;; esac; \
	  LLADOR_HOME=assets/projections.new/home OMP_NUM_THREADS=1 $(PY) -m llador_core project \
	    --run "$$(basename "$$run")" --out assets/projections.new || exit 2; \
	done
	@rm -rf assets/projections.new/home assets/projections
	@mv assets/projections.new assets/projections

screenshots: env-dev
	$(PY) -m tests.e2e.screenshots

lint: env-dev
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy llador_core

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

env: $(READY)

env-dev: $(READY_DEV)

free-port:
	@$(PY) -c 'import socket, sys; s = socket.socket(); \
	s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("", int(sys.argv[1])))' \
	'$(PORT)' 2>/dev/null || { echo "Port $(PORT) is in use or not allowed: stop the other server \
	or choose another port, for example 'make run PORT=8502'." >&2; exit 2; }

$(PY):
	@for python in "$(PYTHON)" python3 python3.14 python3.13 python3.12 python3.11; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -m venv $(VENV) && exit 0; \
	  rm -rf $(VENV); echo "Python could not create an environment: install its venv module \
	(Debian and Ubuntu: apt-get install python3-venv)." >&2; exit 2; \
	done; \
	echo "Python 3.11 or newer is needed, found $$(python3 --version 2>&1 || echo none): \
	install it, or name one with 'make run PYTHON=/path/to/python3'." >&2; exit 2

$(READY): | $(PY)
	@echo "Installing into $(VENV): once, a few minutes."
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip
	$(PIP) install '$(TORCH)' $(if $(TORCH_INDEX),--index-url $(TORCH_INDEX))
	$(PIP) install -r requirements.txt
	@touch $@

$(READY_DEV): | $(READY)
	$(PIP) install -r requirements-dev.txt
	@touch $@
