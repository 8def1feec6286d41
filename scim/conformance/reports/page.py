"""The report for people who do not use a terminal: one HTML page that needs nothing else."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from ..checks import CheckResult, Status
from .terminal import Report, as_text

STYLE = (Path(__file__).parent / "page.css").read_text()
SIGNS = {Status.PASSED: "✓", Status.WARNED: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
SUITE_NAMES = {
    "okta-spec": "Okta SCIM 2.0 SPEC Test",
    "okta-crud": "Okta SCIM 2.0 CRUD Test",
    "entra": "Microsoft Entra ID",
    "rfc": "The RFCs of SCIM",
    "clean-up": "Clean-up",
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>SCIM check of {url}: {verdict}</title>
<style>
{style}</style>
</head>
<body>
<header>
<p class="kind">SCIM 2.0 conformance</p>
<h1>{url}</h1>
<p class="verdict {outcome}"><span aria-hidden="true">{sign}</span> {verdict}</p>
<p class="when">{summary}. Checked on <time datetime="{instant}">{day}</time>.</p>
</header>
<main>
{body}
</main>
<footer>
<p><strong>Failed</strong>: the server breaks a rule that it must keep. <strong>Warned</strong>: it
does not do what is recommended. <strong>Skipped</strong>: the server says that it does not offer
this, which is its right.</p>
</footer>
</body>
</html>"""


def as_page(report: Report) -> str:
    """Return a page without scripts, for light and dark screens and for paper."""
    worst = _worst(report)
    troubles = _section("What to look at", "".join(map(_trouble, report.troubles)), "troubles")
    body = [_overview(report), troubles if report.troubles else ""]
    body += map(_suite, report.of_suites())
    return PAGE.format(
        url=escape(report.url),
        style=STYLE,
        outcome=worst,
        sign=SIGNS[worst],
        verdict=_verdict(report),
        summary=escape(report.summary),
        instant=report.begun.isoformat(timespec="seconds"),
        day=f"{report.begun:%d %B %Y, %H:%M} UTC",
        body="\n".join(body),
    )


def _worst(report: Report) -> Status:
    order = (Status.FAILED, Status.WARNED)
    return next((status for status in order if report.count(status)), Status.PASSED)


def _verdict(report: Report) -> str:
    failed, warned = report.count(Status.FAILED), report.count(Status.WARNED)
    if failed:
        return f"{failed} of {len(report.results)} checks failed"
    if warned:
        return f"Nothing failed, {warned} recommendation{'s' * (warned > 1)} not followed"
    return "Everything that was checked is as it must be"


def _section(title: str, content: str, name: str) -> str:
    return (
        f'<section aria-labelledby="{name}">\n<h2 id="{name}">{escape(title)}</h2>\n'
        f"{content}\n</section>"
    )


def _overview(report: Report) -> str:
    """Return a bar for each suite, with the numbers beside it for those who cannot see it."""
    rows = "".join(_overview_row(suite) for suite in report.of_suites())
    heads = "".join(f'<th scope="col">{str(status).title()}</th>' for status in Status)
    return (
        '<table class="overview"><caption>Checks by suite</caption>\n'
        '<thead><tr><th scope="col">Suite</th><td class="bar" aria-hidden="true"></td>'
        f"{heads}</tr></thead>\n"
        f"<tbody>{rows}</tbody></table>"
    )


def _overview_row(suite: Report) -> str:
    name = suite.results[0].check.suite
    parts = "".join(
        f'<span class="{status}" style="flex-grow: {suite.count(status)}"></span>'
        for status in Status
        if suite.count(status)
    )
    counts = "".join(f"<td>{suite.count(status)}</td>" for status in Status)
    link = f'<a href="#{escape(name)}">{escape(SUITE_NAMES.get(name, name))}</a>'
    bar = f'<td class="bar" aria-hidden="true"><div>{parts}</div></td>'
    return f'<tr><th scope="row">{link}</th>{bar}{counts}</tr>\n'


def _suite(suite: Report) -> str:
    name = suite.results[0].check.suite
    areas = dict.fromkeys(result.check.area for result in suite.results)
    tables = (
        _area(area, (result for result in suite.results if result.check.area == area))
        for area in areas
    )
    return _section(SUITE_NAMES.get(name, name), "".join(tables), escape(name))


def _area(area: str, results: Iterable[CheckResult]) -> str:
    rows = "".join(_row(result) for result in results)
    heads = "".join(f'<th scope="col">{title}</th>' for title in ("Result", "Check", "Rule"))
    return (
        f"<table><caption>{escape(area[:1].upper() + area[1:])}</caption>\n"
        f"<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{rows}</tbody></table>\n"
    )


def _row(result: CheckResult) -> str:
    check = result.check
    detail = f"<p>{escape(result.detail)}</p>" if result.detail else ""
    return (
        f"<tr><td>{_mark(result.status)}</td><td>{escape(check.title)}{detail}</td>"
        f"<td>{escape(check.section)}</td></tr>\n"
    )


def _mark(status: Status) -> str:
    sign = f'<span aria-hidden="true">{SIGNS[status]}</span>'
    return f'<span class="mark {status}">{sign} {status}</span>'


def _trouble(result: CheckResult) -> str:
    check = result.check
    source = f"{SUITE_NAMES.get(check.suite, check.suite)}, {check.section}, {check.level}"
    rule = f"<blockquote>{escape(check.quote)}</blockquote>" if check.quote else ""
    exchanges = "\n\n".join(as_text(exchange) for exchange in result.exchanges)
    said = f'<pre tabindex="0">{escape(exchanges)}</pre>' if exchanges else ""
    return (
        f"<article><h3>{_mark(result.status)} {escape(check.title)}</h3>\n"
        f"<p>{escape(result.detail)}</p>\n"
        f'{rule}<p class="source">{escape(source)}</p>\n'
        f"<details><summary>Requests and answers ({len(result.exchanges)})</summary>\n"
        f"{said}</details></article>\n"
    )
