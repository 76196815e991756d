# Every target works on a fresh clone: what needs .venv makes it first, from the lock, once.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup run test proofs lint check sabotage bench year docs lock

python := .venv/bin/python
ready := .venv/.ready
pytest := $(python) -m pytest -n auto --dist worksteal

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 16

setup: $(ready) ## Make .venv from the lock
$(ready): requirements-dev.lock .ci/installer.lock .ci/setup
	@.ci/setup

run: $(ready) ## Start Rollcall: in Slack when tokens are set, else in the practice Slack
	@$(python) -m bot run

test: $(ready) ## Run the quick tests
	@$(pytest) -m "not proof"

proofs: $(ready) ## Run the long tests
	@$(pytest) -m proof -o faulthandler_timeout=0

lint: $(ready) ## Check style, types, the direction of imports and the Dockerfile
	@$(python) -m ruff check .
	@$(python) -m ruff format --check .
	@$(python) -m mypy bot tests
	@.venv/bin/lint-imports
	@.venv/bin/hadolint Dockerfile

check: test lint proofs ## Run everything that CI runs

sabotage: $(ready) ## Break the core in every small way and tell what no test of it notices
	@$(python) -m tests.mutation.sabotage

bench: $(ready) ## Measure acknowledgements against a bare Bolt app
	@$(python) -m tests.bench

year: $(ready) ## Play a year of releases and count the calls of Slack, against a naive bot
	@$(python) -m tests.year

docs: $(ready) ## Write the generated parts of the documentation anew
	@$(python) -m tests.docs

lock: ## Renew the locks (needs uv); they name no registry and no path
	@.ci/lock
