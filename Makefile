# Two commands matter: `make demo` and `make test`. They need Python >= 3.11 and make, nothing else.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
T ?= tests
# As many test processes as cores; a file stays with one of them, as its fixtures are dear.
PYTEST := $(BIN)/pytest -n auto --dist loadfile

.PHONY: default demo demo-nation test test-all lint format imports types bench bench-parts docs lock clean
default: test

# uv when it is there, else venv and pip; both install exactly what the lock file's hashes say.
.venv/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 2; }
	@if command -v uv >/dev/null 2>&1; then \
	  uv venv --quiet --allow-existing --python $(PYTHON) .venv && \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(PYTHON) -m venv .venv && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $@

# What the full tests and the benchmarks compare with: never part of the product.
.venv/ready-all: .venv/ready requirements-all.lock
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-all.lock ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-all.lock ; \
	fi
	@touch $@

demo: .venv/ready
	@$(BIN)/guantong demo $(ARGS)

demo-nation: .venv/ready
	@$(BIN)/guantong nation demo $(ARGS)

test: lint types imports
	$(PYTEST) -m "not full and not soak" $(ARGS) $(T)

test-all: .venv/ready-all
	$(PYTEST) -m "not soak" $(ARGS) $(T)

lint: .venv/ready
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools

types: .venv/ready
	$(BIN)/mypy

imports: .venv/ready
	$(BIN)/lint-imports

format: .venv/ready
	$(BIN)/ruff check --fix src tests benchmarks tools
	$(BIN)/ruff format src tests benchmarks tools

bench: .venv/ready-all
	$(BIN)/python -m benchmarks.scale $(ARGS)

bench-parts: .venv/ready-all
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/ready
	$(BIN)/python -m tools.write_reference

# All extras but Spark, which is larger than everything else together.
SMALL := --extra index --extra nats --extra otel --extra parquet --extra postgres
# New versions of what we install; no registry address is written.
lock:
	uv pip compile pyproject.toml $(SMALL) --group dev --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements.lock
	uv pip compile pyproject.toml --all-extras --group dev --group oracles --universal --generate-hashes --no-emit-index-url --no-header --no-annotate -q -o requirements-all.lock

clean:
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache
