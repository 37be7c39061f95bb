# ReCQR: `make run` serves it, `make test` tests it; both set everything up first.
# PYTHON=, HOST=, PORT= and RECQR_VAR= may be given: make run PORT=8001

SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
export HOST PORT RECQR_VAR
# Nothing of a venv that is active in this shell, or of the user's own packages, may leak in.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Everything here is many processes: each would compile all of the code anew.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONNOUSERSITE := 1

.PHONY: help setup setup-dev models run dev test test-llm bench

help:
	@echo "make run     set up everything, load the sample dataset, serve on 127.0.0.1:8000"
	@echo "make test    set up and run all tests"
	@echo "make setup   set up only (.venv)      make dev    serve with reload and DEBUG"
	@echo "make models  add what searches by embedding models on this machine (ONNX Runtime, 110 MB)"
	@echo "make bench   print the benchmark table"
	@echo "make test-llm  run rewriting and judging through a real language model server (minutes)"

# The recipes of run and dev are replaced by what they start: make itself is its parent, and
# killing either of the two ends the other's work.
run: setup
	@exec $(PY) -m recqr_site.serving --parent $$PPID

dev: setup-dev
	@exec $(PY) -m recqr_site.serving --dev --parent $$PPID

setup:
	@PYTHON="$(PYTHON)" sh .ci/setup requirements.txt

setup-dev:
	@PYTHON="$(PYTHON)" sh .ci/setup requirements-dev.txt

# For retrievers of kind dense and clip; all else works without.
models: setup
	@PYTHON="$(PYTHON)" sh .ci/setup requirements-models.txt

# Every part runs, even after a failure of another; pytest comes last, so that its summary does.
test: setup-dev
	@failed=""; \
	part() { name="$$1"; shift; echo "== $$name"; "$$@" || failed="$$failed $$name"; }; \
	part ruff $(PY) -m ruff check .; \
	part format $(PY) -m ruff format --check .; \
	part mypy env DATABASE_URL=postgres://none/none REDIS_URL=redis://none \
		$(PY) -m mypy recqr_site review generation manage.py; \
	part djlint $(PY) -m djlint --lint --quiet templates; \
	[ -z "$$failed" ] || echo "== failed before the tests:$$failed"; \
	echo "== pytest"; \
	$(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder; tests=$$?; \
	[ -z "$$failed" ] && exit $$tests || exit 1

# Once installed, pip only looks at what is there.
test-llm: setup-dev
	@$(PY) -m pip install -qq --disable-pip-version-check --no-input --no-deps -r requirements-llm.txt
	@RECQR_TEST_LLM=1 $(PY) -m pytest tests/llm

bench: setup-dev
	@$(PY) -m tests.benchmarks
