"""``make run`` in a folder where nothing has been set up, as a newcomer types it."""

import os
import shutil
import subprocess
import sys
import time

import httpx2
import pytest

from ..support.ports import free_port
from ..support.server import ROOT, end_group, open_session

PROJECT = (
    "Makefile",
    "app.py",
    "manage.py",
    "models.py",
    "requirements.lock",
    "migrations",
    "scim",
)
INSTALL_SECONDS = 180


@pytest.mark.slow
def test_make_run_sets_everything_up_and_serves(tmp_path):
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    port = free_port()
    log = tmp_path / "log"

    with log.open("wb") as output:
        process = subprocess.Popen(
            ["make", "run", f"PYTHON={sys.executable}"],
            cwd=tmp_path,
            # What is imported is compiled then; all that is installed would take longer.
            env=os.environ | {"SCIM_PORT": str(port), "PIP_NO_COMPILE": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        with open_session(f"http://127.0.0.1:{port}/scim/v2", "123456789") as session:
            answer = wait_for_answer(session, process)
    finally:
        end_group(process)

    assert answer.json()["totalResults"] == 0, log.read_text()
    assert f"http://localhost:{port}/scim/v2" in log.read_text()
    assert (tmp_path / "scim.db").exists()

    command = ["sh", "-c", ". .venv/bin/activate && python manage.py tenant list"]
    tenants = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    assert tenants.stdout.startswith("default ")


def test_make_leaves_a_file_of_virtualenv_alone(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "requirements-dev.txt"):
        (tmp_path / name).touch()
    (tmp_path / ".venv").write_text("env")

    for target in ("run", "test", "lint"):
        command = ["make", "--dry-run", target]
        printed = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
        assert printed.returncode == 0, printed.stderr
        assert "-m venv .venv-make\n" in printed.stdout
        assert ".venv/" not in printed.stdout


def test_tests_without_their_packages_say_how_to_get_them(tmp_path):
    (tmp_path / "hypothesis.py").write_text("raise ModuleNotFoundError('No module hypothesis')")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:hypothesispytest", "tests/test_printing.py"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
    )

    [line] = (result.stdout + result.stderr).strip().splitlines()
    assert line.startswith("No module hypothesis")
    assert "pip install -r requirements-dev.txt" in line
    assert result.returncode == 1


def test_command_without_the_packages_says_how_to_get_them():
    command = [sys.executable, "-S", "manage.py", "tenant", "list"]
    result = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("No module named 'flask'")
    assert ". .venv/bin/activate" in line
    assert "pip install -r requirements.txt" in line


def wait_for_answer(session, process):
    deadline = time.monotonic() + INSTALL_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return session.get("/Users")
        except httpx2.TransportError:
            time.sleep(0.2)
    pytest.fail("make run does not serve")
