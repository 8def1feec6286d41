"""Filters in plain words: a wrong word would tell somebody a wrong reason."""

import pytest

from scim.explain.filters import nodes, rules, sentence, tokens, tree
from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.parser import parse_filter
from scim.protocol.schema import ENTERPRISE_USER_SCHEMA as E
from scim.protocol.schema import GROUP, USER
from scim.protocol.tolerance import Tolerated

CASES = [
    ('userName eq "bjensen"', 'userName is "bjensen"'),
    ('userName ne "b"', 'userName is not "b"'),
    ('userName sw "b"', 'userName begins with "b"'),
    ('userName ew "b"', 'userName ends with "b"'),
    ("active eq true", "active is true"),
    ("title pr", "title has a value"),
    ("title eq null", "title has no value"),
    ("title ne null", "title has a value"),
    ('emails co "x"', 'a value of emails contains "x"'),
    ('emails.type eq "work"', 'a type of emails is "work"'),
    ('emails[type eq "a" or value pr]', 'there is an element of emails where type is "a" or value'),
    (
        'emails[type eq "a"].value co "x"',
        'in an element of emails where type is "a", value contains',
    ),
    ('meta.created gt "2026-01-01T00:00:00Z"', 'meta.created is after "2026-01-01T00:00:00Z"'),
    ('meta.created le "2026-01-01T00:00:00Z"', "meta.created is at or before"),
    ('title gt "a"', 'title is greater than "a"'),
    (f'{E}:manager.displayName co "x"', f'{E}:manager.displayName contains "x"'),
    ('not (title eq "x")', 'title is not "x".'),
    ('not (title ne "x")', 'title is "x".'),
    ('not (title co "x") and title pr', 'title does not contain "x" and title has a value.'),
    ('not (title sw "x")', 'title does not begin with "x".'),
    ('not (title gt "x")', 'title is not greater than "x".'),
    ("not (title eq null)", "title has a value."),
    ("not (title pr)", "title has no value."),
    ('not (emails.type eq "x")', 'no type of emails is "x".'),
    ('not (schemas eq "x")', 'none of schemas is "x".'),
    ('not (emails[type eq "x"])', 'there is no element of emails where type is "x".'),
    ('emails[not (type eq "x")]', 'there is an element of emails where type is not "x".'),
    ("not (not (title pr))", "title has a value."),
    ('not (title eq "x" or title pr)', 'it is not so that (title is "x" or title has a value).'),
    (
        'not (emails[type eq "a"].value eq "b") or title pr',
        'it is not so that (in an element of emails where type is "a", value is "b"), or title has',
    ),
    ('not (title pr) or userType ne "M"', 'title has no value, or userType is not "M".'),
    ("title pr and (active eq true or nickName pr)", "title has a value and (active is true or"),
    ('schemas eq "x"', 'one of schemas is "x"'),
]


def parsed(text):
    return parse_filter(text, Tolerated())


@pytest.mark.parametrize(("text", "clause"), CASES)
def test_filter_in_words(text, clause):
    told = sentence(parsed(text), USER)

    assert told.startswith(f"Finds each User for which {clause}")
    assert told.endswith(".")


def test_filter_as_a_tree():
    text = (
        'title pr or not (emails[type eq "a" and value co "x"]) or emails[type eq "b"].value eq "y"'
    )

    assert list(tree(parsed(text))) == [
        "or",
        "├─ title pr",
        "├─ not",
        "│  └─ emails[…]",
        "│     └─ and",
        '│        ├─ type eq "a"',
        '│        └─ value co "x"',
        '└─ emails[…].value eq "y"',
        '   └─ type eq "b"',
    ]


def test_rules_tell_how_values_are_compared():
    text = 'userName eq "a" and externalId eq "b" and meta.created gt "2026-01-01T00:00:00Z"'

    assert rules(parsed(f'{text} and emails[type eq "x"] and active eq true'), USER) == [
        "userName: upper and lower case are the same (caseExact: false)",
        "externalId: upper and lower case differ (caseExact: true)",
        "meta.created: an instant, whatever its time zone",
        "emails.type: upper and lower case are the same (caseExact: false)",
    ]
    assert rules(parsed('displayName eq "a"'), GROUP) == [
        "displayName: upper and lower case are the same (caseExact: false)"
    ]


def test_tokens_have_their_part():
    text = 'not (emails[type eq "work"].value co x) and title pr or active eq true'

    told = tokens(text)

    assert [(each.text, each.kind) for each in told] == [
        ("not", "word"),
        ("(", "bracket"),
        ("emails", "path"),
        ("[", "bracket"),
        ("type", "path"),
        ("eq", "operator"),
        ('"work"', "value"),
        ("]", "bracket"),
        (".value", "path"),
        ("co", "operator"),
        ("x", "value"),
        (")", "bracket"),
        ("and", "word"),
        ("title", "path"),
        ("pr", "presence"),
        ("or", "word"),
        ("active", "path"),
        ("eq", "operator"),
        ("true", "value"),
    ]
    for each in told:
        assert text[each.position - 1 :].startswith(each.text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("", []),
        ("and eq", ["word", "path"]),
        ('emails[type eq "a"] eq "x"', "path bracket path operator value bracket operator value"),
        ("eq eq eq", ["path", "operator", "value"]),
        ("title eq and", ["path", "operator", "value"]),
        ("not title", ["word", "path"]),
    ],
)
def test_tokens_of_any_text(text, kinds):
    assert [each.kind for each in tokens(text)] == (
        kinds.split() if isinstance(kinds, str) else kinds
    )


def test_open_quotation_mark_is_no_token():
    with pytest.raises(InvalidFilterError, match="not closed"):
        tokens('title eq "x')


def test_tree_is_data():
    told = nodes(parsed('emails[type eq "a"].value eq "b" and active eq true'))

    [emails, active] = told.children
    assert told.label == "and"
    assert emails.label == 'emails[…].value eq "b"'
    assert emails.children[0].label == 'type eq "a"'
    assert (active.label, active.children) == ("active eq true", ())
