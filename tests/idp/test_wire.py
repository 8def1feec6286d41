"""``--verbose``: the requests and answers of a stand-in in full, without its secrets."""

import json

import pytest

from scim.idp.scim_client import ScimClient

from .scripted import scripted

HEADERS = {"Authorization": "Bearer s3cret", "Accept": "application/scim+json"}
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def shown(answer, body=None, path="/Users"):
    lines = []
    with scripted(answer) as server:
        client = ScimClient(server.url, HEADERS, first_pause=0, show=lines.append)
        client.request("POST" if body else "GET", path, body)
        client.close()
    return [line.removeprefix("    ") for line in lines]


def test_request_and_answer_are_shown_as_they_are_on_the_wire():
    lines = shown((201, {"ETag": 'W/"1"'}, {"id": "1"}), {"userName": "ada"})

    assert lines[0].startswith("> POST http://127.0.0.1:")
    assert "> Accept: application/scim+json" in lines
    assert lines[lines.index(">") :][:5] == [
        ">",
        "> {",
        '>   "userName": "ada"',
        "> }",
        "< 201 Created",
    ]
    assert '< ETag: W/"1"' in lines
    assert lines[-4:] == ["<", "< {", '<   "id": "1"', "< }"]


@pytest.mark.parametrize(
    "body",
    [
        {"userName": "ada", "password": "hunter2!"},
        {"urn:ietf:params:scim:schemas:core:2.0:User:Password": {"value": "hunter2!"}},
        {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"password": "hunter2!"}}]},
        {"Operations": [{"op": "replace", "path": "Password", "value": "hunter2!"}]},
        {"Operations": [{"op": "add", "path": "urn:x:User:password", "value": "hunter2!"}]},
    ],
)
def test_secrets_are_hidden_wherever_they_are(body):
    echo = {"detail": "Bearer s3cret is wrong", "echo": body}

    text = "\n".join(shown((400, {"X-Token": "s3cret"}, echo), body))

    assert "> Authorization: Bearer ••••" in text
    assert "< X-Token: ••••" in text
    assert "s3cret" not in text
    assert "hunter2!" not in text
    assert text.count("••••") == 5


@pytest.mark.parametrize("body", [b"<p>\r\nno \xff</p>", b"[" * 100_000, json.dumps("\ud800")])
def test_body_may_be_anything(body):
    assert any(line.startswith("< ") for line in shown((200, {}, body)))


def test_request_is_shown_even_if_no_answer_comes():
    lines = shown((0, {}, None))

    assert lines[0].startswith("> GET http://127.0.0.1:")
    assert not any(line.startswith("<") for line in lines)
