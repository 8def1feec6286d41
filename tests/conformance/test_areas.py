"""How checks are registered: one by one, and a table of them."""

import pytest

from scim.conformance import checks
from scim.conformance.checks import Area, Level


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setattr(checks, "CHECKS", [])
    return checks.CHECKS


def test_check_has_what_its_area_has(registered):
    check = Area("suite", "area", "§1", needs=("patch",))

    @check("the rule")
    def stays(service):
        """It stays."""

    @check("another rule", "§2", level=Level.SHOULD, needs=())
    def goes(service):
        """It goes."""

    assert [(each.suite, each.area) for each in registered] == [("suite", "area")] * 2
    assert [(each.section, each.quote) for each in registered] == [
        ("§1", "the rule"),
        ("§2", "another rule"),
    ]
    assert [each.needs for each in registered] == [("patch",), ()]
    assert [each.level for each in registered] == [Level.MUST, Level.SHOULD]


def test_table_registers_a_check_per_row(registered):
    passed = []

    @Area("suite", "area", "§1").each(
        "path, kind, quote",
        ("id", "read-only", "the rule"),
        ("meta.created", "read-only", "another rule"),
        section="§2",
    )
    def stays(service, path, quote):
        """{path}, which is {kind}, stays."""
        passed.append((service, path, quote))

    for number, each in enumerate(registered):
        each.function(number)

    assert passed == [(0, "id", "the rule"), (1, "meta.created", "another rule")]
    assert [each.title for each in registered] == [
        "id, which is read-only, stays",
        "meta.created, which is read-only, stays",
    ]
    assert [each.name for each in registered] == [
        "id_which_is_read_only_stays",
        "meta_created_which_is_read_only_stays",
    ]
    assert [(each.section, each.quote) for each in registered] == [
        ("§2", "the rule"),
        ("§2", "another rule"),
    ]


def test_row_has_a_value_per_column():
    table = Area("suite", "area").each("path, quote", ("id",))

    with pytest.raises(ValueError, match="shorter"):
        table(lambda service, path: None)
