"""The servers that these tests share, and how they run checks."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from scim.conformance.checks import Check, CheckResult, Client, Level, Service, Status, run

from ..support.server import Server, running_server
from ..support.server import run as run_process


@pytest.fixture(scope="session")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty directory on SQLite, which refuses bodies that are not large yet."""
    directory = tmp_path_factory.mktemp("conformance")
    settings = {
        "DATABASE_URL": f"sqlite:///{directory / 'scim.db'}",
        "WORKERS": "1",
        "MAX_BODY_SIZE": "400000",
    }
    run_process("manage.py", "db", "upgrade", **settings).check_returncode()
    environment = {f"SCIM_{name}": value for name, value in settings.items()}
    with running_server(directory / "log", **environment) as server:
        yield server


@pytest.fixture
def service(ours: Server) -> Iterator[Service]:
    """Our server, as a check sees it."""
    with closing(Client(ours.url, ours.token)) as client:
        yield Service(client)


@pytest.fixture
def checked() -> Callable[..., list[CheckResult]]:
    """Run a suite against a URL: ``checked(url, token, "okta-spec")``."""

    def check(url: str, token: str, *suites: str) -> list[CheckResult]:
        with closing(Client(url, token)) as client:
            return run(suites, Service(client))

    return check


def a_check(
    function: Callable[[Service], None], level: Level = Level.MUST, needs: tuple[str, ...] = ()
) -> Check:
    """Return a check that no suite has."""
    return Check("suite", "area", "§1", "the rule", level, needs, function)


def outcomes(results: list[CheckResult], *statuses: Status) -> dict[str, str]:
    """Return the details of what has one of these statuses, by the name of the check."""
    wanted = statuses or (Status.FAILED, Status.WARNED)
    return {result.check.name: result.detail for result in results if result.status in wanted}
