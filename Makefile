# Everything lives in $(VENV). Needs Python 3.11 or later and pip, nothing else.
#
#   make demo       the main job on the bundled sample, then the path of a report
#   make test       the tests that need no torch and no Ray
#   make test-all   every extra, every test
#   make test-litellm  a real LiteLLM proxy, both ways, in an environment of its own
#   make check      format, lint, types, layers, sizes, documents; under a minute
#   make calibrate  full-size calibration of levels and power; slow
#   make bench      the benchmarks on recorded scores and on the sample
#   make lock       requirements/*.txt again from pyproject.toml
#   make clean      remove what the other targets made, $(VENV) included

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
HASHED = $(PIP) install --quiet --require-hashes

# torch stands outside the locked files, and is asked of pip by this exact version: its builds
# for a processor alone and for a graphics card bear one version and different hashes, and pip
# takes the one that this machine offers. requirements/all.txt holds all that torch needs but
# not torch, hence --no-deps there (accelerate would ask for it), and `pip check` at the end.
TORCH = 2.13.0

.PHONY: demo test test-all test-litellm check calibrate bench lock clean

demo: $(VENV)/.core
	@BIN=$(BIN) bash sample/demo.sh

test: $(VENV)/.dev
	$(BIN)/python -m pytest -m "not slow and not litellm"

test-all: $(VENV)/.all
	$(BIN)/python -m pytest -m "not slow and not litellm"

test-litellm: $(VENV)/.all
	bash tests/watch/service/litellm/install.sh build/litellm-venv
	$(BIN)/python -m pytest -m litellm tests/watch/service/test_litellm_proxy.py

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest --quiet tests/test_house.py

calibrate: $(VENV)/.dev
	$(BIN)/python -m pytest -m slow

bench: $(VENV)/.core
	$(BIN)/hydrometer bench served --seed 0 --out out/bench/served
	$(BIN)/hydrometer bench trace --responses sample/answers.parquet \
		--prompts sample/prompts.parquet --lineage sample/lineage.csv --seed 0 --out out/bench/trace

# One stamp for each stage; a changed lock file or pyproject.toml makes it again.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: requirements/build.txt requirements/core.txt pyproject.toml | $(BIN)/python
	$(HASHED) -r requirements/build.txt -r requirements/core.txt
	$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.core
	$(HASHED) -r requirements/dev.txt
	@touch $@

$(VENV)/.all: requirements/all.txt $(VENV)/.dev
	$(HASHED) --no-deps -r requirements/all.txt
	$(PIP) install --quiet torch==$(TORCH)
	$(PIP) check
	@touch $@

# Only this target needs uv, and puts it into a place of its own.
LOCK = build/lock/bin/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet uv
	$(LOCK) requirements/build.in -o requirements/build.txt
	$(LOCK) pyproject.toml -o requirements/core.txt
	$(LOCK) pyproject.toml requirements/build.in --group dev \
		-c requirements/core.txt -c requirements/build.txt -o requirements/dev.txt
	$(LOCK) pyproject.toml requirements/build.in requirements/all.in --group dev \
		-c requirements/dev.txt --override requirements/no-torch.txt -o requirements/all.txt

clean:
	rm -rf $(VENV) build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
