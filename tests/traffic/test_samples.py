"""The examples of RFC 7643 and RFC 7644, replayed and compared (the files of ``samples/``)."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from ..support.tenants import new_tenant, new_token
from .comparison import differences, unexplained
from .replay import Replay

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.json"))
every_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)

# How many requests there are to the examples of a section. The sections with none have no examples
# of requests, answers or resources, or have them in the sections below.
REQUESTS = {
    "RFC 7643 §8.1": 1,
    "RFC 7643 §8.2": 1,
    "RFC 7643 §8.3": 1,
    "RFC 7643 §8.4": 1,
    "RFC 7643 §8.5": 1,
    "RFC 7643 §8.6": 2,
    "RFC 7643 §8.7": 0,
    "RFC 7643 §8.7.1": 3,
    "RFC 7643 §8.7.2": 3,
    "RFC 7644 §3.1": 0,
    "RFC 7644 §3.2": 0,
    "RFC 7644 §3.3": 1,
    "RFC 7644 §3.3.1": 0,
    "RFC 7644 §3.4": 0,
    "RFC 7644 §3.4.1": 1,
    "RFC 7644 §3.4.2": 2,
    "RFC 7644 §3.4.2.1": 6,
    "RFC 7644 §3.4.2.2": 48,
    "RFC 7644 §3.4.2.3": 7,
    "RFC 7644 §3.4.2.4": 8,
    "RFC 7644 §3.4.2.5": 2,
    "RFC 7644 §3.4.3": 5,
    "RFC 7644 §3.5": 0,
    "RFC 7644 §3.5.1": 1,
    "RFC 7644 §3.5.2": 7,
    "RFC 7644 §3.5.2.1": 3,
    "RFC 7644 §3.5.2.2": 6,
    "RFC 7644 §3.5.2.3": 4,
    "RFC 7644 §3.6": 4,
    "RFC 7644 §3.7": 0,
    "RFC 7644 §3.7.1": 6,
    "RFC 7644 §3.7.2": 4,
    "RFC 7644 §3.7.3": 7,
    "RFC 7644 §3.7.4": 1,
    "RFC 7644 §3.8": 3,
    "RFC 7644 §3.9": 1,
    "RFC 7644 §3.10": 3,
    "RFC 7644 §3.11": 5,
    "RFC 7644 §3.12": 27,
    "RFC 7644 §3.13": 0,
    "RFC 7644 §3.14": 5,
    "RFC 7644 §4": 1,
}
ID = "2819c223-7f76-453a-919d-413861904646"
OURS = "01890000-0000-7000-8000-000000000000"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


@every_sample
def test_server_answers_as_the_rfc_has_it(started_server, engine, path):
    token = new_token(engine, new_tenant(engine))

    problems = list(Replay(started_server.url, token, read(path), exact=True).problems())

    if problems:
        pytest.fail("\n".join([f"in {path.name}:", *problems]), pytrace=False)


def test_every_section_has_its_samples():
    requests = Counter()
    for sample in map(read, SAMPLES):
        requests[sample["source"].split(",")[0]] += len(sample["steps"])

    assert requests == {section: number for section, number in REQUESTS.items() if number}


@every_sample
def test_every_sample_is_named_by_its_section(path):
    document, section = re.match(r"RFC (\d+) §([\d.]+)", read(path)["source"]).groups()

    assert path.stem.startswith(f"{document}-{section}-")


@every_sample
def test_every_deviation_cites_its_reason(path):
    for step in read(path)["steps"]:
        for place, entry in step.get("differs", {}).items():
            assert re.search(r"RFC \d+ §|docs/decisions\.md, ", entry["why"]), place
            assert "rfc" in entry or "*" not in place, place


@pytest.mark.parametrize(
    ("rfc", "here"),
    [
        ({"active": True}, {"active": True}),
        ([ID, f"https://example.com/v2/Users/{ID}"], [OURS, f"http://test/Users/{OURS}"]),
        ({"created": "2011-08-01T18:29:49.793Z"}, {"created": "2026-01-02T03:04:05Z"}),
        ({"version": 'W/"a330bc54f0671c9"'}, {"version": 'W/"1"'}),
        ({"detail": "Resource not found"}, {"detail": "there is no such user"}),
        ([{"name": "a"}, {"name": "b"}], [{"name": "b"}, {"name": "a"}]),
    ],
)
def test_what_the_server_makes_itself_is_no_difference(rfc, here):
    known = {"https://example.com/v2": "http://test"}

    assert list(differences(rfc, here, known, exact=True)) == []


@pytest.mark.parametrize(
    ("rfc", "here", "problem"),
    [
        ({"title": "x"}, {}, "body.title: expected 'x', got None"),
        ({}, {"title": "x"}, "body.title: expected None, got 'x'"),
        ({"active": True}, {"active": 1}, "body.active: expected True, got 1"),
        ({"detail": "No"}, {"detail": ""}, "body.detail: expected 'No', got ''"),
        ([1, 2], [2, 1], "body.0: expected 1, got 2"),
        ([1], [1, 2], "body: expected [1], got [1, 2]"),
        ({"id": ID}, {"id": "7"}, f"body.id: expected '{ID}', got '7'"),
        ([ID, ID], [OURS, ID], f"body.1: expected '{ID}', got '{ID}'"),
    ],
)
def test_anything_else_is_a_difference(rfc, here, problem):
    assert next(unexplained(list(differences(rfc, here, {}, exact=True)), {}, {})) == problem


@pytest.mark.parametrize(
    ("place", "entry", "problems"),
    [
        ("body.*.type", {"rfc": None, "here": "User"}, 0),
        ("body.*.type", {"rfc": "Group", "here": "User"}, 3),
        ("body.*.type", {"rfc": None, "here": "Group"}, 3),
        ("body.0.type", {"here": "User"}, 1),
        ("body.*.display", {"rfc": None, "here": None}, 3),
    ],
)
def test_deviation_is_to_be_described_where_and_as_it_is(place, entry, problems):
    here = [{"type": "User"}, {"type": "User"}]
    found = list(differences([{}, {}], here, {}, exact=True))

    assert len(list(unexplained(found, {place: entry}, {}))) == problems


def test_partial_answer_must_not_show_all(started_server, engine):
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404"}
    request = {"method": "GET", "path": f"/Users/{ID}"}
    whole = {"request": request, "expect": {"status": 404, "body": body | {"detail": "none"}}}
    part = {"request": request, "expect": {"status": 404, "body": body}}
    token = new_token(engine, new_tenant(engine))

    def problems(step):
        sample = {"partial": "why", "steps": [step]}
        return list(Replay(started_server.url, token, sample, exact=True).problems())

    assert problems(part) == []
    assert problems(whole) == ["partial: the answers show all there is"]
