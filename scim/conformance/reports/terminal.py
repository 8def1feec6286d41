"""The results of a run, as text for a terminal and as JSON for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ..checks import CheckResult, Exchange, Status
from ..service import writable

TEXT_LIMIT = 4000  # characters of a body that a report for people shows
SHOWN_HEADERS = ("content-type", "location", "etag", "www-authenticate", "retry-after")


@dataclass(frozen=True)
class Report:
    """The results of one run against one server."""

    url: str
    begun: datetime
    results: Sequence[CheckResult]

    def count(self, status: Status) -> int:
        return sum(result.status is status for result in self.results)

    @property
    def has_failed(self) -> bool:
        return self.count(Status.FAILED) > 0

    @property
    def summary(self) -> str:
        counts = ", ".join(f"{self.count(status)} {status}" for status in Status)
        return f"{len(self.results)} checks: {counts}"

    @property
    def troubles(self) -> list[CheckResult]:
        """The results that somebody should read, failures first."""
        order = (Status.FAILED, Status.WARNED)
        return [result for status in order for result in self.results if result.status is status]

    def of_suites(self) -> list["Report"]:
        """Return a report for each suite."""
        names = dict.fromkeys(result.check.suite for result in self.results)
        return [
            Report(self.url, self.begun, [r for r in self.results if r.check.suite == name])
            for name in names
        ]


def as_table(report: Report) -> list[str]:
    """Return a line for each check, and then the exchanges of the failures and warnings."""
    lines = []
    for suite in report.of_suites():
        width = max(len(result.check.section) for result in suite.results)
        lines += [suite.results[0].check.suite]
        for result in suite.results:
            status = _loud(result.status)
            lines += [f"  {status:8}{result.check.section:{width}}  {result.check.title}"]
            lines += [f"          {' ' * width}  {result.detail}"] if result.detail else []
        lines += [""]
    for result in report.troubles:
        lines += as_lines(result)
    return [*lines, report.summary]


def _loud(status: Status) -> str:
    return status.upper() if status is Status.FAILED else str(status)


def as_lines(result: CheckResult) -> Iterator[str]:
    """Yield the rule, what was wrong, and the requests with their answers."""
    check = result.check
    yield f"{_loud(result.status)}: {check.title} ({check.suite}, {check.section}, {check.level})"
    yield f"  {result.detail}"
    if check.quote:
        yield f'  "{check.quote}"'
    for exchange in result.exchanges:
        yield ""
        yield from (f"  {line}" for line in as_text(exchange).splitlines())
    yield ""


def as_text(exchange: Exchange) -> str:
    """Return a request and its answer as they are on the wire, with indented bodies."""
    request = [f"> {exchange.method} {exchange.url}"]
    request += [f"> {name}: {value}" for name, value in exchange.request_headers.items()]
    answer = [f"< {exchange.status} after {exchange.milliseconds:.0f} ms"]
    shown = (name for name in SHOWN_HEADERS if name in exchange.headers)
    answer += [f"< {name}: {exchange.headers[name]}" for name in shown]
    bodies = [_readable(body) for body in (exchange.request_body, exchange.text)]
    return "\n".join([*request, *bodies[:1], *answer, *bodies[1:]])


def _readable(body: str | None) -> str:
    try:
        text = json.dumps(json.loads(body or ""), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = body or ""
    rest = len(text) - TEXT_LIMIT
    text = writable(text)
    return text if rest <= 0 else f"{text[:TEXT_LIMIT]}\n... {rest} more characters"


def as_json(report: Report) -> str:
    """Return everything as one JSON object, with the exchanges of failures and warnings."""
    counts = {str(status): report.count(status) for status in Status}
    results = [_plain(result) for result in report.results]
    document = {"url": report.url, "begun": report.begun.isoformat(), "counts": counts}
    return json.dumps(document | {"results": results}, ensure_ascii=False, indent=2)


def _plain(result: CheckResult) -> dict[str, Any]:
    check = result.check
    is_shown = result.status in (Status.FAILED, Status.WARNED)
    return {
        "suite": check.suite,
        "area": check.area,
        "name": check.name,
        "title": check.title,
        "section": check.section,
        "quote": check.quote,
        "level": check.level,
        "status": result.status,
        "detail": result.detail,
        "seconds": round(result.seconds, 3),
        "exchanges": [asdict(exchange) for exchange in result.exchanges if is_shown],
    }
