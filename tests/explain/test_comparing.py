"""Two exchanges side by side show where they differ."""

from dataclasses import replace

from scim.explain.exchange import Message, Statement
from scim.explain.requests.comparing import compare
from scim.protocol.headers import with_request

from .traffic import exchange

JANE = {"userName": "jane@example.com", "active": True}


def named(pairs, name):
    [found] = [each for each in pairs if each.name == name]
    return found


def test_status_and_error_differ():
    left = exchange("POST", "/Users", JANE, 201, JANE | {"id": "1"})
    error = {"status": "409", "detail": "userName is already in use", "scimType": "uniqueness"}
    right = exchange("POST", "/Users", JANE, 409, error, provider="Entra ID")

    found = compare(left, right)

    assert named(found.facts, "Status").differs
    assert named(found.facts, "Error").right == "userName is already in use"
    assert (named(found.facts, "Provider").left, named(found.facts, "Provider").right) == (
        "Okta",
        "Entra ID",
    )
    assert not named(found.facts, "Method").differs
    assert found.sent == []


def test_bodies_differ_by_path():
    right = exchange("POST", "/Users", JANE | {"active": "True"}, tolerated=("text_booleans",))

    found = compare(exchange("POST", "/Users", JANE), right)

    [difference] = found.sent
    assert (difference.path, difference.before, difference.after) == ("active", "true", '"True"')
    assert named(found.facts, "Tolerances").right == "text_booleans"


def test_what_the_server_makes_anew_is_no_difference():
    meta = {"resourceType": "User", "created": "1", "location": "http://x/1", "version": "1"}
    left = exchange("GET", "/Users/1", answered=JANE | {"id": "1", "meta": meta})
    right = exchange("GET", "/Users/2", answered=JANE | {"id": "2", "meta": meta | {"created": ""}})

    assert compare(left, right).answered == []


def test_headers_differ_whatever_their_case():
    one, other = (
        replace(exchange("GET", "/Users"), request=Message((("accept", value), ("X-A", "1"))))
        for value in ("*/*", "application/json")
    )
    other = replace(other, request=Message((("Accept", "application/json"), ("x-a", "1"))))

    [pair] = compare(one, other).sent_headers

    assert (pair.name, pair.left, pair.right) == ("accept", "*/*", "application/json")


def test_statements_of_one_side_only():
    left = exchange("GET", "/Users", statements=(Statement("A", 1), Statement("B", 1)))
    right = exchange("GET", "/Users", statements=(Statement("B", 1), Statement("C", 1)))

    found = compare(left, right).statements

    assert [(each.left, each.right) for each in found] == [("A", ""), ("", "C")]


def test_bodies_that_are_no_json():
    left, right = exchange("POST", "/Users", "{a"), exchange("POST", "/Users", "{b")

    [difference] = compare(left, right).sent

    assert "{a" in str(difference.before)
    assert compare(left, left).sent == []
    assert compare(left, exchange("GET", "/Users")).sent != []


def test_request_of_an_error_is_no_difference():
    def failed(request_id):
        detail = with_request("userName is already in use", request_id)
        return exchange("POST", "/Users", JANE, 409, {"detail": detail})

    assert compare(failed("a"), failed("b:2")).answered == []
    [found] = compare(failed("a"), exchange("POST", "/Users", JANE, 409, {"detail": "no"})).answered
    assert found.path == "detail"
