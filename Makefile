# Each target makes all it needs. On a machine with only Python, make and git: make demo, make test.

VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_FLAGS ?=
# Real proofs of each kind that bench-prove runs.
RUNS ?= 8
# Where the applications of other people that tests look at are installed, once for all runs.
export SUREFOOT_TEST_ENVIRONMENTS ?= $(CURDIR)/$(VENV)/environments

.PHONY: help demo test check bench bench-cache bench-serving bench-prove bench-prove-full shape matrix format changelog clean

help:
	@echo "make demo     tune the example bookshop, in less than five minutes"
	@echo "make test     run the tests (installs what they need first)"
	@echo "make check    lint, types, imports, generated files"
	@echo "make bench    the measurements behind the figures in the docs"
	@echo "make bench-cache   the stores, keys and copies of the cache beside their peers"
	@echo "make bench-serving   what the balancer costs, and what changes and deaths cost users"
	@echo "make bench-prove   as many proofs of nothing and of a tenth, and of planted faults"
	@echo "make shape    size and complexity of this code beside that of others"
	@echo "make matrix   the tests under each Python from 3.11 to 3.13, and with old and new frameworks"
	@echo "make format   put the code into shape"

$(VENV)/.demo: pyproject.toml constraints.txt scripts/venv.sh
	@sh scripts/venv.sh $(VENV) examples
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt scripts/venv.sh
	@sh scripts/venv.sh $(VENV) dev
	@touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	@$(BIN)/python scripts/demo.py

test: $(VENV)/.dev
	@sh scripts/servers.sh
	@# Tests start about 2,000 processes, each of which would compile what was not compiled yet.
	@$(BIN)/python -m compileall -q src examples
	@$(BIN)/python -m pytest -n 2 -m "not alone and not in_pairs" $(PYTEST_FLAGS)
	@$(BIN)/python -m pytest -n 2 -m in_pairs $(PYTEST_FLAGS)
	@$(BIN)/python -m pytest -m alone $(PYTEST_FLAGS)
	@test -n "$${CI:-}" || echo "all passed; next: make check, or see it at work: make demo"

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/in_app_imports.py

bench: $(VENV)/.dev
	@sh scripts/servers.sh
	@for file in bench/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-cache: $(VENV)/.dev
	@sh scripts/servers.sh
	@for file in bench/cache/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-serving: $(VENV)/.dev
	@sh scripts/servers.sh
	@for file in bench/serving/*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

bench-prove: $(VENV)/.dev
	@$(BIN)/python bench/prove/runs.py --runs $(RUNS)
	@for file in record replay plants gains tuned; do \
		$(BIN)/python bench/prove/$$file.py || exit 1; done

bench-prove-full: RUNS := 20
bench-prove-full: bench-prove

shape: $(VENV)/.dev
	@$(BIN)/python scripts/shape.py

matrix:
	@sh scripts/servers.sh
	@PYTEST_FLAGS='$(PYTEST_FLAGS)' sh scripts/matrix.sh
	@PYTEST_FLAGS='$(PYTEST_FLAGS)' sh scripts/frameworks.sh

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

changelog: $(VENV)/.dev
	$(BIN)/towncrier build --draft

clean:
	rm -rf $(VENV) .venv-* .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
