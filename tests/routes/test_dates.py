"""Instants in other forms than xsd:dateTime, in filters and in bodies."""

import json
from urllib.parse import urlencode

import pytest

from scim.protocol.search import SEARCH_REQUEST_SCHEMA

from ..support.bulk import carry_out
from ..support.bulk import patch as patch_in_bulk
from ..support.definitions import attribute, complex_attribute, room, rooms
from ..support.errors import check_error
from ..support.scim import add, replace, user

NAME = "loose_dates"
ROOMS = rooms(
    attribute("since", "dateTime"),
    attribute("closed", "dateTime", multiValued=True),
    complex_attribute("checks", attribute("value"), attribute("at", "dateTime"), multiValued=True),
)
# What is sent, and the instant that it is.
INSTANTS = [
    ("2026-01-31T12:00:00+0000", "2026-01-31T12:00:00+00:00"),
    ("2026-01-31T14:00:00+0200", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31T14:00:00+02", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31T10:30:00-0130", "2026-01-31T10:30:00-01:30"),
    ("2026-01-31T12:00Z", "2026-01-31T12:00:00Z"),
    ("2026-01-31T12:00", "2026-01-31T12:00:00Z"),
    ("2026-01-31T14:00+02:00", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31t12:00:00z", "2026-01-31T12:00:00Z"),
    ("2026-01-31T12:00:00z", "2026-01-31T12:00:00Z"),
    ("2026-01-31 12:00:00", "2026-01-31T12:00:00Z"),
    ("2026-01-31 12:00:00Z", "2026-01-31T12:00:00Z"),
    ("2026-01-31T14:00:00 02:00", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31T14:00:00 0200", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31 14:00:00 +0200", "2026-01-31T14:00:00+02:00"),
    ("2026-01-31T12:00:00,0Z", "2026-01-31T12:00:00.0Z"),
]
DATES = [("2026-01-31", "2026-01-31T00:00:00Z"), ("2026-01-31z", "2026-01-31T00:00:00Z")]
NO_INSTANTS = [
    "",
    "2026",
    "2026-01",
    "2026-02-30",
    "2026-01-31+02:00",  # in a URL it would be the time 02:00
    "2026-01-31T25:00",
    "2026-01-31T12",
    "2026-01-31T12:00:00 CET",
    "2026-01-31T12:00:00+02:00z",
    "31.01.2026",
    "01/31/2026",
    "20260131T120000Z",
    "yesterday",
]


def is_used(answer):
    return NAME in answer.headers.get("SCIM-Tolerances", "").split(",")


def find(scim, path, text):
    answer = scim.get(f"{path}?{urlencode({'filter': text})}")
    assert answer.status_code == 200, answer.text
    assert answer.json["totalResults"] == len(answer.json["Resources"])
    return answer


AROUND = [
    *((text, 12) for text, _ in INSTANTS),
    *((text, 0) for text, _ in DATES),
]


@pytest.fixture
def hours(defining):
    """Rooms since an hour before noon and before midnight, since noon and midnight, and after."""
    scim = defining(*ROOMS)
    for day, hour in ((30, 23), (31, 0), (31, 1), (31, 11), (31, 12), (31, 13)):
        scim.post("/Rooms", room(since=f"2026-01-{day}T{hour:02}:00:00Z"))
    scim.post("/Rooms", room())
    return scim


def test_filter_knows_the_instant(hours):
    for text, hour in AROUND:
        before = 1 if hour == 0 else 4
        expected = {
            "eq": 1,
            "ne": 6,
            "lt": before,
            "le": before + 1,
            "gt": 5 - before,
            "ge": 6 - before,
        }
        for operator, number in expected.items():
            answer = find(hours, "/Rooms", f'since {operator} "{text}"')
            assert answer.json["totalResults"] == number, (text, operator)
            assert is_used(answer)
        assert find(hours, "/", f'since eq "{text}"').json["totalResults"] == 1
        if " " not in text:
            assert find(hours, "/Rooms", f"since eq {text}").json["totalResults"] == 1


@pytest.mark.parametrize("text", ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31"])
def test_what_the_server_makes_is_compared_so(scim, text):
    scim.create(user())
    body = {"schemas": [SEARCH_REQUEST_SCHEMA]}

    for name in ("meta.created", "meta.lastModified"):
        for operator, number in (("gt", 1), ("lt", 0), ("ge", 1), ("ne", 1), ("eq", 0)):
            asked = f'{name} {operator} "{text.replace("2026", "2016")}"'
            for answer in (
                find(scim, "/Users", asked),
                scim.post("/.search", body | {"filter": asked}),
            ):
                assert answer.json["totalResults"] == number
                assert is_used(answer) == (len(text) == 10)


def test_plus_sign_that_was_not_encoded_is_a_plus_sign(scim):
    scim.create(user())

    answer = scim.get('/Users?filter=meta.created gt "2016-01-01T00:00:00+00:00"')

    assert (answer.status_code, answer.json["totalResults"]) == (200, 1)
    assert is_used(answer)


def test_what_is_no_instant_is_refused(defining):
    scim = defining(*ROOMS)

    for text in NO_INSTANTS:
        for path, name in (("/Users", "meta.created"), ("/Rooms", "since")):
            answer = scim.get(f"{path}?{urlencode({'filter': f'{name} gt {json.dumps(text)}'})}")
            assert "must be a dateTime" in check_error(answer, 400, "invalidFilter")
        answer = scim.post("/Rooms", room(since=text))
        assert "must be a dateTime" in check_error(answer, 400, "invalidValue")


def test_date_alone_is_nothing_to_store(defining):
    scim = defining(*ROOMS)
    path = f"/Rooms/{scim.post('/Rooms', room()).json['id']}"
    for text, _ in DATES:
        add_check = add(f'checks[at eq "{text}"].value', "4")
        for answer in (
            scim.post("/Rooms", room(since=text)),
            scim.put(path, room(since=text)),
            scim.patch(path, replace("since", text)),
            scim.patch(path, add_check),
        ):
            assert "must be a dateTime" in check_error(answer, 400, "invalidValue")


def test_body_gets_the_instant_as_a_date_time(defining):
    scim = defining(*ROOMS)
    path = f"/Rooms/{scim.post('/Rooms', room()).json['id']}"
    for text, stored in INSTANTS:
        sent = {"since": text, "closed": [text], "checks": [{"value": "1", "at": text}]}
        expected = {"since": stored, "closed": [stored], "checks": [{"value": "1", "at": stored}]}
        answers = [scim.post("/Rooms", room(**sent)), scim.put(path, room(**sent))]
        for operation in (replace(None, sent), add(None, sent), replace("since", text)):
            scim.put(path, room(**(sent if operation["path"] else {}) | {"since": None}))
            answers.append(scim.patch(path, operation))

        for answer in answers:
            assert answer.status_code in (200, 201), answer.text
            assert {name: answer.json[name] for name in expected} == expected
            assert is_used(answer)
    assert scim.get(path).json["since"] == stored


def test_path_of_a_patch_and_a_bulk_request_know_the_instant(defining):
    scim = defining(*ROOMS)
    checks = [{"value": "1", "at": "2026-01-31T00:00:00Z"}, {"value": "2"}]
    created = scim.post("/Rooms", room(checks=checks)).json
    path = f"/Rooms/{created['id']}"

    [result] = carry_out(
        scim,
        patch_in_bulk(
            path,
            replace('checks[at eq "2026-01-31"].value', "3"),
            add('checks[at eq "2026-02-01T00:00Z" and value eq "4"].value', "4"),
            replace("since", "2026-01-31T00:00+00"),
        ),
    )

    assert result["status"] == "200"
    after = scim.get(path).json
    assert after["since"] == "2026-01-31T00:00:00+00:00"
    assert after["checks"] == [
        {"value": "3", "at": "2026-01-31T00:00:00Z"},
        {"value": "2"},
        {"value": "4", "at": "2026-02-01T00:00:00Z"},
    ]


def test_strict_tenant_takes_date_times_alone(defining, choose):
    scim = defining(*ROOMS)
    choose(strict=True)
    scim.client.application.extensions["scim"].doorkeeper.known.clear()

    for text, _ in INSTANTS + DATES:
        asked = urlencode({"filter": f'since eq "{text}"'})
        check_error(scim.get(f"/Rooms?{asked}"), 400, "invalidFilter")
        check_error(scim.post("/Rooms", room(since=text)), 400, "invalidValue")
    for text in ("2026-01-31T12:00:00", "2026-01-31T12:00:00.5+02:00"):
        assert find(scim, "/Rooms", f'since eq "{text}"').status_code == 200
        assert scim.post("/Rooms", room(since=text)).json["since"] == text
