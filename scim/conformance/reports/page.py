"""The report for people who do not use a terminal: one HTML page that loads nothing else."""

import re
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
RFCS = "https://datatracker.ietf.org/doc/html/rfc"
RFC_SECTION = re.compile(r"RFC (\d+) §([\d.]+)")


def rfc_url(section: str) -> str:
    """Return where a section such as ``RFC 7644 §3.5.2`` can be read; '' if it is none."""
    found = RFC_SECTION.fullmatch(section)
    return f"{RFCS}{found[1]}#section-{found[2]}" if found else ""


TEMPLATES.filters |= {"as_text": as_text, "rfc_url": rfc_url}


def as_page(report: Report) -> str:
    """Return a page for light and dark screens and for paper; its script only hides rows."""
    places = {id(result): place for place, result in enumerate(report.troubles, start=1)}
    return TEMPLATES.get_template("page.html").render(
        report=report,
        place_of=lambda result: places.get(id(result)),
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
