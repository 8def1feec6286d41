"""An exchange as an entry of an HTTP archive."""

import json
from dataclasses import replace

import pytest

from scim.explain.exchange import Message
from scim.explain.requests import har

from .traffic import RECORDINGS, exchange, recorded

BASE = "http://localhost:5000/scim/v2"


def test_entry_has_both_sides():
    sent = exchange(
        "POST", "/Users?attributes=id&x", {"userName": "jane"}, 201, {"userName": "jane"}
    )
    sent = replace(sent, request=replace(sent.request, headers=(("Content-Type", "a/b"),)))

    entry = har.entry(sent, BASE)

    assert entry["startedDateTime"] == sent.at
    assert entry["time"] == 3.0
    assert entry["request"]["url"] == "http://localhost:5000/scim/v2/Users?attributes=id&x"
    assert entry["request"]["queryString"] == [
        {"name": "attributes", "value": "id"},
        {"name": "x", "value": ""},
    ]
    assert entry["request"]["postData"] == {"mimeType": "a/b", "text": '{"userName": "jane"}'}
    assert entry["response"]["status"] == 201
    assert entry["response"]["statusText"] == "Created"
    assert entry["response"]["content"]["text"] == '{"userName": "jane"}'
    assert entry["comment"] == "Okta creates the user jane."


def test_cut_body_says_so():
    sent = replace(exchange("GET", "/Users"), answer=Message(body="{", size=99, is_cut=True))

    content = har.entry(sent, BASE)["response"]["content"]

    assert content["size"] == 99
    assert content["comment"] == "cut; it had 99 bytes"


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda each: each.stem)
def test_recorded_traffic_has_what_the_format_requires(recording):
    for name, each in recorded(recording):
        entry = json.loads(json.dumps(har.entry(each, BASE)))
        assert entry.keys() >= {"startedDateTime", "time", "cache", "timings"}, name
        for side in (entry["request"], entry["response"]):
            assert side.keys() >= {"httpVersion", "cookies", "headers", "headersSize", "bodySize"}
        assert entry["request"].keys() >= {"method", "url", "queryString"}
        assert entry["response"].keys() >= {"status", "statusText", "content", "redirectURL"}
        assert entry["timings"].keys() == {"send", "wait", "receive"}
