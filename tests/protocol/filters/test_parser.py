"""RFC 7644 §3.4.2.2 and §3.5.2, Figures 1 and 7: from text to syntax tree."""

import pytest

from scim.protocol.errors import InvalidFilterError, InvalidPathError
from scim.protocol.filters.nodes import And, AttributePath, Comparison, Not, Or, Present, ValuePath
from scim.protocol.filters.parser import Limits, parse_filter, parse_path
from scim.protocol.tolerance import Tolerated

A, B, C = (Present(AttributePath(name)) for name in "abc")
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def compared(name, operator, value):
    return Comparison(AttributePath(*name.split(".")), operator, value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a pr or b pr and c pr", Or((A, And((B, C))))),
        ("a pr and b pr or c pr", Or((And((A, B)), C))),
        ("(a pr or b pr) and c pr", And((Or((A, B)), C))),
        ("not (a pr) and b pr", And((Not(A), B))),
        ("not (a pr and b pr)", Not(And((A, B)))),
        ("not (not (a pr))", Not(Not(A))),
        ("a pr and b pr and c pr", And((A, B, C))),
        ("a pr or b pr or c pr", Or((A, B, C))),
        ("((a pr))", A),
        (
            "NOT(A PR) aNd B Pr OR C pR",
            Or(
                (
                    And((Not(Present(AttributePath("A"))), Present(AttributePath("B")))),
                    Present(AttributePath("C")),
                )
            ),
        ),
    ],
)
def test_grouping_binds_before_not_before_and_before_or(text, tree):
    assert parse_filter(text) == tree


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"x"', "x"),
        ('""', ""),
        (r'"a\"b\\c\/d\b\f\n\r\t"', 'a"b\\c/d\b\f\n\r\t'),
        (r'"\u00e9\ud83d\ude00"', "é😀"),
        ('"é😀"', "é😀"),
        ('"a\tb"', "a\tb"),
        ('"not (a pr) and"', "not (a pr) and"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-12", -12),
        ("1.5", 1.5),
        ("2E3", 2000.0),
        ("-0.5e-1", -0.05),
    ],
)
def test_value_is_read_as_json(text, value):
    parsed = parse_filter(f"a eq {text}")

    assert parsed == compared("a", "eq", value)
    assert type(parsed.value) is type(value)


@pytest.mark.parametrize("name", ["eq", "ne", "co", "sw", "ew", "gt", "ge", "lt", "le"])
@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_operator_is_read_in_any_case(name, change):
    assert parse_filter(f'a {change(name)} "x"') == compared("a", name, "x")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("userName", AttributePath("userName")),
        ("name.givenName", AttributePath("name", "givenName")),
        ("members.$ref", AttributePath("members", "$ref")),
        ("a-b_c1", AttributePath("a-b_c1")),
        (f"{CORE}:userName", AttributePath("userName", urn=CORE)),
        (f"{ENTERPRISE}:manager.value", AttributePath("manager", "value", ENTERPRISE)),
        ("urn:x:2.0:a", AttributePath("a", urn="urn:x:2.0")),
    ],
)
def test_attribute_is_split_into_urn_name_and_sub_attribute(text, path):
    assert parse_filter(f"{text} pr") == Present(path)
    assert parse_path(text) == path
    assert str(path) == text


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("x[a pr]", ValuePath(AttributePath("x"), A)),
        ("x[a pr or b pr]", ValuePath(AttributePath("x"), Or((A, B)))),
        ("urn:y:x[not (a pr)]", ValuePath(AttributePath("x", urn="urn:y"), Not(A))),
    ],
)
def test_value_path_is_a_filter_by_itself(text, tree):
    assert parse_filter(text) == tree
    assert parse_filter(f"{text} and b pr") == And((tree, B))


def test_value_path_may_be_compared_beside_its_filter():
    path = ValuePath(AttributePath("x"), A, "value")

    assert parse_filter('x[a pr].value eq "y"') == Comparison(path, "eq", "y")
    assert parse_filter("x[a pr].value pr") == Present(path)
    assert parse_path("x[a pr].value") == path


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 1),
        (" ", 2),
        ("userName", 9),
        ("userName eq", 12),
        ('userName "x"', 10),
        ('userName is "x"', 10),
        ('eq "x"', 4),
        ("userName eq x", 13),
        ("userName eq 'x'", 13),
        ("userName eq True", 13),
        ("userName eq 007", 13),
        ("userName eq 1.", 13),
        ("userName eq +1", 13),
        ("userName eq 1e999", 13),
        ("userName eq NaN", 13),
        (r'userName eq "\x"', 13),
        (r'userName eq "\ud800"', 13),
        (f"userName eq {'9' * 100}", 13),
        ('userName eq "x" title pr', 17),
        ('userName eq "x")', 16),
        ("userName pr and", 16),
        ("userName pr or or title pr", 19),
        ("and userName pr", 5),
        ("not userName pr", 5),
        ("not", 4),
        ("(userName pr", 13),
        ("emails[]", 8),
        ("emails[type pr", 15),
        ("emails[type pr].a.b pr", 16),
        ('"userName" pr', 1),
        ("1userName pr", 1),
        ("user name pr", 6),
        ("näme pr", 1),
        ("name. pr", 1),
        (".name pr", 1),
        ("name.a.b pr", 1),
        ("urn: pr", 1),
    ],
)
def test_what_is_no_filter_is_refused_at_its_position(text, position):
    with pytest.raises(InvalidFilterError, match=rf"^position {position}: "):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("jyoung", "jyoung"),
        ("'j young'", "j young"),
        ("007", "007"),
        ("True", "True"),
        ("a@b.c", "a@b.c"),
    ],
)
def test_tolerant_value_needs_no_double_quotes(text, value):
    tolerated = Tolerated()

    assert parse_filter(f"externalId eq {text}", tolerated) == compared("externalId", "eq", value)
    assert list(tolerated.used) == ["unquoted_filter_values"]


LIMITS = Limits(length=60, terms=3, depth=3)


@pytest.mark.parametrize(
    "text",
    [
        f'a eq "{"x" * 53}"',
        "a pr and b pr or c pr",
        "((a pr))",
        "not (not (a pr))",
        "x[(a pr)]",
        "(a pr) and (b pr) and (c pr)",
    ],
)
def test_filter_at_the_limits_is_read(text):
    assert parse_filter(text, limits=LIMITS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f'a eq "{"x" * 54}"', "61 characters; this server takes 60"),
        ("a pr and b pr or c pr or d pr", "position 26: the filter has more than 3 comparisons"),
        ("x[a pr and b pr and c pr]", "more than 3 comparisons"),
        ("(((a pr)))", "position 4: the filter is nested deeper than 3 levels"),
        ("not (not (not (a pr)))", "nested deeper than 3 levels"),
        ("x[((a pr))]", "nested deeper than 3 levels"),
    ],
)
def test_filter_beyond_the_limits_is_refused(text, problem):
    with pytest.raises(InvalidFilterError, match=problem):
        parse_filter(text, limits=LIMITS)


@pytest.mark.parametrize(
    "text", ["(" * 8000, "not(" * 2000, "a[" * 4000, '"' * 8001, "a pr or " * 1000]
)
def test_hostile_filter_is_refused_quickly(text):
    with pytest.raises(InvalidFilterError):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InvalidPathError),
        ("a b", InvalidPathError),
        ("a.b.c", InvalidPathError),
        ("/members/-", InvalidPathError),
        ("a]", InvalidPathError),
        ("x[a pr].b[c pr]", InvalidPathError),
        ("x[a]", InvalidFilterError),
        ("x[a eq]", InvalidFilterError),
        ("x[", InvalidFilterError),
        ("a" * 61, InvalidPathError),
        ("“a”", InvalidPathError),
        ('a"', InvalidPathError),
        ("x[“a” pr]", InvalidFilterError),
        ("x[a eq “b”].c", InvalidFilterError),
        ("x[a pr].“c”", InvalidPathError),
        ("x[a pr]“", InvalidPathError),
    ],
)
def test_what_is_no_path_is_refused(text, error):
    with pytest.raises(error):
        parse_path(text, limits=LIMITS)
