"""RFC 7643 §2.3: which values are legal, and the form in which they are compared."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.protocol.attributes import Attribute
from scim.protocol.errors import InvalidValueError
from scim.protocol.values import check, fold_date_time, fold_text, fold_value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", ""),
        ("string", "é\t\n😀"),
        ("boolean", False),
        ("integer", -(2**63)),
        ("integer", 2**63 - 1),
        ("decimal", 1),
        ("decimal", 1.5),
        ("dateTime", "2011-05-13T04:42:34Z"),
        ("dateTime", "2011-05-13T04:42:34"),
        ("dateTime", "2011-05-13T04:42:34.123456789+05:30"),
        ("binary", ""),
        ("binary", "TWFu"),
        ("binary", "TW E=\n"),
        ("binary", "+/8"),
        ("binary", "TQ"),
        ("binary", "TQ=="),
        ("reference", "../Users/1"),
    ],
)
def test_value_of_the_type_is_legal(kind, value):
    assert check(Attribute("a", kind), value) == value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("string", 1),
        ("string", True),
        ("string", ["a"]),
        ("string", "a\0"),
        ("string", "\x1f"),
        ("boolean", "true"),
        ("boolean", 1),
        ("integer", True),
        ("integer", 1.0),
        ("integer", 2**63),
        ("integer", "1"),
        ("decimal", "1.5"),
        ("decimal", True),
        ("decimal", 10**400),
        ("decimal", float("inf")),  # what JSON's 1e999 becomes
        ("decimal", float("-inf")),
        ("dateTime", "2011-05-13"),
        ("dateTime", "2011-05-13 04:42:34Z"),
        ("dateTime", "2011-05-13T04:42Z"),
        ("dateTime", "2011-02-30T04:42:34Z"),
        ("dateTime", "0000-01-01T00:00:00Z"),
        ("dateTime", "9999-12-31T23:59:59-14:00"),
        ("dateTime", "2011-05-13T04:42:34Z\n"),
        ("dateTime", "2011-05-13T04:42:34+99:00"),
        ("dateTime", "٢٠١١-05-13T04:42:34Z"),
        ("binary", "T!"),
        ("binary", "===="),
        ("binary", "TQ="),
        ("binary", "TWE=="),
        ("binary", "-_8"),
        ("reference", 1),
    ],
)
def test_value_of_another_type_is_refused(kind, value):
    with pytest.raises(InvalidValueError):
        check(Attribute("a", kind), value)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Straße", "STRASSE"),
        ("é", "e\u0301"),
        ("É", "e\u0301"),
        ("ﬁ", "FI"),
        ("Σ", "ς"),
        ("Å", "\u212b"),
        ("ｆｕｌｌ", "FULL"),
    ],
)
def test_texts_that_differ_in_case_or_composition_are_one(text, same):
    assert fold_text(text) == fold_text(same)


@pytest.mark.parametrize(("text", "other"), [("é", "e"), ("ı", "i"), ("a b", "ab"), ("ä", "ae")])
def test_texts_that_differ_in_letters_stay_apart(text, other):
    assert fold_text(text) != fold_text(other)


@given(st.text())
def test_folding_twice_changes_nothing(text):
    assert fold_text(fold_text(text)) == fold_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "2011-05-13T04:42:34Z",
        "2011-05-13T04:42:34",
        "2011-05-13T04:42:34.000Z",
        "2011-05-13T06:42:34+02:00",
        "2011-05-12T22:42:34-06:00",
        "2011-05-13T10:12:34.0000009+05:30",
    ],
)
def test_date_times_of_one_instant_are_one(text):
    assert fold_date_time(text) == "2011-05-13T04:42:34.000000Z"


OFFSETS = st.integers(-840, 840).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS)


@given(INSTANTS, INSTANTS)
def test_folded_date_times_sort_as_instants(one, other):
    folded = fold_date_time(one.isoformat()), fold_date_time(other.isoformat())

    assert (folded[0] < folded[1]) == (one < other)
    assert (folded[0] == folded[1]) == (one == other)


@pytest.mark.parametrize(
    ("attribute", "value", "folded"),
    [
        (Attribute("a"), "AbC", "abc"),
        (Attribute("a", case_exact=True), "AbC", "AbC"),
        (Attribute("a", "reference", case_exact=True), "AbC", "AbC"),
        (Attribute("a", "reference"), "AbC", "AbC"),
        (Attribute("a", "binary"), "TW E=\n", "TWE"),
        (Attribute("a", "boolean"), True, True),
    ],
)
def test_characteristics_decide_how_a_value_is_compared(attribute, value, folded):
    assert fold_value(attribute, value) == folded
