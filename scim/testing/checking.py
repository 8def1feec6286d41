"""The conformance suites on a server, with results for ``assert``."""

from collections.abc import Iterator
from contextlib import closing, nullcontext
from datetime import UTC, datetime

from click import ClickException

from scim.cli.organization import stand_in
from scim.cli.reach import reach
from scim.conformance.checks import SUITES, CheckResult, Status, run
from scim.conformance.client import TIMEOUT
from scim.conformance.reports.terminal import Report, as_lines, as_table
from scim.conformance.service import Service

OKTA_CRUD = "okta-crud"
__tracebackhide__ = True  # pytest shows the test, and not what it called here


class Failures(list[CheckResult]):
    """Failed checks; an assertion that compares them with ``[]`` shows each whole."""

    def lines(self) -> Iterator[str]:
        """Yield a line for each, since pytest may show only eight; then all about each."""
        yield from (f"{each.check.title}: {each.detail}" for each in self)
        for result in self:
            yield ""
            yield from as_lines(result)


class Results:
    """The results of all checks; as text, the table that ``manage.py check`` prints."""

    def __init__(self, report: Report) -> None:
        self.report = report

    @property
    def failed(self) -> Failures:
        """The rules that the server must keep and breaks."""
        return Failures(self.of(Status.FAILED))

    @property
    def warned(self) -> Failures:
        """The rules that the server should keep and does not."""
        return Failures(self.of(Status.WARNED))

    def of(self, status: str) -> list[CheckResult]:
        """Return the results with a status: passed, failed, warned or skipped."""
        return [each for each in self.report.results if each.status == Status(status)]

    def __repr__(self) -> str:
        return f"<{self.report.summary}>"

    def __str__(self) -> str:
        return "\n".join(as_table(self.report))


def check(url: str, token: str, *suites: str, timeout: float = TIMEOUT) -> Results:
    """Run suites on the server with this SCIM base URL; all of them if none is named.

    The checks delete what they made. ``timeout`` are the seconds to wait for an answer.

    :raises AssertionError: there is no SCIM server at the URL, or it refuses the token
    :raises ValueError: there is no such suite
    """
    names = suites or tuple(SUITES)
    if unknown := set(names) - set(SUITES):
        raise ValueError(f"there is no suite {unknown.pop()!r}, but {', '.join(SUITES)}")
    try:
        client = reach(url, token, timeout=timeout)
    except ClickException as error:
        raise AssertionError(error.message) from None
    begun = datetime.now(UTC)
    okta = stand_in(client.base_url, token) if OKTA_CRUD in names else nullcontext()
    with closing(client), okta as organization:
        results = run(names, Service(client, organization))
    return Results(Report(client.base_url, begun, results))
