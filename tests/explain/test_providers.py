"""Which provider a request looks like."""

import json

import pytest

from scim.explain.providers import recognised

from .traffic import PROVIDERS, RECORDINGS

SILENT = {"Google", "JumpCloud"}  # without a User-Agent; Google tells by its schemas
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


def recorded():
    for path in RECORDINGS:
        traffic = json.loads(path.read_text())
        for step in traffic["steps"]:
            request = step["request"]
            headers = traffic["headers"] | request.get("headers", {})
            where, _, query = request["path"].partition("?")
            sent = json.dumps(request.get("body", ""))
            name = PROVIDERS[path.stem.partition("_")[0]]
            yield pytest.param(
                name, headers, request["method"], where, query, sent, id=step["name"]
            )


@pytest.mark.parametrize(("name", "headers", "method", "path", "query", "body"), list(recorded()))
def test_recorded_requests_are_recognised(name, headers, method, path, query, body):
    found, why = recognised(tuple(headers.items()), method, path, query, body)

    assert found in ({name, ""} if name in SILENT | {"OneLogin"} else {name})  # one is without
    assert bool(found) is bool(why)


@pytest.mark.parametrize("name", PROVIDERS.values())
def test_each_provider_with_something_of_its_own_is_recognised(name):
    recognised_ones = {recognised(tuple(p.values[1].items()), *p.values[2:])[0] for p in recorded()}

    assert name in recognised_ones or name == "JumpCloud"


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Okta SCIM Client 1.0.0", "Okta"),
        ("OKTA SCIM Integration", "Okta"),
        ("scim-check", "the checks"),
        ("Microsoft Azure AD SCIM provisioning", "Entra ID"),
        ("JumpCloud SCIM", "JumpCloud"),
        ("goauthentik.io/2026.2.0", "authentik"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/130", "a browser"),
        ("python-httpx/0.28", "a Python program"),
        ("PostmanRuntime/7.4", "Postman"),
        ("scim-console", ""),
        ("something else", ""),
    ],
)
def test_program_is_recognised_by_its_user_agent(agent, name):
    assert recognised([("user-agent", agent)], "GET", "/Users", "", "")[0] == name


@pytest.mark.parametrize(
    ("query", "body", "name"),
    [
        ("aadOptscim062020&count=1", "", "Entra ID"),
        ("count=1&AzureAdScimPatch2017", "", "Entra ID"),
        ("filter=aadOptscim062020x", "", ""),
        ("", '{"Operations": [{"op": "Add", "path": "members"}]}', ""),  # JumpCloud, too
        ("", json.dumps({"schemas": ["urn:scim:schemas:core:2.0"]}), "OneLogin"),
        ("", json.dumps({"schemas": ["urn:scim:schemas:core:1.0", CORE]}), "Google"),
        ("filter=a&", "", "OneLogin"),
    ],
)
def test_provider_is_recognised_by_what_only_it_sends(query, body, name):
    assert recognised([], "PATCH", "/Users", query, body)[0] == name


def test_reason_shows_no_more_of_a_header_than_fits_in_a_line():
    _, why = recognised([("User-Agent", "okta \u202e\n" + "x" * 10_000)], "GET", "/", "", "")

    assert why.startswith('Its User-Agent is "okta \\u202e')
    assert len(why) < 200
