PYTHON ?= python3
STATE ?= .upvest-local
PORT ?= 8790

.PHONY: help demo test soak conformance audit bench local pulumi lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    show the life of two webhooks on the embedded Upvest API"
	@echo "make test    run all checks and tests"
	@echo "make soak    run the fault tests at length (STATEFUL=2000 schedules)"
	@echo "make conformance  ask an API what the documents leave open: the local one, or ARGS='--api sandbox'"
	@echo "make audit   look up known vulnerabilities of all requirements"
	@echo "make bench   measure how long a gate keeps a receiver that is ready waiting"
	@echo "make local   run the embedded Upvest API for 'pulumi up -s dev'"
	@echo "make pulumi  install the Pulumi CLI into this folder"
	@echo "make lock    pin the newest allowed versions of all requirements"

# The environment is made anew when a requirement changes.
.venv/installed: requirements-dev.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it with make PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: .venv/installed
	@.venv/bin/python -m demo

local: .venv/installed
	@.venv/bin/upvest-webhooks local --state $(STATE) --port $(PORT)

# Formatting, rules, types, and every test; the tests on Pulumi's real engine run where `pulumi` is on PATH.
# Four processes on two cores, for tests wait for servers and gates half of their time.
test: .venv/installed
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/ruff check --quiet
	@.venv/bin/mypy --no-error-summary
	@rm -f .coverage .coverage.*
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" .venv/bin/coverage run -m pytest --numprocesses 4 $(TESTS)
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report

conformance: .venv/installed
	@.venv/bin/python -m conformance $(ARGS)

# Out of the environment that it audits; what is not pinned with a hash is an error of its own.
audit:
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --requirement requirements-dev.txt --require-hashes --disable-pip --strict
	rm -rf .venv-audit

bench: .venv/installed
	@.venv/bin/python -m bench.gate_latency

pulumi: .venv/installed
	@.venv/bin/python tools/install_pulumi.py

# uv resolves for all platforms and Python versions at once.
lock:
	$(PYTHON) -m venv --clear .venv-lock
	.venv-lock/bin/python -m pip install --quiet uv
	for name in requirements requirements-aws requirements-dev; do \
		.venv-lock/bin/uv pip compile --quiet --no-header --universal --generate-hashes --python-version 3.11 --upgrade \
			--no-emit-index-url --no-emit-find-links $$name.in --output-file $$name.txt || exit 1; \
	done
	rm -rf .venv-lock

clean:
	rm -rf .venv .venv-lock .venv-audit .upvest-local .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
