"""The report for people who do not use a terminal: one HTML page that loads nothing else."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..checks import Status
from .terminal import Report, as_text

SIGNS = {Status.PASSED: "✓", Status.WARNED: "!", Status.FAILED: "✗", Status.SKIPPED: "–"}
SUITE_NAMES = {
    "okta-spec": "Okta SCIM 2.0 SPEC Test",
    "okta-crud": "Okta SCIM 2.0 CRUD Test",
    "entra": "Microsoft Entra ID",
    "rfc": "The RFCs of SCIM",
    "clean-up": "Clean-up",
}
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
TEMPLATES.filters["as_text"] = as_text


def as_page(report: Report) -> str:
    """Return a page without scripts, for light and dark screens and for paper."""
    return TEMPLATES.get_template("page.html").render(
        report=report,
        signs=SIGNS,
        suite_names=SUITE_NAMES,
        verdict=_verdict(report),
        worst=_worst(report),
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
