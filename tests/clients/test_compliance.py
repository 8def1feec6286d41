"""The published compliance tools for Python, against the server as it is deployed."""

import json
import shutil
from collections import Counter

import pytest
from scim2_client.engines.httpx2 import SyncSCIMClient
from scim2_tester import Status, check_server

from scim.protocol.headers import without_request

from ..support.databases import EVERYDAY_ON_ONE_DATABASE
from ..support.definitions import TOGETHER

# A decision of ours: a user without ``active`` would be found neither as active nor as inactive.
KEEPS_ACTIVE = "active needs a value; replace it instead"
BAD = (Status.ERROR, Status.CRITICAL, Status.DEVIATION)


def checked(server):
    """Return how many checks of each resource type there were, none of which may have failed."""
    served = [each["name"] for each in server.session.get("/ResourceTypes").json()["Resources"]]
    # It fills a membership with ids that nothing has, and changes it, which the draft does without.
    served.remove("GroupMembership")
    results = check_server(SyncSCIMClient(server.session), resource_types=served)
    faults = [f"{r.status.name} {r.title}: {r.reason}" for r in results if r.status in BAD]
    faults = [fault for fault in faults if not without_request(fault).endswith(KEEPS_ACTIVE)]
    assert not faults, "\n".join(faults)
    return Counter(result.resource_type for result in results if result.resource_type)


@EVERYDAY_ON_ONE_DATABASE
@pytest.mark.slow
def test_scim2_tester_finds_no_fault(server):
    checks = checked(server)

    assert checks["User"] > 20
    assert checks["Group"] > 5


@pytest.fixture
def folder(tmp_path):
    """The examples, but for two attributes of a badge that the tester does not understand.

    It sends any text as a dateTime, and takes what is returned on request for lost.
    """
    for example in TOGETHER:
        shutil.copytree(example, tmp_path / example.name)
    path = tmp_path / "badge" / "badge_schema.json"
    schema = json.loads(path.read_text())
    schema["attributes"] = [
        attribute
        for attribute in schema["attributes"]
        if attribute["type"] != "dateTime" and attribute["returned"] == "default"
    ]
    path.write_text(json.dumps(schema))
    return str(tmp_path)


@pytest.mark.slow
@EVERYDAY_ON_ONE_DATABASE
def test_scim2_tester_finds_no_fault_in_what_documents_define(serve, folder):
    checks = checked(serve(SCIM_SCHEMA_FOLDER=folder))

    assert checks["User"] > 20
    for name in ("Group", "Device", "Entitlement", "Role"):
        assert checks[name] > 5
