"""The pytest plugin, as others have it: from the wheel, in a project of their own."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from ..support.server import ROOT
from ..support.wheel import environment

EXAMPLE = ROOT / "examples" / "testing"
WORKFLOW = ".github/workflows/test.yaml"
DOCUMENT = ROOT / "docs" / "testing.md"
# What a test run must not pay for that uses no fixture of ours.
UNUSED = """
import sys

def test_nothing(request):
    assert request.config.pluginmanager.hasplugin("scim")
    slow = {"alembic", "click", "flask", "httpx2", "jinja2", "marshmallow", "sqlalchemy"}
    assert slow & set(sys.modules) == set()
"""
BROKEN = """
import endpoint as application
from test_endpoint import TOKEN, endpoint

def test_checks(endpoint, scim_check, monkeypatch):
    error = application.error
    confused = lambda status, *other: error(400 if status == 409 else status, *other)
    monkeypatch.setattr(application, "error", confused)
    results = scim_check(endpoint.url, TOKEN, "okta-spec")
    assert len(results.of("failed")) == 1 and repr(results).startswith("<12 checks: ")
    assert results.failed == []

def test_refusal(endpoint, okta):
    provider = okta(endpoint.url, TOKEN)
    provider.hire("amy")
    provider.form("Sales", "amy")

def test_nobody(endpoint, okta):
    okta(endpoint.url, TOKEN).dismiss("amy")

def test_token(endpoint, entra):
    entra(endpoint.url, "wrong")

def test_servers_are_apart(scim_server):
    assert scim_server.client.get("/Users").json()["totalResults"] == 0

def test_place(scim_check):
    scim_check("http://127.0.0.1:1/scim", TOKEN)
"""


def outcome(project, *arguments):
    """Return the status and the output of pytest there."""
    python = environment().folder / "bin" / "python"
    command = [python, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_run_that_uses_no_fixture_imports_nothing(tmp_path):
    (tmp_path / "test_nothing.py").write_text(UNUSED)

    status, printed = outcome(tmp_path)

    assert status == 0, printed


@pytest.mark.slow
def test_example_passes_and_failures_say_what_to_mend(tmp_path):
    project = tmp_path / "project"
    shutil.copy(ROOT / "pyproject.toml", tmp_path)  # it is no part of the example
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__"))
    (project / "test_broken.py").write_text(BROKEN)

    status, printed = outcome(project, "-vv")

    assert status == 1
    assert re.findall(r"FAILED (test_\w+)", printed) == ["test_broken"] * 5, printed
    assert "5 failed, 6 passed" in printed
    assert "E       assert failed checks: 1" in printed
    assert re.search(r"E +The same user a second time is answered 409: ", printed)
    assert re.search(r"E +< 400 after \d+ ms", printed)
    assert re.search(r"Refused: the server refused:\nE +Push group Sales: .*404", printed)
    assert re.search(r"Refused: the server cannot be used: the token is wrong", printed)
    assert "LookupError: nobody called 'amy' works here: hire them first" in printed
    assert re.search(r"AssertionError: no answer to GET .*Connection refused", printed)


def test_workflow_is_one_and_does_what_was_tried():
    checker = Path(sys.executable).with_name("check-jsonschema")
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        command = [checker, "--builtin-schema", schema, EXAMPLE / WORKFLOW]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    steps = yaml.safe_load((EXAMPLE / WORKFLOW).read_text())["jobs"]["test"]["steps"]

    assert [each["run"] for each in steps if "pytest" in each.get("run", "")] == [
        "python -m pytest --junit-xml results.xml"
    ]


def test_document_shows_the_tests_of_the_example():
    shown = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)

    assert len(shown) == 4
    assert [each for each in shown if each not in (EXAMPLE / "test_endpoint.py").read_text()] == []
