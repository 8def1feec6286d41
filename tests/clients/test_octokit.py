"""Octokit, GitHub's client for JavaScript, with its methods for SCIM.

The npm registry has libraries for servers and for parsing, but no client of SCIM in general that is
kept up. This one is: it sends to GitHub what an identity provider sends, and the server takes the
place of GitHub by its base path.
"""

import json

import pytest

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.npm_programs import run

TOKEN = "octo.scim.token"  # in three parts, or Octokit sends it as "token", not as "Bearer"


@pytest.fixture
def answers(serve, npm):
    """The status and the body of each answer, by what was asked."""
    base_path = "/scim/v2/enterprises/acme"
    server = serve(SCIM_BASE_PATH=base_path, SCIM_TOKEN=TOKEN)
    done = run("node", "octokit.mjs", server.url.removesuffix(base_path), TOKEN)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@EVERYDAY_ON_ONE_DATABASE
def test_user_and_group_are_created_read_found_changed_replaced_and_deleted(answers):
    assert {name: answer["status"] for name, answer in answers.items()} == {
        "create": 201,
        "create again": 409,
        "read": 200,
        "filter": 200,
        "patch": 200,
        "replace": 200,
        "create group": 201,
        "patch group": 200,
        "delete group": 204,
        "delete": 204,
        "read again": 404,
    }
    shown = {name: answer.get("data") for name, answer in answers.items()}
    created = shown["create"]
    assert created["userName"] == "mona@example.com"
    assert created["name"] == {"givenName": "Mona", "familyName": "Lisa"}
    assert shown["create again"]["scimType"] == "uniqueness"
    assert shown["read"] == created
    assert (shown["filter"]["totalResults"], shown["filter"]["Resources"]) == (1, [created])
    assert shown["patch"]["active"] is False
    assert (shown["replace"]["active"], shown["replace"]["displayName"]) == (True, "La Gioconda")
    [member] = shown["create group"]["members"]
    assert (member["value"], member["type"]) == (created["id"], "User")
    assert "members" not in shown["patch group"]
    assert shown["read again"]["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
