# `make help` lists the targets. Each one first sees to what it needs (scripts/setup.sh).
.PHONY: help setup demo up test test-fast lint types arrows definitions clean

help:   ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup:  ## the virtual environment, the pinned packages, a browser
	@scripts/setup.sh

demo: setup  ## the whole flow, once, on simulated portals and a real PostgreSQL and S3
	@.venv/bin/ov demo

up: setup  ## the sandbox with Dagster's UI, until Ctrl-C
	@exec .venv/bin/ov up

test: setup  ## all tests, on three sandboxes side by side
	@.venv/bin/pytest -n 3 --no-loadscope-reorder

test-fast: setup  ## the tests that need no service and no browser
	@.venv/bin/pytest -q -m "not db and not browser and not kill"

lint: setup  ## style and format
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: setup  ## mypy over the package
	@.venv/bin/mypy

arrows: setup  ## who may import whom, and no circles
	@.venv/bin/lint-imports

definitions: setup  ## what Dagster loads, with no variable set
	@env -i PATH="$$PATH" HOME="$$HOME" VIRTUAL_ENV="$$PWD/.venv" .venv/bin/dagster definitions validate
	@env -i PATH="$$PATH" HOME="$$HOME" VIRTUAL_ENV="$$PWD/.venv" .venv/bin/dg check defs

clean:  ## what was made: packages, caches, and the sandbox's state in .ov
	@rm -rf .venv .ov .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis *.egg-info build dist
