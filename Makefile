# The two that matter: make run, make test. `make help` lists the rest.
# A command's failure is make's failure (make itself knows only exit code 2; call .venv/bin/jalerte for the others).

BIN := .venv/bin
PYTEST_ARGS ?=
# Locks are made with uv, in a folder of its own that is thrown away: nobody needs it otherwise.
# No configuration of the machine's, and no index or find-links, may show in them.
COMPILE = env -u UV_INDEX -u UV_INDEX_URL -u UV_DEFAULT_INDEX -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
	UV_CUSTOM_COMPILE_COMMAND="make lock" \
	"$$folder/bin/uv" pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links $(LOCK_ARGS)

.DEFAULT_GOAL := help
.PHONY: help setup webform run test soak lab check format translations lock bench screenshots wheel clean

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | sort | expand -t 14

setup: ## make or refresh .venv (PYTHON=… chooses the Python)
	@tools/setup.sh

webform: ## setup, and Qt WebEngine for the assisted web form
	@tools/setup.sh webform

run: setup ## start the program; without a display, one diagnosis as text
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then exec $(BIN)/jalerte; else exec $(BIN)/jalerte check; fi

test: ## all tests but the hours-long ones (PYTEST_ARGS=… goes to pytest)
	@tools/setup.sh test webform
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

soak: ## the hours-long tests
	@tools/setup.sh test webform
	@$(BIN)/python -m pytest -m soak --timeout=0 $(PYTEST_ARGS)

lab: ## play the scenarios, simulated and on real networks (root), and print the table (LAB_ARGS="--only quiet portal")
	@tools/setup.sh test
	@$(BIN)/python -m tests.playing --runner both $(LAB_ARGS)

check: setup ## style, types, floors, translations, the alert interface's description
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/translations.py check
	$(BIN)/python tools/alert_api.py check

format: setup ## put the code in the house's style
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

translations: setup ## bring new texts into the French catalogue, and compile it
	$(BIN)/python tools/translations.py update
	$(BIN)/python tools/translations.py compile

lock: ## resolve the versions anew; LOCK_ARGS=--upgrade for the newest
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
	"$${PYTHON:-python3}" -m venv "$$folder" && "$$folder/bin/pip" install --quiet --disable-pip-version-check uv; \
	$(COMPILE) --group build --group dev -o requirements.lock pyproject.toml >/dev/null; \
	$(COMPILE) --extra webform --constraints requirements.lock -o requirements-webform.lock pyproject.toml >/dev/null
	@echo "requirements.lock and requirements-webform.lock are written; make setup installs them"

bench: setup ## measure what must stay fast
	@set -e; for script in $(filter-out benchmarks/_%,$(wildcard benchmarks/*.py)); do echo "== $$script"; $(BIN)/python "$$script"; done

screenshots: setup ## draw the window's pages into docs
	@$(BIN)/python tools/screenshots.py

wheel: setup ## build the wheel into dist, catalogues included
	$(BIN)/python tools/translations.py compile
	$(BIN)/hatchling build -t wheel

clean: ## take away what was made here; the person's data is elsewhere
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	rm -f resources/translations/*/LC_MESSAGES/*.mo
