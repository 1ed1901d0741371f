PYTHON ?= python3
STATE ?= .upvest-local
PORT ?= 8790

.PHONY: demo test check coverage local pulumi lock clean
.DEFAULT_GOAL := help

help:
	@echo "make demo    show the life of two webhooks on the embedded Upvest API"
	@echo "make test    run all checks and tests"
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
