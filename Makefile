PYTHON ?= python3
STATE ?= .upvest-local
PORT ?= 8790
STAGE ?= dev
REQUIREMENTS ?= requirements-dev.txt

PULUMI = PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" pulumi
POLICIES = --policy-pack policy --policy-pack-config policy/config.json
# Events hold what policies say; the document that pulumi writes by default leaves it out.
EVENTS = PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true
# What failed stands in the file alone.
OR_SAY_WHY = || { status=$$?; .venv/bin/upvest-webhooks review --stage $(STAGE)=previews/$(STAGE).json; exit $$status; }

.PHONY: help docs demo pictures test coverage soak conformance audit bench local pulumi lock clean
.PHONY: stack preview up drift destroy states previews review
.DEFAULT_GOAL := help

help:
	@echo "make demo    show the life of two webhooks on the embedded Upvest API"
	@echo "make pictures  draw the README's picture of the demo anew"
	@echo "make test    run all checks and tests"
	@echo "make coverage  run the tests once more, and say which lines none of them runs"
	@echo "make soak    run all of the fault tests, 2,000 random schedules among them, and many cases of each law"
	@echo "make conformance  ask an API what the documents leave open: the local one, or ARGS='--api sandbox'"
	@echo "make up STAGE=dev, preview, drift, destroy: one stage, as CI does"
	@echo "make audit   look up known vulnerabilities of all requirements"
	@echo "make bench   measure time, requests and memory beside resources that do nothing and a naive provider; ARGS=--all takes 1,000 webhooks too"
	@echo "make docs    build the documentation into build/docs"
	@echo "make local   run the embedded Upvest API for 'pulumi up -s dev'"
	@echo "make pulumi  install the Pulumi CLI into this folder"
	@echo "make lock    pin the newest allowed versions of all requirements"

# The environment is made anew when a requirement changes.
.venv/installed: $(REQUIREMENTS) pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; name it with make PYTHON=...") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv --clear .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(REQUIREMENTS)
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

# The policies have an environment of their own: pulumi-policy holds protobuf at 5.
policy/.venv/installed: policy/requirements.txt
	$(PYTHON) -m venv --clear policy/.venv
	policy/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r policy/requirements.txt
	@touch $@

docs/.venv/installed: docs/requirements.txt
	$(PYTHON) -m venv --clear docs/.venv
	docs/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r docs/requirements.txt
	@touch $@

# Strict: a link that leads nowhere, or a page that no other leads to, ends it. The docstrings are read, not imported.
docs: docs/.venv/installed
	@NO_MKDOCS_2_WARNING=1 docs/.venv/bin/mkdocs build --strict --quiet

demo: .venv/installed
	@.venv/bin/python -m demo

local: .venv/installed
	@.venv/bin/upvest-webhooks local --state $(STATE) --port $(PORT)

pictures: .venv/installed
	@.venv/bin/python tools/record_demo.py

# Formatting, rules, types, and every test; the tests on Pulumi's real engine run where `pulumi` is on PATH.
# Five processes on two cores, for tests wait for servers and gates half of their time. What all of them load is compiled
# beforehand: each would compile it again, and so would each process that a test starts. Types are checked meanwhile.
test: export PYTHONDONTWRITEBYTECODE =
test: .venv/installed policy/.venv/installed
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/ruff check --quiet
	@.venv/bin/mypy --no-error-summary & types=$$!; .venv/bin/python -m pytest --collect-only --quiet $(TESTS) >/dev/null; wait $$types
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" .venv/bin/python -m pytest --numprocesses 5 --dist worksteal $(TESTS)

# Apart from the tests, which measuring makes a fifth slower.
coverage: .venv/installed
	@rm -f .coverage .coverage.*
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" .venv/bin/coverage run -m pytest --numprocesses 4
	@.venv/bin/coverage combine --quiet
	@.venv/bin/coverage report

# Every cell of the fault matrix, 2,000 random schedules, the larger bounds of the model, and a thousand random examples
# of each law.
soak: .venv/installed
	@UPVEST_SOAK=1 .venv/bin/python -m pytest --numprocesses 4 tests/faults tests/model
	@UPVEST_SOAK=1 .venv/bin/python -m pytest --numprocesses 4 -m hypothesis

conformance: .venv/installed
	@.venv/bin/python -m conformance $(ARGS)

# Out of the environment that it audits; what is not pinned with a hash is an error of its own.
audit:
	$(PYTHON) -m venv --clear .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	.venv-audit/bin/pip-audit --requirement requirements-dev.txt --requirement policy/requirements.txt \
		--requirement docs/requirements.txt \
		--require-hashes --disable-pip --strict
	rm -rf .venv-audit

# What a stack has in production, and no more: what is measured would load some of the rest. Bytecode is kept, as that
# of an installed package is.
bench/.venv/installed: requirements.txt
	$(PYTHON) -m venv --clear bench/.venv
	bench/.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

bench: .venv/installed bench/.venv/installed
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" BENCH_PYTHON="$(CURDIR)/bench/.venv/bin/python" PYTHONDONTWRITEBYTECODE= \
		.venv/bin/python -m bench $(ARGS)

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
	.venv-lock/bin/uv pip compile --quiet --no-header --universal --generate-hashes --python-version 3.11 --upgrade \
		--no-emit-index-url --no-emit-find-links policy/requirements.in --output-file policy/requirements.txt
	.venv-lock/bin/uv pip compile --quiet --no-header --universal --generate-hashes --python-version 3.11 --upgrade \
		--no-emit-index-url --no-emit-find-links docs/requirements.in --output-file docs/requirements.txt
	rm -rf .venv-lock

# One stage; CI runs the same.
stack: .venv/installed
	@$(PULUMI) stack select --create $(STAGE)

# What `up` would do, from the state alone: nothing of Upvest is asked or needed.
preview: .venv/installed policy/.venv/installed
	@mkdir -p previews
	@$(EVENTS) $(PULUMI) preview --stack $(STAGE) --json $(POLICIES) > previews/$(STAGE).json $(OR_SAY_WHY)

# Without the program a refresh takes its settings from the state, a key that was rotated since included.
up: .venv/installed policy/.venv/installed
	@$(PULUMI) up --stack $(STAGE) --yes --refresh --run-program $(POLICIES)

# Whether a stage is still what the program says: asks Upvest, writes nothing.
drift: .venv/installed policy/.venv/installed
	@mkdir -p previews
	@$(EVENTS) $(PULUMI) preview --stack $(STAGE) --refresh --run-program --expect-no-changes --json $(POLICIES) > previews/$(STAGE).json $(OR_SAY_WHY)

destroy: .venv/installed
	@$(PULUMI) destroy --stack $(STAGE) --yes

# For pull requests: the states without their secrets, and previews with nothing but those.
states: .venv/installed
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" .venv/bin/python .github/without_secrets.py states states

previews: .venv/installed policy/.venv/installed
	@PATH="$(CURDIR)/.pulumi-cli/bin:$$PATH" .venv/bin/python .github/without_secrets.py previews states previews

review: .venv/installed
	@mkdir -p previews
	@test -n "$(wildcard previews/*.json)" || { echo "There is no preview to review." > previews/review.md; exit 1; }
	@.venv/bin/upvest-webhooks review $(foreach f,$(wildcard previews/*.json),--stage $(notdir $(basename $(f)))=$(f)) > previews/review.md

clean:
	rm -rf .venv .venv-lock .venv-audit policy/.venv docs/.venv bench/.venv build/docs previews states .upvest-local .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.*
