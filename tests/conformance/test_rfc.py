"""The checks of the RFCs: each names a rule of its own."""

import re
import subprocess
import sys
from collections import Counter

from scim.conformance.checks import Level, load

from ..support.server import ROOT

CHECKS = load(["rfc"])
AREAS = (
    "discovery",
    "authentication",
    "errors",
    "create",
    "values",
    "read",
    "projection",
    "filter",
    "sort",
    "paging",
    "cursors",
    "put",
    "patch",
    "delete",
    "groups",
    "bulk",
    "etag",
    "search",
    "me",
    "concurrency",
)
SECTION = re.compile(r"RFC (7643|7644|9865) §\d+(\.\d+)*")


def test_every_area_has_checks():
    counts = Counter(check.area for check in CHECKS)

    assert set(counts) == set(AREAS)
    assert sum(counts.values()) >= 250


def test_checks_differ():
    for facts in (
        Counter(check.title for check in CHECKS),
        Counter(check.name for check in CHECKS),
    ):
        assert [name for name, count in facts.items() if count > 1] == []


def test_checks_name_their_rules():
    assert [check.name for check in CHECKS if not SECTION.fullmatch(check.section)] == []
    assert [check.name for check in CHECKS if len(check.quote.strip()) <= 5] == []
    assert {check.level for check in CHECKS} == set(Level)


def test_suite_needs_the_standard_library_only():
    """Nothing is loaded but the package itself and what comes with Python."""
    program = (
        "import sys; before = set(sys.modules); import scim.conformance.rfc;"
        "print(*{name.split('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True
    ).stdout.split()

    assert set(loaded) - set(sys.stdlib_module_names) <= {"scim"}
