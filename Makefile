# Everything starts here, on a fresh machine too: `make demo` sets up what it needs, without root.
# Extra words for a command: make test ARGS="-k hunt".

VENV := .venv
STAMP := $(VENV)/.set-up
ARGS ?=
export PYTHON

.DEFAULT_GOAL := help
.PHONY: help demo run test lint check bench lock clean asterisk

help: ## what there is
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' $(MAKEFILE_LIST) | column -t -s '|'

demo: $(STAMP) asterisk ## one real call through the line, told as it happens
	@$(VENV)/bin/astreinte demo $(ARGS)

run: $(STAMP) asterisk ## the line, until Ctrl-C
	@$(VENV)/bin/astreinte run $(ARGS)

test: $(STAMP) asterisk ## all tests, against a real Asterisk
	@PYTHONDONTWRITEBYTECODE= $(VENV)/bin/pytest $(ARGS) # what is compiled once need not be by each process

lint: $(STAMP) ## style and types
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

check: $(STAMP) ## all YAML files, all findings at once
	@$(VENV)/bin/astreinte check $(ARGS)

bench: $(STAMP) asterisk ## calls a second, CPU a call, latency, rosters
	@$(VENV)/bin/python -m bench $(ARGS)

lock: $(STAMP) ## exact versions and hashes of every dependency
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --extra postgresql -o requirements.lock
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header pyproject.toml --extra postgresql --group dev -o requirements-dev.lock

clean: ## what make made in this folder; the cache that checkouts share stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Nothing to do is the usual case, in a few hundredths of a second.
asterisk: $(STAMP)
	@$(VENV)/bin/python -m ari_app.pbx

$(STAMP): requirements-dev.lock pyproject.toml scripts/set-up
	@scripts/set-up
