"""Filters cut into tokens, each with the position at which it starts."""

import pytest

from scim.protocol.errors import InvalidFilterError
from scim.protocol.filters.lexer import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("userName pr", ["userName", "pr"]),
        ("  userName\tpr  ", ["userName", "pr"]),
        ('name.givenName eq "a b"', ["name.givenName", "eq", '"a b"']),
        ('title eq"x"', ["title", "eq", '"x"']),
        (r'title eq "a\"b\\"', ["title", "eq", r'"a\"b\\"']),
        ("title eq 'O\\'Brien'", ["title", "eq", "'O\\'Brien'"]),
        ('emails[type eq "]"].value pr', ["emails", "[", "type", "eq", '"]"', "]", ".value", "pr"]),
        ("not(a pr)", ["not", "(", "a", "pr", ")"]),
        ('urn:x:2.0:User:a eq "b"', ["urn:x:2.0:User:a", "eq", '"b"']),
    ],
)
def test_text_is_cut_into_words_strings_and_marks(text, expected):
    *found, end = tokens(text)

    assert [token.text for token in found] == expected
    assert (end.kind, end.position) == ("end", len(text) + 1)


def test_token_knows_where_it_starts():
    assert [token.position for token in tokens(' a eq "b"')] == [2, 4, 7, 10]


@pytest.mark.parametrize(
    ("text", "mark", "position"),
    [
        *((f"a eq {mark}b{mark}", mark, 6) for mark in "“”„‟«»‘’‚‛‹›′″`´「」『』＂"),
        ("a eq “b c”", "“", 6),
        ('a eq “b"', "“", 6),
        ("“a” eq 1", "“", 1),
        ("x[a eq “b”]", "“", 8),
        ("a eq b”", "”", 7),
        ("a eq“b”", "”", 7),
        ('a eq "b”', "”", 6),
    ],
)
def test_other_quotation_mark_is_refused_by_its_name(text, mark, position):
    with pytest.raises(InvalidFilterError) as caught:
        list(tokens(text))

    assert caught.value.detail.startswith(f"position {position}: ")
    assert caught.value.detail.endswith(f'{mark} is no quotation mark of a filter; write "')


@pytest.mark.parametrize("text", ['"“b”"', "O’Brien", "'«x»'", "d“e", "l’"])
def test_other_quotation_mark_is_a_character_inside_a_value(text):
    assert [token.text for token in tokens(f"a eq {text}")] == ["a", "eq", text, ""]


@pytest.mark.parametrize("text", ['a eq "b', "a eq 'b", 'a eq "b\\"', '"'])
def test_open_quotation_mark_is_refused_where_it_stands(text):
    position = text.find("'") + 1 or text.find('"') + 1

    with pytest.raises(InvalidFilterError, match=f"position {position}: .* is not closed"):
        list(tokens(text))
