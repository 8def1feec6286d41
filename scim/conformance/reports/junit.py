"""The report that continuous integration servers read: JUnit's XML."""

import re
from xml.etree import ElementTree

from ..checks import CheckResult, Status
from .terminal import Report, as_text

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 §2.2


def as_junit(report: Report) -> str:
    """Return XML with a test suite for each suite; a warning counts as passed."""
    root = ElementTree.Element("testsuites", {"name": report.url} | _counts(report))
    for suite in report.of_suites():
        name = suite.results[0].check.suite
        begun = report.begun.isoformat(timespec="seconds")
        attributes = {"name": name, "timestamp": begun} | _counts(suite)
        of_suite = ElementTree.SubElement(root, "testsuite", attributes)
        for result in suite.results:
            _add_case(of_suite, result)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _counts(report: Report) -> dict[str, str]:
    seconds = sum(result.seconds for result in report.results)
    return {
        "tests": str(len(report.results)),
        "failures": str(report.count(Status.FAILED)),
        "skipped": str(report.count(Status.SKIPPED)),
        "errors": "0",
        "time": f"{seconds:.3f}",
    }


def _add_case(suite: ElementTree.Element, result: CheckResult) -> None:
    check = result.check
    place = f"{check.suite}.{check.area}"
    name = f"{check.title} ({check.section})"
    element = ElementTree.SubElement(
        suite, "testcase", classname=place, name=name, time=f"{result.seconds:.3f}"
    )
    said = "\n\n".join(as_text(exchange) for exchange in result.exchanges)
    detail = _legal(result.detail)
    match result.status:
        case Status.FAILED:
            failure = ElementTree.SubElement(element, "failure", message=detail, type=check.level)
            failure.text = _legal(f"{check.quote}\n\n{said}")
        case Status.SKIPPED:
            ElementTree.SubElement(element, "skipped", message=detail)
        case Status.WARNED:
            warning = ElementTree.SubElement(element, "system-out")
            warning.text = _legal(f"warning: {detail}\n\n{said}")


def _legal(text: str) -> str:
    return ILLEGAL.sub("\ufffd", text)
