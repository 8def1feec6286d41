"""Conversations: which exchanges belong together, and what they mean together."""

import random
import sys
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.explain.exchange import Statement
from scim.explain.sentences.conversations import conversations

from ..support.tries import tries
from .test_sentences import JANE, SALES, exchanges, found, patch
from .traffic import RECORDINGS, exchange, recorded

LOOK = '/Users?filter=userName eq "jane@example.com"&startIndex=1&count=100'
LOOK_GROUP = '/Groups?filter=displayName eq "Sales"&startIndex=1&count=100'
ONE = f"/Users/{JANE['id']}"
INACTIVE = JANE | {"active": False}
MEMBERS = [{"value": str(number), "display": f"user {number}"} for number in range(12)]


def steps(*made, apart=1.0):
    """Return exchanges one after the other, ``apart`` seconds between them."""
    begin = 1_796_000_000
    return [
        replace(
            each,
            number=number,
            at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(begin + number * apart)),
        )
        for number, each in enumerate(made, start=1)
    ]


def pages(total, size=100, **others):
    return [
        exchange(
            "GET",
            f"/Users?startIndex={start}&count={size}",
            None,
            200,
            {"totalResults": total, "itemsPerPage": min(size, total - start + 1), "Resources": []},
            **others,
        )
        for start in range(1, total + 1, size)
    ]


def deactivation(value):
    return patch({"op": "replace", "value": {"active": value}})


CASES = {
    "assigned": (
        [exchange("GET", LOOK, None, 200, found()), exchange("POST", "/Users", JANE, 201, JANE)],
        [("Okta created Jane Berg (assigned to the app).", "created", 2)],
    ),
    "assigned, but was here": (
        [
            exchange("GET", LOOK, None, 200, found(JANE)),
            exchange("GET", ONE, None, 200, JANE),
            exchange("PUT", ONE, JANE, 200, JANE),
        ],
        [("Okta updated Jane Berg, who was here already (assigned to the app).", "updated", 3)],
    ),
    "assigned again by PUT": (
        [
            exchange("GET", LOOK, None, 200, found(INACTIVE)),
            exchange("GET", ONE, None, 200, INACTIVE),
            exchange("PUT", ONE, JANE, 200, JANE),
        ],
        [("Okta reactivated Jane Berg (assigned to the app again).", "reactivated", 3)],
    ),
    "taken": (
        [
            exchange("GET", LOOK, None, 200, found()),
            exchange("POST", "/Users", JANE, 409, {"detail": "userName is already in use"}),
        ],
        [
            (
                "Okta could not create the user Jane Berg (jane@example.com):"
                " the userName is taken.",
                "failed",
                2,
            )
        ],
    ),
    "updated": (
        [exchange("GET", ONE, None, 200, JANE), exchange("PUT", ONE, JANE, 200, JANE)],
        [("Okta updated the profile of Jane Berg.", "updated", 2)],
    ),
    "unassigned, and the read after it": (
        [
            exchange("PATCH", ONE, deactivation(False), 200, INACTIVE),
            exchange("GET", ONE, None, 200, INACTIVE),
        ],
        [
            ("Okta deactivated Jane Berg (unassigned from the app).", "deactivated", 1),
            ("Okta read Jane Berg, who is deactivated.", "read", 1),
        ],
    ),
    "Entra ID creates and then sets the manager": (
        [
            exchange("GET", LOOK, None, 200, found(), provider="Entra ID"),
            exchange("POST", "/Users", JANE, 201, JANE, provider="Entra ID"),
            exchange(
                "PATCH",
                ONE,
                patch({"op": "Add", "path": "manager", "value": "7"}),
                200,
                JANE,
                provider="Entra ID",
            ),
        ],
        [("Entra ID created the user Jane Berg.", "created", 3)],
    ),
    "deleted, known by name from before": (
        [exchange("POST", "/Users", JANE, 201, JANE), exchange("DELETE", ONE, None, 204)],
        [
            ("Okta created Jane Berg (assigned to the app).", "created", 1),
            ("Okta deleted Jane Berg.", "deleted", 1),
        ],
    ),
    "group pushed": (
        [
            exchange("GET", LOOK_GROUP, None, 200, found()),
            exchange("POST", "/Groups", SALES | {"members": []}, 201, SALES),
            exchange("GET", "/Groups/99", None, 200, SALES),
            exchange("PUT", "/Groups/99", SALES | {"members": MEMBERS}, 200, SALES),
        ],
        [("Okta pushed the group Sales with 12 members.", "created", 4)],
    ),
    "import": (
        pages(1240),
        [("Okta imported 1,240 users in 13 pages.", "listed", 13)],
    ),
    "import that goes on": (
        pages(1240)[:3],
        [("Okta imported 300 of 1,240 users in 3 pages.", "listed", 3)],
    ),
    "tested": (
        [exchange("GET", "/Users?startIndex=1&count=2", None, 200, found(JANE))],
        [("Okta tested the connection.", "tested", 1)],
    ),
    "discovery": (
        [exchange("GET", path) for path in ("/ServiceProviderConfig", "/Schemas")],
        [("Okta asked what this server can do.", "read", 2)],
    ),
    "an update of somebody who is gone is not of whom it names": (
        [exchange("POST", "/Users", JANE, 201, JANE), exchange("PUT", "/Users/7", JANE, 404)],
        [
            ("Okta created Jane Berg (assigned to the app).", "created", 1),
            (
                "Okta could not update the profile of Jane Berg: there is no such user.",
                "failed",
                1,
            ),
        ],
    ),
    "a missing user is no failure": (
        [exchange("GET", "/Users/7", None, 404, {"detail": "there is no User with the id '7'"})],
        [("Okta looked for the user 7: there is none with this id.", "read", 1)],
    ),
}


@pytest.mark.parametrize(("made", "told"), CASES.values(), ids=CASES)
def test_conversation(made, told):
    shuffled = steps(*made)
    random.Random(7).shuffle(shuffled)

    talked = conversations(shuffled)

    assert [(each.sentence, each.outcome, len(each.exchanges)) for each in talked] == told
    assert talked[0].number == 1
    assert talked[0].milliseconds == 3.0 * len(talked[0].exchanges)


def test_write_that_changed_nothing_is_told_so():
    ran = [Statement("SELECT 1", 0.1)]
    again = exchange("PATCH", ONE, deactivation(False), 200, INACTIVE, statements=ran)

    [talked] = conversations(steps(again))

    assert talked.outcome == "unchanged"
    assert talked.sentence == (
        "Okta deactivated Jane Berg (unassigned from the app); that changed nothing."
    )


def test_pause_ends_a_conversation():
    assert len(conversations(steps(*CASES["assigned"][0], apart=61))) == 2


@pytest.mark.parametrize(("apart", "status"), [(1, 400), (11, 200)])
def test_failure_and_later_change_are_lines_of_their_own(apart, status):
    change = exchange("PATCH", f"/Users/{JANE['id']}", deactivation(False), status)
    *first, last = steps(*CASES["assigned"][0], change)

    later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1_796_000_002 + apart))
    talked = conversations([*first, replace(last, at=later)])

    assert [len(each.exchanges) for each in talked] == [2, 1]


@pytest.mark.parametrize("name", ["provider", "tenant", "token"])
def test_others_are_not_in_a_conversation(name):
    first, second = steps(*CASES["assigned"][0])

    assert len(conversations([first, replace(second, **{name: "other"})])) == 2


def test_two_people_at_once():
    other = JANE | {"id": "2", "userName": "ken@example.com", "displayName": "Ken Ito"}
    look, create = CASES["assigned"][0]
    look_other = exchange("GET", LOOK.replace("jane", "ken"), None, 200, found())
    made = [look, look_other, exchange("POST", "/Users", other, 201, other), create]

    talked = conversations(steps(*made))

    assert [each.sentence for each in talked] == [
        "Okta created Jane Berg (assigned to the app).",
        "Okta created Ken Ito (assigned to the app).",
    ]


def test_numbers_stay_when_exchanges_follow():
    made = [each for recording in RECORDINGS for _, each in recorded(recording)]
    made = steps(*made)
    whole = [each.number for each in conversations(made)]

    for end in range(1, len(made), 7):
        part = [each.number for each in conversations(made[:end])]
        assert part == whole[: len(part)]


def test_work_grows_with_the_number_of_exchanges_not_with_its_square():
    one = exchange("GET", ONE, None, 200, JANE)

    def lines(count):
        made = [replace(one, number=number) for number in range(count)]
        executed = 0

        def trace(*_):
            nonlocal executed
            executed += 1
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            told = conversations(made)
        finally:
            sys.settrace(before)
        assert sum(len(each.exchanges) for each in told) == count
        return executed

    assert lines(3000) < 12 * lines(300)


@settings(max_examples=tries(20))
@given(st.lists(exchanges, max_size=6))
def test_each_exchange_is_in_one_conversation(made):
    talked = conversations(made)

    assert sorted(map(id, made)) == sorted(id(each) for one in talked for each in one.exchanges)
    for each in talked:
        assert 0 < len(each.sentence) <= 320
        assert "\n" not in each.sentence
