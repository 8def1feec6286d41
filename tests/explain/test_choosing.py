"""A person chooses exchanges by words."""

import pytest

from scim.explain.choosing import read_choice

from .traffic import exchange

JANE = {"userName": "jane@example.com", "displayName": "Jane Berg"}
MADE = exchange("POST", "/Users", JANE, 201, JANE, tolerated=("bare_token",), is_marked=True)
REFUSED = exchange("GET", "/Users?count=2", status=401, tenant="", token="", provider="Entra ID")


@pytest.mark.parametrize(
    ("text", "is_made", "is_refused"),
    [
        ("", True, True),
        ("status:4xx", False, True),
        ("status:401", False, True),
        ("status:2", True, False),
        ("provider:okta", True, False),
        ("provider:entra", False, True),
        ("provider:EntraID", False, True),
        ("tenant:acme", True, False),
        ("token:okta method:post", True, False),
        ("path:/scim/v2/users", True, True),
        ("request:7f3c", True, True),
        ("tolerance:bare_token", True, False),
        ("is:marked", True, False),
        ("is:failed", False, True),
        ('user:"Jane Berg"', True, False),
        ("jane", True, False),
        ("count=2", False, True),
        ("jane status:4xx", False, False),
        ('"jane', True, False),
    ],
)
def test_terms_must_all_hold(text, is_made, is_refused):
    choice = read_choice(text)

    assert (choice.matches(MADE), choice.matches(REFUSED)) == (is_made, is_refused)
    assert not choice.problems


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("status:abc", "“abc” is no status"),
        ("status:900", "“900” is no status"),
        ("colour:red", "“colour:” is no name that a filter has"),
    ],
)
def test_odd_words_are_told(text, said):
    [problem] = read_choice(text).problems

    assert said in problem


def test_url_is_no_name():
    assert not read_choice("http://example.com/").matches(MADE)


def test_long_filter_has_a_bound():
    choice = read_choice(" ".join(map(str, range(5000))) + " 1" * 5000)

    assert len(choice.terms) == 20
    assert choice.problems == ("A filter has at most 20 words. The others are left out.",)
    assert len(read_choice("jane " * 5000).terms) == 1
