"""What people paste is read as the request that it is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.explain.requests.pasted import METHODS, Pasted, read

ENDPOINTS = ["/Users", "/Groups", "/Bulk", "/Me"]
BODY = '{"userName": "jane"}'
RAW = f"""POST /scim/v2/Users HTTP/1.1
Host: example.com
Authorization: Bearer 1234
Content-Type: application/scim+json

{BODY}"""
CURL = f"""curl -X PATCH 'https://example.com/a/scim/v2/Users/7?attributes=id' \\
  -H 'Authorization: Bearer 1234' -H 'If-Match: W/"3"' --max-time 5 \\
  --data-raw '{BODY}'"""
ENTRY = {
    "request": {
        "method": "PUT",
        "url": "https://example.com/scim/v2/Groups/7",
        "headers": [{"name": "If-Match", "value": "*"}, {"name": "Cookie", "value": "a=b"}],
        "postData": {"text": BODY},
    }
}


def request(text):
    found = read(text, ENDPOINTS)
    return found and (found.method, found.target, dict(found.headers), found.body)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_raw_request(end):
    kept = {"Content-Type": "application/scim+json"}
    assert request(RAW.replace("\n", end)) == ("POST", "/Users", kept, BODY)
    assert request("get /Users?filter=a HTTP/1.1") == ("GET", "/Users?filter=a", {}, "")


def test_curl_command():
    assert request(CURL) == ("PATCH", "/Users/7?attributes=id", {"If-Match": 'W/"3"'}, BODY)
    assert request("curl -s http://localhost:5000/scim/v2/Users") == ("GET", "/Users", {}, "")
    assert request(f"curl http://h/Users -d '{BODY}'")[0] == "POST"
    assert request("curl 'http://h/Users") is None


@pytest.mark.parametrize("text", [ENTRY, ENTRY["request"], {"log": {"entries": [ENTRY]}}])
def test_entry_of_a_har_file(text):
    assert request(json.dumps(text)) == ("PUT", "/Groups/7", {"If-Match": "*"}, BODY)


@pytest.mark.parametrize(
    ("body", "method", "path"),
    [
        ({"userName": "jane"}, "POST", "/Users"),
        ({"userName": "jane", "id": "7"}, "PUT", "/Users/7"),
        ({"displayName": "Staff", "members": []}, "POST", "/Groups"),
        ({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"]}, "POST", "/Groups"),
        ({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}, "POST", "/Bulk"),
        ({"Operations": []}, "PATCH", "/"),
        ({"schemas": 5, "id": "../x"}, "POST", "/Users"),
    ],
)
def test_body_alone_is_guessed(body, method, path):
    found = read(json.dumps(body), ENDPOINTS)

    assert isinstance(found, Pasted)
    assert (found.method, found.path) == (method, path)
    assert found.guessed


@pytest.mark.parametrize("text", ["", "hello", "[1]", "null", "TRACE /Users HTTP/1.1", "curl "])
def test_no_request(text):
    assert read(text, ENDPOINTS) is None


@given(st.text() | st.text().map("curl {}".format) | st.text().map("POST {}".format))
def test_nothing_breaks_it(text):
    found = read(text, ENDPOINTS)

    assert found is None or found.method in METHODS
