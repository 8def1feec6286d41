"""One server of ours that these tests share, and one of others."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from scim.conformance.checks import CheckResult, Client, Service, Status, run

from ..support.server import ROOT, Server, running_server


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty directory on SQLite."""
    directory = tmp_path_factory.mktemp("conformance")
    environment = {"SCIM_DATABASE_URL": f"sqlite:///{directory / 'scim.db'}", "SCIM_WORKERS": "1"}
    subprocess.run(
        [sys.executable, "manage.py", "db", "upgrade"],
        check=True,
        cwd=ROOT,
        env=os.environ | environment,
    )
    with running_server(directory / "log", **environment) as server:
        yield server


@pytest.fixture
def checked() -> Callable[..., list[CheckResult]]:
    """Run a suite against a URL: ``checked(url, token, "okta-spec")``."""

    def check(url: str, token: str, *suites: str) -> list[CheckResult]:
        with closing(Client(url, token)) as client:
            return run(suites, Service(client))

    return check


def outcomes(results: list[CheckResult], *statuses: Status) -> dict[str, str]:
    """Return the details of what has one of these statuses, by the name of the check."""
    wanted = statuses or (Status.FAILED, Status.WARNED)
    return {result.check.name: result.detail for result in results if result.status in wanted}
