PYTHON ?= python3
USERS ?= 1000 10000 100000 1000000

run: .venv/run
	.venv/bin/python manage.py db upgrade
	.venv/bin/python app.py

test: .venv/dev
	.venv/bin/python -m pytest --numprocesses 3 --dist worksteal

test-more: .venv/dev
	SCIM_TEST_TRIES=20 .venv/bin/python -m pytest tests/routes/test_fuzz.py \
		tests/routes/test_patch_property.py tests/protocol tests/storage --numprocesses 3
	SCIM_TEST_TRIES=2 .venv/bin/python -m pytest tests/clients tests/project --numprocesses 3
	SCIM_TEST_THREADS=2 .venv/bin/python -m pytest tests/routes --numprocesses 3

steadfast: .venv/dev
	SCIM_TEST_STEADFAST=full .venv/bin/python -m pytest tests/steadfast

lint: .venv/dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy

bench: .venv/dev
	.venv/bin/python -m bench $(USERS)
	.venv/bin/python -m bench.load

.venv/run: requirements.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, for example: make run PYTHON=python3.12")'
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.lock
	@touch $@

.venv/dev: .venv/run requirements-dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# The versions of everything that requirements.txt needs, with the hashes of the files for every platform.
lock: .venv/dev
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" requirements.txt --output-file requirements.lock

.PHONY: run test test-more steadfast lint bench lock
