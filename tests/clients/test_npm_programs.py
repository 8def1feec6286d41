"""A missing npm skips the tests that need it, and fails a build."""

import pytest

from ..support import npm_programs


@pytest.fixture(autouse=True)
def no_npm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def test_without_npm_tests_are_skipped_with_a_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no npm here: apt-get install"):
        npm_programs.install()


def test_without_npm_a_build_fails(monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="npm is needed: apt-get install"):
        npm_programs.install()
