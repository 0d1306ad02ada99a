# RegLab: `make run` starts the dashboard, `make test` checks everything. Needs make and Python 3.11 or newer.

PYTHON ?= python3
VENV ?= .venv
ADDRESS ?= 127.0.0.1
PORT ?= 8501
WORKERS ?= 2
# More arguments for pip install, and the address of a package index that serves CPU-only builds of PyTorch.
PIP_ARGS ?=
TORCH_INDEX ?=

BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) \
	$(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX))
CHECK_PYTHON := $(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	echo "RegLab needs Python 3.11 or newer, and $(PYTHON) is not; name one, for instance PYTHON=python3.12." >&2; exit 1; }
# Compiled files are kept, whatever the environment says: without them every worker process, server and command compiles
# all of RegLab again, which takes as long as loading PyTorch.
unexport PYTHONDONTWRITEBYTECODE

# Tests measure and compare: one thread each, whatever the machine.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest

.DEFAULT_GOAL := help
# Seconds each: what `make check` runs before a commit.
QUICK := tests/vocabulary tests/penalties tests/models tests/analysis tests/charts tests/lessons tests/ui tests/tooling
.PHONY: help run check test coverage bench lint format clean system-packages

help: ## Show what make can do here.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.installed ## Start the dashboard on 127.0.0.1:8501 (PORT=… and ADDRESS=… to change that).
	@echo "RegLab starts on http://$(ADDRESS):$(PORT) (Ctrl-C stops it)"
	@exec $(BIN)/streamlit run app.py --server.address $(ADDRESS) --server.port $(PORT) --server.headless true

# Tests in a browser run after the others, and also where those have failed.
test: lint system-packages ## Run every check: format, lint, types, import directions, all tests.
	status=0; \
	$(PYTEST) -n $(WORKERS) --dist worksteal --durations=20 --ignore=tests/live -m "not live" || status=$$?; \
	$(PYTEST) tests/live -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=20 -m live || status=$$?; \
	exit $$status

check: lint ## Check format, lint, types, import directions, and run the quick tests: for every commit.
	$(PYTEST) -n $(WORKERS) -q $(QUICK)

coverage: $(VENV)/.installed-tests system-packages ## Measure what the tests cover, and fail below the floor in pyproject.toml.
	$(PYTEST) -n $(WORKERS) -m "not live" --cov=reglab --cov-report=term:skip-covered

bench: $(VENV)/.installed-tests ## Run the benchmarks and print their ratios.
	$(PYTEST) tests/benchmarks -o "python_files=bench_*.py" -p no:xdist -s

lint: $(VENV)/.installed-tests ## Check format, lint, types and import directions.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.installed-tests ## Format the code, and fix what the linter can fix.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove the virtual environment and caches; saved runs stay.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist src/*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so that an installation that was cut off is done again.
$(VENV)/.installed: requirements.txt pyproject.toml
	@echo "Installing RegLab into $(VENV): some minutes, once."
	@test -x $(BIN)/pip || { $(CHECK_PYTHON) && $(PYTHON) -m venv --clear $(VENV); }
	@$(INSTALL) --requirement requirements.txt
	@$(INSTALL) --no-deps --editable .
	@touch $@

$(VENV)/.installed-tests: $(VENV)/.installed tests/requirements.txt
	@$(INSTALL) --requirement requirements.txt --requirement tests/requirements.txt
	@touch $@

system-packages:
	@./tests/install-system-packages
