PYTHON ?= python3
USERS ?= 1000 10000 100000 1000000
# `virtualenv` writes a file of this name, which says where its environment is.
VENV := $(shell test -f .venv && echo .venv-make || echo .venv)

run: $(VENV)/run
	$(VENV)/bin/python manage.py db upgrade
	$(VENV)/bin/python app.py

test: $(VENV)/dev
	$(VENV)/bin/python -m pytest --numprocesses 3 --dist worksteal

test-more: $(VENV)/dev
	SCIM_TEST_TRIES=20 $(VENV)/bin/python -m pytest tests/routes/test_fuzz.py \
		tests/routes/test_patch_property.py tests/protocol tests/storage tests/explain --numprocesses 3
	SCIM_TEST_TRIES=2 $(VENV)/bin/python -m pytest --numprocesses 3 --dist worksteal
	SCIM_TEST_TRIES=2 SCIM_TEST_THREADS=2 $(VENV)/bin/python -m pytest tests/routes --numprocesses 3

steadfast: $(VENV)/dev
	SCIM_TEST_STEADFAST=full $(VENV)/bin/python -m pytest tests/steadfast

lint: $(VENV)/dev
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy

bench: $(VENV)/dev
	$(VENV)/bin/python -m bench $(USERS)
	$(VENV)/bin/python -m bench.load
	$(VENV)/bin/python -m bench.recording
	$(VENV)/bin/python -m bench.auditing

$(VENV)/run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, for example: make run PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

$(VENV)/dev: $(VENV)/run requirements-dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The versions of everything that requirements.txt needs, with the hashes of the files for every platform.
lock: $(VENV)/dev
	$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements.txt --output-file requirements.lock

.PHONY: run test test-more steadfast lint bench lock
