"""The checklist of Connect: a tick for what a provider has done, and the cause of what failed."""

from dataclasses import replace

import pytest

from scim.explain.exchange import Check
from scim.explain.reasons.checklist import STEPS, checklist

from .test_sentences import GROUP, JANE, LOOK_UP, SALES, TAKEN, USER, error, found, patch
from .traffic import RECORDINGS, exchange, recorded

INACTIVE = patch({"op": "replace", "value": {"active": False}})
STEPS_OF_OKTA = [
    exchange("GET", "/Users?startIndex=1&count=2", None, 200, found(JANE)),
    exchange("GET", LOOK_UP, None, 200, found()),
    exchange("POST", "/Users", JANE, 201, JANE),
    exchange("PUT", USER, JANE, 200, JANE),
    exchange("PATCH", USER, INACTIVE, 200, JANE | {"active": False}),
    exchange("POST", "/Groups", SALES, 201, SALES),
]
REFUSED = exchange("GET", "/Users?startIndex=1&count=2", None, 401, tenant="", token="")


def numbered(*exchanges):
    return [replace(each, number=number) for number, each in enumerate(exchanges, start=1)]


def states(*exchanges):
    items = checklist(numbered(*exchanges), tuple(STEPS))
    return "".join({"done": "✓", "failed": "✗", "waiting": "○"}[each.state] for each in items)


def test_nothing_has_arrived():
    assert states() == "○○○○○○○"


@pytest.mark.parametrize("count", range(1, 7))
def test_each_step_ticks_its_line(count):
    expected = "✓✓" + "✓" * (count - 1)

    assert states(*STEPS_OF_OKTA[:count]) == expected.ljust(7, "○")


def test_done_line_tells_of_the_exchange():
    items = checklist(numbered(*STEPS_OF_OKTA), ["create"])

    assert items[-1].said == "Okta creates the user Jane Berg."
    assert items[-1].number == 3


def test_refused_token_is_told_with_what_came():
    twice = Check("Authorization", "one of 2 tokens", "Bearer Bearer 1234…", is_passed=False)
    items = checklist(numbered(replace(REFUSED, checks=(twice,))), [])

    assert [each.state for each in items] == ["done", "failed"]
    assert "Bearer Bearer 1234…" in items[1].said
    assert "API Token" in items[1].remedy


def test_token_is_right_after_a_wrong_one():
    assert states(REFUSED, STEPS_OF_OKTA[0])[:2] == "✓✓"


def test_token_is_wrong_again():
    assert states(STEPS_OF_OKTA[0], REFUSED)[:2] == "✓✗"


def test_request_without_the_base_path_is_a_wrong_address():
    detail = "this endpoint does not exist; did you mean https://x.example/scim/v2/Users?"
    lost = exchange("GET", "/Users", None, 404, error(detail), base="", tenant="", token="")
    items = checklist(numbered(lost), [])

    assert [each.state for each in items] == ["failed", "waiting"]
    assert "https://x.example/scim/v2/Users" in items[0].said


def test_what_a_browser_asks_for_is_no_wrong_address():
    icon = exchange("GET", "/favicon.ico", None, 404, base="", tenant="", token="", provider="")

    assert states(icon) == "○○○○○○○"


def test_failed_create_is_told_until_one_succeeds():
    taken = exchange("POST", "/Users", JANE, 409, TAKEN)

    assert states(taken)[3] == "✗"
    assert states(taken, STEPS_OF_OKTA[2])[3] == "✓"
    assert states(STEPS_OF_OKTA[2], taken)[3] == "✗"


def test_group_is_no_user():
    pushed = exchange("PATCH", GROUP, patch({"op": "add", "path": "members", "value": []}), 204)

    assert states(pushed) == "✓✓○○○○✓"


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_traffic_ticks_the_token(recording):
    items = checklist([each for _, each in recorded(recording)], tuple(STEPS))

    assert items[0].state == "done"
    assert all(each.said or each.state == "waiting" for each in items)
