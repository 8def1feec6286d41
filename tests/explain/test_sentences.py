"""Sentences about exchanges: a wrong one would tell an administrator a wrong story."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scim.explain.bodies import names, subject
from scim.explain.exchange import Check, Exchange, Message
from scim.explain.sentences import said, sentence
from scim.explain.tolerances import WORDS
from scim.protocol.tolerance import Tolerance

from .traffic import RECORDINGS, exchange, recorded

JANE = {
    "id": "01a2b3c4-0000",
    "userName": "jane@example.com",
    "displayName": "Jane Berg",
    "active": True,
}
SALES = {"id": "99", "displayName": "Sales", "schemas": []}
USER = "/Users/01a2b3c4-0000"


def found(*resources, total=None):
    return {
        "totalResults": len(resources) if total is None else total,
        "Resources": list(resources),
    }


def patch(*operations):
    return {"schemas": [], "Operations": list(operations)}


def error(detail, scim_type=None):
    return {"detail": detail, "scimType": scim_type}


LOOK_UP = '/Users?filter=userName eq "jane%40example.com"&startIndex=1&count=100'
CASES = [
    (
        exchange("GET", LOOK_UP, None, 200, found()),
        "Okta looks whether jane@example.com exists before it creates the user: not yet.",
    ),
    (
        exchange("GET", LOOK_UP, None, 200, found(JANE)),
        "Okta looks whether jane@example.com exists: yes, Jane Berg.",
    ),
    (
        exchange("POST", "/Users", {"userName": "x"}, 201, JANE),
        "Okta creates the user Jane Berg.",
    ),
    (
        exchange("POST", "/Users", JANE, 409, error("userName is already in use", "uniqueness")),
        "Okta could not create the user Jane Berg (jane@example.com): the userName is taken.",
    ),
    (
        exchange(
            "PATCH",
            USER,
            patch({"op": "Replace", "path": 'emails[type eq "work"].value', "value": "j@b.c"}),
            200,
            JANE,
            provider="Entra ID",
            tolerated=["created_value_path"],
        ),
        "Entra ID makes the work address of Jane Berg because there was none.",
    ),
]


@pytest.mark.parametrize(("case", "told"), CASES)
def test_exchange_in_a_sentence(case, told):
    assert sentence(case) == told


def test_every_tolerance_has_words():
    assert WORDS.keys() == set(Tolerance.__dataclass_fields__)


KEYS = [
    "id",
    "name",
    "members",
    "value",
    "op",
    "path",
    "Operations",
    "Resources",
    "active",
    "userName",
    "displayName",
]
KEYS += ["totalResults", "status", "response", "meta", "detail", "emails", "primary"]
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["••••", "<script>", "\u202eevil", "x" * 10_000, "\ud800", "userName eq"]),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
bodies = st.one_of(st.just(""), texts, json_values.map(json.dumps), st.just("[" * 100_000))
messages = st.builds(
    Message,
    headers=st.lists(st.tuples(texts, texts), max_size=2),
    body=bodies,
    size=st.integers(0, 10),
    is_cut=st.booleans(),
)
exchanges = st.builds(
    Exchange,
    id=texts,
    at=st.sampled_from(["", "2026-11-29T10:42:07.000000Z", "x"]),
    milliseconds=st.floats(0, 1000),
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "", "\x1b"]),
    base=st.sampled_from(["", "/scim/v2"]),
    path=st.one_of(
        texts,
        st.sampled_from(["", "/", "/Users", "/Users/1", "/Groups/1", "/Bulk", "/Me", "/.search"]),
        st.sampled_from(["/Schemas", "/Users/.search", "//", "/Devices/1/2"]),
    ),
    query=st.one_of(
        texts,
        st.sampled_from(["startIndex=1&count=2", "filter=", "filter=a eq 1 and b eq 2&count=-1"]),
        st.sampled_from(['filter=id eq "1" and manager eq "2"', "startIndex=10000000000&count=1"]),
    ),
    status=st.sampled_from([0, 200, 201, 204, 304, 400, 401, 404, 405, 409, 412, 429, 500, 503]),
    request=messages,
    answer=messages,
    provider=st.sampled_from(["", "Okta", "Entra ID", "<script>"]),
    tenant=texts,
    token=st.sampled_from(["", "console", "okta"]),
    tolerated=st.lists(st.sampled_from(["bare_token", "unknown"]), max_size=2),
    applied=st.sampled_from(["", "dry-run"]),
    detail=texts,
    checks=st.lists(st.builds(Check, texts, texts, texts, st.booleans()), max_size=2),
)


@settings(max_examples=300, deadline=None)
@given(exchanges)
def test_any_exchange_has_a_short_sentence_in_one_line(each):
    for line in [sentence(each, {"1": "\n" * 50}), *said(each)]:
        assert 0 < len(line) <= 700
        assert "\n" not in line
        assert "\u202e" not in line
        line.encode()
    subject(each)
    names([each])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_recorded_exchanges_have_sentences(recording):
    for name, each in recorded(recording):
        told = sentence(each)
        assert told.startswith((each.provider, "Refused")), name
