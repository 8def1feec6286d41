"""Agents, by draft-wzdk-scim-agent-resource and by draft-abbey-scim-agent-extension."""

from urllib.parse import urlencode

from ..support.definitions import EXAMPLES
from ..support.errors import check_error
from ..support.scim import replace

AGENT = "urn:ietf:params:scim:schemas:core:2.0:Agent"
APPLICATION = "urn:ietf:params:scim:schemas:core:2.0:AgenticApplication"


def found(scim, endpoint, text):
    """Return the ids of what a filter finds."""
    page = scim.get(f"{endpoint}?{urlencode({'filter': text})}").json
    return [each["id"] for each in page["Resources"]]


def test_agent_by_wzdk_is_created_read_found_and_patched(new_client):
    scim = new_client(SCHEMA_FOLDER=str(EXAMPLES / "agent-wzdk"))
    sent = {
        **{"schemas": [AGENT], "externalId": "agent-42", "agentUserName": "support-agent"},
        **{"displayName": "Support Agent", "active": True},
    }

    agent = scim.post("/Agents", sent).json

    path = f"/Agents/{agent['id']}"
    assert agent.items() >= sent.items()
    assert scim.get(path).json == agent
    assert found(scim, "/Agents", 'agentUserName eq "SUPPORT-AGENT"') == [agent["id"]]
    assert found(scim, "/Agents", 'externalId eq "agent-42" and active eq false') == []
    assert scim.patch(path, replace("active", False)).json["active"] is False
    assert found(scim, "/Agents", "active eq false") == [agent["id"]]
    check_error(scim.post("/Agents", sent), 409, "uniqueness")
    check_error(scim.post("/Agents", {"schemas": [AGENT], "active": True}), 400, "invalidValue")


def test_agent_by_abbey_is_created_read_found_and_patched(new_client):
    scim = new_client(SCHEMA_FOLDER=str(EXAMPLES / "agent-abbey"))
    urls = [{"type": "homepage", "primary": True, "value": "https://assistant.example.com"}]
    application = scim.post(
        "/AgenticApplications",
        {"schemas": [APPLICATION], "name": "Assistants", "applicationUrls": urls},
    ).json
    elder = {"schemas": [AGENT], "name": "Clippy 1.0", "displayName": "Clippy"}
    parent = scim.post("/Agents", elder).json
    card = "https://assistant.example.com/.well-known/agent-card.json"
    sent = {
        **{"schemas": [AGENT], "name": "Clippy 2.0", "agentType": "Assistant", "active": True},
        "protocols": [{"type": "A2A", "specificationUrl": card}],
        "applications": [{"value": application["id"], "display": "Assistants"}],
    }

    agent = scim.post("/Agents", sent | {"parent": {"value": parent["id"]}}).json

    path = f"/Agents/{agent['id']}"
    assert agent.items() >= sent.items()
    above = {"value": parent["id"], "$ref": parent["meta"]["location"], "display": "Clippy"}
    assert agent["parent"] == above
    assert scim.get(path).json == agent
    for text in (
        'name eq "clippy 2.0"',
        'protocols[type eq "A2A"]',
        f'applications.value eq "{application["id"]}"',
        f'parent.value eq "{parent["id"]}"',
    ):
        assert found(scim, "/Agents", text) == [agent["id"]]
    url = 'applicationUrls.value eq "https://assistant.example.com"'
    assert found(scim, "/AgenticApplications", url) == [application["id"]]
    patched = scim.patch(path, replace('protocols[type eq "A2A"].type', "OpenAPI")).json
    assert patched["protocols"] == [{"type": "OpenAPI", "specificationUrl": card}]
    assert scim.delete(f"/Agents/{parent['id']}").status_code == 204
    assert "parent" not in scim.get(path).json
